//! The protocol under a scheduler that is as unkind as it can be: backups, collections, deletions
//! and restores on one repository, any of them asleep or dead between any two calls.
//!
//! A seed decides who goes on when. `KURAMORI_SEEDS=FROM..TO` runs others than the usual ones.

mod turn;
mod world;

use kuramori_repo::Guard;

#[cfg(unix)]
pub(crate) use self::turn::Rng;
use self::world::{Crowd, run};

/// Runs seeds; returns the first that breaks an invariant, and how.
fn first_violation(
    seeds: std::ops::Range<u64>,
    crowd: Crowd,
    without: Option<Guard>,
) -> Option<(u64, String)> {
    seeds.into_iter().find_map(|seed| run(seed, crowd, without).err().map(|how| (seed, how)))
}

fn seeds(usual: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("KURAMORI_SEEDS") else { return usual };
    let (from, to) = text.split_once("..").expect("KURAMORI_SEEDS is FROM..TO");
    from.parse().expect("a number")..to.parse().expect("a number")
}

macro_rules! thousand {
    ($($name:ident: $crowd:ident $seeds:expr;)*) => {$(
        #[test]
        fn $name() {
            let found = first_violation(seeds($seeds), Crowd::$crowd, None);
            assert!(found.is_none(), "seed and violation: {found:?}");
        }
    )*};
}

thousand! {
    no_seed_loses_a_recovery_point_1: Mixed 0..500;
    no_seed_loses_a_recovery_point_2: Mixed 500..1000;
    no_seed_loses_a_recovery_point_3: Mixed 1000..1500;
    no_seed_loses_a_recovery_point_4: Mixed 1500..2000;
    no_seed_disturbs_a_reader: Readers 0..300;
}

/// A rule that can be left out without being missed is no rule, or the simulator is blind.
macro_rules! without {
    ($($name:ident: $crowd:ident $guard:ident;)*) => {$(
        #[test]
        fn $name() {
            let found = first_violation(0..3000, Crowd::$crowd, Some(Guard::$guard));
            println!("{found:?}");
            assert!(found.is_some(), "{:?} was left out and nobody noticed", Guard::$guard);
        }
    )*};
}

without! {
    plans_read_before_the_open_record_are_noticed: Mixed OpenBeforePlans;
    referring_to_condemned_packs_is_noticed: Mixed AvoidCondemned;
    committing_over_an_outcome_is_noticed: Mixed OutcomeRegister;
    listing_sessions_before_the_plan_is_noticed: Mixed PlanBeforeSessions;
    ignoring_open_sessions_is_noticed: Mixed Revoke;
    not_looking_again_is_noticed: Mixed MarkAgain;
    forgetting_who_reads_is_noticed: Readers KeepForReaders;
    deciding_over_an_abort_is_noticed: Mixed FinalRegister;
}
