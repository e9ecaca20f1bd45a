//! Faults that tests inject.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::soap::Fault;

/// What an injected fault does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A fault of the API by name.
    #[default]
    Fault,
    /// An HTTP status instead of an answer.
    Status,
    /// The connection is cut after that many bytes of the body.
    Cut,
    /// Bodies travel no faster than that.
    Slow,
    /// The server shows another certificate to new connections.
    WrongCertificate,
    /// All sessions are gone at once.
    ExpireSessions,
    /// Properties read without a session are none, instead of `NotAuthenticated`.
    EmptyWithoutSession,
    /// Every change of state is refused with `RestrictedVersion`.
    RestrictedLicense,
    /// Privileged calls are refused with `NoPermission`, and privileges are reported as absent: all,
    /// or the one that `key` names.
    NoPermission,
    /// The call blocks until the fault is deleted.
    Hold,
    /// Answers of `QueryChangedDiskAreas` speak about at most that many bytes.
    ShortAnswers,
    /// `QueryChangedDiskAreas` leaves out what changed in `bytes` from `after_bytes` on.
    ForgottenChanges,
    /// New leases live only that long without progress or data.
    LeaseTimeout,
    /// `/folder` ignores `Range` and sends the whole file with 200.
    IgnoreRange,
    /// A read of a chain of links is refused as if another reader held it.
    Locked,
    /// Guests show no sign of life: their heartbeat is red.
    FrozenGuest,
    /// Datastores have only `bytes` free.
    FullDatastore,
    /// Merging links after a snapshot is removed does not happen; consolidation stays needed.
    NoConsolidation,
}

/// When an injected fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultWhen {
    /// Where a host would raise it: in the task where there is one, otherwise in the answer.
    #[default]
    Usual,
    /// In the answer to the call, before anything was done.
    Call,
    /// After the call has done its work; the caller does not learn that it worked.
    After,
}

/// A fault as `POST /lab/v1/faults` takes it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultSpec {
    /// What it does.
    pub kind: FaultKind,
    /// Where: the name of a SOAP method, `folder`, `folder-put`, `export`, `import`, or `*`.
    pub point: String,
    /// The name of the API fault, for `fault`.
    pub fault: Option<String>,
    /// Its message.
    pub message: Option<String>,
    /// A message key, the property of an `InvalidArgument`, the privilege of `no-permission`, or a
    /// part of the name of the file that a `hold` or `locked` is about.
    pub key: Option<String>,
    /// The HTTP status, for `status`.
    pub status: Option<u16>,
    /// How often it strikes; always when absent.
    pub times: Option<u32>,
    /// How often it lets a call pass first.
    pub skip: u32,
    /// When it strikes.
    pub when: FaultWhen,
    /// Bytes before a `cut`, or before `forgotten-changes`.
    pub after_bytes: u64,
    /// The rate of `slow`.
    pub bytes_per_second: Option<u64>,
    /// The size of `short-answers`, `forgotten-changes` and `full-datastore`.
    pub bytes: Option<u64>,
    /// The length of `lease-timeout`.
    pub seconds: Option<f64>,
}

#[derive(Clone, Debug)]
struct Entry {
    id: u64,
    spec: FaultSpec,
    left: Option<u32>,
    skip: u32,
    /// How many calls stand before a `hold`.
    holding: u32,
}

/// A fault that is in place, as `GET /lab/v1/faults` shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FaultInfo {
    /// Its identifier, for `DELETE /lab/v1/faults/ID`.
    pub id: u64,
    /// What was asked for.
    pub spec: FaultSpec,
    /// How many calls it blocks now.
    pub holding: u32,
}

/// The faults of a running lab.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    entries: Mutex<(u64, Vec<Entry>)>,
    changed: Condvar,
}

impl Faults {
    /// Puts a fault in place. The error names what is wrong with it.
    pub(crate) fn add(&self, spec: FaultSpec) -> Result<u64, String> {
        check(&spec)?;
        let mut entries = self.entries.lock().expect("no holder panics");
        entries.0 += 1;
        let id = entries.0;
        let (left, skip) = (spec.times, spec.skip);
        entries.1.push(Entry { id, spec, left, skip, holding: 0 });
        self.changed.notify_all();
        Ok(id)
    }

    /// Removes one fault, or all.
    pub(crate) fn remove(&self, id: Option<u64>) {
        let mut entries = self.entries.lock().expect("no holder panics");
        entries.1.retain(|e| id.is_some_and(|id| id != e.id));
        self.changed.notify_all();
    }

    pub(crate) fn list(&self) -> Vec<FaultInfo> {
        let entries = self.entries.lock().expect("no holder panics");
        entries
            .1
            .iter()
            .map(|e| FaultInfo { id: e.id, spec: e.spec.clone(), holding: e.holding })
            .collect()
    }

    /// Takes the first fault of `kind` that strikes at `point`, using up one of its times.
    pub(crate) fn take(
        &self,
        kind: FaultKind,
        point: &str,
        fits: impl Fn(&FaultSpec) -> bool,
    ) -> Option<FaultSpec> {
        let mut entries = self.entries.lock().expect("no holder panics");
        let entry = entries.1.iter_mut().find(|e| {
            e.spec.kind == kind
                && (e.spec.point == point || matches!(e.spec.point.as_str(), "*" | ""))
                && e.left != Some(0)
                && fits(&e.spec)
        })?;
        if entry.skip > 0 {
            entry.skip -= 1;
            return None;
        }
        entry.left = entry.left.map(|n| n - 1);
        Some(entry.spec.clone())
    }

    /// Returns whether a fault of that kind is in place, using up nothing.
    pub(crate) fn active(&self, kind: FaultKind) -> Option<FaultSpec> {
        let entries = self.entries.lock().expect("no holder panics");
        entries.1.iter().find(|e| e.spec.kind == kind && e.left != Some(0)).map(|e| e.spec.clone())
    }

    /// Returns whether the account lacks a privilege.
    pub(crate) fn denies(&self, privilege: &str) -> bool {
        let entries = self.entries.lock().expect("no holder panics");
        let mut all = entries.1.iter();
        all.any(|e| {
            e.spec.kind == FaultKind::NoPermission
                && e.left != Some(0)
                && e.spec.key.as_deref().is_none_or(|key| key == privilege)
        })
    }

    /// Makes the API fault that is injected at a point.
    pub(crate) fn fault(&self, point: &str, fits: impl Fn(&FaultSpec) -> bool) -> Option<Fault> {
        let spec = self.take(FaultKind::Fault, point, fits)?;
        Fault::named(spec.fault.as_deref()?, spec.message.as_deref(), spec.key.as_deref())
    }

    /// Blocks while a `hold` at `point` that `fits` is in place, or until `stop` says so.
    pub(crate) fn hold(
        &self,
        point: &str,
        fits: impl Fn(FaultWhen) -> bool,
        stop: impl Fn() -> bool,
    ) {
        self.hold_file((point, ""), fits, stop);
    }

    /// As [`Faults::hold`], for a request about a file. A `hold` with a key is for those alone that
    /// have it in their names.
    pub(crate) fn hold_file(
        &self,
        (point, file): (&str, &str),
        fits: impl Fn(FaultWhen) -> bool,
        stop: impl Fn() -> bool,
    ) {
        let mut entries = self.entries.lock().expect("no holder panics");
        let found = entries.1.iter_mut().find(|e| {
            e.spec.kind == FaultKind::Hold
                && (e.spec.point == point || e.spec.point == "*")
                && e.spec.key.as_deref().is_none_or(|key| file.contains(key))
                && fits(e.spec.when)
        });
        let Some(entry) = found else { return };
        if entry.skip > 0 {
            entry.skip -= 1;
            return;
        }
        if entry.left == Some(0) {
            return;
        }
        entry.left = entry.left.map(|n| n - 1);
        entry.holding += 1;
        let id = entry.id;
        while !stop() && entries.1.iter().any(|e| e.id == id) {
            entries = self
                .changed
                .wait_timeout(entries, Duration::from_millis(50))
                .expect("no holder panics")
                .0;
        }
    }
}

fn check(spec: &FaultSpec) -> Result<(), String> {
    let need = |there: bool, what: &str| {
        if there { Ok(()) } else { Err(format!("{:?} needs {what}", spec.kind)) }
    };
    match spec.kind {
        FaultKind::Fault => {
            let name = spec.fault.as_deref().unwrap_or_default();
            need(!spec.point.is_empty(), "a point")?;
            if Fault::named(name, None, None).is_none() {
                return Err(format!("{name:?} is not a fault of the API"));
            }
            Ok(())
        }
        FaultKind::Status => need(
            spec.status.is_some_and(|s| (400..=599).contains(&s)) && !spec.point.is_empty(),
            "a point and a status of 400 to 599",
        ),
        FaultKind::Slow => need(spec.bytes_per_second.is_some_and(|b| b > 0), "bytes_per_second"),
        FaultKind::FullDatastore => need(spec.bytes.is_some(), "bytes"),
        FaultKind::ShortAnswers | FaultKind::ForgottenChanges => {
            need(spec.bytes.is_some_and(|b| b > 0), "bytes")
        }
        FaultKind::LeaseTimeout => {
            need(spec.seconds.is_some_and(|s| s > 0.0 && s < 1e6), "seconds")
        }
        FaultKind::Hold | FaultKind::Cut => need(!spec.point.is_empty(), "a point"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_strikes_as_often_as_asked_after_what_it_skips() {
        let faults = Faults::default();
        let spec = FaultSpec {
            point: "CreateSnapshot_Task".into(),
            fault: Some("FilesystemQuiesceFault".into()),
            times: Some(2),
            skip: 1,
            ..FaultSpec::default()
        };
        faults.add(spec).unwrap();
        let strike = || faults.fault("CreateSnapshot_Task", |_| true).is_some();
        assert_eq!([strike(), strike(), strike(), strike()], [false, true, true, false]);
        assert!(faults.fault("RemoveSnapshot_Task", |_| true).is_none());
    }

    #[test]
    fn what_cannot_be_injected_is_refused() {
        let faults = Faults::default();
        let named = |fault: &str| FaultSpec {
            point: "Login".into(),
            fault: Some(fault.into()),
            ..FaultSpec::default()
        };
        assert!(faults.add(named("NoSuchFault")).is_err());
        assert!(faults.add(named("VirtualDisk")).is_err(), "a data object is no fault");
        assert!(faults.add(named("SystemError")).is_ok());
    }
}
