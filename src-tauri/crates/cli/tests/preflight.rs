//! What is told before anything is backed up: checks of a server, the role, and each VM's verdict.

use kuramori_lab::{Backing, FaultKind, FaultSpec, LabVm, Shape, Special};

use crate::bench::{Answer, Bench};

const MIB: u64 = 1 << 20;

/// The states of the checks, in their order.
fn states(answer: &Answer) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let checks = json["checks"].as_array().unwrap().iter();
    checks.map(|c| c["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_server_is_checked_in_five_lines() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.shape(Shape::Vcenter).vm(LabVm::new("vm").capacity(MIB)));
    bench.add_server(&lab).ok();
    let lines = bench.run(&["server", "check", "lab"]).ok().stdout;
    assert_eq!(lines.lines().filter(|l| l.starts_with("good")).count(), 5, "{lines}");
    assert!(lines.contains("Rights complete"), "{lines}");

    let deny = |privilege: &str| FaultSpec {
        kind: FaultKind::NoPermission,
        key: Some(privilege.to_owned()),
        ..FaultSpec::default()
    };
    let id = lab.add_fault(deny("Network.Assign")).unwrap();
    let limited = bench.run(&["server", "check", "lab", "--json"]);
    assert_eq!(limited.code, 3, "{}", limited.stdout);
    assert_eq!(states(&limited), ["good", "good", "good", "good", "warning"]);
    assert_eq!(limited.field("/checks/4/missing/0/function"), "restore");
    assert_eq!(limited.field("/checks/4/missing/0/rights/0/id"), "Network.Assign");
    lab.remove_faults(Some(id));

    let id = lab.add_fault(deny("VirtualMachine.State.CreateSnapshot")).unwrap();
    let refused = bench.run(&["server", "check", "lab"]);
    assert_eq!(refused.code, 1, "backups cannot work: {}", refused.stdout);
    assert!(refused.stdout.contains("Make and remove snapshots"), "{}", refused.stdout);
    lab.remove_faults(Some(id));

    let free = FaultSpec { kind: FaultKind::RestrictedLicense, ..FaultSpec::default() };
    let esxi = Bench::new();
    let host = esxi.lab(|lab| lab);
    esxi.add_server(&host).ok();
    host.add_fault(free).unwrap();
    let checked = esxi.run(&["server", "check", "lab", "--json"]);
    assert_eq!(states(&checked), ["good", "good", "good", "failed", "good"]);
    assert_eq!(checked.field("/checks/3/error/code"), "licence-restricted");

    host.stop();
    let lines = esxi.run(&["server", "check", "lab"]).stdout;
    assert_eq!(lines.lines().filter(|l| l.starts_with("waiting")).count(), 4, "{lines}");
    let away = esxi.run(&["server", "check", "lab", "--json"]);
    assert_eq!((away.code, states(&away)), (1, vec!["failed".to_owned()]));
}

#[test]
fn the_role_is_written_without_any_server() {
    let bench = Bench::new();
    for (format, part) in [
        ("powercli", "New-VIRole -Name 'Kuramori'"),
        ("govc", "else change=role.create"),
        ("text", "Virtual machine › Snapshot management › Create snapshot"),
    ] {
        let role = bench.run(&["server", "role", "--format", format]).ok();
        assert!(role.stdout.contains(part), "{}", role.stdout);
    }
}

#[test]
fn special_vms_and_disks_are_told_before_any_run() {
    let bench = Bench::new();
    let special = |name: &str, special| LabVm::new(name).capacity(MIB).special(special);
    let lab = bench.lab(|lab| {
        lab.shape(Shape::Vcenter)
            .vm(special("agent", Special::Agent))
            .vm(special("away", Special::Inaccessible))
            .vm(special("lost", Special::Orphaned))
            .vm(special("member", Special::InVapp))
            .vm(special("model", Special::Template))
            .vm(special("paired", Special::FaultTolerant))
            .vm(special("resting", Special::Suspended))
            .vm(LabVm::new("shared").capacity(MIB).backing(Backing::MultiWriter))
            .vm(LabVm::new("some")
                .capacity(MIB)
                .capacity(MIB)
                .independent()
                .capacity(MIB)
                .backing(Backing::PhysicalRawDevice))
    });
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    let inventory = bench.run(&["inventory", "lab", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&inventory.stdout).unwrap();
    let vms = json["vms"].as_array().unwrap();
    let names: Vec<&str> = vms.iter().map(|vm| vm["name"].as_str().unwrap()).collect();
    let all = ["agent", "away", "lost", "member", "model", "paired", "resting", "shared", "some"];
    assert_eq!(names, all);
    let shown = bench.run(&["inventory", "lab"]).ok().stdout;
    for (name, part) in [
        ("agent", Some("for itself")),
        ("away", Some("cannot be reached")),
        ("lost", Some("on no host")),
        ("member", None),
        ("model", Some("template")),
        ("paired", Some("Fault tolerance")),
        ("resting", None),
        ("shared", Some("no disk that can be saved")),
        ("some", None),
    ] {
        let vm = vms.iter().find(|vm| vm["name"] == name).unwrap();
        let problem = vm["problem"].as_str();
        assert_eq!(problem.is_some(), part.is_some(), "{vm}");
        assert!(problem.unwrap_or_default().contains(part.unwrap_or_default()), "{vm}");
        assert!(shown.contains(problem.unwrap_or_default()), "{shown}");
    }
    for (name, note) in [("resting", "suspended"), ("member", "vApp")] {
        let vm = vms.iter().find(|vm| vm["name"] == name).unwrap();
        assert!(vm["notes"][0].as_str().unwrap().contains(note), "{vm}");
    }
    assert!(shown.contains("1 of 3 disks"), "{shown}");
    for part in ["independent disk", "physical mode", "multi-writer"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }

    let backup = ["backup", "--server", "lab", "--repo", "place", "--vm"];
    for name in ["paired", "model", "away"] {
        let refused = bench.run(&[&backup[..], &[name]].concat());
        assert_eq!(refused.code, 1, "{name}: {}", refused.stdout);
        assert!(lab.vm(name).unwrap().snapshots.is_empty());
    }
    let saved = bench.run(&[&backup[..], &["resting", "member"]].concat());
    assert_eq!(saved.code, 0, "{}{}", saved.stdout, saved.stderr);
}
