use std::io;

use winreg::enums::{HKEY_CURRENT_USER, KEY_READ, KEY_WRITE, REG_BINARY};
use winreg::{RegKey, RegValue};

use super::{Autostart, AutostartError, Program, command_line};

const RUN: &str = r"Software\Microsoft\Windows\CurrentVersion\Run";
/// Where the task manager keeps what its user switched off.
const APPROVED: &str = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run";
/// First byte of an approval; odd ones mean "off".
const APPROVAL: [u8; 2] = [3, 2];

pub(super) fn look(program: &Program) -> Result<Autostart, AutostartError> {
    let there: Option<String> = maybe(value(RUN, &program.id))?;
    let approval = maybe(approval(&program.id))?;
    let off = approval.is_some_and(|bytes| bytes.first().is_some_and(|b| b % 2 == 1));
    Ok(match there {
        None => Autostart::Off,
        Some(_) if off => Autostart::Off,
        Some(there) if there == command(program)? => Autostart::On,
        Some(_) => Autostart::Other,
    })
}

pub(super) fn add(program: &Program) -> Result<(), AutostartError> {
    let command = command(program)?;
    let (key, _) = RegKey::predef(HKEY_CURRENT_USER).create_subkey(RUN).map_err(changed)?;
    key.set_value(&program.id, &command).map_err(changed)?;
    approve(program, true)
}

pub(super) fn remove(program: &Program) -> Result<(), AutostartError> {
    for path in [RUN, APPROVED] {
        let key = RegKey::predef(HKEY_CURRENT_USER).open_subkey_with_flags(path, KEY_WRITE);
        match key.and_then(|key| key.delete_value(&program.id)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(changed(e)),
            _ => {}
        }
    }
    Ok(())
}

/// Switches the program on or off as the task manager does.
pub(super) fn approve(program: &Program, on: bool) -> Result<(), AutostartError> {
    let mut bytes = vec![0; 12];
    bytes[0] = APPROVAL[usize::from(on)];
    let (key, _) = RegKey::predef(HKEY_CURRENT_USER).create_subkey(APPROVED).map_err(changed)?;
    let value = RegValue { bytes: bytes.into(), vtype: REG_BINARY };
    key.set_raw_value(&program.id, &value).map_err(changed)
}

fn value(path: &str, name: &str) -> io::Result<String> {
    RegKey::predef(HKEY_CURRENT_USER).open_subkey_with_flags(path, KEY_READ)?.get_value(name)
}

fn approval(name: &str) -> io::Result<Vec<u8>> {
    let key = RegKey::predef(HKEY_CURRENT_USER).open_subkey_with_flags(APPROVED, KEY_READ)?;
    Ok(key.get_raw_value(name)?.bytes.to_vec())
}

fn maybe<T>(read: io::Result<T>) -> Result<Option<T>, AutostartError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(AutostartError::Refused { action: "read", source }),
    }
}

fn changed(source: io::Error) -> AutostartError {
    AutostartError::Refused { action: "changed", source }
}

fn command(program: &Program) -> Result<String, AutostartError> {
    let path = program.path.to_str().filter(|p| !p.contains('"'));
    let path = path.ok_or_else(|| AutostartError::Path { path: program.path.clone() })?;
    Ok(command_line(path, &program.arguments))
}
