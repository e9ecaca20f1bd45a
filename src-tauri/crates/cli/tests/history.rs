//! What a computer remembers of a repository, and what others find in one.

use std::fs;
use std::path::Path;

use kuramori_lab::LabVm;

use crate::bench::{Answer, Bench, answer, files, noise};

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::copy(&file, &target).unwrap();
    }
    for folder in fs::read_dir(from).unwrap() {
        fs::create_dir_all(to.join(folder.unwrap().file_name())).ok();
    }
}

fn back_up(bench: &Bench, seed: u64) {
    fs::write(bench.path("disk.img"), noise(seed, 1 << 20)).unwrap();
    bench.run(&["image", "backup", "disk.img", "--repo", "place", "--name", "disk"]).ok();
}

fn points(bench: &Bench) -> usize {
    let list = bench.run(&["points", "list", "--json"]).ok();
    let json: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    json["points"].as_array().unwrap().len()
}

#[test]
fn an_older_copy_that_comes_back_is_an_alarm_until_it_is_accepted() {
    let bench = Bench::new();
    let (place, older) = (bench.path("repository"), bench.path("older"));
    bench.make_quick_repository(&bench.text("repository")).ok();
    back_up(&bench, 1);
    copy(&place, &older);
    back_up(&bench, 2);
    bench.run(&["repo", "list"]).ok();
    assert_eq!(points(&bench), 2);
    // What people do is no alarm.
    bench.run(&["points", "forget", "disk@first", "--repo", "place"]).ok();
    bench.run(&["repo", "list"]).ok();
    fs::rename(&place, bench.path("true")).unwrap();
    copy(&older, &place);
    let list = bench.run(&["repo", "list"]);
    assert_eq!(list.code, 3, "{list:?}");
    let sentence = "Recovery points that this computer saw in place are gone, and nobody deleted";
    assert!(list.stdout.contains(sentence), "{}", list.stdout);
    assert!(list.stdout.contains("1 recovery points are missing"), "{}", list.stdout);
    assert_eq!(bench.run(&["repo", "list"]).code, 3, "it is told until somebody says it is right");
    assert_eq!(points(&bench), 1, "what is there is there");
    fs::rename(&place, bench.path("wrong")).unwrap();
    fs::rename(bench.path("true"), &place).unwrap();
    bench.run(&["repo", "list"]).ok();
    fs::rename(&place, bench.path("true")).unwrap();
    fs::rename(bench.path("wrong"), &place).unwrap();
    assert_eq!(bench.run(&["repo", "list"]).code, 3);
    bench.run(&["repo", "accept", "place"]).ok();
    bench.run(&["repo", "list"]).ok();
}

#[test]
fn a_memory_that_cannot_be_read_is_told_until_it_is_begun_anew() {
    let bench = Bench::new();
    bench.make_quick_repository(&bench.text("repository")).ok();
    back_up(&bench, 1);
    bench.run(&["repo", "list"]).ok();
    for memory in files(&bench.path("state").join("history")) {
        fs::write(memory, b"not what was remembered").unwrap();
    }
    for _ in 0..2 {
        let list = bench.run(&["repo", "list"]);
        assert_eq!(list.code, 3, "{list:?}");
        let sentence = "What this computer knew about place cannot be read.";
        assert!(list.stdout.contains(sentence), "{}", list.stdout);
    }
    back_up(&bench, 2);
    assert_eq!(points(&bench), 2, "nothing is kept from work by it");
    bench.run(&["repo", "accept", "place"]).ok();
    bench.run(&["repo", "list"]).ok();
}

#[test]
fn a_damaged_catalog_is_set_aside_and_nothing_is_missed() {
    let bench = Bench::new();
    bench.make_quick_repository(&bench.text("repository")).ok();
    back_up(&bench, 1);
    back_up(&bench, 2);
    assert_eq!(points(&bench), 2);
    let catalogs = || -> Vec<_> {
        let all = files(&bench.path("state").join("catalog"));
        all.into_iter().filter(|file| file.extension().is_some_and(|e| e == "sqlite")).collect()
    };
    let [catalog] = &catalogs()[..] else { panic!("one catalog: {:?}", catalogs()) };
    let canary = b"disk"; // the name of the VM
    let bytes = fs::read(catalog).unwrap();
    assert!(!bytes.windows(canary.len()).any(|part| part == canary), "the catalog is sealed");
    fs::write(catalog, noise(9, 5000)).unwrap();
    assert_eq!(points(&bench), 2);
    let aside = files(&bench.path("state").join("catalog"));
    let aside = aside.iter().find(|file| file.display().to_string().contains("damaged-"));
    assert_eq!(fs::read(aside.unwrap()).unwrap(), noise(9, 5000), "it is kept");
    bench.run(&["points", "forget", "disk@first", "--repo", "place", "--now"]).ok();
    assert_eq!(points(&bench), 1, "deletions show at once");
}

#[test]
fn a_new_computer_takes_over_the_servers_that_another_left() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(1 << 20)));
    bench.add_server(&lab).ok();
    bench.make_quick_repository(&bench.text("repository")).ok();
    let job = ["job", "create", "nightly", "--vm", "lab:vm", "--at", "daily 20:00 keep 14d"];
    bench.run(&[&job[..], &["--zone", "UTC"]].concat()).ok();
    let (state, secrets) = (bench.text("new"), format!("sealed:{}", bench.text("new-key")));
    let run = |input: &str, args: &[&str]| -> Answer {
        let with = ["--state", state.as_str(), "--secrets", secrets.as_str()];
        answer(bench.bare().args(with).args(args), input)
    };
    let key = bench.text("repository.key");
    let place = bench.text("repository");
    run("", &["repo", "attach", &place, "--name", "found", "--key-file", &key]).ok();
    let shown = run("", &["repo", "settings", "show", "found"]).ok();
    assert!(shown.stdout.contains("server lab: "), "{}", shown.stdout);
    assert!(!shown.stdout.contains(&lab.password), "{}", shown.stdout);
    let import = ["settings", "import", "--from-repository", "found", "--json"];
    let look = run("", &[&import[..], &["--dry-run"]].concat()).ok();
    assert_eq!((look.field("/servers/0"), look.field("/look_only")), ("lab".into(), "true".into()));
    assert_eq!(run("", &["server", "list", "--json"]).ok().field("/servers"), "[]");
    let imported = run("", &import).ok();
    assert_eq!(imported.field("/servers/0"), "lab");
    assert_eq!(imported.field("/jobs/0"), "nightly");
    let waits = run("", &["job", "show", "nightly", "--json"]).ok();
    assert_eq!(waits.field("/paused"), "true", "the other computer may run it still");
    assert_eq!(waits.field("/repository_name"), "found");
    assert!(run("", &["inventory", "lab"]).code != 0, "its password is not there");
    let add = ["server", "add", "lab", &lab.url, "--user", &lab.user, "--password-stdin"];
    let add = [&add[..], &["--pin", &lab.certificate_sha256]].concat();
    run(&lab.password, &add).ok();
    run("", &["inventory", "lab"]).ok();
    run("", &["job", "run", "nightly"]).ok();
    assert!(run(&lab.password, &add).code != 0, "the name is taken now");
    let again = run("", &import).ok();
    assert_eq!(
        (again.field("/servers"), again.field("/passed_over/0")),
        ("[]".into(), "lab".into())
    );
    let file = bench.text("settings");
    let written = bench.run(&["settings", "export", &file]).ok();
    assert!(written.stdout.contains("Passwords and keys are not in it"), "{}", written.stdout);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&lab.password), "{text}");
    let third = format!("sealed:{}", bench.text("third-key"));
    let third = ["--state", &bench.text("third"), "--secrets", &third];
    let run = |args: &[&str]| answer(bench.bare().args(third).args(args), "").ok();
    let taken = run(&["settings", "import", &file]);
    for part in ["Servers taken over: lab.", "Jobs taken over: nightly.", "place ("] {
        assert!(taken.stdout.contains(part), "{part}: {}", taken.stdout);
    }
    assert!(run(&["job", "list"]).stdout.contains("nightly"));
}
