//! Each failure has its sentence, says what it means for the data, and what to do. Snapshots.

use kuramori_lab::{FaultKind, FaultSpec, LabHandle, LabVm};

use crate::bench::{Answer, Bench, answer};

const MIB: u64 = 1 << 20;
const BACKUP: [&str; 7] = ["backup", "--server", "lab", "--repo", "place", "--vm", "vm"];

/// A lab with one VM, known as a server, and a repository.
fn ready() -> (Bench, LabHandle) {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(4 * MIB)));
    lab.write("vm", 0, 0, &[1; 2_000_000]).unwrap();
    bench.add_server(&lab).ok();
    bench.make_repository().ok();
    (bench, lab)
}

/// Checks that the program failed, and how it said so.
#[track_caller]
pub(crate) fn told(name: &str, bench: &Bench, answer: &Answer) {
    assert_eq!(answer.code, 1, "{}\n{}", answer.stdout, answer.stderr);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let text = format!("{}{}", answer.stderr, answer.stdout);
    let text = text.replace(&bench.dir.path().display().to_string(), "DIR");
    let text = filtered(&if cfg!(windows) { plain(&text) } else { text });
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// Writes paths as systems with the other separator do, without the mark of long ones.
fn plain(text: &str) -> String {
    text.replace(r"\\?\", "").replace('\\', "/")
}

/// Replaces what differs from run to run: ports, digests, times, sizes of packs.
fn filtered(text: &str) -> String {
    let filters = [
        (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
        (r"([0-9A-F]{2}:){31}[0-9A-F]{2}", "SHA256"),
        (r"\b\d\d:\d\d:\d\d\b", "TIME"),
        (r"in \d+ s, [\d.]+ [KMG]iB/s", "in N s, N MiB/s"),
        (r"\b([0-9a-f]{2}/)?[0-9a-f]{16,}\b", "HEX"),
        (r"\(\d+ bytes\)", "(N bytes)"),
        // What the system says is worded by the system.
        (r"(?m)( |: )[A-Z][A-Za-z' .,-]+ \(os error \d+\)", "${1}SYSTEM"),
        // Whether a run can keep the machine awake is the machine's affair.
        (r"(?m)^.*The computer may fall asleep meanwhile: .*\n", ""),
        (r" +\n", "\n"),
    ];
    filters.iter().fold(text.to_owned(), |text, (pattern, with)| {
        regex::Regex::new(pattern).unwrap().replace_all(&text, *with).into_owned()
    })
}

/// Checks that so many recovery points are listed.
pub(crate) fn unharmed(bench: &Bench, points: usize) {
    let list = bench.run(&["points", "list", "--json"]).ok();
    assert_eq!(list.stdout.matches("\"short_id\"").count(), points, "{}", list.stdout);
}

#[test]
fn wrong_password() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab);
    let args = ["server", "add", "lab", &lab.url, "--user", "root", "--password-stdin"];
    let args = [&args[..], &["--pin", &lab.certificate_sha256]].concat();
    told("wrong-password", &bench, &bench.run_with("guess", &args));
    assert_eq!(bench.run(&["server", "list", "--json"]).ok().field("/servers"), "[]");
}

#[test]
fn unknown_and_wrong_pin() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab);
    let args = ["server", "add", "lab", &lab.url, "--user", "root", "--password-stdin"];
    told("unknown-certificate", &bench, &bench.run_with(&lab.password, &args));
    let wrong = "00".repeat(32);
    let args = [&args[..], &["--pin", &wrong]].concat();
    told("wrong-pin", &bench, &bench.run_with(&lab.password, &args));
    assert_eq!(lab.stats().calls.get("Login"), None, "no password was sent");
}

#[test]
fn changed_certificate() {
    let (bench, lab) = ready();
    lab.add_fault(FaultSpec { kind: FaultKind::WrongCertificate, ..FaultSpec::default() }).unwrap();
    lab.reset_stats();
    told("changed-certificate", &bench, &bench.run(&BACKUP));
    assert_eq!(lab.stats().calls.get("Login"), None, "no password was sent");
    unharmed(&bench, 0);
}

#[test]
fn unreachable_host() {
    let bench = Bench::new();
    // A port that was just free: nobody listens there.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("https://127.0.0.1:{port}");
    let args = ["server", "add", "lab", &url, "--user", "root", "--password-stdin"];
    told("unreachable-host", &bench, &bench.run_with("x", &args));
}

#[test]
fn free_licence_and_missing_rights() {
    let (bench, lab) = ready();
    bench.run(&BACKUP).ok();
    for (kind, name) in
        [(FaultKind::RestrictedLicense, "free-licence"), (FaultKind::NoPermission, "no-rights")]
    {
        let id = lab.add_fault(FaultSpec { kind, ..FaultSpec::default() }).unwrap();
        told(name, &bench, &bench.run(&BACKUP));
        let check = bench.run(&["server", "check", "lab"]);
        assert_eq!(check.code, 1, "the check already tells: {}", check.stdout);
        lab.remove_faults(Some(id));
        unharmed(&bench, 1);
        assert!(lab.vm("vm").unwrap().snapshots.is_empty());
    }
}

#[test]
fn vanished_repository() {
    let (bench, lab) = ready();
    bench.run(&BACKUP).ok();
    std::fs::rename(bench.path("repository"), bench.path("elsewhere")).unwrap();
    told("vanished-repository", &bench, &bench.run(&BACKUP));
    assert!(!bench.path("repository").exists(), "nothing is made where the repository was");
    std::fs::rename(bench.path("elsewhere"), bench.path("repository")).unwrap();
    unharmed(&bench, 1);
    assert!(lab.vm("vm").unwrap().snapshots.is_empty());
}

#[test]
fn wrong_passphrase() {
    let bench = Bench::new();
    bench.make_repository().ok();
    let path = bench.text("repository");
    let list = ["points", "list", "--repo-path", &path, "--passphrase-stdin"];
    told("wrong-passphrase", &bench, &answer(bench.bare().args(list), "guess"));
}

/// A file system of a few MiB, in a mount namespace of its own.
#[cfg(target_os = "linux")]
#[test]
fn full_destination() {
    let (bench, lab) = ready();
    bench.run(&BACKUP).ok();
    lab.write("vm", 0, 0, &crate::bench::noise(1, 3 * MIB)).unwrap();
    let script = "mount -t tmpfs -o size=1m tmpfs \"$1\" && cp -a \"$1-kept/.\" \"$1\" && shift && exec \"$@\"";
    std::fs::rename(bench.path("repository"), bench.path("repository-kept")).unwrap();
    std::fs::create_dir(bench.path("repository")).unwrap();
    let program = bench.program();
    let mut command = std::process::Command::new("unshare");
    command.args(["-Urm", "sh", "-c", script, "sh"]).arg(bench.path("repository"));
    command.arg(program.get_program()).args(program.get_args()).args(BACKUP);
    let full = answer(&mut command, "");
    std::fs::remove_dir(bench.path("repository")).unwrap();
    std::fs::rename(bench.path("repository-kept"), bench.path("repository")).unwrap();
    told("full-destination", &bench, &full);
    unharmed(&bench, 1);
    assert!(lab.vm("vm").unwrap().snapshots.is_empty());
    bench.run(&BACKUP).ok();
}

#[test]
fn json_carries_the_code() {
    let bench = Bench::new();
    let refused = bench.run(&["inventory", "nowhere", "--json"]);
    assert_eq!(refused.code, 1);
    assert_eq!(refused.field("/error/code"), "server-not-found");
}
