//! What the files for Linux and macOS say.

use super::{AutostartError, Program};

/// Writes a desktop entry. A path with a control character has no form there.
#[cfg(any(not(target_os = "macos"), test))]
pub(super) fn desktop_entry(program: &Program) -> Result<String, AutostartError> {
    let mut command = quoted(path(program)?);
    for argument in &program.arguments {
        command.push(' ');
        command.push_str(&quoted(argument));
    }
    Ok(format!(
        "[Desktop Entry]\nType=Application\nName={}\nExec={command}\nTerminal=false\n\
         X-GNOME-Autostart-enabled=true\n",
        program.name
    ))
}

/// Quotes an argument: first as the shell-like rules of `Exec` ask, then as those of any value.
#[cfg(any(not(target_os = "macos"), test))]
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            // Four: two that stand for one in a value, which stands before what it guards.
            '\\' => quoted.push_str(r"\\\\"),
            '"' | '`' | '$' => quoted.extend([r"\\", character.encode_utf8(&mut [0; 4])]),
            '%' => quoted.push_str("%%"),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Writes a launch agent.
#[cfg(any(target_os = "macos", test))]
pub(super) fn launch_agent(program: &Program) -> Result<String, AutostartError> {
    let line = |text: &str| format!("    <string>{}</string>\n", escaped(text));
    let mut arguments = line(path(program)?);
    arguments.extend(program.arguments.iter().map(|a| line(a)));
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n<dict>\n\
         \x20 <key>Label</key>\n  <string>{}</string>\n\
         \x20 <key>ProgramArguments</key>\n  <array>\n{arguments}  </array>\n\
         \x20 <key>RunAtLoad</key>\n  <true/>\n\
         \x20 <key>ProcessType</key>\n  <string>Interactive</string>\n\
         </dict>\n</plist>\n",
        escaped(&program.id)
    ))
}

#[cfg(any(target_os = "macos", test))]
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn path(program: &Program) -> Result<&str, AutostartError> {
    let text = program.path.to_str().filter(|t| !t.contains(char::is_control));
    text.ok_or_else(|| AutostartError::Path { path: program.path.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: &str, arguments: &[&str]) -> Program {
        Program {
            id: "a.b".to_owned(),
            name: "Kuramori".to_owned(),
            path: path.into(),
            arguments: arguments.iter().map(|a| (*a).to_owned()).collect(),
        }
    }

    #[test]
    fn a_desktop_entry_quotes_what_it_must() {
        let entry = desktop_entry(&program("/opt/蔵 守/$k\\%\"", &["--hidden"])).unwrap();
        let exec = entry.lines().find_map(|l| l.strip_prefix("Exec=")).unwrap();
        assert_eq!(exec, r#""/opt/蔵 守/\\$k\\\\%%\\"" "--hidden""#);
        assert!(entry.starts_with("[Desktop Entry]\nType=Application\nName=Kuramori\n"));
        assert!(desktop_entry(&program("/a\nExec=b", &[])).is_err());
    }

    #[test]
    fn a_launch_agent_is_xml() {
        let agent = launch_agent(&program("/Applications/A & <B>/k", &["--hidden"])).unwrap();
        for line in [
            "  <key>Label</key>\n  <string>a.b</string>\n",
            "    <string>/Applications/A &amp; &lt;B&gt;/k</string>\n    <string>--hidden</string>\n",
            "  <key>RunAtLoad</key>\n  <true/>\n",
        ] {
            assert!(agent.contains(line), "{agent}");
        }
    }
}
