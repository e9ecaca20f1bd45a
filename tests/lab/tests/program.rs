//! The program: one line of JSON, and everything still there after a kill.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A running program, killed when dropped.
struct Program {
    child: Child,
    info: Value,
}

impl Program {
    fn start(dir: &std::path::Path, disk: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kuramori-lab"))
            .arg("--dir")
            .arg(dir)
            .arg("--vm")
            .arg(format!("web={disk}"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let info = serde_json::from_str(&line).unwrap();
        Self { child, info }
    }

    fn text(&self, name: &str) -> &str {
        self.info[name].as_str().unwrap()
    }

    /// Asks the owner's API; returns the status line's code and the body.
    fn ask(&self, method: &str, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let address = self.text("control_url").strip_prefix("http://").unwrap();
        let mut socket = TcpStream::connect(address).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.text("token"),
            body.len(),
        );
        socket.write_all(head.as_bytes()).unwrap();
        socket.write_all(body).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        let split = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..split]).into_owned();
        (head[9..12].parse().unwrap(), answer[split + 4..].to_vec())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The first of the two ends it; the second only collects it.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_killed_program_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let first = Program::start(dir.path(), "64M");
    assert!(first.text("url").starts_with("https://127.0.0.1:"));
    assert_eq!(first.text("certificate_sha256").len(), 64);
    let (status, _) = first.ask("POST", "/lab/v1/vms/web/disks/0/write?offset=70000", b"kept");
    assert_eq!(status, 200);
    let (_, before) = first.ask("GET", "/lab/v1/vms", b"");
    let pin = first.text("certificate_sha256").to_string();
    drop(first);

    let second = Program::start(dir.path(), "64M");
    assert_eq!(second.text("certificate_sha256"), pin, "the pin stays the same");
    let (_, after) = second.ask("GET", "/lab/v1/vms", b"");
    assert_eq!(String::from_utf8_lossy(&after), String::from_utf8_lossy(&before));
    let (status, body) = second.ask("GET", "/lab/v1/vms/web/disks/0/read?offset=70000&len=4", b"");
    assert_eq!(status, 200);
    assert!(body.windows(4).any(|w| w == b"kept"), "the write survived the kill");
    assert_eq!(second.ask("GET", "/lab/v1/vms/web/disks/1/read?len=1", b"").0, 404);
}
