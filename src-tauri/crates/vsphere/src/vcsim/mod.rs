//! Protocol suite against vcsim, a vSphere simulator written by others; see `tests/vcsim`.
//!
//! The program is named by `KURAMORI_VCSIM`. Without it the tests fail: a suite that skips itself
//! proves nothing.

mod disks;
mod hot_add;
mod inventory;
mod rights;
#[cfg(unix)]
mod role;
mod session;
mod snapshots;
mod transfer;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use kuramori_base::Secret;

use crate::{Client, ConnectOptions, Thumbprint};

/// Which server is simulated.
#[derive(Clone, Copy, Debug)]
enum Model {
    Esxi,
    Vcenter,
}

const BOTH: [Model; 2] = [Model::Esxi, Model::Vcenter];

/// A running simulator. It ends when its standard input closes.
struct Vcsim {
    child: Child,
    stdin: Option<ChildStdin>,
    url: String,
    user: String,
    password: String,
    pin: Thumbprint,
    datastore: PathBuf,
}

impl Vcsim {
    fn start(model: Model) -> Self {
        let program = std::env::var_os("KURAMORI_VCSIM")
            .expect("KURAMORI_VCSIM names the simulator; `cargo xtask setup` builds it");
        let mut command = Command::new(program);
        if matches!(model, Model::Esxi) {
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

    fn options(&self) -> ConnectOptions {
        ConnectOptions {
            address: self.url.clone(),
            user: self.user.clone(),
            password: Secret::from(self.password.as_str()),
            pin: Some(self.pin),
            user_agent: "Kuramori-test".to_owned(),
        }
    }

    async fn client(&self) -> Client {
        Client::connect(self.options()).await.expect("login works")
    }
}

impl Drop for Vcsim {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let ended = self.child.wait();
        assert!(ended.is_ok(), "the simulator was waited for");
    }
}
