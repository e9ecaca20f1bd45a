use super::*;
use crate::hot_add::tests::{disk, seat};

const PLACE: Place = Place { bus: 0, unit: 3 };

fn visit() -> Visit {
    let disk = disk();
    Visit {
        file: disk.backing.file.unwrap(),
        store: disk.backing.datastore,
        uuid: disk.uuid.unwrap(),
        place: Some(PLACE),
    }
}

/// The disk as it hangs there.
fn hanging() -> DiskConfig {
    DiskConfig { mode: DiskMode::IndependentNonpersistent, unit: PLACE.unit, ..disk() }
}

fn with(disks: Vec<DiskConfig>) -> Seat {
    Seat { disks, ..seat() }
}

fn seen(disks: Vec<DiskConfig>) -> Sight {
    visit().seen(&with(disks))
}

fn path(text: &str) -> DatastorePath {
    text.parse().unwrap()
}

#[test]
fn what_was_promised_is_ours() {
    assert_eq!(seen(vec![hanging()]), Sight::Here { alone: true });
    let mut renamed = hanging();
    renamed.backing.file = Some(path("[new name] web/web.vmdk"));
    assert_eq!(seen(vec![renamed]), Sight::Here { alone: true }, "the datastore was renamed");
    let mut over = hanging();
    over.backing.file = Some(path("[own] proxy/web.vmdk.REDO_1"));
    over.backing.parents = vec![path("[ds] web/web.vmdk")];
    over.backing.datastore = Some(DatastoreRef::new("of ours"));
    assert_eq!(seen(vec![over]), Sight::Here { alone: true }, "a link that is thrown away");
    let mut twin = hanging();
    twin.backing.file = Some(path("[ds] copy/web.vmdk"));
    twin.unit = 5;
    assert_eq!(seen(vec![hanging(), twin]), Sight::Here { alone: false });
}

#[test]
fn what_only_resembles_it_is_neither_ours_nor_absent() {
    let doubtful = |change: fn(&mut DiskConfig)| {
        let mut disk = hanging();
        change(&mut disk);
        matches!(seen(vec![disk]), Sight::Doubtful(_))
    };
    assert!(doubtful(|disk| disk.unit = 4), "at another place");
    assert!(doubtful(|disk| disk.controller_key = 1001), "at another controller");
    assert!(doubtful(|disk| disk.mode = DiskMode::Persistent), "it keeps what is written");
    assert!(doubtful(|disk| disk.uuid = None));
    assert!(doubtful(|disk| disk.backing.file = None));
    assert!(doubtful(|disk| disk.backing.file = Some(path("[ds] copy/web.vmdk"))), "a copy");
    let newer = |disk: &mut DiskConfig| {
        disk.backing.file = Some(path("[ds] web/web-000001.vmdk"));
        disk.backing.parents = vec![path("[ds] web/web.vmdk")];
    };
    assert!(doubtful(newer), "another program reads a newer link of the same disk");
}

#[test]
fn what_is_nothing_like_it_is_not_it() {
    let none = Sight::NotThere { version: "1".to_owned() };
    assert_eq!(seen(Vec::new()), none);
    let mut other = DiskConfig { uuid: Some("another".to_owned()), ..hanging() };
    other.backing.file = Some(path("[ds] db/db.vmdk"));
    assert_eq!(seen(vec![other]), none);
}

#[test]
fn only_disks_from_elsewhere_that_keep_nothing_are_visitors() {
    let of = |mode, file: &str| {
        let mut disk = DiskConfig { mode, ..disk() };
        disk.backing.file = Some(file.parse().unwrap());
        Seat { disks: vec![disk], ..seat() }.visitors().count()
    };
    assert_eq!(of(DiskMode::IndependentNonpersistent, "[ds] web/web.vmdk"), 1);
    assert_eq!(of(DiskMode::IndependentNonpersistent, "[ds] proxy/proxy.vmdk"), 1);
    assert_eq!(of(DiskMode::IndependentNonpersistent, "[own] proxy/data.vmdk"), 0, "its own");
    assert_eq!(of(DiskMode::Persistent, "[ds] web/web.vmdk"), 0, "one for good");
    assert_eq!(of(DiskMode::IndependentPersistent, "[ds] web/web.vmdk"), 0, "one for good");
}
