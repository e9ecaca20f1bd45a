use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use chrono::{TimeDelta, TimeZone, Utc};
use kuramori_base::{Clock, ManualClock};
use kuramori_jobs::Outcome as RunOutcome;

use super::error::UpdateError;
use super::feed::Feed;
use super::service::{Parts, Updates};
use crate::dto::{ErrorCode, RunKind, Topic};
use crate::events::EventHub;
use crate::runs::{Item, ItemResult, RunSpec, Start};
use crate::settings::SettingsFile;
use crate::{App, AppOptions, SecretsChoice};

fn key() -> String {
    minisign::KeyPair::generate_unencrypted_keypair().unwrap().pk.to_base64()
}

/// Updates of version 1.0.0 that ask a server which is not there.
fn updates(dir: &Path, clock: Arc<ManualClock>) -> (Updates, Arc<SettingsFile>) {
    let (settings, _) = SettingsFile::open(&dir.join("settings.json"), "w", &*clock).unwrap();
    let settings = Arc::new(settings);
    let parts = Parts {
        state: dir.to_owned(),
        settings: settings.clone(),
        events: Arc::new(EventHub::new()),
        clock,
    };
    let feed = Feed::new(&key(), "https://127.0.0.1:1/latest.json", None);
    (Updates::with(parts, feed, "1.0.0", None), settings)
}

#[tokio::test]
async fn the_check_is_due_once_a_day_and_again_after_an_hour_without_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    let start = Utc.with_ymd_and_hms(2026, 5, 8, 9, 0, 0).unwrap();
    let clock = Arc::new(ManualClock::new(start));
    let (updates, settings) = updates(dir.path(), clock.clone());
    assert!(updates.is_due(), "it was never asked");
    assert!(matches!(updates.check().await, Err(UpdateError::Unreachable { .. })));
    assert_eq!(updates.progress().check_error.unwrap().code, ErrorCode::UpdateUnreachable);
    assert!(!updates.is_due(), "not at once again");
    clock.advance(Duration::from_hours(1));
    assert!(updates.is_due(), "an hour later");

    let answered = |at| {
        settings
            .change(|s| {
                (s.updates.checked_at, s.updates.asked_at) = (Some(at), Some(at));
                Ok(())
            })
            .unwrap();
    };
    answered(clock.now());
    clock.advance(Duration::from_hours(23));
    assert!(!updates.is_due());
    clock.advance(Duration::from_hours(1));
    assert!(updates.is_due(), "a day later");
    answered(clock.now() + TimeDelta::days(400));
    assert!(updates.is_due(), "a clock that was wrong for a while stops nothing");
    settings
        .change(|s| {
            s.updates.check_daily = false;
            Ok(())
        })
        .unwrap();
    assert!(!updates.is_due(), "it can be switched off");
}

#[test]
fn a_feed_without_tls_or_with_a_broken_key_is_no_feed() {
    assert!(Feed::new(&key(), "https://example.org/latest.json", None).is_ok());
    assert!(Feed::new(&key(), "http://example.org/latest.json", None).is_err());
    assert!(Feed::new("not a key", "https://example.org/latest.json", None).is_err());
}

fn open(dir: &Path) -> App {
    App::open(AppOptions {
        state: dir.join("state"),
        secrets: SecretsChoice::Sealed(dir.join("key")),
        notices: false,
        hardware: kuramori_platform::guest::Roots::default(),
        clock: Arc::new(ManualClock::new(Utc.with_ymd_and_hms(2026, 5, 8, 9, 0, 0).unwrap())),
    })
    .unwrap()
}

#[tokio::test]
async fn the_end_of_the_update_that_started_the_program_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(dir.path());
    let journal = dir.path().join("state/update/journal.json");
    fs_err::create_dir_all(journal.parent().unwrap()).unwrap();
    fs_err::write(&journal, "{}").unwrap();
    let mut events = app.subscribe();
    let mut going = std::pin::pin!(app.keep_checking_for_updates());
    assert!(tokio::time::timeout(Duration::ZERO, &mut going).await.is_err());
    assert!(events.try_recv().is_err(), "it goes on");
    fs_err::remove_file(journal).unwrap();
    let told = tokio::select! {
        () = going => panic!("it looks for as long as the program lives"),
        told = tokio::time::timeout(Duration::from_mins(1), events.recv()) => told,
    };
    assert_eq!(told.unwrap().unwrap().topic, Topic::Updates);
}

#[tokio::test]
async fn no_update_begins_during_a_run_and_no_run_during_an_update() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(dir.path());
    let (end, ended) = mpsc::channel::<()>();
    let item = |ended: Option<mpsc::Receiver<()>>| Item {
        name: "vm".to_owned(),
        key: "vm".to_owned(),
        waits: false,
        work: Box::new(move |_, _| {
            if let Some(ended) = ended {
                assert!(ended.recv().is_err(), "nothing is ever sent");
            }
            (RunOutcome::Succeeded, ItemResult::default())
        }),
    };
    let spec = || RunSpec::of(RunKind::Backup, "r".to_owned());
    let runs = &app.inner.runs;
    let id = runs.start(Start::of(spec(), vec![item(Some(ended))])).unwrap();
    let launch = super::Launch::window(Vec::new());
    let refused = app.install_update(launch).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::UpdateDuringRun);
    assert!(!runs.close_if_idle());
    drop(end);
    runs.wait(id).await;

    assert!(runs.close_if_idle());
    let refused = runs.start(Start::of(spec(), vec![item(None)])).unwrap_err();
    assert_eq!(refused.code, ErrorCode::UpdateApplying);
    runs.reopen();
    let id = runs.start(Start::of(spec(), vec![item(None)])).unwrap();
    runs.wait(id).await;
}

/// The helper's work for a window, with scripts in place of programs.
#[cfg(unix)]
mod window {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use kuramori_base::SystemClock;

    use super::super::apply::{Applier, own};
    use super::super::journal::{Folder, Journal, NewJournal, Outcome};
    use super::super::package::{self, NewFile};
    use super::super::{AtStart, Launch, at_start, guard};
    use super::ErrorCode;

    const PROGRAM: &str = "bin/kuramori-desktop";

    fn script(path: &Path, text: &str) {
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// An installation in `dir` and a journal that replaces its window by a script. Both versions
    /// write their arguments to `old` and `new`.
    fn prepare(dir: &Path, new: &str) -> (Folder, Journal) {
        let folder = Folder::of(&dir.join("state"));
        fs_err::create_dir_all(&folder.0).unwrap();
        let (root, staged) = (dir.join("install"), dir.join("install/.update/new"));
        script(&root.join(PROGRAM), &format!("echo $* > '{}'", dir.join("old").display()));
        let confirm = format!("'{}'", folder.file("confirmed").display());
        let said = dir.join("new");
        let new = new.replace("CONFIRM", &format!("printf %s \"$3\" > {confirm}"));
        script(&staged.join(PROGRAM), &format!("echo $* >> '{}'\n{new}", said.display()));
        let file = NewFile {
            path: PROGRAM.to_owned(),
            size: 0,
            blake3: package::hash(&staged.join(PROGRAM)).unwrap(),
        };
        let journal = Journal::new(NewJournal {
            from: "1.0.0".to_owned(),
            to: "1.1.0".to_owned(),
            root,
            work: dir.join("install/.update"),
            staged,
            files: vec![file],
            obsolete: Vec::new(),
            program: PROGRAM.to_owned(),
            launch: Launch::window(["--hidden".to_owned()]),
            patience: 20,
        });
        folder.write_journal(&journal).unwrap();
        (folder, journal)
    }

    fn words(path: &Path) -> String {
        for _ in 0..400 {
            if let Ok(text) = fs_err::read_to_string(path)
                && text.ends_with('\n')
            {
                return text.trim().to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(25));
        }
        panic!("nothing in {}", path.display());
    }

    #[test]
    fn a_window_that_says_it_works_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, journal) = prepare(dir.path(), "CONFIRM");
        let token = journal.token.clone();
        let owner = own(&folder).unwrap();
        Applier::new(&folder, &SystemClock::new(), journal).run(owner).unwrap();
        assert_eq!(words(&dir.path().join("new")), format!("--hidden --confirm-update {token}"));
        assert_eq!(folder.finished().unwrap().outcome, Outcome::Installed);
        assert!(!dir.path().join("old").exists(), "nothing else was started");
        assert!(!folder.is_applying());
    }

    #[test]
    fn a_window_that_fails_gives_way_to_the_old_one_with_its_arguments() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, journal) = prepare(dir.path(), "echo 'no display' >&2; exit 1");
        let owner = own(&folder).unwrap();
        Applier::new(&folder, &SystemClock::new(), journal).run(owner).unwrap();
        assert_eq!(words(&dir.path().join("old")), "--hidden");
        let finished = folder.finished().unwrap();
        assert_eq!(finished.outcome, Outcome::RolledBack);
        assert!(finished.log.contains("no display"), "{}", finished.log);
    }

    #[test]
    fn a_window_that_was_confirmed_before_the_helper_was_killed_is_started_again() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, mut journal) = prepare(dir.path(), ":");
        let owner = own(&folder).unwrap();
        // As after a kill: everything is swapped, and the new version said that it works.
        fs_err::rename(journal.staged.join(PROGRAM), journal.root.join(PROGRAM)).unwrap();
        journal.phase = super::super::journal::Phase::Swapped;
        journal.attempts = 1;
        folder.confirm(&journal.token).unwrap();
        Applier::new(&folder, &SystemClock::new(), journal).run(owner).unwrap();
        assert_eq!(folder.finished().unwrap().outcome, Outcome::Installed);
        assert_eq!(words(&dir.path().join("new")), "--hidden");
    }

    #[test]
    fn only_the_version_that_is_tried_may_open_the_state() {
        let dir = tempfile::tempdir().unwrap();
        let (folder, journal) = prepare(dir.path(), ":");
        let state = folder.state();
        assert!(guard(state, None).is_err() && guard(state, Some("another")).is_err());
        assert!(guard(state, Some(&journal.token)).is_ok());
        assert_eq!(at_start(state, Some(&journal.token)).unwrap(), AtStart::Go);
        // A version that works on, its helper gone: a second start must find it, not a helper.
        let owner = own(&folder).unwrap();
        assert_eq!(at_start(state, None).unwrap(), AtStart::Go);
        drop(owner);
        let lock = std::fs::File::create(folder.file("helper.lock")).unwrap();
        lock.lock().unwrap();
        assert_eq!(at_start(state, None).unwrap(), AtStart::Busy);
        fs_err::write(folder.journal_path(), "{").unwrap();
        assert_eq!(at_start(state, None).unwrap_err().code, ErrorCode::UpdateFailed);
    }
}
