//! Answers on standard output, everything else on standard error.

use std::io::Write;
use std::process::ExitCode;

use kuramori_app::AppError;
use kuramori_app::dto::Language;
use serde::Serialize;

/// How a command ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// All well.
    Well,
    /// Done, with something to look at.
    WithWarnings,
    /// Not done; the answer says why.
    Failed,
}

impl Done {
    pub(crate) fn code(self) -> ExitCode {
        match self {
            Self::Well => ExitCode::SUCCESS,
            Self::WithWarnings => ExitCode::from(3),
            Self::Failed => ExitCode::from(1),
        }
    }
}

/// Where answers go, and in which form.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

#[derive(Serialize)]
struct Failure<T: Serialize> {
    error: T,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    /// Returns whether people read along, so that progress is worth showing.
    pub(crate) fn is_for_people(self) -> bool {
        !self.json
    }

    /// Says something beside the answer, such as a question.
    pub(crate) fn note(text: &str) {
        print(&mut std::io::stderr().lock(), text);
    }

    /// Prints an answer as JSON or as the text `render` makes of it.
    pub(crate) fn answer<T: Serialize>(self, answer: &T, render: impl FnOnce(&T) -> String) {
        let text = if self.json { to_json(answer) } else { render(answer) };
        print(&mut std::io::stdout().lock(), text.trim_end());
    }

    /// Prints why a command failed and returns its exit code.
    pub(crate) fn failed(self, error: &AppError) -> ExitCode {
        let view = error.view(Language::En);
        if self.json {
            print(&mut std::io::stdout().lock(), &to_json(&Failure { error: view }));
        } else {
            print(&mut std::io::stderr().lock(), &crate::text::error(&view));
        }
        ExitCode::from(1)
    }

    /// Prints that the program could not even begin.
    pub(crate) fn broken(error: &dyn std::error::Error) -> ExitCode {
        print(&mut std::io::stderr().lock(), &format!("kuramori could not start: {error}"));
        ExitCode::from(1)
    }
}

fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|e| format!("{{\"error\": \"{e}\"}}"))
}

/// A reader that went away, such as `head`, is no failure of ours.
fn print(out: &mut dyn Write, text: &str) {
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}
