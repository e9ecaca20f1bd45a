//! Every sentence the back end says to people, in each language of the product.
//!
//! `{0}` stands for the thing the sentence is about (a VM, a server, a folder).

mod en;
mod events;
mod ja;

use crate::dto::{ErrorCode, Language};

pub(crate) use events::{event, whole_reason};

/// What is said about an error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sentences {
    /// What happened.
    pub(crate) title: &'static str,
    /// Whether data is at risk.
    pub(crate) risk: &'static str,
    /// What to do, the best action first.
    pub(crate) hints: &'static [&'static str],
}

/// Returns what is said about an error in a language.
pub(crate) fn error(code: ErrorCode, language: Language) -> Sentences {
    match language {
        Language::En => en::error(code),
        Language::Ja => ja::error(code),
    }
}

/// Puts `subject` where the sentence has `{0}`.
pub(crate) fn fill(sentence: &str, subject: &str) -> String {
    sentence.replace("{0}", subject)
}

const fn say(title: &'static str, risk: &'static str, hints: &'static [&'static str]) -> Sentences {
    Sentences { title, risk, hints }
}

#[cfg(test)]
mod tests;
