//! The protocol under a scheduler that is as unkind as it can be: backups, collections, deletions
//! and restores on one repository, any of them asleep or dead between any two calls.
//!
//! A seed decides who goes on when. `KURAMORI_SEEDS=FROM..TO` runs others than the usual ones.

mod turn;
mod world;

use kuramori_repo::Guard;

use self::world::run;

/// Runs seeds; returns the first that breaks an invariant, and how.
fn first_violation(seeds: std::ops::Range<u64>, without: Option<Guard>) -> Option<(u64, String)> {
    seeds.into_iter().find_map(|seed| run(seed, without).err().map(|how| (seed, how)))
}

fn seeds(usual: std::ops::Range<u64>) -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("KURAMORI_SEEDS") else { return usual };
    let (from, to) = text.split_once("..").expect("KURAMORI_SEEDS is FROM..TO");
    from.parse().expect("a number")..to.parse().expect("a number")
}

macro_rules! thousand {
    ($($name:ident: $seeds:expr;)*) => {$(
        #[test]
        fn $name() {
            let found = first_violation(seeds($seeds), None);
            assert!(found.is_none(), "seed and violation: {found:?}");
        }
    )*};
}

thousand! {
    no_seed_loses_a_recovery_point_1: 0..500;
    no_seed_loses_a_recovery_point_2: 500..1000;
    no_seed_loses_a_recovery_point_3: 1000..1500;
    no_seed_loses_a_recovery_point_4: 1500..2000;
}

/// A rule that can be left out without being missed is no rule, or the simulator is blind.
macro_rules! without {
    ($($name:ident: $guard:ident;)*) => {$(
        #[test]
        fn $name() {
            let found = first_violation(0..3000, Some(Guard::$guard));
            println!("{found:?}");
            assert!(found.is_some(), "{:?} was left out and nobody noticed", Guard::$guard);
        }
    )*};
}

without! {
    plans_read_before_the_open_record_are_noticed: OpenBeforePlans;
    referring_to_condemned_packs_is_noticed: AvoidCondemned;
    committing_over_an_outcome_is_noticed: OutcomeRegister;
    listing_sessions_before_the_plan_is_noticed: PlanBeforeSessions;
    ignoring_open_sessions_is_noticed: Revoke;
    not_looking_again_is_noticed: MarkAgain;
    deciding_over_an_abort_is_noticed: FinalRegister;
}
