//! Answers about the state of a repository.

use kuramori_app::upkeep::{CheckView, DamageView, HitView, RebuildView, RepairView, StatsView};

use super::{line, size, table};

pub(crate) fn check(check: &CheckView) -> String {
    let mut text = String::new();
    line(&mut text, format_args!("{}", check.verdict));
    for damage in &check.damaged {
        damaged(&mut text, damage);
    }
    for missing in &check.missing {
        line(&mut text, format_args!("{}", missing.text));
    }
    let (packs, bytes) = (check.packs, size(check.pack_bytes));
    line(&mut text, format_args!("{} files, {packs} packs with {bytes}", check.files));
    let proven = match check.proven_since {
        Some(since) => format!("since {}", since.to_rfc3339()),
        None => format!("{} of {packs} packs", check.proven_packs),
    };
    line(&mut text, format_args!("Proven by reading: {proven}"));
    if check.spare_bytes > 0 {
        line(&mut text, format_args!("Used by no recovery point: {}", size(check.spare_bytes)));
    }
    for stranger in &check.strangers {
        line(&mut text, format_args!("Not a file of ours: {stranger}"));
    }
    text
}

fn damaged(text: &mut String, damage: &DamageView) {
    line(text, format_args!("{}: {}", damage.object, damage.reason));
    for hit in &damage.hits {
        line(text, format_args!("  {}", lost(hit)));
    }
}

fn lost(hit: &HitView) -> String {
    let point = hit.point_id.get(..12).unwrap_or_default();
    let time = hit.taken_at.map_or_else(String::new, |time| format!(" of {}", time.to_rfc3339()));
    let Some(disk) = hit.disk else {
        return format!("recovery point {point} {}{time}: all of it", hit.vm_name);
    };
    let range = |r: &kuramori_app::upkeep::RangeView| format!("{} at {}", size(r.len), r.offset);
    let mut ranges: Vec<_> = hit.ranges.iter().take(8).map(range).collect();
    if hit.more || hit.ranges.len() > ranges.len() {
        ranges.push("…".to_owned());
    }
    let (bytes, ranges) = (size(hit.bytes), ranges.join(", "));
    format!("recovery point {point} {}{time}, disk {disk}: {bytes} ({ranges})", hit.vm_name)
}

pub(crate) fn repair(repair: &RepairView) -> String {
    let mut text = String::new();
    for done in &repair.repaired {
        line(&mut text, format_args!("{}: {}", done.object, done.text));
    }
    if repair.healed > 0 {
        line(&mut text, format_args!("{} lost chunks are there again", repair.healed));
    }
    text.push_str(&check(&repair.after));
    text
}

pub(crate) fn rebuild(rebuilt: &RebuildView) -> String {
    let mut text = String::new();
    let RebuildView { packs, chunks, written, removed, .. } = rebuilt;
    line(
        &mut text,
        format_args!(
            "{packs} packs with {chunks} chunks are indexed: {written} index objects written, \
             {removed} removed, {} kept",
            rebuilt.kept
        ),
    );
    for damage in &rebuilt.damaged {
        damaged(&mut text, damage);
    }
    text
}

pub(crate) fn stats(stats: &StatsView) -> String {
    let mut text = String::new();
    let (files, stored) = (stats.files, size(stats.stored));
    line(&mut text, format_args!("{} recovery points, {files} files with {stored}", stats.points));
    let (logical, used) = (size(stats.logical), size(stats.used));
    let saved = ratio(stats.logical, stats.used);
    line(&mut text, format_args!("Would take {logical}, takes {used}: {saved} smaller"));
    let compression = ratio(stats.raw, stats.compressed);
    line(&mut text, format_args!("Compression: {compression} smaller"));
    line(&mut text, format_args!("Used by no recovery point: {}", size(stats.spare)));
    let row = |vm: &kuramori_app::upkeep::VmStatsView| {
        vec![vm.name.clone(), vm.points.to_string(), size(vm.logical), size(vm.alone)]
    };
    let rows: Vec<_> = stats.vms.iter().map(row).collect();
    text.push_str(&table(&["VM", "POINTS", "WOULD TAKE", "ONLY ITS OWN"], &rows));
    text
}

/// Writes how many times one size is the other.
fn ratio(large: u64, small: u64) -> String {
    match u128::from(large).saturating_mul(10).checked_div(u128::from(small)) {
        Some(tenths) => format!("{}.{}×", tenths / 10, tenths % 10),
        None => "–".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::ratio;

    #[test]
    fn ratios_have_one_decimal_and_no_fear_of_nothing() {
        assert_eq!([ratio(25, 10), ratio(10, 10), ratio(0, 7)], ["2.5×", "1.0×", "0.0×"]);
        assert_eq!(ratio(7, 0), "–");
    }
}
