//! A new version that goes wrong as a test wants it: takes the command line's place and does what
//! `share/acts.txt` of its installation says, line by line.
//!
//! | act | |
//! |---|---|
//! | `say TEXT` | to standard error |
//! | `write FILE⇥TEXT` | in place of what the file held |
//! | `hold FILE` | has its lock from now on |
//! | `hang` | for longer than anybody waits |
//! | `end CODE` | |
#![allow(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

use std::fs::File;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let program = std::env::current_exe().unwrap();
    let root = program.ancestors().nth(2).unwrap();
    let acts = std::fs::read_to_string(root.join("share/acts.txt")).unwrap();
    let mut held = Vec::new();
    for act in acts.lines() {
        match act.split_once(' ').unwrap_or((act, "")) {
            ("say", text) => eprintln!("{text}"),
            ("write", what) => {
                let (file, text) = what.split_once('\t').unwrap();
                std::fs::write(file, text).unwrap();
            }
            ("hold", file) => {
                let file = File::create(file).unwrap();
                file.lock().unwrap();
                held.push(file);
            }
            ("hang", _) => std::thread::sleep(Duration::from_mins(10)),
            ("end", code) => return ExitCode::from(code.parse::<u8>().unwrap()),
            _ => panic!("{act:?} is no act"),
        }
    }
    ExitCode::SUCCESS
}
