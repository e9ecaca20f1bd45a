use super::*;

#[test]
fn lines_go_both_ways_and_the_place_is_free_again_after_a_crash() {
    let dir = tempfile::tempdir().unwrap();
    let first = Listener::bind(dir.path()).unwrap();
    // As a crash leaves it: nothing is cleaned up.
    std::mem::forget(first);
    let listener = Listener::bind(dir.path()).unwrap();
    let address = listener.address().to_owned();
    let other = std::thread::spawn(move || {
        let mut line = Line::connect(&address).unwrap();
        line.send("hello").unwrap();
        line.receive().unwrap()
    });
    let mut line = listener.accept().unwrap();
    assert_eq!(line.receive().unwrap().as_deref(), Some("hello"));
    line.send("状態").unwrap();
    assert_eq!(other.join().unwrap().as_deref(), Some("状態"));
    assert_eq!(line.receive().unwrap(), None, "the other side has ended");
    let address = listener.address().to_owned();
    // Both: a pipe has its name for as long as one of its ends is open.
    drop((line, listener));
    assert!(Line::connect(&address).is_err(), "nobody listens any more");
}

#[test]
fn a_folder_with_a_long_name_has_an_address_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let long = dir.path().join("x".repeat(120));
    fs_err::create_dir(&long).unwrap();
    let listener = Listener::bind(&long).unwrap();
    let address = listener.address().to_owned();
    let other = std::thread::spawn(move || Line::connect(&address).unwrap().send("here").unwrap());
    assert_eq!(listener.accept().unwrap().receive().unwrap().as_deref(), Some("here"));
    other.join().unwrap();
}

/// Where the second process of the next test connects to.
#[cfg(target_os = "linux")]
const ADDRESS: &str = "KURAMORI_TEST_ENDPOINT";

/// The second process. Alone it does nothing.
#[cfg(target_os = "linux")]
#[test]
fn stranger() {
    let Some(address) = std::env::var_os(ADDRESS) else { return };
    // One that keeps to none of our rules. It may be turned away before or after it said something.
    let mut bare = std::os::unix::net::UnixStream::connect(&address).unwrap();
    drop(std::io::Write::write_all(&mut bare, b"let me in\n"));
    let mut said = Vec::new();
    drop(std::io::Read::read_to_end(&mut bare, &mut said));
    assert_eq!(said, [], "nobody answers it");
    // Ours does not even speak to a listener of somebody else.
    let refused = Line::connect(Path::new(&address)).err().expect("it is refused");
    assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "{refused}");
}

#[cfg(target_os = "linux")]
#[test]
fn another_user_is_turned_away_even_where_the_files_are_open() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        return; // only the superuser can be somebody else
    }
    let dir = tempfile::tempdir().unwrap();
    let open = |path: &Path| {
        fs_err::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    };
    open(dir.path());
    let listener = Listener::bind(dir.path()).unwrap();
    open(listener.address());
    // Where everybody may run it.
    let program = dir.path().join("program");
    fs_err::copy(std::env::current_exe().unwrap(), &program).unwrap();
    open(&program);
    let mut child = std::process::Command::new(&program)
        .args(["--exact", "endpoint::tests::stranger"])
        .env(ADDRESS, listener.address())
        .current_dir(dir.path())
        .uid(NOBODY)
        .gid(NOBODY)
        .spawn()
        .unwrap();
    let refused = listener.accept().err().expect("it is turned away");
    assert_eq!(refused.kind(), io::ErrorKind::PermissionDenied, "{refused}");
    assert!(child.wait().unwrap().success());
}
