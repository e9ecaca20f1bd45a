//! The client suite: one list of flows, run against every peer there is.
//!
//! Our lab would agree with our mistakes, vcsim was written by others, and recordings run where
//! vcsim does not. `KURAMORI_RECORD=1` makes the recordings anew, with vcsim behind a recorder;
//! look at what changed in `tests/recorded` before keeping it.

mod cannot;
mod disks;
mod exchange;
mod field;
mod hot_add;
mod inventory;
mod mask;
mod record;
mod replay;
mod rights;
#[cfg(unix)]
mod role;
mod running;
mod serve;
mod session;
mod snapshots;
mod transfer;
mod vcsim;

use std::future::Future;

use self::cannot::cannot;
use self::running::Running;
use crate::ServerKind;

/// A server to try the client with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    /// Ours, with real bytes.
    Lab(ServerKind),
    /// That of others.
    Vcsim(ServerKind),
    /// What that of others once said.
    Recorded(ServerKind),
}

const PEERS: [Peer; 6] = [
    Peer::Lab(ServerKind::Esxi),
    Peer::Lab(ServerKind::Vcenter),
    Peer::Vcsim(ServerKind::Esxi),
    Peer::Vcsim(ServerKind::Vcenter),
    Peer::Recorded(ServerKind::Esxi),
    Peer::Recorded(ServerKind::Vcenter),
];

/// Runs a flow against a peer, unless the table says that this peer cannot do it.
async fn run<'a, F: Future<Output = ()>>(
    peer: Peer,
    name: &str,
    running: &'a mut Option<Running>,
    flow: impl FnOnce(&'a Running) -> F,
) -> bool {
    if cannot(peer, name).is_some() {
        return false;
    }
    flow(running.insert(Running::start(peer, name).await)).await;
    true
}

/// Makes a test of each flow with each peer.
macro_rules! suite {
    ($flows:tt: $($module:ident = $peer:expr),* $(,)?) => {
        suite!(@names $flows);
        $(suite!(@peer $module, $peer, $flows);)*
    };
    (@names [$($file:ident::$flow:ident),* $(,)?]) => {
        /// Every flow there is.
        const FLOWS: &[&str] = &[$(stringify!($flow)),*];
    };
    (@peer $module:ident, $peer:expr, [$($file:ident::$flow:ident),* $(,)?]) => {
        mod $module {
            use super::{Peer, ServerKind};
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $flow() {
                    let mut running = None;
                    let flow = super::$file::$flow;
                    if super::run($peer, stringify!($flow), &mut running, flow).await
                        && let Some(running) = running
                    {
                        running.finish();
                    }
                }
            )*
        }
    };
}

suite! {
    [
        session::the_certificate_is_looked_at_and_pinned,
        session::login_and_wrong_password,
        session::a_lost_session_is_opened_again,
        inventory::the_inventory_is_complete,
        inventory::a_long_list_comes_in_pages,
        inventory::the_trees_show_every_vm,
        inventory::vms_are_found,
        inventory::tags_are_read,
        inventory::a_change_is_heard_of,
        rights::every_right_of_the_table_is_one_of_the_servers,
        rights::the_role_can_be_made,
        rights::a_strange_server_is_judged,
        snapshots::a_snapshot_is_made_listed_read_and_removed,
        snapshots::change_tracking_is_turned_on,
        snapshots::a_failed_task_says_why,
        snapshots::a_vm_is_switched_off_and_on,
        disks::planted_bytes_are_read_over_ranges,
        disks::a_strange_descriptor_is_no_disk,
        disks::files_of_a_vm_are_read_and_written,
        hot_add::a_disk_of_another_vm_comes_and_goes,
        transfer::an_import_goes_through_its_lease,
        transfer::hosts_say_which_hardware_they_have,
        transfer::small_files_go_once_no_vm_has_them,
        transfer::a_vm_is_exported,
        transfer::a_server_without_export_says_so,
    ]:
    lab_esxi = Peer::Lab(ServerKind::Esxi),
    lab_vcenter = Peer::Lab(ServerKind::Vcenter),
    vcsim_esxi = Peer::Vcsim(ServerKind::Esxi),
    vcsim_vcenter = Peer::Vcsim(ServerKind::Vcenter),
    recorded_esxi = Peer::Recorded(ServerKind::Esxi),
    recorded_vcenter = Peer::Recorded(ServerKind::Vcenter),
}
