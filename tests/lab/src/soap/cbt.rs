//! `QueryChangedDiskAreas`.

use kuramori_block::{Extent, ExtentSet};

use super::Fault;
use super::call::{Call, Reply};
use crate::disk::ChangeId;
use crate::faults::FaultKind;
use crate::value::{Obj, Value};
use crate::world::Vm;

/// What a query is about.
struct Query<'a> {
    vm: &'a Vm,
    snapshot: Option<String>,
    key: i32,
    change: &'a str,
}

impl Call<'_> {
    pub(crate) fn query_changes(&self) -> Result<Reply, Fault> {
        let start: u64 = self.number("startOffset").ok_or_else(|| invalid("startOffset"))?;
        let world = self.core.world();
        let vm = world.vms.get(&self.this.id).ok_or_else(|| Fault::gone(&self.this))?;
        let query = Query {
            vm,
            snapshot: self.reference("snapshot").map(|r| r.id),
            key: self.number("deviceKey").ok_or_else(|| invalid("deviceKey"))?,
            change: self.text("changeId").trim(),
        };
        let (mut areas, capacity) = query.areas()?;
        if let Some(forgotten) = self.core.faults.active(FaultKind::ForgottenChanges)
            && query.change != "*"
        {
            let gap = Extent::new(forgotten.after_bytes, forgotten.bytes.unwrap_or(u64::MAX));
            areas = areas.without(&[gap].into_iter().collect());
        }
        if start >= capacity {
            return Err(invalid("startOffset"));
        }
        let window = self
            .core
            .faults
            .active(FaultKind::ShortAnswers)
            .and_then(|s| s.bytes)
            .or(self.core.options.cbt_window);
        let info = page(&areas, start, capacity, window, self.core.options.cbt_areas.max(1));
        Ok(Reply::Value(info.into()))
    }
}

impl Query<'_> {
    /// Returns the changed areas and the size of the disk.
    fn areas(&self) -> Result<(ExtentSet, u64), Fault> {
        let (disk, capacity, link, end) = if let Some(id) = &self.snapshot {
            let snapshot = self.vm.snapshot(id);
            let snapshot =
                snapshot.ok_or_else(|| Fault::new("NotFound", "The snapshot is gone."))?;
            let held = snapshot.disks.iter().find(|d| d.key == self.key);
            let held = held.ok_or_else(|| invalid("deviceKey"))?;
            let disk = self.vm.disk_uuid(&held.uuid).ok_or_else(|| invalid("deviceKey"))?;
            let end = held.change_id.as_deref().and_then(ChangeId::parse);
            (disk, held.capacity, held.link, end)
        } else {
            let disk = self.vm.disk(self.key).ok_or_else(|| invalid("deviceKey"))?;
            if self.vm.state.powered_on {
                let (key, text) = ("vim.hostd.vmsvc.cbt.open", "Error caused by file");
                return Err(self.file_fault("FileFault", key, text));
            }
            let meta = disk.meta();
            (disk, meta.capacity, meta.current, disk.change_id())
        };
        let tracked = disk.change_id();
        let Some(end) = end else {
            let (key, text) = match tracked {
                None => ("vim.hostd.vmsvc.cbt.noTrack", "Change tracking is not enabled on disk"),
                Some(_) => ("vim.hostd.vmsvc.cbt.noEpoch", "There is no current epoch for disk"),
            };
            return Err(self.file_fault("FileFault", key, text));
        };
        if self.change == "*" {
            return Ok((disk.allocated(link), capacity));
        }
        let from = ChangeId::parse(self.change).ok_or_else(|| invalid("changeId"))?;
        let areas = disk.changed(from, end).ok_or_else(|| {
            self.file_fault(
                "FileFault",
                "vim.hostd.vmsvc.cbt.cannotGetChanges",
                "Cannot compute changes for disk",
            )
        })?;
        Ok((areas, capacity))
    }

    fn file_fault(&self, kind: &'static str, key: &str, text: &str) -> Fault {
        let file = self.vm.disk(self.key).map_or_else(String::new, |d| {
            let meta = d.meta();
            let name = meta.link(meta.current).map(|l| l.descriptor.clone()).unwrap_or_default();
            format!("/vmfs/volumes/{}/{}/{name}", meta.datastore, meta.dir)
        });
        let message = format!("{text} {file}.");
        Fault::file(kind, &file, message.clone()).keyed(key, &message)
    }
}

fn invalid(property: &str) -> Fault {
    Fault::invalid_argument(property)
}

/// Makes the answer from `start` on, as long as the limits allow.
fn page(areas: &ExtentSet, start: u64, capacity: u64, window: Option<u64>, most: usize) -> Obj {
    let limit = window.map_or(capacity, |w| start.saturating_add(w.max(1)).min(capacity));
    let mut end = limit;
    let mut out = Vec::new();
    for area in areas.iter() {
        let from = area.offset.get().max(start);
        let to = area.end().get().min(limit);
        if from >= to {
            continue;
        }
        if out.len() == most {
            // The answer speaks about everything before the area that no longer fits.
            end = from;
            break;
        }
        out.push(Obj::new("DiskChangeExtent").set("start", from).set("length", to - from));
    }
    Obj::new("DiskChangeInfo")
        .set("startOffset", start)
        .set("length", end - start)
        .set("changedArea", Value::list("DiskChangeExtent", out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(info: &Obj) -> (i64, i64, Vec<(i64, i64)>) {
        let long = |v: Option<&Value>| if let Some(Value::Long(n)) = v { *n } else { -1 };
        let Some(Value::List(_, items)) = info.get("changedArea") else { return (0, 0, vec![]) };
        let areas = items.iter().map(|i| match i {
            Value::Obj(o) => (long(o.get("start")), long(o.get("length"))),
            _ => (-1, -1),
        });
        (long(info.get("startOffset")), long(info.get("length")), areas.collect())
    }

    #[test]
    fn pages_join_to_the_whole_disk() {
        let areas: ExtentSet = (0..10u64).map(|n| Extent::new(n * 200, 100)).collect();
        for (window, most) in [(None, 3), (Some(50), 100), (Some(430), 2), (None, 100)] {
            let (mut at, mut seen) = (0, ExtentSet::new());
            while at < 5000 {
                let (start, length, found) = numbers(&page(&areas, at, 5000, window, most));
                assert_eq!(u64::try_from(start).unwrap(), at);
                assert!(length > 0 && found.len() <= most);
                for (s, l) in found {
                    assert!(s >= start && s + l <= start + length);
                    seen.insert(Extent::new(u64::try_from(s).unwrap(), u64::try_from(l).unwrap()));
                }
                at += u64::try_from(length).unwrap();
            }
            assert_eq!((at, &seen), (5000, &areas), "window {window:?}, most {most}");
        }
    }
}
