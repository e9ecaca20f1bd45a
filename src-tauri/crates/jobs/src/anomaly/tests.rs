use proptest::prelude::*;

use super::*;

const MIB: u64 = 1 << 20;

/// New mebibytes of which compression leaves so many per mille, on a disk with 2 GiB in use.
fn change(mib: u64, packed: u64) -> Change {
    Change { new: mib * MIB, stored: (mib * MIB * packed).div_ceil(1000), used: 2048 * MIB }
}

fn quiet() -> Vec<Change> {
    (0..14).map(|n| change(18 + n % 5, 400 + n * 7)).collect()
}

fn is_unusual(before: &[Change], now: Change) -> bool {
    matches!(judge(before, now), Verdict::Unusual(_))
}

#[test]
fn much_that_does_not_compress_is_unusual_and_neither_sign_is_alone() {
    let quiet = quiet();
    assert!(is_unusual(&quiet, change(400, 990)), "a fifth of the disk encrypted");
    assert!(!is_unusual(&quiet, change(400, 450)), "many new files");
    assert!(!is_unusual(&quiet, change(400, 740)), "half of them packed already");
    assert!(!is_unusual(&quiet, change(75, 1000)), "less than four times as much");
    let Verdict::Unusual(why) = judge(&quiet, change(400, 990)) else { unreachable!("it is") };
    assert_eq!((why.new / MIB, why.usual / MIB), (400, 20));
    assert_eq!((why.packed, why.usually_packed), (990, 445));
}

#[test]
fn nothing_is_said_before_seven_runs_and_only_the_last_fourteen_count() {
    let quiet = quiet();
    let bad = change(400, 1000);
    assert_eq!(judge(&quiet[..LEARNING - 1], bad), Verdict::Learning);
    assert!(is_unusual(&quiet[..LEARNING], bad));
    let loud: Vec<_> = (0..50).map(|_| change(300, 1000)).chain(quiet).collect();
    assert!(is_unusual(&loud, bad), "what it was like before does not count");
}

#[test]
fn a_disk_that_hardly_changes_is_not_unusual_for_a_few_megabytes() {
    let silent = vec![change(0, 0); 14];
    let small = Change { new: MIB, stored: MIB, used: 2048 * MIB };
    assert!(!is_unusual(&silent, small));
    let barely: Vec<_> = (0..14).map(|_| Change { new: 64 << 10, ..change(0, 0) }).collect();
    assert!(!is_unusual(&barely, change(50, 1000)), "a large download on a quiet disk");
    assert!(is_unusual(&barely, change(400, 1000)));
    let tiny = Change { new: 4 * MIB, stored: 4 * MIB, used: 20 * MIB };
    assert!(!is_unusual(&barely, tiny), "a fifth of a tiny disk");
}

#[test]
fn a_disk_that_always_gets_what_is_packed_says_nothing_by_it() {
    let videos: Vec<_> = (0..14).map(|_| change(20, 970)).collect();
    assert!(!is_unusual(&videos, change(400, 1000)));
}

fn any_change() -> impl Strategy<Value = Change> {
    (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(new, stored, used)| Change {
        new,
        stored,
        used,
    })
}

proptest! {
    #[test]
    fn any_numbers_are_judged(
        before in prop::collection::vec(any_change(), 0..40),
        now in any_change(),
    ) {
        let verdict = judge(&before, now);
        prop_assert_eq!(verdict == Verdict::Learning, before.len() < LEARNING);
        if let Verdict::Unusual(why) = verdict {
            prop_assert!(u128::from(why.new) > 4 * u128::from(why.usual));
            prop_assert!(why.packed > why.usually_packed);
        }
    }

    #[test]
    fn more_of_either_sign_never_calms(
        mib in 8u64..2000, packed in 0u64..1000, more in 0u64..500, denser in 0u64..500,
    ) {
        let quiet = quiet();
        let worse = change(mib + more, (packed + denser).min(1000));
        prop_assert!(!is_unusual(&quiet, change(mib, packed)) || is_unusual(&quiet, worse));
    }
}
