use serde::{Deserialize, Serialize};

/// How a version is started: the new one to see that it works, the old one when it does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    window: bool,
    /// The token of the update follows as the last argument.
    trying: Vec<String>,
    after: Option<Vec<String>>,
}

/// The window's argument that the token of an update follows.
const CONFIRM: &str = "--confirm-update";

impl Launch {
    /// The window, with the arguments it was started with.
    pub fn window(args: impl IntoIterator<Item = String>) -> Self {
        let mut after = Vec::new();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            if arg == CONFIRM {
                args.next();
            } else {
                after.push(arg);
            }
        }
        let trying = after.iter().cloned().chain([CONFIRM.to_owned()]).collect();
        Self { window: true, trying, after: Some(after) }
    }

    /// The command line: it is started once, with the token as its last argument, and says that it
    /// works.
    pub fn command_line(confirm: Vec<String>) -> Self {
        Self { window: false, trying: confirm, after: None }
    }

    /// Returns the token that the window was started with, where it was started to be tried.
    pub fn token(args: impl IntoIterator<Item = String>) -> Option<String> {
        let mut args = args.into_iter();
        args.find(|arg| arg == CONFIRM)?;
        args.next()
    }

    pub(super) fn is_window(&self) -> bool {
        self.window
    }

    pub(super) fn trying(&self, token: &str) -> Vec<String> {
        self.trying.iter().cloned().chain([token.to_owned()]).collect()
    }

    pub(super) fn after(&self) -> Option<&[String]> {
        self.after.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_window_keeps_its_arguments_but_not_an_earlier_token() {
        let launch = Launch::window(words("--hidden --confirm-update old x"));
        assert_eq!(launch.trying("new"), words("--hidden x --confirm-update new"));
        assert_eq!(launch.after(), Some(&words("--hidden x")[..]));
        assert_eq!(Launch::token(launch.trying("new")), Some("new".to_owned()));
        assert_eq!(Launch::token(words("--hidden")), None);
    }
}
