//! What the environment says about proxies changes nothing: hosts are talked to directly.

use std::net::TcpListener;
use std::process::Command;

use kuramori_lab::Shape;

use super::Bench;

/// Every way in which programs are told of a proxy.
const VARIABLES: [&str; 6] =
    ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const TALK: &str = "proxy::a_talk_with_a_host";

#[test]
fn proxies_of_the_environment_are_ignored() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut talk = Command::new(std::env::current_exe().unwrap());
    talk.args([TALK, "--exact", "--ignored", "--nocapture"]);
    talk.envs(VARIABLES.map(|name| (name, &address))).env_remove("NO_PROXY").env_remove("no_proxy");
    let said = talk.output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success() && text.contains("1 passed"), "{text}");
    let nobody = proxy.accept().unwrap_err();
    assert_eq!(nobody.kind(), std::io::ErrorKind::WouldBlock, "nobody came to the proxy");
}

/// Runs in a process of its own, whose environment names a proxy.
#[tokio::test]
#[ignore = "the test above runs it"]
async fn a_talk_with_a_host() {
    let bench = Bench::start(Shape::Esxi, &[super::MIB]).await;
    let (snapshot, _) = bench.snapshot("s").await;
    bench.remove(&snapshot).await;
}
