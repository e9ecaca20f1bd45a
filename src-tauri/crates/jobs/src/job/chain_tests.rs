//! Jobs that follow each other never end up in a circle.

use std::collections::BTreeSet;

use chrono_tz::Tz;
use proptest::prelude::*;

use super::{Job, JobError, JobSchedule, When};
use crate::retention::{KeepFor, Spans};
use crate::{JobId, ScheduleId};

const JOBS: usize = 7;

fn job(name: usize) -> Job {
    Job {
        id: JobId::random(),
        name: name.to_string(),
        work: serde_json::Value::Null,
        schedules: Vec::new(),
        spans: Spans { last: 1, ..Spans::default() },
        zone: Tz::UTC,
        paused: None,
        retries: Vec::new(),
        catch_up_hours: 12,
        rpo_minutes: None,
    }
}

/// Takes away, again and again, whoever follows nobody that is left. What is left goes in circles.
fn is_circular(follows: &[BTreeSet<usize>]) -> bool {
    let mut left: BTreeSet<usize> = (0..follows.len()).collect();
    loop {
        let free = |n: &usize| follows[*n].is_disjoint(&left);
        let Some(next) = left.iter().copied().find(free) else { return !left.is_empty() };
        left.remove(&next);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_change_is_refused_when_and_only_when_it_closes_a_circle(
        changes in prop::collection::vec((0..JOBS, prop::collection::btree_set(0..JOBS, 0..3)), 1..24),
    ) {
        let mut jobs: Vec<Job> = (0..JOBS).map(job).collect();
        let mut follows = vec![BTreeSet::new(); JOBS];
        for (which, before) in changes {
            let mut wished = follows.clone();
            wished[which].clone_from(&before);
            let after = before.iter().map(|n| JobSchedule {
                id: ScheduleId::random(),
                when: When::After { job: jobs[*n].id, only_success: true },
                keep: Some(KeepFor::Days(7)),
            });
            let changed = Job { schedules: after.collect(), ..jobs[which].clone() };
            match changed.check(&jobs) {
                Ok(()) => {
                    prop_assert!(!is_circular(&wished));
                    jobs[which] = changed;
                    follows = wished;
                }
                Err(JobError::Circle { names }) => {
                    prop_assert!(is_circular(&wished));
                    prop_assert_eq!(names.first(), names.last());
                    prop_assert_eq!(names.first(), Some(&jobs[which].name));
                }
                Err(other) => prop_assert!(false, "{}", other),
            }
        }
    }
}
