//! Starting with the user's session.
//!
//! | system | what is written |
//! |---|---|
//! | Windows | a value under `HKCU\Software\Microsoft\Windows\CurrentVersion\Run` |
//! | macOS | `~/Library/LaunchAgents/<id>.plist` |
//! | Linux | `~/.config/autostart/<id>.desktop` |

#[cfg(any(unix, test))]
mod text;

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::io;
use std::path::PathBuf;

use crate::identity::{APP_ID, APP_NAME};

/// Why starting with the session could not be looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum AutostartError {
    /// The system names no folder for it.
    #[error("the system names no home folder")]
    NoHome,
    /// The program's path cannot be written down.
    #[error("the program's path cannot be written down for the system: {path}")]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("the list of programs that start with the session cannot be {action}")]
    Refused {
        /// What was tried.
        action: &'static str,
        /// What it said.
        #[source]
        source: io::Error,
    },
}

impl kuramori_base::Hint for AutostartError {
    fn hints(&self) -> Vec<String> {
        vec!["Add the program to the system's own list of start-up programs.".to_owned()]
    }
}

/// What is started with the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Autostart {
    /// Nothing of ours.
    Off,
    /// This program.
    On,
    /// A program of ours, but not this one: it was moved, or another copy was switched on.
    Other,
}

/// A program to start with the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Names the entry. One program of an id can be in the list.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The file to run.
    pub path: PathBuf,
    /// What it is given, such as `--hidden`.
    pub arguments: Vec<String>,
}

impl Program {
    /// Returns this program, started with `arguments`. An AppImage is started by its file, not by
    /// what is unpacked from it.
    ///
    /// # Errors
    /// When the system does not tell where this program is.
    pub fn this(arguments: &[&str]) -> Result<Self, AutostartError> {
        let image = std::env::var_os("APPIMAGE").filter(|_| cfg!(target_os = "linux"));
        let path = image.map_or_else(std::env::current_exe, |path| Ok(path.into()));
        let path = path.map_err(|source| AutostartError::Refused { action: "read", source })?;
        let arguments = arguments.iter().map(|a| (*a).to_owned()).collect();
        Ok(Self { id: APP_ID.to_owned(), name: APP_NAME.to_owned(), path, arguments })
    }

    /// Returns whether it starts with the session. What the user switched off in the system's own
    /// list counts as off.
    ///
    /// # Errors
    /// When the list cannot be read.
    pub fn autostart(&self) -> Result<Autostart, AutostartError> {
        system::look(self)
    }

    /// Lets it start with the session, or not any more.
    ///
    /// # Errors
    /// When the list cannot be changed.
    pub fn set_autostart(&self, on: bool) -> Result<(), AutostartError> {
        if on { system::add(self) } else { system::remove(self) }
    }
}

/// Returns the command that starts a program, quoted as Windows programs take it apart.
#[cfg(any(windows, test))]
fn command_line(path: &str, arguments: &[String]) -> String {
    let mut line = format!("\"{path}\"");
    for argument in arguments {
        line.push(' ');
        if !argument.is_empty() && !argument.contains([' ', '\t', '"']) {
            line.push_str(argument);
            continue;
        }
        line.push('"');
        let mut slashes = 0;
        for character in argument.chars() {
            // Backslashes before a quotation mark are doubled, and the mark gets one more.
            let extra = if character == '"' { slashes + 1 } else { 0 };
            line.extend(std::iter::repeat_n('\\', extra));
            slashes = if character == '\\' { slashes + 1 } else { 0 };
            line.push(character);
        }
        line.extend(std::iter::repeat_n('\\', slashes));
        line.push('"');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_reach_windows_programs_as_they_were() {
        let line = |arguments: &[&str]| {
            let owned: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
            command_line(r"C:\Program Files\K\k.exe", &owned)
        };
        assert_eq!(line(&["--hidden"]), r#""C:\Program Files\K\k.exe" --hidden"#);
        assert_eq!(line(&["a b", ""]), r#""C:\Program Files\K\k.exe" "a b" """#);
        assert_eq!(line(&[r#"say "x""#]), r#""C:\Program Files\K\k.exe" "say \"x\"""#);
        assert_eq!(line(&[r"end \"]), r#""C:\Program Files\K\k.exe" "end \\""#);
        assert_eq!(line(&[r#"a\"b"#]), r#""C:\Program Files\K\k.exe" "a\\\"b""#);
    }

    #[cfg(windows)]
    #[test]
    fn the_registry_keeps_it_until_it_is_taken_out() {
        let mut program = Program::this(&["--hidden"]).unwrap();
        program.id = format!("app.kuramori.test{}", std::process::id());
        assert_eq!(program.autostart().unwrap(), Autostart::Off);
        program.set_autostart(true).unwrap();
        assert_eq!(program.autostart().unwrap(), Autostart::On);
        let moved = Program { path: r"C:\elsewhere\k.exe".into(), ..program.clone() };
        assert_eq!(moved.autostart().unwrap(), Autostart::Other);
        system::approve(&program, false).unwrap();
        assert_eq!(program.autostart().unwrap(), Autostart::Off, "off in the task manager");
        program.set_autostart(true).unwrap();
        assert_eq!(program.autostart().unwrap(), Autostart::On);
        program.set_autostart(false).unwrap();
        program.set_autostart(false).unwrap();
        assert_eq!(program.autostart().unwrap(), Autostart::Off);
    }
}
