use kuramori_base::Secret;

use super::running::{Running, first};
use crate::{Client, ConnectOptions, Thumbprint, Unreachable, VsphereError, probe_certificate};

pub(super) async fn the_certificate_is_looked_at_and_pinned(peer: &Running) {
    let seen = probe_certificate(&peer.url).await.unwrap();
    assert_eq!(seen.sha256, peer.pin);
    assert!(!seen.trusted_by_system);
    assert!(seen.subject.contains(peer.facts.certificate), "{}", seen.subject);

    let unpinned = ConnectOptions { pin: None, ..peer.options() };
    match Client::connect(unpinned).await.unwrap_err() {
        VsphereError::UntrustedCertificate { seen, .. } => assert_eq!(seen, peer.pin),
        other => panic!("{other:?}"),
    }
    let elsewhere = Thumbprint::of_der(b"another certificate");
    let pinned = ConnectOptions { pin: Some(elsewhere), ..peer.options() };
    match Client::connect(pinned).await.unwrap_err() {
        VsphereError::ChangedCertificate { pinned, seen, .. } => {
            assert_eq!((pinned, seen), (elsewhere.to_string(), peer.pin));
        }
        other => panic!("{other:?}"),
    }
}

pub(super) async fn login_and_wrong_password(peer: &Running) {
    let wrong = ConnectOptions { password: Secret::from("no"), ..peer.options() };
    let error = Client::connect(wrong).await.unwrap_err();
    assert!(matches!(error, VsphereError::WrongPassword { .. }), "{error:?}");

    let client = peer.client().await;
    assert_eq!(client.about().kind, peer.facts.kind);
    client.logout().await.unwrap();
    let error = client.inventory().await.unwrap_err();
    assert!(matches!(error, VsphereError::SessionExpired { .. }), "{error:?}");
}

pub(super) async fn a_lost_session_is_opened_again(peer: &Running) {
    let (client, other) = (peer.client().await, peer.client().await);
    let before = client.inventory().await.unwrap();
    let vm = first(&before).reference;

    terminate(&other, &client).await;
    assert_eq!(client.inventory().await.unwrap().vms, before.vms, "a list goes on");
    terminate(&other, &client).await;
    assert_eq!(client.vm(&vm).await.unwrap().reference, vm, "a single read goes on");
    terminate(&other, &client).await;
    let request = super::snapshots::request("after a lost session");
    let cancel = kuramori_base::CancelToken::new();
    let made = client.create_snapshot(&vm, &request, &|_| {}, &cancel).await;
    made.expect("a change looks at the session first");
}

/// Ends the session of `client` from another one, as an administrator or a restart does.
async fn terminate(other: &Client, client: &Client) {
    let (generation, cookie) = client.cookie().await;
    let cookie = cookie.expect("the client is logged in");
    let (_, key) = cookie.split_once('=').unwrap();
    let manager = &other.service().session_manager;
    let said = other.change("end a session", "TerminateSession", manager, |w| {
        w.text("sessionId", key.trim_matches('"'));
    });
    said.await.unwrap();
    assert_eq!(client.cookie().await.0, generation, "the client has not noticed yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_not_there() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let options = |address: &str| ConnectOptions {
        address: address.to_owned(),
        user: "root".into(),
        password: Secret::from("x"),
        pin: None,
        user_agent: "Kuramori-test".into(),
    };
    for (address, expected) in [
        (address.as_str(), Unreachable::Refused),
        ("no-such-host.invalid", Unreachable::UnknownName),
    ] {
        match Client::connect(options(address)).await.unwrap_err() {
            VsphereError::Unreachable { reason, .. } => assert_eq!(reason, expected, "{address}"),
            other => panic!("{other:?}"),
        }
        match probe_certificate(address).await.unwrap_err() {
            VsphereError::Unreachable { reason, .. } => assert_eq!(reason, expected, "{address}"),
            other => panic!("{other:?}"),
        }
    }
}
