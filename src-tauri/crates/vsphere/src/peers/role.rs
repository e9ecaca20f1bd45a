//! The role we write, made by a real govc on a vCenter that others simulate.

use std::path::Path;
use std::process::{Command, Output};

use super::vcsim::Vcsim;
use crate::ServerKind;
use crate::preflight::{Function, RoleFormat, RoleWords, role};

const WORDS: RoleWords = RoleWords {
    purpose: "The role.",
    run_powercli: "",
    run_govc: "Run with govc.",
    do_by_hand: "",
    function: |_| "",
};

/// Runs a command with govc on its path and the simulator as its server.
fn run(simulator: &Vcsim, dir: &Path, program: &str, args: &[&str]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    Command::new(program)
        .args(args)
        .current_dir(dir)
        .env("PATH", format!("{}:{path}", dir.display()))
        .env("GOVC_URL", &simulator.url)
        .env("GOVC_USERNAME", &simulator.user)
        .env("GOVC_PASSWORD", &simulator.password)
        .env("GOVC_INSECURE", "1")
        .env("GOVC_PERSIST_SESSION", "false")
        .env("GOVMOMI_HOME", dir)
        .env("no_proxy", "*")
        .output()
        .expect("the command starts")
}

#[test]
fn the_govc_script_makes_the_role_and_mends_one_that_is_there() {
    let govc = std::env::var_os("KURAMORI_GOVC")
        .expect("KURAMORI_GOVC names govc; `cargo xtask setup` builds it");
    let simulator = Vcsim::start(ServerKind::Vcenter);
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(govc, dir.path().join("govc")).unwrap();
    fs_err::write(dir.path().join("role.sh"), role(RoleFormat::Govc, &WORDS)).unwrap();
    let all =
        Function::ALL.into_iter().filter(|f| f.is_everywhere()).flat_map(Function::privileges);
    let all: Vec<&str> = all.map(|privilege| privilege.id).collect();
    for round in ["made", "mended"] {
        let ran = run(&simulator, dir.path(), "sh", &["role.sh"]);
        assert!(ran.status.success(), "{round}: {ran:?}");
        let rights = rights(&simulator, dir.path());
        for id in &all {
            assert!(rights.lines().any(|line| line == *id), "{round}: {id} is missing: {rights}");
        }
        let permissions = run(&simulator, dir.path(), "govc", &["permissions.ls", "/"]);
        let permissions = String::from_utf8(permissions.stdout).unwrap();
        assert!(permissions.contains("kuramori@vsphere.local"), "{round}: {permissions}");
        // A role of an earlier version has less.
        let one = all.last().unwrap();
        let less = run(&simulator, dir.path(), "govc", &["role.update", "-r", "Kuramori", one]);
        assert!(less.status.success(), "{less:?}");
        assert!(!super::role::rights(&simulator, dir.path()).contains(one));
    }
}

/// Lists the rights of the role.
fn rights(simulator: &Vcsim, dir: &Path) -> String {
    let listed = run(simulator, dir, "govc", &["role.ls", "Kuramori"]);
    String::from_utf8(listed.stdout).unwrap()
}
