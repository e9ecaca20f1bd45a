//! What is promised for VMs, alarms, and what they hold.

use kuramori_lab::LabVm;

use crate::bench::{Answer, Bench, noise};

const MIB: u64 = 1 << 20;
const BACKUP: [&str; 7] = ["backup", "--server", "lab", "--repo", "place", "--vm", "sql1"];

/// Text that compresses to less than half.
fn text(seed: u64, length: u64) -> Vec<u8> {
    let mut bytes = noise(seed, length);
    for byte in &mut bytes {
        *byte = b"etaoinsh"[usize::from(*byte % 8)];
    }
    bytes
}

fn count(answer: &Answer, pointer: &str) -> usize {
    let json: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    json.pointer(pointer).unwrap().as_array().unwrap().len()
}

#[test]
fn an_unusual_change_is_told_holds_deletion_and_is_released() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("sql1").capacity(32 * MIB)));
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    lab.write("sql1", 0, 0, &text(1, 30 * MIB)).unwrap();
    for n in 0..9 {
        lab.write("sql1", 0, n * MIB, &text(100 + n, MIB / 2)).unwrap();
        bench.run(&BACKUP).ok();
        if n == 0 || n == 8 {
            assert_eq!(count(&bench.run(&["alerts", "list", "--json"]).ok(), "/alerts"), 0);
        }
    }
    lab.write("sql1", 0, 0, &noise(9, 14 * MIB)).unwrap();
    bench.run(&BACKUP).ok();
    let list = bench.run(&["alerts", "list", "--json"]);
    assert_eq!((list.code, count(&list, "/alerts")), (3, 1), "{list:?}");
    assert_eq!(list.field("/alerts/0/kind"), "unusual-change");
    assert_eq!(list.field("/alerts/0/subject"), "sql1");
    let good = list.field("/alerts/0/good_point_id");
    let holds = bench.run(&["points", "holds", "--json"]).ok();
    assert_eq!(holds.field("/holds/0/point_id"), good, "the last good one is held");
    let state = bench.run(&["protection", "list", "--json"]).ok();
    assert_eq!(state.field("/vms/0/state"), "held");

    let rule = ["points", "forget", "--keep-last", "1", "--json"];
    assert_eq!(count(&bench.run(&rule).ok(), "/points"), 0, "a rule ends nothing");
    let why = bench.run(&["retention", "what-if", "--keep-last", "1", "--json"]).ok();
    assert_eq!(why.field("/points/0/reasons/0"), "deletion waits: unusual change");
    let despite = [&rule[..], &["--despite-alarm", "--dry-run"]].concat();
    assert_eq!(count(&bench.run(&despite).ok(), "/points"), 8, "the held one stays");

    let wrong = bench.run(&["alerts", "release", "overdue:none", "--json"]);
    assert_eq!(wrong.code, 1);
    bench.run(&["alerts", "release", &list.field("/alerts/0/key")]).ok();
    assert_eq!(count(&bench.run(&["points", "holds", "--json"]).ok(), "/holds"), 0);
    let would = bench.run(&["retention", "what-if", "--keep-last", "1", "--json"]).ok();
    assert!(would.field("/unique").parse::<u64>().unwrap() > 4 * MIB, "{}", would.stdout);
    let all = [&rule[..], &["--now"]].concat();
    assert_eq!(count(&bench.run(&all).ok(), "/points"), 9);
    let pruned = bench.run(&["repo", "prune", "place", "--confirm", "--json"]).ok();
    assert_eq!(would.field("/freed"), pruned.field("/freed"), "as it was said before");
    let ledger = bench.run(&["retention", "ledger", "--json"]).ok();
    assert_eq!(count(&ledger, "/disposed"), 9);
    assert_eq!(ledger.field("/disposed/0/rule"), "keep last 1");
    assert_ne!(ledger.field("/disposed/0/freed_at"), "null");
}

#[test]
fn classes_are_suggested_chosen_and_left_out_on_purpose() {
    let bench = Bench::new();
    let lab = bench
        .lab(|lab| lab.vm(LabVm::new("sql1").capacity(MIB)).vm(LabVm::new("web").capacity(MIB)));
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    let backup = [&BACKUP[..], &["web"]].concat();
    bench.run(&backup).ok();
    let list = bench.run(&["protection", "list", "--json"]).ok();
    assert_eq!(
        (list.field("/vms/0/name"), list.field("/vms/0/class")),
        ("sql1".into(), "critical".into())
    );
    assert_eq!(
        (list.field("/vms/1/name"), list.field("/vms/1/class")),
        ("web".into(), "normal".into())
    );
    assert_eq!(
        (list.field("/counts/protected"), list.field("/kept")),
        ("2".into(), "10000".into())
    );
    assert_eq!(list.field("/vms/0/days/13/cell"), "ok");
    let table = bench.run(&["protection", "list"]).ok();
    assert!(table.stdout.starts_with("2 of 2 VMs are protected."), "{}", table.stdout);

    let archived = bench.run(&["protection", "class", "web", "archive", "--json"]).ok();
    assert_eq!(
        (archived.field("/class"), archived.field("/suggested")),
        ("archive".into(), "false".into())
    );
    let classes = bench.run(&["classes", "--archive", "30d/5d", "--json"]).ok();
    assert_eq!(classes.field("/archive/rpo_minutes"), "43200");
    assert_eq!(bench.run(&["classes", "--normal", "0h/1h"]).code, 2);
    let why = ["protection", "exclude", "web", "--reason", "test VM", "--json"];
    let excluded = bench.run(&why).ok();
    assert_eq!(excluded.field("/state"), "not-covered");
    assert!(excluded.field("/sentence").starts_with("Excluded: test VM (since 20"));
    assert_eq!(
        bench.run(&["protection", "include", "web", "--json"]).ok().field("/state"),
        "protected"
    );
    assert_eq!(bench.run(&["protection", "include", "nobody", "--json"]).code, 1);

    assert_eq!(bench.run(&["retention", "bin", "9"]).code, 1, "a day at least");
    let bin = bench.run(&["retention", "bin", "48"]).ok();
    assert!(bin.stdout.contains("48 hours"), "{}", bin.stdout);
    let id = bench.run(&["points", "list", "--json"]).ok().field("/points/0/id");
    bench.run(&["points", "forget", &id]).ok();
    let deleted = bench.run(&["points", "deleted", "--json"]).ok();
    let left: u64 = deleted.field("/points/0/remaining").parse().unwrap();
    assert!((47 * 3600..=48 * 3600).contains(&left), "{left}");
    bench.run(&["points", "undelete", &id]).ok();
    assert_eq!(count(&bench.run(&["points", "list", "--json"]).ok(), "/points"), 2);
}
