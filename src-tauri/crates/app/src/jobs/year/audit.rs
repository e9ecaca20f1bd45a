//! Comparing everything: what recovery points hold, how long VMs went unsaved, what is left behind.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use kuramori_base::{CancelToken, NoProgress};

use super::life::Life;
use super::setup::NIGHTLY_RPO_HOURS;
use crate::dto::Language;
use crate::upkeep::{Thoroughness, Upkeep};

impl Life {
    /// Restores the newest recovery point of each VM, and looks for what runs left behind.
    pub(super) fn audit(&self) {
        let mut newest = BTreeMap::new();
        for point in &self.points.there {
            newest.insert(&point.vm, (&point.id, point.content));
        }
        for (vm, (id, content)) in newest {
            assert_eq!(self.restored(id), content, "{}: the newest of {vm}", self.shop.now());
        }
        for server in &self.shop.servers {
            for vm in server.lab().vms() {
                assert!(vm.snapshots.is_empty(), "{} has a snapshot", vm.name);
            }
        }
        assert!(!self.shop.app().needs_recovery(), "nothing is left to clean up");
    }

    /// Restores everything, and has the repository checked.
    pub(super) fn audit_all(&self) {
        self.audit();
        for point in &self.points.there {
            let restored = self.restored(&point.id);
            assert_eq!(restored, point.content, "{} of {}", point.vm, point.time);
        }
        let app = self.shop.app();
        let upkeep = Upkeep {
            writer: app.writer().unwrap(),
            clock: self.shop.clock.clone(),
            progress: Arc::new(NoProgress),
            cancel: CancelToken::new(),
            language: Language::En,
        };
        let place = app.place(&self.shop.repository).unwrap();
        let check = place.check(Thoroughness::AllData, &upkeep).unwrap();
        assert!(check.damaged.is_empty(), "{:?}", check.damaged);
    }

    /// Restores a recovery point and says what is on its disk.
    fn restored(&self, id: &str) -> blake3::Hash {
        let app = self.shop.app();
        let place = app.place(&self.shop.repository).unwrap();
        let point = place.find(id).unwrap();
        let open = point.read(app.writer().unwrap(), self.shop.clock.clone()).unwrap();
        let file = self.shop.folder.join("restored.raw");
        open.write_disk(0, &file, &NoProgress, &CancelToken::new()).unwrap();
        let content = blake3::hash(&fs_err::read(&file).unwrap());
        fs_err::remove_file(&file).unwrap();
        content
    }

    /// Returns for how many stretches VMs of the nightly job went unsaved for longer than promised.
    /// Each of them has its reason outside of the program.
    pub(super) fn unsaved(&self, end: DateTime<Utc>) -> usize {
        let mut saved: BTreeMap<&str, Vec<DateTime<Utc>>> = BTreeMap::new();
        for (vm, time) in &self.saved {
            saved.entry(vm).or_default().push(*time);
        }
        let longest = TimeDelta::hours(i64::from(NIGHTLY_RPO_HOURS));
        let mut stretches = 0;
        for vm in &self.nightly {
            let mut times = saved[vm].clone();
            times.push(end);
            for pair in times.windows(2).filter(|pair| pair[1] - pair[0] > longest) {
                let reason =
                    |(from, to): &(DateTime<Utc>, DateTime<Utc>)| *from < pair[1] && *to > pair[0];
                assert!(self.excuses.iter().any(reason), "{vm} was forgotten: {pair:?}");
                stretches += 1;
            }
        }
        stretches
    }
}
