//! What a peer cannot do, and why.

use super::Peer;
use crate::ServerKind::{Esxi, Vcenter};

/// Returns why a flow is not run against a peer.
pub(super) fn cannot(peer: Peer, flow: &str) -> Option<&'static str> {
    match (peer, flow) {
        (
            Peer::Lab(_),
            "every_right_of_the_table_is_one_of_the_servers" | "the_role_can_be_made",
        ) => Some("the lab keeps no roles"),
        (Peer::Lab(_), "a_strange_descriptor_is_no_disk") => {
            Some("descriptors of the lab are those of a host")
        }
        (Peer::Lab(_), "a_server_without_export_says_so") => Some("the lab exports"),
        (Peer::Vcsim(_) | Peer::Recorded(_), "a_long_list_comes_in_pages") => {
            Some("vcsim ignores maxObjects: its lists have one page")
        }
        (Peer::Vcsim(_) | Peer::Recorded(_), "a_disk_of_another_vm_comes_and_goes") => {
            Some("vcsim keeps no changeVersion, without which nothing is attached")
        }
        (Peer::Vcsim(_) | Peer::Recorded(_), "a_vm_is_exported") => {
            Some("vcsim has neither ExportVm nor ExportSnapshot")
        }
        (Peer::Vcsim(Esxi | Vcenter) | Peer::Recorded(Esxi | Vcenter) | Peer::Lab(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FLOWS, PEERS};
    use super::*;

    #[test]
    fn every_flow_has_a_peer_of_each_kind_of_server() {
        for flow in FLOWS {
            let able = PEERS.iter().filter(|peer| cannot(**peer, flow).is_none());
            let kinds: Vec<bool> = able
                .map(|peer| match peer {
                    Peer::Lab(kind) | Peer::Vcsim(kind) | Peer::Recorded(kind) => *kind == Esxi,
                })
                .collect();
            assert!(kinds.contains(&true) && kinds.contains(&false), "{flow}");
        }
    }

    #[test]
    fn a_recording_can_what_was_recorded() {
        for flow in FLOWS {
            for kind in [Esxi, Vcenter] {
                let (live, recorded) = (Peer::Vcsim(kind), Peer::Recorded(kind));
                assert_eq!(cannot(live, flow), cannot(recorded, flow), "{flow}");
            }
        }
    }

    /// Names of files of a folder of recordings, without their endings.
    fn files(folder: &str) -> Vec<String> {
        let found = fs_err::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        let found = found.filter(|path| path.extension().is_some_and(|ending| ending == "txt"));
        found.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn no_recording_is_left_over_and_all_together_are_small() {
        let mut texts = String::new();
        let mut size = 0;
        for name in files("tests/recorded") {
            let flow = name.split_once('-').map(|(_, flow)| flow);
            assert!(flow.is_some_and(|flow| FLOWS.contains(&flow)), "{name}: no such flow");
            texts += &fs_err::read_to_string(format!("tests/recorded/{name}.txt")).unwrap();
        }
        for name in files("tests/recorded/shared") {
            let used = texts.lines().any(|line| line.ends_with(&format!("= {name}")));
            assert!(used, "{name}: no recording shares it any more; remove it");
            size += fs_err::metadata(format!("tests/recorded/shared/{name}.txt")).unwrap().len();
        }
        size += texts.len() as u64;
        assert!(size < 1 << 20, "{size} bytes");
        for secret in ["vcsim-pass", "/tmp/"] {
            assert!(!texts.contains(secret), "{secret} is in a recording");
        }
    }
}
