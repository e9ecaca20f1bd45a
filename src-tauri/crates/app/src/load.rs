//! How much reading VMs may take of networks, hosts and datastores, and when.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use chrono::{DateTime, Local, Timelike, Utc};
use kuramori_base::Clock;
use kuramori_engine::{Budget, Budgets, Throttle};

use crate::dto::{ErrorCode, LoadView};
use crate::error::AppError;
use crate::settings::SettingsFile;

const MIB: u64 = 1 << 20;
/// Disks read at once from one host or datastore.
const AT_ONCE: std::ops::RangeInclusive<u8> = 1..=8;

/// Makes the throttle that all runs of this process share. A change of the settings holds at once.
pub(crate) fn throttle(settings: Arc<SettingsFile>, clock: Arc<dyn Clock>) -> Throttle {
    let now = Arc::clone(&clock);
    Throttle::new(clock, move || limit(settings.load(), now.now()))
}

/// Makes the throttle of one run, which may have a limit of its own in MiB a second.
pub(crate) fn throttle_of_run(whole: &Arc<Throttle>, mib: Option<u32>) -> Throttle {
    let limit = mib.and_then(|mib| NonZeroU64::new(u64::from(mib) * MIB));
    Throttle::within(Arc::clone(whole), limit)
}

/// Makes the budgets that all runs of this process share. A change of the settings holds for the
/// next disk.
pub(crate) fn budgets(settings: Arc<SettingsFile>) -> Budgets {
    Budgets::new(move || {
        let load = settings.load();
        let count = |count: u8| NonZeroUsize::new(count.into()).unwrap_or(NonZeroUsize::MIN);
        Budget { per_host: count(load.per_host), per_datastore: count(load.per_datastore) }
    })
}

fn limit(load: LoadView, now: DateTime<Utc>) -> Option<NonZeroU64> {
    let mib = load.limit.filter(|_| holds(load, now.with_timezone(&Local).hour()))?;
    NonZeroU64::new(u64::from(mib) * MIB)
}

/// Whether the limit holds in an hour of the day. Hours may run over midnight.
fn holds(load: LoadView, hour: u32) -> bool {
    let (from, to) = (u32::from(load.from), u32::from(load.to));
    match from.cmp(&to) {
        std::cmp::Ordering::Equal => true,
        std::cmp::Ordering::Less => (from..to).contains(&hour),
        std::cmp::Ordering::Greater => hour >= from || hour < to,
    }
}

/// Refuses what makes no sense.
pub(crate) fn check(load: LoadView) -> Result<(), AppError> {
    if load.limit == Some(0) {
        let what = "limit of 0, which would stop every backup";
        return Err(AppError::new(ErrorCode::InvalidInput, what));
    }
    if ![load.per_host, load.per_datastore].iter().all(|count| AT_ONCE.contains(count)) {
        return Err(AppError::new(
            ErrorCode::InvalidInput,
            "number of disks at once that is not 1 to 8",
        ));
    }
    if load.from > 23 || load.to > 23 {
        return Err(AppError::new(ErrorCode::InvalidInput, "hour after 23"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_may_run_over_midnight_and_equal_ones_mean_all_day() {
        let hours = |from, to| -> Vec<u32> {
            (0..24)
                .filter(|hour| {
                    holds(LoadView { limit: Some(1), from, to, ..LoadView::default() }, *hour)
                })
                .collect()
        };
        assert_eq!(hours(8, 11), [8, 9, 10]);
        assert_eq!(hours(22, 2), [0, 1, 22, 23]);
        assert_eq!(hours(5, 5).len(), 24);
    }

    #[test]
    fn a_limit_is_in_mebibytes_and_zero_is_refused() {
        let load = LoadView { limit: Some(3), ..LoadView::default() };
        assert_eq!(limit(load, DateTime::UNIX_EPOCH).unwrap().get(), 3 << 20);
        assert_eq!(limit(LoadView::default(), DateTime::UNIX_EPOCH), None);
        assert!(check(load).is_ok());
        assert!(check(LoadView { limit: Some(0), ..load }).is_err());
        assert!(check(LoadView { from: 24, ..load }).is_err());
        assert!(check(LoadView { per_host: 0, ..load }).is_err());
        assert!(check(LoadView { per_datastore: 9, ..load }).is_err());
    }
}
