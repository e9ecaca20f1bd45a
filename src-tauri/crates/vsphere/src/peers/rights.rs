use super::running::Running;
use crate::{Function, LicenceVerdict, RightsVerdict, VersionVerdict};

pub(super) async fn every_right_of_the_table_is_one_of_the_servers(peer: &Running) {
    let client = peer.client().await;
    let manager = client.service().authorization_manager.clone().unwrap();
    // What the built-in roles hold is what the server knows; its list of rights is empty.
    let roles = client.properties("list", &manager, &["roleList"]).await.unwrap();
    let roles = roles.get("roleList").unwrap();
    let held =
        |id: &str| roles.children.iter().flat_map(|r| r.all("privilege")).any(|p| p.text == id);
    let everywhere = Function::ALL.into_iter().filter(|f| f.is_everywhere());
    for privilege in everywhere.flat_map(Function::privileges) {
        assert!(held(privilege.id), "{}", privilege.id);
    }
}

pub(super) async fn the_role_can_be_made(peer: &Running) {
    let client = peer.client().await;
    let manager = client.service().authorization_manager.clone().unwrap();
    // What `govc role.create` sends.
    let made = client.change("make a role", "AddAuthorizationRole", &manager, |w| {
        w.text("name", crate::ROLE_NAME);
        for function in Function::ALL.into_iter().skip(1).filter(|f| f.is_everywhere()) {
            for privilege in function.privileges() {
                w.text("privIds", privilege.id);
            }
        }
    });
    made.await.unwrap();
}

pub(super) async fn a_strange_server_is_judged(peer: &Running) {
    let client = peer.client().await;
    assert_eq!(client.about().version_verdict(), VersionVerdict::Supported);
    let licence = client.licence().await.unwrap();
    assert!(!matches!(licence, LicenceVerdict::Free { .. }), "{licence:?}");
    assert_eq!(client.rights().await.unwrap().verdict(), RightsVerdict::Complete);
}
