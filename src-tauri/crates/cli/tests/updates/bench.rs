//! An installation of the real program in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use kuramori_feed::{self as feed, CLI, DESKTOP, Entry, Feed};

pub struct Answer {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Answer {
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }

    /// The code of the error it ended with.
    #[track_caller]
    pub fn error(&self) -> String {
        assert_eq!(self.code, 1, "{}\n{}", self.stdout, self.stderr);
        self.json()["error"]["code"].as_str().unwrap().to_owned()
    }
}

pub struct Bench {
    dir: tempfile::TempDir,
    pub feed: Feed,
}

impl Bench {
    pub fn new() -> Self {
        Self::of_kind("folder")
    }

    pub fn of_kind(kind: &str) -> Self {
        let bench = Self { dir: tempfile::tempdir().unwrap(), feed: Feed::new() };
        let root = bench.root();
        for folder in ["bin", "share/gone"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        let program = Path::new(env!("CARGO_BIN_EXE_kuramori"));
        // Windows removes no name of a file that any program runs from, and all tests run this one.
        if cfg!(windows) || std::fs::hard_link(program, root.join(CLI)).is_err() {
            std::fs::copy(program, root.join(CLI)).unwrap();
        }
        std::fs::write(root.join(DESKTOP), "old window").unwrap();
        std::fs::write(root.join("share/text.txt"), "old text").unwrap();
        std::fs::write(root.join("share/gone/with it.txt"), "only old").unwrap();
        std::fs::write(root.join("share/mine.txt"), "not of the program").unwrap();
        let files = ["install.json", CLI, DESKTOP, "share/text.txt", "share/gone/with it.txt"];
        let install = serde_json::json!({ "kind": kind, "files": files });
        std::fs::write(root.join("install.json"), install.to_string()).unwrap();
        std::fs::write(bench.path("authority.pem"), &bench.feed.server.authority).unwrap();
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn root(&self) -> PathBuf {
        self.path("install")
    }

    pub fn state(&self) -> PathBuf {
        self.path("state")
    }

    /// The installed program, before its arguments.
    pub fn program(&self) -> Command {
        let mut command = Command::new(self.root().join(CLI));
        command
            .current_dir(self.dir.path())
            .arg("--json")
            .arg("--state")
            .arg(self.state())
            .arg("--secrets")
            .arg(format!("sealed:{}", self.path("key").display()))
            .envs(self.feed.environment(&self.path("authority.pem")))
            .env("KURAMORI_UPDATE_PATIENCE", "20");
        command
    }

    pub fn run(&self, args: &[&str]) -> Answer {
        answer(self.program().args(args))
    }

    /// The files of the new version, with a command line that starts.
    pub fn good(&self) -> Vec<Entry> {
        self.version(&std::fs::read(env!("CARGO_BIN_EXE_kuramori")).unwrap())
    }

    /// The files of a new version with this command line.
    #[expect(clippy::unused_self, reason = "it reads as what the bench offers")]
    pub fn version(&self, cli: &[u8]) -> Vec<Entry> {
        let entry = |p: &str, c: &[u8], runs| (p.to_owned(), c.to_vec(), runs);
        vec![
            entry("install.json", br#"{"kind":"folder"}"#, false),
            entry(CLI, cli, true),
            entry(DESKTOP, b"new window", true),
            entry("share/text.txt", b"new text", false),
            entry("share/more/new.txt", b"only new", false),
        ]
    }

    /// The files of a new version that does as `acts` say, see `stand_in.rs`.
    pub fn acting(&self, acts: &str) -> Vec<Entry> {
        let program = env!("CARGO_BIN_EXE_stand-in");
        let mut version = self.version(&std::fs::read(program).unwrap());
        version.push(("share/acts.txt".to_owned(), acts.as_bytes().to_vec(), false));
        version
    }

    /// Waits until no update is under way.
    #[track_caller]
    pub fn settle(&self) {
        let update = self.state().join("update");
        let ended = || {
            let lock = std::fs::File::options().write(true).open(update.join("helper.lock"));
            // At the moment it is replaced Windows refuses to look at it, or does not see it.
            !update.join("journal.json").try_exists().unwrap_or(true)
                && lock.is_ok_and(|lock| lock.try_lock().is_ok())
        };
        let mut times = 0;
        self.wait_for("the update to end", || {
            times = if ended() { times + 1 } else { 0 };
            times == 3
        });
    }

    /// Waits until no process has the lock of a file in the update's folder.
    #[track_caller]
    pub fn let_go(&self, name: &str) {
        let path = self.state().join("update").join(name);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        self.wait_for(name, || file.try_lock().is_ok());
    }

    #[track_caller]
    pub fn wait_for(&self, what: &str, mut done: impl FnMut() -> bool) {
        for _ in 0..1200 {
            if done() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = std::fs::read_to_string(self.state().join("update/log.txt"));
        panic!("{what} took too long\n{}", log.unwrap_or_default());
    }

    /// All files of the installation, with their content.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        feed::files(&self.root())
    }

    /// Asserts that the new version is in place, whole, and the old one gone.
    #[track_caller]
    pub fn assert_new(&self, version: &[Entry]) {
        let mut files = self.files();
        for (path, content, _) in version.iter().filter(|(path, ..)| path != "install.json") {
            assert!(files.remove(path).as_ref() == Some(content), "{path} is not the new one");
        }
        assert_eq!(files.remove("share/mine.txt").unwrap(), b"not of the program");
        let install = files.remove("install.json").unwrap();
        let install: Value = serde_json::from_slice(&install).unwrap();
        assert_eq!(install["files"].as_array().unwrap().len(), version.len());
        assert!(files.is_empty(), "left over: {:?}", files.keys());
    }

    /// Asserts that everything is as before.
    #[track_caller]
    pub fn assert_same(&self, before: &BTreeMap<String, Vec<u8>>) {
        let now = self.files();
        assert_eq!(now.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
        for (path, content) in before {
            assert!(now[path] == *content, "{path} changed");
        }
    }
}

pub fn answer(command: &mut Command) -> Answer {
    let output = command.stdin(Stdio::null()).output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
