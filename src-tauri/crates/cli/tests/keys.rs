//! Keys, recovery sheets, and a strange computer that has nothing but the repository and a key.

use std::fs;

use crate::bench::{Answer, Bench, PASSPHRASE, answer, files, noise};

const MIB: u64 = 1 << 20;

/// A repository that a key file opens, with an image in it, and its recovery key.
fn ready() -> (Bench, Vec<u8>, String) {
    let bench = Bench::new();
    let created = bench.make_quick_repository(&bench.text("repository")).ok();
    let key = created.stdout.lines().rev().find(|l| l.matches('-').count() > 5).unwrap().trim();
    let image = noise(3, 2 * MIB);
    fs::write(bench.path("disk.img"), &image).unwrap();
    bench.run(&["image", "backup", "disk.img", "--repo", "place", "--name", "disk"]).ok();
    (bench, image, key.to_owned())
}

fn kinds(list: &Answer) -> Vec<String> {
    let json: serde_json::Value = serde_json::from_str(&list.stdout).unwrap();
    let keys = json["keys"].as_array().unwrap();
    let mut kinds: Vec<_> = keys.iter().map(|k| k["kind"].as_str().unwrap().to_owned()).collect();
    kinds.sort_unstable();
    kinds
}

/// Lists and restores on a computer that has only the folder and the key.
fn comes_back_elsewhere(bench: &Bench, with: &[&str], input: &str, image: &[u8]) {
    let elsewhere = tempfile::tempdir().unwrap();
    let state = elsewhere.path().join("state");
    let folder = bench.text("repository");
    let before = files(&bench.path("repository"));
    let run = |args: &[&str]| {
        let mut command = bench.bare();
        command.current_dir(elsewhere.path()).arg("--state").arg(&state);
        command.args(args).args(["--repo-path", &folder]).args(with);
        answer(&mut command, input).ok()
    };
    let points = run(&["points", "list", "--json"]);
    let id = points.field("/points/0/short_id");
    run(&["restore", "disk", &id, "-o", "by-id.raw"]);
    run(&["restore", "disk", "disk@latest", "-o", "by-name.raw"]);
    for file in ["by-id.raw", "by-name.raw"] {
        assert!(fs::read(elsewhere.path().join(file)).unwrap() == image, "{file} differs");
    }
    assert!(!state.exists(), "no state is needed or made");
    assert!(files(&bench.path("repository")) == before, "reading leaves nothing there");
}

#[test]
fn a_strange_computer_needs_only_the_folder_and_a_key() {
    let (bench, image, recovery) = ready();
    comes_back_elsewhere(&bench, &["--recovery-key-stdin"], &recovery, &image);
    let sloppy = recovery.to_lowercase().replace('-', " ");
    comes_back_elsewhere(&bench, &["--passphrase-stdin"], &sloppy, &image);
    comes_back_elsewhere(&bench, &["--key-file", &bench.text("repository.key")], "", &image);
    for text in ["readme.txt", "readme-recovery.txt", "readme-format.txt"] {
        let text = fs::read_to_string(bench.path("repository").join(text)).unwrap();
        assert!(!text.contains(&recovery[..9]) && text.len() > 500);
    }
    let mut typo = recovery.clone();
    typo.replace_range(0..1, if typo.starts_with('7') { "8" } else { "7" });
    let list = ["points", "list", "--json", "--repo-path", "repository", "--recovery-key-stdin"];
    let refused = answer(bench.bare().args(list), &typo);
    assert_eq!(refused.field("/error/code"), "recovery-key-mistyped");
}

#[test]
fn keys_are_listed_added_changed_and_removed() {
    let (bench, image, _) = ready();
    let list = || bench.run(&["repo", "key", "list", "--json"]).ok();
    assert_eq!(kinds(&list()), ["device", "key-file", "recovery-key"]);
    assert!(bench.run(&["repo", "key", "list"]).ok().stdout.contains("this computer"));

    fs::write(bench.path("second.key"), noise(8, 64)).unwrap();
    let change = ["repo", "key", "change", "--new-key-file", "second.key", "--json"];
    let changed = bench.run(&change).ok();
    assert_eq!(changed.field("/old_left"), "null");
    let old = ["points", "list", "--repo-path", "repository", "--key-file", "repository.key"];
    let refused = answer(bench.bare().args(old).arg("--json"), "");
    assert_eq!(refused.field("/error/code"), "passphrase-wrong");
    comes_back_elsewhere(&bench, &["--key-file", &bench.text("second.key")], "", &image);

    // On another computer: what opens it is the first line, the new passphrase the second.
    let add = ["repo", "key", "add", "--json", "--repo-path", "repository"];
    let new = ["--key-file", "second.key", "--new-recovery-key"];
    let added = answer(bench.bare().args(add).args(new), "").ok();
    let paper = added.field("/recovery_key");
    let stdin = ["--recovery-key-stdin", "--new-passphrase-stdin"];
    let lines = format!("{paper}\n{PASSPHRASE}\n");
    answer(bench.bare().args(add).args(stdin), &lines).ok();
    let one_line = answer(bench.bare().args(add).args(stdin), &paper);
    assert_eq!(one_line.field("/error/code"), "invalid-input");
    comes_back_elsewhere(&bench, &["--passphrase-stdin"], PASSPHRASE, &image);

    assert_eq!(
        kinds(&list()),
        ["device", "key-file", "passphrase", "recovery-key", "recovery-key"]
    );
    let ids: Vec<String> = (0..5).map(|n| list().field(&format!("/keys/{n}/id"))).collect();
    let last = added.field("/key/id");
    for id in ids.iter().filter(|id| **id != last) {
        let kind = bench.run(&["repo", "key", "list", "--json"]).ok();
        let remove = bench.run(&["repo", "key", "remove", &id[..16], "--json"]);
        assert_eq!(remove.code, 0, "{}\n{}", kind.stdout, remove.stdout);
        if remove.field("/this_computer") == "true" {
            // This computer has no key of its own any more: it is attached anew.
            let gone = bench.run(&["points", "list", "--repo", "place", "--json"]);
            assert_eq!(gone.field("/error/code"), "passphrase-wrong");
            let attach = ["repo", "attach", "repository", "--name", "x", "--passphrase-stdin"];
            bench.run_with(&paper, &attach).ok();
        }
    }
    let refused = bench.run(&["repo", "key", "remove", &last, "--json"]);
    assert_eq!(refused.field("/error/code"), "last-key");
    assert_eq!(kinds(&list()), ["device", "recovery-key"]);
    bench.run(&["points", "list", "--repo", "place"]).ok();
    assert_eq!(bench.run(&["repo", "key", "add", "--repo", "place"]).code, 2, "a key is named");
}

#[test]
fn a_sheet_is_made_once_checked_and_enough() {
    let (bench, image, first) = ready();
    let sheet = ["repo", "recovery-sheet", "place", "-o", "sheet.html", "--language", "ja"];
    let made = bench.run(&[&sheet[..], &["--json"]].concat()).ok();
    let page = fs::read_to_string(bench.path("sheet.html")).unwrap();
    let groups: Vec<&str> = page
        .lines()
        .filter_map(|line| line.split("</small>").nth(1)?.strip_suffix("</li>"))
        .collect();
    assert_eq!(groups.len(), 14);
    let key = groups.join("-");
    assert!(key != first && !made.stdout.contains(groups[0]), "the key is on the sheet only");
    assert!(page.contains(&made.field("/key/short_id")) && page.contains("復旧キー"));
    assert!(page.contains(&bench.text("repository")) && page.contains("<svg"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(bench.path("sheet.html")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "nobody else reads it");
    }
    let list = bench.run(&["repo", "key", "list", "--json"]).ok();
    assert_eq!(bench.run(&sheet).code, 1, "an existing file is never overwritten");
    let again = bench.run(&["repo", "key", "list", "--json"]).ok();
    assert_eq!(list.stdout, again.stdout, "and no key is made for it");

    let check = ["repo", "recovery-check", "place", "--json"];
    for good in [&key, &first] {
        assert_eq!(bench.run_with(good, &check).ok().field("/opens"), "true");
    }
    let bare = ["repo", "recovery-check", "--repo-path", "repository", "--json"];
    answer(bench.bare().args(bare), &key).ok();
    let other = Bench::new();
    let other = other.make_quick_repository(&other.text("repository")).ok();
    let foreign = other.stdout.lines().rev().find(|l| l.matches('-').count() > 5).unwrap().trim();
    let refused = bench.run_with(foreign, &check);
    assert_eq!(refused.field("/error/code"), "passphrase-wrong");
    comes_back_elsewhere(&bench, &["--recovery-key-stdin"], &key, &image);
}

/// A passphrase is stretched once, when it is typed; the next start needs none.
#[test]
fn what_was_typed_is_not_kept() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let keys = bench.run(&["repo", "key", "list", "--json"]).ok();
    assert_eq!(kinds(&keys), ["device", "passphrase", "recovery-key"]);
    let id = (0..3)
        .find(|n| keys.field(&format!("/keys/{n}/kind")) == "passphrase")
        .map(|n| keys.field(&format!("/keys/{n}/id")))
        .unwrap();
    bench.run(&["repo", "key", "remove", &id]).ok();
    bench.run(&["points", "list", "--repo", "place"]).ok();
}
