//! A planted password is nowhere to be found afterwards.

use kuramori_lab::LabVm;

use crate::bench::{Bench, answer, files};

const MIB: u64 = 1 << 20;
const PLANTED: &str = "Planted-Passw0rd-7f3a";
const PASSPHRASE: &str = "Planted-Phrase-91cc and more words";

fn found_in(bytes: &[u8], secret: &str) -> bool {
    let wide: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let holds = |needle: &[u8]| bytes.windows(needle.len()).any(|w| w == needle);
    holds(secret.as_bytes()) || holds(&wide)
}

#[test]
fn secrets_are_in_no_file_log_or_process_list() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(4 * MIB)));
    lab.write("vm", 0, 0, &[1; 2_000_000]).unwrap();
    let mut logs = String::new();
    let mut run = |args: &[&str], input: &str| {
        let mut command = bench.program();
        command.args(args).env("KURAMORI_LOG", "trace");
        let answer = answer(&mut command, input);
        logs.push_str(&answer.stdout);
        logs.push_str(&answer.stderr);
        answer
    };
    // Refused by the lab, so it passes through every layer of the sign-in and its errors.
    let add = ["server", "add", "planted", &lab.url, "--user", "root", "--password-stdin"];
    let pin = ["--pin", &lab.certificate_sha256];
    let refused = run(&[&add[..], &pin].concat(), PLANTED);
    assert_eq!(refused.code, 1);
    let add = ["server", "add", "lab", &lab.url, "--user", "root", "--password-stdin"];
    run(&[&add[..], &pin].concat(), &lab.password).ok();
    let repository = bench.text("repository");
    let create = ["repo", "create", &repository, "--name", "place", "--passphrase-stdin"];
    run(&create, PASSPHRASE).ok();
    run(&["backup", "--server", "lab", "--repo", "place", "--vm", "vm"], "").ok();
    run(&["points", "list"], "").ok();
    let out = bench.text("out.raw");
    run(&["restore", "disk", "vm@latest", "-o", &out], "").ok();

    for secret in [PLANTED, PASSPHRASE, lab.password.as_str()] {
        assert!(!found_in(logs.as_bytes(), secret), "{secret} is in the trace log");
        for folder in ["state", "repository"] {
            for file in files(&bench.path(folder)) {
                let bytes = std::fs::read(&file).unwrap();
                assert!(!found_in(&bytes, secret), "{secret} is in {}", file.display());
            }
        }
    }
}

/// Arguments and environment of a process are readable by others: nothing of it may be there.
#[cfg(target_os = "linux")]
#[test]
fn secrets_are_not_in_the_process_list() {
    use std::io::Write;
    use std::process::Stdio;

    let bench = Bench::new();
    let lab = bench.lab(|lab| lab);
    let hold = kuramori_lab::FaultSpec {
        kind: kuramori_lab::FaultKind::Hold,
        point: "Login".into(),
        ..kuramori_lab::FaultSpec::default()
    };
    let id = lab.add_fault(hold).unwrap();
    let add = ["server", "add", "lab", &lab.url, "--user", "root", "--password-stdin"];
    let mut child = bench
        .program()
        .args(add)
        .args(["--pin", &lab.certificate_sha256])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(PLANTED.as_bytes()).unwrap();
    while lab.faults().iter().all(|f| f.holding == 0) {
        assert!(child.try_wait().unwrap().is_none(), "it must be waiting for its login");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    for part in ["cmdline", "environ"] {
        let bytes = std::fs::read(format!("/proc/{}/{part}", child.id())).unwrap();
        assert!(!found_in(&bytes, PLANTED), "the password is in {part}");
    }
    lab.remove_faults(Some(id));
    child.wait().unwrap();
}

/// Field failure 18: something of the system that a program needs is not there. It is the keychain
/// here: nothing else is looked for at run time.
#[cfg(target_os = "linux")]
#[test]
fn j18_a_missing_keychain_is_said_and_nothing_is_kept() {
    let bench = Bench::new();
    let lab = bench.lab(|lab| lab.vm(LabVm::new("vm").capacity(MIB)));
    let nowhere = bench.text("no bus");
    std::fs::create_dir(bench.path("runtime")).unwrap();
    let add = ["server", "add", "lab", &lab.url, "--user", "root", "--password-stdin"];
    let add = [&add[..], &["--pin", &lab.certificate_sha256]].concat();
    let mut program = bench.bare();
    program.arg("--state").arg(bench.path("state")).args(&add);
    program.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={nowhere}"));
    program.env("XDG_RUNTIME_DIR", bench.path("runtime")).env_remove("DISPLAY");
    let refused = answer(&mut program, &lab.password);
    assert_eq!(refused.code, 1, "{}{}", refused.stdout, refused.stderr);
    assert!(refused.stderr.contains("keychain of this computer"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--secrets sealed:"), "and what helps: {}", refused.stderr);
    for never in ["902", "VDDK", ".so", "library"] {
        assert!(!refused.stderr.contains(never), "{never}: {}", refused.stderr);
    }
    for file in files(&bench.path("state")) {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!found_in(&bytes, &lab.password), "the password is in {}", file.display());
    }
    assert_eq!(lab.sessions(), 0, "no session stays");

    // What the sentence proposes works, and finds nothing half done.
    bench.add_server(&lab).ok();
    assert_eq!(lab.sessions(), 0);
}
