//! The error every command answers with, and the one place where lower errors become one.

use std::error::Error;

use crate::dto::{ErrorCode, ErrorView, Language};
use crate::messages;

/// An error with what a person needs to act on it. Rendered at the edge, per language.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AppError {
    /// What happened.
    pub code: ErrorCode,
    /// The thing it is about.
    pub subject: String,
    /// The technical causes, outermost first.
    pub causes: Vec<String>,
    /// More to do than the sentence of the code says, from whoever failed.
    pub hints: Vec<String>,
    /// Whether trying again unchanged can help.
    pub retry: bool,
    /// The certificate that was seen, for certificate errors.
    pub seen_sha256: Option<String>,
}

impl AppError {
    /// Makes an error about `subject`.
    pub fn new(code: ErrorCode, subject: impl Into<String>) -> Self {
        Self {
            code,
            subject: subject.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            retry: false,
            seen_sha256: None,
        }
    }

    /// Adds the chain of causes of a lower error.
    #[must_use]
    pub fn because(mut self, cause: &dyn Error) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// Adds a cause in words.
    #[must_use]
    pub fn detail(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds actions to take, before those of the code's sentence.
    #[must_use]
    pub fn with_hints(mut self, hints: Vec<String>) -> Self {
        self.hints = hints;
        self
    }

    /// Says whether trying again unchanged can help.
    #[must_use]
    pub fn retryable(mut self, retry: bool) -> Self {
        self.retry = retry;
        self
    }

    /// Renders the error for people.
    pub fn view(&self, language: Language) -> ErrorView {
        let said = messages::error(self.code, language);
        let mut hints: Vec<String> =
            said.hints.iter().map(|h| messages::fill(h, &self.subject)).collect();
        if language == Language::En {
            hints.extend(self.hints.iter().filter(|h| !said.hints.contains(&h.as_str())).cloned());
        }
        ErrorView {
            code: self.code,
            title: messages::fill(said.title, &self.subject),
            risk: messages::fill(said.risk, &self.subject),
            why: None,
            hints,
            detail: self.causes.join("\n"),
            retry: self.retry,
            seen_sha256: self.seen_sha256.clone(),
        }
    }
}

impl std::fmt::Display for AppError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&messages::fill(messages::error(self.code, Language::En).title, &self.subject))
    }
}

impl Error for AppError {}
