//! A restore over the original while others change the VM too, and guests that take their time:
//! what is not proven to be ours stays, and what we switched off runs again.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use kuramori_lab::{FaultKind, FaultSpec, FaultWhen};

use crate::bench::{Answer, files};
use crate::crash::kill_in;
use crate::in_place::{CONFIRMED, Setting};

fn at(point: &str, skip: u32, when: FaultWhen) -> FaultSpec {
    FaultSpec { point: point.into(), skip, when, ..FaultSpec::default() }
}

/// The data files of what was sent.
fn sent(setting: &Setting) -> Vec<PathBuf> {
    let ours = |path: &PathBuf| {
        let text = path.to_string_lossy();
        text.contains("- Kuramori ") && text.ends_with("-flat.vmdk")
    };
    files(&setting.bench.path("lab").join("datastores")).into_iter().filter(ours).collect()
}

/// How often the log of runs holds a word.
fn told(setting: &Setting, word: &str) -> usize {
    let kept = files(&setting.bench.path("state"));
    let log = kept.iter().filter(|p| p.to_string_lossy().contains("runs.sqlite"));
    let bytes: Vec<u8> = log.flat_map(|p| std::fs::read(p).unwrap()).collect();
    bytes.windows(word.len()).filter(|found| *found == word.as_bytes()).count()
}

/// Restores while `meanwhile` is done as the call that `hold` names waits.
fn over_while(setting: &Setting, hold: FaultSpec, meanwhile: impl FnOnce()) -> Answer {
    let hold = FaultSpec { kind: FaultKind::Hold, ..hold };
    let held = setting.lab.add_fault(hold.clone()).unwrap();
    let mut program = setting.bench.program();
    program.args(CONFIRMED).args(["--power-off", "--power-on"]);
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    while setting.lab.faults().iter().all(|f| f.holding == 0) {
        assert!(child.try_wait().unwrap().is_none(), "{hold:?}: it must be in the call");
        std::thread::sleep(Duration::from_millis(2));
    }
    meanwhile();
    setting.lab.remove_faults(Some(held));
    let output = child.wait_with_output().unwrap();
    Answer {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_vm_that_ran_since_it_was_saved_keeps_its_disks() {
    let setting = Setting::new();
    let before = setting.files();
    // While disks are sent, and when the exchange itself is on its way already.
    let moments = [at("ImportVApp", 0, FaultWhen::Call), at("ReconfigVM_Task", 1, FaultWhen::Call)];
    for (n, moment) in (2u64..).zip(moments) {
        let about = format!("{moment:?}");
        let refused = over_while(&setting, moment, || {
            setting.lab.switch("web 01", true).unwrap();
            setting.guest_writes(n);
            setting.lab.switch("web 01", false).unwrap();
        });
        assert_eq!(refused.code, 1, "{about}: {}", refused.stdout);
        assert!(refused.stdout.contains("changed or switched on"), "{about}: {}", refused.stdout);
        assert_eq!(setting.files(), before, "{about}: it has the disks it had");
        assert!(setting.live() != setting.then, "{about}: with what the guest wrote");
        setting.assert_alone(&about);
        assert!(sent(&setting).is_empty(), "{about}: what was sent is gone");
    }
}

#[test]
fn a_vm_that_runs_again_is_not_touched() {
    let setting = Setting::new();
    let before = setting.files();
    let refused = over_while(&setting, at("ImportVApp", 0, FaultWhen::Call), || {
        setting.lab.switch("web 01", true).unwrap();
    });
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stdout.contains("changed or switched on"), "{}", refused.stdout);
    assert_eq!(setting.files(), before);
    setting.assert_alone("it runs");
    assert!(sent(&setting).is_empty(), "what was sent is gone");
}

#[test]
fn a_guest_that_goes_down_after_the_kill_is_switched_on_again() {
    let setting = Setting::new();
    let args = [&CONFIRMED[..], &["--shut-down"]].concat();
    let held = kill_in(&setting.bench, &setting.lab, &args, at("guest", 0, FaultWhen::Usual));
    setting.bench.run(&["points", "list"]).ok();
    assert!(setting.lab.vm("web 01").unwrap().powered_on, "it did not go down yet");
    setting.lab.remove_faults(Some(held));
    while setting.lab.vm("web 01").unwrap().powered_on {
        std::thread::sleep(Duration::from_millis(20));
    }
    setting.bench.run(&["points", "list"]).ok();
    setting.assert_alone("it was switched on");
}

#[test]
fn the_new_disks_of_a_vm_that_was_registered_again_stay() {
    let setting = Setting::new();
    setting.guest_writes(2);
    let args = [&CONFIRMED[..], &["--power-off"]].concat();
    let done = at("ReconfigVM_Task", 1, FaultWhen::After);
    let held = kill_in(&setting.bench, &setting.lab, &args, done);
    setting.lab.reregister_vm("web 01").unwrap();
    setting.lab.remove_faults(Some(held));
    for _ in 0..2 {
        setting.bench.run(&["points", "list"]).ok();
    }
    assert!(setting.live() == setting.then, "it has the disks of the recovery point");
    assert_eq!(setting.lab.vms().len(), 1, "no helper is left");
    assert_eq!(told(&setting, "sent-disk-left"), 0, "nothing is left over");
}

/// Kills a restore when its disks are in no VM.
fn killed_with_loose_disks() -> Setting {
    let setting = Setting::new();
    let args = [&CONFIRMED[..], &["--power-off", "--power-on"]].concat();
    let taken_out = at("ReconfigVM_Task", 0, FaultWhen::After);
    let held = kill_in(&setting.bench, &setting.lab, &args, taken_out);
    setting.lab.remove_faults(Some(held));
    assert_eq!(sent(&setting).len(), 2, "both disks were sent");
    setting
}

#[test]
fn what_was_sent_stays_and_is_named_when_the_original_is_gone() {
    let setting = killed_with_loose_disks();
    setting.lab.delete_vm("web 01").unwrap();
    for _ in 0..2 {
        setting.bench.run(&["points", "list"]).ok();
    }
    assert!(setting.lab.vms().is_empty(), "the shell is gone");
    assert_eq!(sent(&setting).len(), 2, "the disks stay");
    assert!(told(&setting, "sent-disk-left") >= 2, "and are named");
}

#[test]
fn disks_whose_shell_somebody_removed_are_named() {
    let setting = killed_with_loose_disks();
    let vms = setting.lab.vms();
    let shell = vms.iter().find(|vm| vm.name != "web 01").unwrap();
    setting.lab.delete_vm(&shell.name).unwrap();
    setting.bench.run(&["points", "list"]).ok();
    setting.assert_alone("the original runs");
    assert!(told(&setting, "sent-disk-left") >= 2, "they are named");
}

#[test]
fn a_helper_that_cannot_be_removed_does_not_keep_the_vm_off() {
    let setting = Setting::new();
    setting.guest_writes(2);
    let refusal = FaultSpec {
        fault: Some("GenericVmConfigFault".into()),
        ..at("UnregisterVM", 0, FaultWhen::Usual)
    };
    let refusal = setting.lab.add_fault(refusal).unwrap();
    let done = setting.over(&["--shut-down", "--power-on"]);
    assert_eq!(done.code, 3, "it warns: {}", done.stdout);
    assert_eq!(done.field("/outcome"), "succeeded-with-warnings", "{}", done.stdout);
    assert!(setting.lab.vm("web 01").unwrap().powered_on, "it runs");
    assert!(setting.live() == setting.then);
    assert_eq!(setting.lab.vms().len(), 2, "the shell is still there");
    for file in setting.files() {
        assert!(done.stdout.contains(&file), "the result names {file}: {}", done.stdout);
    }
    setting.lab.remove_faults(Some(refusal));
    setting.bench.run(&["points", "list"]).ok();
    assert!(setting.live() == setting.then);
    setting.assert_alone("cleaned up");
}

#[test]
fn small_files_that_cannot_be_deleted_are_told_and_keep_nothing_up() {
    let setting = Setting::new();
    let lacking = FaultSpec {
        kind: FaultKind::NoPermission,
        key: Some("Datastore.FileManagement".into()),
        ..FaultSpec::default()
    };
    let missing = setting.lab.add_fault(lacking).unwrap();
    for (n, point) in [(2, "the right is missing"), (3, "nobody can say whose they are")] {
        setting.guest_writes(n);
        let unlisted = (n == 3).then(|| {
            let broken = at("FindByDatastorePath", 0, FaultWhen::Usual);
            let fault = Some("GenericVmConfigFault".into());
            setting.lab.add_fault(FaultSpec { fault, ..broken }).unwrap()
        });
        let done = setting.over(&["--power-off", "--power-on"]);
        assert_eq!(done.field("/outcome"), "succeeded-with-warnings", "{point}: {}", done.stdout);
        assert!(done.stdout.contains("may stay"), "{point}: {}", done.stdout);
        assert!(setting.live() == setting.then, "{point}");
        setting.assert_alone(point);
        if let Some(unlisted) = unlisted {
            setting.lab.remove_faults(Some(unlisted));
        }
    }
    setting.lab.remove_faults(Some(missing));
    let before = told(&setting, "exchange-left");
    setting.bench.run(&["points", "list"]).ok();
    assert_eq!((before, told(&setting, "exchange-left")), (0, 0), "nothing is tried for ever");
}

#[test]
fn a_vm_that_was_switched_off_after_an_exchange_stays_off() {
    let setting = Setting::new();
    setting.guest_writes(2);
    // The restore, its second try and the guardian at the next start; the next restore succeeds.
    let refusal = FaultSpec {
        fault: Some("GenericVmConfigFault".into()),
        times: Some(3),
        ..at("UnregisterVM", 0, FaultWhen::Usual)
    };
    setting.lab.add_fault(refusal).unwrap();
    let done = setting.over(&["--shut-down", "--power-on"]);
    assert_eq!(done.field("/outcome"), "succeeded-with-warnings", "{}", done.stdout);
    assert_eq!(setting.lab.vms().len(), 2, "a shell is left");
    setting.lab.switch("web 01", false).unwrap();
    setting.guest_writes(3);
    setting.over(&["--power-on"]).ok();
    assert!(setting.live() == setting.then);
    setting.bench.run(&["points", "list"]).ok();
    assert_eq!(setting.lab.vms().len(), 1, "no helper is left");
    assert!(!setting.lab.vm("web 01").unwrap().powered_on, "it was off on purpose");
}
