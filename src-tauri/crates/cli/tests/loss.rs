//! What this installation knows is damaged or gone: it comes back from its repositories.

use std::fs;
use std::path::Path;

use kuramori_lab::{FaultSpec, LabHandle, LabVm};

use crate::bench::{Answer, Bench};
use crate::crash::kill_in;

const MIB: u64 = 1 << 20;
const RUN: [&str; 3] = ["job", "run", "nightly"];

/// A server, a repository, and a job of two VMs that ran twice.
fn setting() -> (Bench, LabHandle) {
    let bench = Bench::new();
    let vm = |name| LabVm::new(name).capacity(2 * MIB);
    let lab = bench.lab(|lab| lab.vm(vm("web")).vm(vm("mail")));
    lab.write("web", 0, 0, &[1; 900_000]).unwrap();
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    let create = ["job", "create", "nightly", "--all", "lab", "--zone", "UTC"];
    let when = ["--at", "daily 20:00 keep 14d"];
    bench.run(&[&create[..], &when].concat()).ok();
    bench.run(&RUN).ok();
    bench.run(&RUN).ok();
    (bench, lab)
}

/// Removes the database with what lies beside it.
fn delete(log: &Path) {
    for ending in ["", "-wal", "-shm"] {
        let mut name = log.as_os_str().to_owned();
        name.push(ending);
        drop(fs::remove_file(name));
    }
}

fn list(bench: &Bench) -> (Answer, serde_json::Value) {
    let answer = bench.run(&["job", "list", "--json"]).ok();
    let json = serde_json::from_str(&answer.stdout).unwrap();
    (answer, json)
}

#[test]
fn a_damaged_or_deleted_file_of_runs_is_made_anew_from_what_repositories_hold() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("deleted", delete),
        ("empty", |log| fs::write(log, "").unwrap()),
        ("another file", |log| fs::write(log, vec![b'x'; 5000]).unwrap()),
        ("cut off", |log| {
            let bytes = fs::read(log).unwrap();
            fs::write(log, &bytes[..bytes.len() / 3]).unwrap();
        }),
        ("a bad header", |log| {
            let mut bytes = fs::read(log).unwrap();
            bytes[..32].fill(0xff);
            fs::write(log, bytes).unwrap();
        }),
    ];
    let (bench, _lab) = setting();
    let log = bench.path("state").join("runs.sqlite");
    let (_, before) = list(&bench);
    for (name, damage) in damages {
        damage(&log);
        let spoiled = fs::read(&log).ok().filter(|bytes| !bytes.is_empty());
        let (told, after) = list(&bench);
        assert!(told.stderr.contains("was damaged or gone"), "{name}: {}", told.stderr);
        let facts = |list: &serde_json::Value| {
            let job = &list["jobs"][0];
            let last = &job["last_run"];
            (job["id"].clone(), job["draft"].clone(), job["paused"].clone(), last["job"].clone())
        };
        assert_eq!(facts(&after), facts(&before), "{name}: the job is as it was");
        let asides = fs::read_dir(bench.path("state")).unwrap().map(|e| e.unwrap().path());
        let asides = asides.filter(|path| path.to_string_lossy().contains("runs.damaged-"));
        let kept: Vec<_> = asides.map(|path| (fs::read(&path).unwrap(), path)).collect();
        if let Some(spoiled) = spoiled {
            let kept = kept.iter().find(|(bytes, _)| *bytes == spoiled);
            let kept = kept.unwrap_or_else(|| panic!("{name}: the damaged file is kept"));
            let file = kept.1.file_name().unwrap().to_string_lossy().into_owned();
            assert!(told.stderr.contains(&file), "{name}: its place is told: {}", told.stderr);
        }
        let again = bench.run(&["job", "list"]).ok();
        assert_eq!(again.stderr, "", "{name}: it is told once");
    }
    // Nothing is due from before: what was made counts for its schedule.
    let shown = bench.run(&["job", "show", "nightly", "--json"]).ok();
    assert_ne!(shown.field("/next_at"), "null", "{}", shown.stdout);
    bench.run(&RUN).ok();
}

#[test]
fn a_crash_right_after_the_new_file_was_made_loses_nothing() {
    let (bench, _lab) = setting();
    let state = bench.path("state");
    let (log, aside) = (state.join("runs.sqlite"), state.join("runs.damaged-now"));
    // As the crash leaves it: set aside, the new file made, nothing promised.
    fs::rename(&log, &aside).unwrap();
    drop(fs::rename(state.join("runs.sqlite-wal"), state.join("runs.damaged-now-wal")));
    delete(&log);
    let mark = serde_json::json!({"aside": aside, "why": "a test"});
    fs::write(state.join("runs.lost.json"), mark.to_string()).unwrap();
    let (told, list_) = list(&bench);
    assert!(told.stderr.contains("a test"), "{}", told.stderr);
    assert_eq!(list_["jobs"][0]["draft"]["name"], "nightly");
    assert!(!state.join("runs.lost.json").exists());
    let runs = bench.run(&["runs", "list", "--job", "nightly", "--json"]).ok();
    assert_eq!(runs.stdout.matches("\"started_at\"").count(), 2, "{}", runs.stdout);
}

#[test]
fn jobs_come_back_once_the_repository_is_back() {
    let (bench, _lab) = setting();
    let (place, away) = (bench.path("repository"), bench.path("away"));
    fs::rename(&place, &away).unwrap();
    delete(&bench.path("state").join("runs.sqlite"));
    let (told, list_) = list(&bench);
    assert!(told.stderr.contains("was damaged or gone"), "{}", told.stderr);
    assert_eq!(list_["jobs"].as_array().unwrap().len(), 0);
    fs::rename(&away, &place).unwrap();
    let (_, back) = list(&bench);
    assert_eq!(back["jobs"][0]["draft"]["name"], "nightly");
}

#[test]
fn snapshots_whose_promises_were_lost_are_found_and_removed() {
    let (bench, lab) = setting();
    let point = "QueryChangedDiskAreas";
    let hold = FaultSpec { point: point.into(), ..FaultSpec::default() };
    let held = kill_in(&bench, &lab, &RUN, hold);
    lab.remove_faults(Some(held));
    let snapshots =
        || lab.vm("web").unwrap().snapshots.len() + lab.vm("mail").unwrap().snapshots.len();
    assert_ne!(snapshots(), 0, "a snapshot is there");
    delete(&bench.path("state").join("runs.sqlite"));
    bench.run(&["job", "list"]).ok();
    assert_eq!(snapshots(), 0, "it is gone");
}

#[test]
fn settings_that_are_damaged_come_from_their_copy() {
    let (bench, _lab) = setting();
    let settings = bench.path("state").join("settings.json");
    fs::write(&settings, "{\"format\":").unwrap();
    let told = bench.run(&["server", "list"]).ok();
    assert!(told.stdout.contains("lab"), "{}", told.stdout);
    assert!(told.stderr.contains("settings.json"), "{}", told.stderr);
    bench.run(&RUN).ok();
    let newer = "{\"format\": 1000}";
    fs::write(&settings, newer).unwrap();
    let refused = bench.run(&["server", "list"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("newer version of Kuramori"), "{}", refused.stderr);
    assert_eq!(fs::read_to_string(&settings).unwrap(), newer);
}
