use std::io;
use std::path::{Path, PathBuf};

use super::{Autostart, AutostartError, Program, text};
use crate::fs;

#[cfg(target_os = "macos")]
fn folder() -> Option<PathBuf> {
    std::env::home_dir().map(|home| home.join("Library/LaunchAgents"))
}

#[cfg(not(target_os = "macos"))]
fn folder() -> Option<PathBuf> {
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
    let config = config.filter(|c| c.is_absolute());
    let config = config.or_else(|| std::env::home_dir().map(|home| home.join(".config")));
    config.map(|config| config.join("autostart"))
}

#[cfg(target_os = "macos")]
fn content(program: &Program) -> Result<(&'static str, String), AutostartError> {
    Ok(("plist", text::launch_agent(program)?))
}

#[cfg(not(target_os = "macos"))]
fn content(program: &Program) -> Result<(&'static str, String), AutostartError> {
    Ok(("desktop", text::desktop_entry(program)?))
}

pub(super) fn look(program: &Program) -> Result<Autostart, AutostartError> {
    look_in(&folder().ok_or(AutostartError::NoHome)?, program)
}

pub(super) fn add(program: &Program) -> Result<(), AutostartError> {
    add_in(&folder().ok_or(AutostartError::NoHome)?, program)
}

pub(super) fn remove(program: &Program) -> Result<(), AutostartError> {
    remove_in(&folder().ok_or(AutostartError::NoHome)?, program)
}

fn refused(action: &'static str) -> impl Fn(io::Error) -> AutostartError {
    move |source| AutostartError::Refused { action, source }
}

/// Desktops switch an entry off by a line in it, so any line of ours may have changed.
fn look_in(folder: &Path, program: &Program) -> Result<Autostart, AutostartError> {
    let (ending, wanted) = content(program)?;
    let there = match fs_err::read_to_string(file(folder, program, ending)) {
        Ok(there) => there,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Autostart::Off),
        Err(e) => return Err(refused("read")(e)),
    };
    let off = ["Hidden=true", "X-GNOME-Autostart-enabled=false"];
    if there.lines().any(|line| off.contains(&line.trim())) {
        return Ok(Autostart::Off);
    }
    Ok(if there == wanted { Autostart::On } else { Autostart::Other })
}

fn add_in(folder: &Path, program: &Program) -> Result<(), AutostartError> {
    let (ending, content) = content(program)?;
    fs_err::create_dir_all(folder).map_err(refused("changed"))?;
    let file = file(folder, program, ending);
    match crate::private::write(&file, content.as_bytes()) {
        Ok(_) => Ok(()),
        Err(e) => Err(refused("changed")(e)),
    }
}

fn remove_in(folder: &Path, program: &Program) -> Result<(), AutostartError> {
    let (ending, _) = content(program)?;
    match fs::remove(&file(folder, program, ending)) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(refused("changed")(e)),
        _ => Ok(()),
    }
}

fn file(folder: &Path, program: &Program, ending: &str) -> PathBuf {
    folder.join(format!("{}.{ending}", program.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_it_until_it_is_taken_out() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("autostart");
        let program = Program::this(&["--hidden"]).unwrap();
        assert_eq!(look_in(&folder, &program).unwrap(), Autostart::Off);
        add_in(&folder, &program).unwrap();
        assert_eq!(look_in(&folder, &program).unwrap(), Autostart::On);
        let moved = Program { path: "/elsewhere/k".into(), ..program.clone() };
        assert_eq!(look_in(&folder, &moved).unwrap(), Autostart::Other);

        let (ending, content) = content(&program).unwrap();
        let off = format!("{content}Hidden=true\n");
        fs_err::write(file(&folder, &program, ending), off).unwrap();
        assert_eq!(look_in(&folder, &program).unwrap(), Autostart::Off, "the desktop's switch");

        remove_in(&folder, &program).unwrap();
        remove_in(&folder, &program).unwrap();
        assert_eq!(look_in(&folder, &program).unwrap(), Autostart::Off);
        assert_eq!(fs_err::read_dir(&folder).unwrap().count(), 0);
    }
}
