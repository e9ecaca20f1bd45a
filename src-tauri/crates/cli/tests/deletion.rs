//! Deleting recovery points, keeping some from it, and giving the space back.

use kuramori_lab::{LabHandle, LabVm};

use crate::bench::{Answer, Bench, noise};

const MIB: u64 = 1 << 20;
const BACKUP: [&str; 7] = ["backup", "--server", "lab", "--repo", "place", "--vm", "vm"];

/// Three recovery points of a VM, each with other content.
fn three(bench: &Bench) -> LabHandle {
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(4 * MIB)));
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    for n in 1..=3 {
        lab.write("vm", 0, 0, &noise(n, 3 * MIB)).unwrap();
        bench.run(&BACKUP).ok();
    }
    lab
}

/// The code of an error.
fn code(answer: &Answer) -> String {
    let error: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    error["error"]["code"].as_str().unwrap().to_owned()
}

fn packs(bench: &Bench) -> u64 {
    let mut total = 0;
    let mut folders = vec![bench.path("repository/packs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            match entry.metadata().unwrap() {
                meta if meta.is_dir() => folders.push(entry.path()),
                meta => total += meta.len(),
            }
        }
    }
    total
}

#[test]
fn a_rule_deletes_and_prune_gives_the_space_back() {
    let bench = Bench::new();
    let lab = three(&bench);
    let before = packs(&bench);
    let rule = ["points", "forget", "--keep-last", "1", "--json"];
    let would = bench.run(&[&rule[..], &["--dry-run"]].concat()).ok();
    assert_eq!(would.field("/points/1/vm_name"), "vm");
    let what_if = ["retention", "what-if", "--keep-last", "1", "--zone", "Asia/Tokyo"];
    let table = bench.run(&what_if).ok();
    assert!(table.stdout.contains("2 of 3 would go. Days begin in Asia/Tokyo."), "{table:?}");
    let view = bench.run(&[&what_if[..], &["--json"]].concat()).ok();
    for n in 0..2 {
        assert_eq!(view.field(&format!("/points/{n}/id")), would.field(&format!("/points/{n}/id")));
        assert_eq!(view.field(&format!("/points/{n}/kept")), "false");
    }
    assert_eq!(view.field("/points/2/reasons/2"), "last 1");
    bench.run(&rule).ok();
    let list = bench.run(&["points", "list", "--json"]).ok();
    assert_eq!(list.stdout.matches("\"vm_name\"").count(), 1, "one is left: {}", list.stdout);
    let bin = bench.run(&["points", "deleted", "--json"]).ok();
    assert_eq!(bin.field("/points/0/rule"), "keep last 1");
    bench.run(&["repo", "prune", "place"]).ok();
    assert_eq!(packs(&bench), before, "what lies in the recycle bin keeps its data");

    let oldest = bin.field("/points/0/id");
    bench.run(&["points", "undelete", &oldest]).ok();
    bench.run(&["points", "forget", &oldest, "--now"]).ok();
    let second = bin.field("/points/1/id");
    bench.run(&["points", "forget", &second, "--now"]).ok();
    let report = bench.run(&["repo", "prune", "place", "--json"]).ok();
    assert!(report.field("/freed").parse::<u64>().unwrap() > 6 * MIB, "{}", report.stdout);
    assert!(packs(&bench) * 2 < before, "{before} became {}", packs(&bench));
    let gone = bench.run(&["points", "undelete", &oldest, "--json"]);
    assert_eq!(code(&gone), "point-not-found");

    let out = bench.text("disk.raw");
    bench.run(&["restore", "disk", "vm@latest", "-o", &out]).ok();
    assert!(std::fs::read(&out).unwrap() == lab.read("vm", 0, 0, 4 * MIB).unwrap());
    lab.write("vm", 0, MIB, &noise(9, MIB)).unwrap();
    bench.run(&BACKUP).ok();
}

#[test]
fn a_hold_protects_until_it_is_released() {
    let bench = Bench::new();
    three(&bench);
    let args = ["points", "hold", "vm@first", "--reason", "audit", "--json"];
    let hold = bench.run(&args).ok();
    let point = hold.field("/point_id");
    let refused = bench.run(&["points", "forget", &point, "--now", "--json"]);
    assert_eq!(code(&refused), "point-held");
    let view = bench.run(&["retention", "what-if", "--keep-last", "1", "--json"]).ok();
    assert_eq!(view.field("/points/0/reasons/0"), "held");
    bench.run(&["points", "forget", "--keep-last", "1", "--now"]).ok();
    let list = bench.run(&["points", "list", "--json"]).ok();
    assert_eq!(list.field("/points/1/id"), point, "the rule leaves it");
    let holds = bench.run(&["points", "holds", "--json"]).ok();
    assert_eq!(holds.field("/holds/0/reason"), "audit");
    bench.run(&["points", "release", &hold.field("/id")]).ok();
    bench.run(&["points", "forget", &point, "--now"]).ok();
    let nothing = bench.run(&["points", "forget", "--keep-last", "0", "--json"]);
    assert_eq!(code(&nothing), "invalid-input");
}
