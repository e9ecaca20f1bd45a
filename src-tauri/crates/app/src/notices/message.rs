//! What a notice says, in the form in which it waits and in which a webhook gets it.

use chrono::{DateTime, Utc};
use kuramori_jobs::RunRecord;
use serde::{Deserialize, Serialize};

use super::{Notice, Weight};
use crate::dto::{ErrorView, Language};
use crate::runs::summary;

/// Format of what a webhook gets; rises when a receiver would misread it.
const VERSION: u32 = 1;

/// A notice with all that is told about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Message {
    pub(super) version: u32,
    /// The same each time it is sent: a receiver that had it already knows it by this.
    pub(super) id: String,
    pub(super) kind: Weight,
    /// What it is about; its end has the same.
    pub(super) key: String,
    pub(super) title: String,
    pub(super) body: String,
    /// Title and body: what chat systems show of a webhook.
    pub(super) text: String,
    pub(super) at: DateTime<Utc>,
    pub(super) language: Language,
    pub(super) computer: String,
    pub(super) program: String,
    pub(super) run: Option<RunPart>,
}

/// The run a notice is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct RunPart {
    pub(super) id: String,
    pub(super) job: Option<String>,
    pub(super) server: Option<String>,
    pub(super) repository: String,
    pub(super) vms: Vec<String>,
    /// Why it failed, as the window shows it.
    pub(super) error: Option<ErrorView>,
}

impl Message {
    /// Writes down a notice, with its run where it is about one.
    pub(super) fn of(
        notice: Notice,
        run: Option<&RunRecord>,
        language: Language,
        at: DateTime<Utc>,
    ) -> Self {
        let (title, body) = (one_line(&notice.title), notice.body.trim().to_owned());
        let run = run.map(|record| {
            let run = summary(record, language);
            RunPart {
                id: run.id,
                job: run.job,
                server: run.server,
                repository: run.repository,
                vms: run.vms,
                error: run.error,
            }
        });
        Self {
            version: VERSION,
            id: uuid::Uuid::new_v4().to_string(),
            kind: notice.weight,
            key: notice.key,
            text: format!("{title}\n{body}"),
            title,
            body,
            at,
            language,
            computer: one_line(&gethostname::gethostname().to_string_lossy()),
            program: concat!("Kuramori ", env!("CARGO_PKG_VERSION")).to_owned(),
            run,
        }
    }
}

/// Names come from servers: what would break a line becomes a space.
pub(super) fn one_line(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
