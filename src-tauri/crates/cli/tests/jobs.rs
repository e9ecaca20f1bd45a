//! Jobs: made, shown, run, kept by the program, and cleaned up after.

use kuramori_lab::{FaultSpec, LabVm, Special};

use crate::bench::Bench;

const MIB: u64 = 1 << 20;
/// Not every system that these tests run on names its own zone.
const UTC: [&str; 2] = ["--zone", "UTC"];

fn setting() -> (Bench, kuramori_lab::LabHandle) {
    let bench = Bench::new();
    let lab = bench.lab(|lab| {
        let vm = |name| LabVm::new(name).capacity(2 * MIB);
        lab.vm(vm("web")).vm(vm("mail")).vm(vm("test"))
    });
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    (bench, lab)
}

fn names(answer: &crate::bench::Answer) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(&answer.stdout).unwrap();
    let points = json["points"].as_array().unwrap().iter();
    let mut names: Vec<_> = points.map(|p| p["vm_name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_job_is_made_shown_run_changed_and_deleted() {
    let (bench, _lab) = setting();
    let create = ["job", "create", "nightly", "--all", "lab", "--leave-out", "test"];
    let when = ["--at", "working-days 20:00 keep 14d", "--at", "monthly last 22:00 keep 24m"];
    let zone = ["--zone", "Europe/Berlin"];
    let made = bench.run(&[&create[..], &when, &zone].concat()).ok();
    assert!(made.stdout.contains("nightly → place"), "{}", made.stdout);
    let plan = "Every working day at 20:00 (Europe/Berlin), kept 14 days";
    assert!(made.stdout.contains(plan), "{}", made.stdout);
    let twice = [&create[..], &zone, &["--keep-last", "1", "--json"]].concat();
    let twice = bench.run(&twice);
    assert!(twice.stdout.contains("another job is called “nightly”"), "{}", twice.stdout);

    let run = bench.run(&["job", "run", "nightly"]).ok();
    assert!(run.stdout.contains("nightly: somebody asked for it"), "{}", run.stdout);
    let points = bench.run(&["points", "list", "--json"]).ok();
    assert_eq!(names(&points), ["mail", "web"], "one is left out");

    let edit = ["job", "edit", "nightly", "--rename", "all", "--vm", "lab:test", "--json"];
    let edited = bench.run(&edit).ok();
    assert_eq!(edited.field("/draft/schedules/0/keep/count"), "14", "the rest stays");
    assert_eq!(edited.field("/last_run/outcome"), "succeeded");
    let copy = ["job", "create", "copy", "--vm", "lab:web", "--at", "after all keep 3d"];
    bench.run(&[&copy[..], &zone].concat()).ok();
    let refused = bench.run(&["job", "delete", "all", "--json"]);
    assert!(refused.stdout.contains("after which copy runs"), "{}", refused.stdout);
    let circle = bench.run(&["job", "edit", "all", "--at", "after copy keep 1d", "--json"]);
    assert!(circle.stdout.contains("all → copy → all"), "{}", circle.stdout);
    bench.run(&["job", "delete", "copy"]).ok();
    bench.run(&["job", "delete", "all"]).ok();
    let slow = ["job", "create", "slow", "--vm", "lab:web", "--limit", "3", "--keep-last", "9"];
    let run = bench.run(&[&slow[..], &zone, &["--run"]].concat()).ok();
    assert!(run.stdout.contains("the limit of 3 MiB a second"), "{}", run.stdout);
    bench.run(&["job", "delete", "slow"]).ok();
    let none = bench.run(&["job", "list"]).ok();
    assert_eq!(none.stdout, "There is no job.\n");
    assert_eq!(names(&bench.run(&["points", "list", "--json"]).ok()), ["mail", "web", "web"]);
}

#[test]
fn what_is_gone_fails_by_name_and_only_what_failed_is_run_again() {
    let (bench, lab) = setting();
    let vms = ["--vm", "lab:web", "--vm", "lab:mail", "--keep-last", "3"];
    bench.run(&[&["job", "create", "both"][..], &vms, &UTC].concat()).ok();
    lab.set_special("web", Some(Special::Inaccessible)).unwrap();
    let run = bench.run(&["job", "run", "both"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stdout.contains("web"), "{}", run.stdout);
    assert_eq!(names(&bench.run(&["points", "list", "--json"]).ok()), ["mail"]);
    lab.set_special("web", None).unwrap();
    bench.run(&["job", "run", "both", "--failed"]).ok();
    assert_eq!(names(&bench.run(&["points", "list", "--json"]).ok()), ["mail", "web"]);
    lab.delete_vm("mail").unwrap();
    let run = bench.run(&["job", "run", "both", "--json"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert_eq!(run.field("/items/0/error/code"), "vm-not-found");
    assert_eq!(run.field("/items/1/outcome"), "succeeded", "the others are saved");
}

#[test]
fn a_backup_by_hand_is_made_once_more_of_what_failed() {
    let (bench, lab) = setting();
    let fault = FaultSpec {
        point: "CreateSnapshot_Task".into(),
        fault: Some("InvalidPowerState".into()),
        times: Some(1),
        ..FaultSpec::default()
    };
    lab.add_fault(fault).unwrap();
    let vms = ["--vm", "web", "--vm", "mail"];
    let run = bench.run(&[&["backup", "--server", "lab", "--repo", "place"][..], &vms].concat());
    assert_eq!(run.code, 1, "{run:?}");
    let saved = || names(&bench.run(&["points", "list", "--json"]).ok());
    let first = saved();
    assert_eq!(first.len(), 1, "one of them failed");
    bench.run(&["runs", "again", "last"]).ok();
    assert_eq!(saved(), ["mail", "web"]);
    bench.run(&["runs", "again", "last"]).ok();
    let missed = saved().into_iter().filter(|name| *name != first[0]).count();
    assert_eq!(missed, 2, "where nothing failed it is made of all, which was one VM");
}

#[test]
fn a_run_that_would_save_nothing_fails_and_one_that_is_changed_keeps_the_rest_of_its_rule() {
    let (bench, lab) = setting();
    let create =
        ["job", "create", "esx", "--all", "lab", "--keep-daily", "14", "--keep-weekly", "8"];
    let made = bench.run(&[&create[..], &UTC, &["--json"]].concat()).ok();
    assert_eq!(
        (made.field("/draft/spans/daily"), made.field("/draft/spans/weekly")),
        ("14".into(), "8".into())
    );
    let edited = bench.run(&["job", "edit", "esx", "--keep-daily", "30", "--json"]).ok();
    assert_eq!(
        (edited.field("/draft/spans/daily"), edited.field("/draft/spans/weekly")),
        ("30".into(), "8".into())
    );
    let typo = bench.run(&["job", "run", "esx", "--vm", "wbe", "--json"]);
    assert_eq!((typo.code, typo.field("/items/0/error/code")), (1, "vm-not-found".into()));

    lab.set_special("web", Some(Special::Inaccessible)).unwrap();
    lab.set_special("mail", Some(Special::Template)).unwrap();
    let run = bench.run(&["job", "run", "esx", "--json"]);
    assert_eq!(run.code, 1, "what cannot be saved now is no success: {run:?}");
    assert!(run.stdout.contains("mail is left out"), "{}", run.stdout);
    assert_eq!(names(&bench.run(&["points", "list", "--json"]).ok()), ["test"]);
    for vm in ["web", "mail", "test"] {
        lab.delete_vm(vm).unwrap();
    }
    let none = bench.run(&["job", "run", "esx", "--json"]);
    assert_eq!((none.code, none.field("/items/0/error/code")), (1, "nothing-to-save".into()));
}

#[test]
fn schedules_are_previewed_and_nonsense_is_refused() {
    let bench = Bench::new();
    let preview = ["schedule", "preview", "--at", "daily 02:30", "--zone", "UTC", "--days", "3"];
    let slots = bench.run(&preview).ok();
    assert_eq!(slots.stdout.matches("T02:30:00").count(), 3, "{}", slots.stdout);
    let wrong = bench.run(&["schedule", "preview", "--at", "moon 20:00"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("“moon” is none of mon, tue"), "{}", wrong.stderr);
    let never = ["schedule", "preview", "--at", "monthly 0 20:00", "--zone", "UTC", "--json"];
    assert_eq!(bench.run(&never).code, 1);
}

#[test]
fn a_plan_says_what_is_worth_a_look_and_a_rule_that_fits_nothing_is_told() {
    let (bench, _lab) = setting();
    let when = ["--at", "daily 20:00 keep 14d", "--rpo", "4"];
    let create = ["job", "create", "mine", "--rule", "lab:name=?e*", "--rule", "lab:name=none-*"];
    bench.run(&[&create[..], &["--leave-out-rule", "lab:name=test"], &when, &UTC].concat()).ok();
    let other = ["job", "create", "other", "--vm", "lab:web", "--preset", "lab"];
    let made = bench.run(&[&other[..], &UTC, &["--json"]].concat()).ok();
    assert_eq!(made.field("/draft/spans/last"), "5", "as the preset says");
    let plan = bench.run(&["job", "plan", "mine"]).ok().stdout;
    for said in [
        "web\n  Hard disk 1, 2.0 MiB\n",
        "not test: The job leaves it out.",
        "! web is saved by other too.",
        "! No VM fits “name none-*” now.",
        "! Up to 24 h lie between two runs; the RPO is 4 h.",
        "T20:00:00+00:00  kept 14 days",
    ] {
        assert!(plan.contains(said), "{said}: {plan}");
    }
    assert_eq!(plan.matches("T20:00:00").count(), 10, "{plan}");

    let run = bench.run(&["job", "run", "mine", "--json"]);
    assert_eq!((run.code, run.field("/outcome")), (3, "succeeded-with-warnings".into()), "{run:?}");
    assert!(run.stdout.contains("No VM fits the choice “name none-*” now"), "{}", run.stdout);
    assert_eq!(names(&bench.run(&["points", "list", "--json"]).ok()), ["web"]);
    let measured = bench.run(&["job", "plan", "mine", "--json"]).ok();
    assert_eq!(measured.field("/measured_vms"), "1");

    let copy = bench.run(&["job", "duplicate", "mine", "--json"]).ok();
    assert_eq!(
        (copy.field("/draft/name"), copy.field("/paused")),
        ("mine 2".into(), "true".into())
    );
    let tags = ["job", "create", "tagged", "--rule", "lab:tag=gold", "--keep-last", "1"];
    bench.run(&[&tags[..], &UTC].concat()).ok();
    let run = bench.run(&["job", "run", "tagged", "--json"]);
    assert_eq!((run.code, run.field("/items/0/error/code")), (1, "tags-unknown".into()), "{run:?}");
    let nonsense = bench.run(&["job", "create", "x", "--rule", "lab:colour=red"]);
    assert_eq!(nonsense.code, 2, "{nonsense:?}");
}

#[test]
fn schedules_are_proposed_where_no_other_job_begins() {
    let (bench, _lab) = setting();
    let create = ["job", "create", "one", "--vm", "lab:web", "--at", "daily 20:00 keep 1d"];
    bench.run(&[&create[..], &UTC].concat()).ok();
    let propose = ["schedule", "propose", "--rpo", "48", "--zone", "UTC"];
    let said = bench.run(&propose).ok().stdout;
    let wanted = "For an RPO of 48 h: Every day at 20:10 (UTC). Never more than 26 h lie between two \
                  runs.\n";
    assert_eq!(said, wanted);
    let presets = bench.run(&["job", "presets"]).ok().stdout;
    assert!(presets.contains("Legal: 30 days, 12 weeks, 24 months, 7 years"), "{presets}");
    let never = ["schedule", "preview", "--at", "every 4h until 06:00", "--zone", "UTC", "--json"];
    let never = bench.run(&never);
    assert!(never.stdout.contains("an interval has no window"), "{}", never.stdout);
}

/// The list of what starts with the session is a folder here, and no test's business elsewhere.
#[cfg(target_os = "linux")]
#[test]
fn the_program_starts_by_itself_and_not_any_more() {
    let bench = Bench::new();
    let switch = |words: &[&str]| {
        let mut command = bench.program();
        command.env("XDG_CONFIG_HOME", bench.path("config")).env("HOME", bench.path("home"));
        command.args(["settings", "autostart"]).args(words);
        crate::bench::answer(&mut command, "").ok().stdout
    };
    assert_eq!(switch(&[]), "Kuramori does not start when you log in.\n");
    let on = "Kuramori keeps jobs as soon as you log in.\n";
    assert_eq!((switch(&["on"]), switch(&[])), (on.to_owned(), on.to_owned()));
    let entries = crate::bench::files(&bench.path("config"));
    let entry = std::fs::read_to_string(&entries[0]).unwrap();
    let state = bench.text("state");
    assert!(entry.contains(&state) && entry.contains("serve"), "it keeps these jobs: {entry}");
    assert_eq!(switch(&["off"]), "Kuramori does not start when you log in.\n");
    assert!(crate::bench::files(&bench.path("config")).is_empty());
}

/// A program that keeps jobs; it is ended with the test.
struct Serving(std::process::Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself; the test says what is wrong then.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn a_program_that_serves_begins_what_is_due_and_keeps_the_rule() {
    let (bench, _lab) = setting();
    let web = ["job", "create", "web", "--vm", "lab:web", "--keep-last", "9"];
    bench.run(&[&web[..], &UTC].concat()).ok();
    let mail = ["job", "create", "mail", "--vm", "lab:mail", "--at", "after-success web keep 9d"];
    bench.run(&[&mail[..], &UTC].concat()).ok();
    let test = ["job", "create", "test", "--vm", "lab:test", "--keep-last", "1"];
    bench.run(&[&test[..], &UTC].concat()).ok();
    for job in ["test", "test", "web"] {
        bench.run(&["job", "run", job]).ok();
    }
    let (place, key) = (bench.text("repository"), bench.text("repository.key"));
    let list = ["points", "list", "--repo-path", &place, "--key-file", &key, "--json"];
    assert_eq!(names(&bench.run(&list).ok()), ["test", "test", "web"]);

    let quiet = std::process::Stdio::null;
    let child = bench.program().arg("serve").stdout(quiet()).stderr(quiet()).spawn().unwrap();
    let mut serving = Serving(child);
    let served = || names(&bench.run(&list).ok());
    while served() != ["mail", "test", "web"] {
        assert_eq!(serving.0.try_wait().unwrap(), None, "it goes on: {:?}", served());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    drop(serving);
    let shown = bench.run(&["job", "show", "mail", "--json"]).ok();
    assert_eq!(shown.field("/last_run/job"), "mail");
}
