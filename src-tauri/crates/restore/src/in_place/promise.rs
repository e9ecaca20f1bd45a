//! What is promised durably before the server is touched.

use chrono::{DateTime, Utc};
use kuramori_jobs::{IntentId, LogError, RunId, RunLog};
use kuramori_vsphere::{SmallFiles, VmConfig, VmRef};
use serde::{Deserialize, Serialize};

use super::recover::links;

/// Marks our intents in the run log.
const TAG: &str = "exchange";
/// Longest part of the VM's name in the names of helpers, in characters; vSphere allows 80.
const NAME: usize = 48;

/// What an intent about an exchange records.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Promise {
    pub(super) server_id: String,
    /// The original.
    pub(super) vm: VmRef,
    /// The identity it keeps for life.
    #[serde(default)]
    pub(super) instance_uuid: String,
    /// Its name.
    pub(super) name: String,
    /// What it has at the places where disks are to be exchanged.
    #[serde(default)]
    pub(super) before: Vec<Before>,
    /// Whether its guest was asked to shut down and was not seen off yet.
    #[serde(default)]
    pub(super) stopping: bool,
    /// Whether it ran: it is switched on again when nothing was exchanged.
    pub(super) was_on: bool,
    /// Whether it is to be switched on after the exchange.
    pub(super) turn_on: bool,
    /// Whether making helpers has begun.
    pub(super) sending: bool,
    pub(super) helpers: Vec<Helper>,
}

/// What the original has at a place before the exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Before {
    /// Controller and place.
    pub(super) place: (i32, i32),
    /// The descriptor of the disk that is there, if one is.
    pub(super) file: Option<String>,
}

/// A VM that disks are sent into.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Helper {
    /// Its name.
    pub(super) name: String,
    /// What was sent into it, once all of it was verified: descriptors and places.
    pub(super) disks: Vec<Sent>,
    /// Its own small files, which lie beside the disks once it is off the list.
    #[serde(default)]
    pub(super) files: Option<SmallFiles>,
}

/// A disk that was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sent {
    /// Its descriptor, `[datastore] folder/file`.
    pub(super) file: String,
    /// Its controller and place in the helper.
    pub(super) helper_place: (i32, i32),
    /// Those in the original.
    pub(super) place: (i32, i32),
    /// In bytes.
    pub(super) capacity: u64,
}

impl Promise {
    /// Returns whether a VM with this identity is the original.
    pub(super) fn is_about(&self, instance_uuid: &str) -> bool {
        self.instance_uuid.is_empty() || self.instance_uuid.eq_ignore_ascii_case(instance_uuid)
    }

    /// Returns whether a VM of a server is the original, under its reference or another one.
    pub(super) fn concerns(&self, server_id: &str, vm: &VmRef, instance_uuid: &str) -> bool {
        let known = !self.instance_uuid.is_empty();
        let same = self.vm == *vm || (known && self.is_about(instance_uuid));
        self.server_id == server_id && same
    }

    /// Returns whether the original is known to have the disks it had.
    pub(super) fn is_as_before(&self, now: &VmConfig) -> bool {
        let same = |before: &Before| {
            let there = now.disks.iter().find(|d| (d.controller_key, d.unit) == before.place);
            match (&before.file, there) {
                (None, None) => true,
                // Snapshots put links above it.
                (Some(file), Some(disk)) => links(disk).contains(file),
                (None, Some(_)) | (Some(_), None) => false,
            }
        };
        !self.before.is_empty() && self.before.iter().all(same)
    }

    /// Descriptors of all disks that were sent.
    pub(super) fn files(&self) -> Vec<&str> {
        self.helpers.iter().flat_map(|h| &h.disks).map(|d| d.file.as_str()).collect()
    }
}

/// Returns the name of a helper, which tells people what it is and us that it is ours.
pub(super) fn helper_name(vm: &str, intent: IntentId, position: usize) -> String {
    let short: String = intent.to_string().chars().take(8).collect();
    let vm: String = vm.chars().take(NAME).collect();
    format!("{vm} - Kuramori {short}-{position}")
}

/// Returns the notes of a helper. Their end names the intent; nothing without it is touched.
pub(super) fn annotation(vm: &str, intent: IntentId) -> String {
    format!(
        "Made by Kuramori to put disks back into “{vm}”. This entry goes away by itself; its \
         folder stays when “{vm}” has taken the disks in it. {}",
        mark(intent)
    )
}

pub(super) fn mark(intent: IntentId) -> String {
    format!("Intent {intent}")
}

/// A promise in the run log.
pub(super) struct Journal<'a> {
    log: &'a RunLog,
    pub(super) intent: IntentId,
}

impl<'a> Journal<'a> {
    /// Makes the promise durable. The server may be touched only after this returned.
    pub(super) fn begin(
        log: &'a RunLog,
        run: RunId,
        intent: IntentId,
        promise: &Promise,
    ) -> Result<Self, LogError> {
        log.add_intent(intent, run, TAG, &json(promise)?)?;
        Ok(Self { log, intent })
    }

    /// Makes a later state of it durable.
    pub(super) fn update(&self, promise: &Promise) -> Result<(), LogError> {
        update(self.log, self.intent, promise)
    }
}

/// Makes a later state of a promise durable.
pub(super) fn update(log: &RunLog, intent: IntentId, promise: &Promise) -> Result<(), LogError> {
    log.update_intent(intent, &json(promise)?)
}

fn json(promise: &Promise) -> Result<serde_json::Value, LogError> {
    serde_json::to_value(promise).map_err(|e| LogError::Record(e.to_string()))
}

/// An exchange that a crash left open.
#[derive(Clone, Debug)]
pub struct OpenExchange {
    /// The run it was made in.
    pub run: RunId,
    /// Its id.
    pub id: IntentId,
    pub(super) promise: Promise,
    pub(super) made_at: DateTime<Utc>,
}

impl OpenExchange {
    /// Returns our id of the server.
    pub fn server_id(&self) -> &str {
        &self.promise.server_id
    }

    /// Returns the original.
    pub fn vm(&self) -> &VmRef {
        &self.promise.vm
    }

    /// Returns the name of the original.
    pub fn name(&self) -> &str {
        &self.promise.name
    }
}

/// Returns the exchanges that are still open.
///
/// # Errors
/// When the run log cannot be read.
pub fn open_exchanges(log: &RunLog) -> Result<Vec<OpenExchange>, LogError> {
    let ours = log.intents()?.into_iter().filter(|i| i.tag == TAG);
    ours.map(|intent| {
        let read = serde_json::from_value(intent.payload);
        let promise = read.map_err(|e| LogError::Record(e.to_string()))?;
        Ok(OpenExchange { run: intent.run, id: intent.id, promise, made_at: intent.made_at })
    })
    .collect()
}
