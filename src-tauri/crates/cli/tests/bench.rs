//! The program, a state folder and, where one is wanted, a lab.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kuramori_lab::{Lab, LabConfig, LabHandle};

pub(crate) const PASSPHRASE: &str = "correct horse battery staple";

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    /// Returns the answer of a command that ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Returns a field of the JSON answer as text, by a path such as `/points/0/id`.
    #[track_caller]
    pub(crate) fn field(&self, pointer: &str) -> String {
        let json: serde_json::Value = serde_json::from_str(&self.stdout).unwrap();
        match json.pointer(pointer) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => panic!("no {pointer} in {}", self.stdout),
        }
    }
}

/// A folder with everything in it.
pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// The program with its state folder and sealed secrets, before its arguments.
    pub(crate) fn program(&self) -> Command {
        let mut command = self.bare();
        command.arg("--state").arg(self.path("state"));
        command.arg("--secrets").arg(format!("sealed:{}", self.text("key")));
        command
    }

    /// The program without any state folder.
    pub(crate) fn bare(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kuramori"));
        command.env_remove("KURAMORI_STATE").current_dir(self.dir.path());
        // Whatever these tests run on.
        command.env("KURAMORI_HARDWARE", self.path("guest"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        self.run_with("", args)
    }

    pub(crate) fn run_with(&self, input: &str, args: &[&str]) -> Answer {
        answer(self.program().args(args), input)
    }

    /// Adds the lab as a server called `lab`.
    pub(crate) fn add_server(&self, lab: &LabHandle) -> Answer {
        let args = ["server", "add", "lab", &lab.url, "--user", &lab.user];
        let args = [&args[..], &["--password-stdin", "--pin", &lab.certificate_sha256]].concat();
        self.run_with(&lab.password, &args)
    }

    /// Makes a repository called `place`.
    pub(crate) fn make_repository(&self) -> Answer {
        let path = self.text("repository");
        let args = ["repo", "create", &path, "--name", "place", "--passphrase-stdin"];
        self.run_with(PASSPHRASE, &args)
    }

    /// Makes a repository called `place` at `path` that a key file opens: without the work that
    /// slows down guessing a passphrase, at each start of the program.
    pub(crate) fn make_quick_repository(&self, path: &str) -> Answer {
        let key = self.text("repository.key");
        std::fs::write(&key, noise(7, 64)).unwrap();
        self.run(&["repo", "create", path, "--name", "place", "--key-file", &key])
    }

    pub(crate) fn lab(&self, configure: impl FnOnce(LabConfig) -> LabConfig) -> LabHandle {
        Lab::start(configure(LabConfig::new(self.path("lab")))).unwrap()
    }
}

pub(crate) fn answer(command: &mut Command, input: &str) -> Answer {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that does not read its input may be gone already.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Bytes that neither compress nor repeat, others for each seed.
pub(crate) fn noise(seed: u64, length: u64) -> Vec<u8> {
    let mut x = 0x0139_408d_cbbf_7a44 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x as u8
    };
    (0..length).map(|_| next()).collect()
}

/// All files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
