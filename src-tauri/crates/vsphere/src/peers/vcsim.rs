//! vcsim, a vSphere simulator written by others; see `tests/vcsim`.
//!
//! The program is named by `KURAMORI_VCSIM`. Without it the tests fail: a suite that skips itself
//! proves nothing.

use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::{ServerKind, Thumbprint, VmSummary};

/// A running simulator. It ends when its standard input closes.
pub(super) struct Vcsim {
    child: Child,
    stdin: Option<ChildStdin>,
    pub(super) url: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) pin: Thumbprint,
    pub(super) datastore: PathBuf,
}

impl Vcsim {
    pub(super) fn start(kind: ServerKind) -> Self {
        let program = std::env::var_os("KURAMORI_VCSIM")
            .expect("KURAMORI_VCSIM names the simulator; `cargo xtask setup` builds it");
        let mut command = Command::new(program);
        if kind == ServerKind::Esxi {
            command.arg("-esx");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the simulator starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output is ours");
        BufReader::new(out).read_line(&mut line).expect("it says where it listens");
        let said: serde_json::Value = serde_json::from_str(&line).expect("it says so in JSON");
        let text = |path: &str| said.pointer(path).unwrap().as_str().unwrap().to_owned();
        Self {
            stdin: child.stdin.take(),
            child,
            url: text("/url"),
            user: text("/user"),
            password: text("/password"),
            pin: text("/sha256").parse().unwrap(),
            datastore: PathBuf::from(text("/datastores/0/folder")),
        }
    }
}

impl Drop for Vcsim {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let ended = self.child.wait();
        assert!(ended.is_ok(), "the simulator was waited for");
    }
}

impl Vcsim {
    /// The descriptor of the first disk, as a file of this computer.
    fn descriptor(&self, vm: &VmSummary) -> PathBuf {
        let name = vm.disks[0].backing.file.as_ref().expect("the disk is a file").file();
        self.datastore.join(name)
    }

    pub(super) fn describe(&self, vm: &VmSummary, text: &str) {
        fs_err::write(self.descriptor(vm), text).unwrap();
    }

    /// Its disks are empty files whatever their size, descriptors included.
    pub(super) fn plant(&self, vm: &VmSummary, places: &[(u64, &[u8])]) {
        let capacity = vm.disks[0].capacity.get();
        let name = self.descriptor(vm);
        let stem = name.file_stem().unwrap().to_str().unwrap();
        let extent = format!("{stem}-flat.vmdk");
        let sectors = capacity / 512;
        let text = format!(
            "# Disk DescriptorFile\nCID=fffffffe\nparentCID=ffffffff\ncreateType=\"vmfs\"\n\
             RW {sectors} VMFS \"{extent}\"\n"
        );
        self.describe(vm, &text);
        let mut file =
            fs_err::OpenOptions::new().write(true).open(name.with_file_name(extent)).unwrap();
        file.set_len(capacity).unwrap();
        for (place, bytes) in places {
            file.seek(SeekFrom::Start(*place)).unwrap();
            file.write_all(bytes).unwrap();
        }
    }
}
