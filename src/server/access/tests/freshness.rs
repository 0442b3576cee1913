//! How old a list may be, and who gets in all the same.

use super::*;

fn at(now: u64, refreshed: Option<u64>) -> Moment<'static> {
    Moment {
        now,
        refreshed: refreshed.into(),
        ..moment()
    }
}

fn outcome(list: &str, names: &[&str], moment: &Moment<'_>) -> Decision {
    let presented = Presented::from_blob(&certificate::user(names)).unwrap();
    decision_at(list, &presented, "root", "a", moment).unwrap()
}

fn lets_in(list: &str, name: &str, moment: &Moment<'_>) -> bool {
    matches!(outcome(list, &[name], moment).outcome, Outcome::Line { .. })
}

const LIST: &str =
    "@version 1000000\n@stale 7d @ops,erik\n@group ops = anna\nanna,erik,peter root *\n";
const WEEK: u64 = 7 * 86_400;

#[test]
fn from_a_list_that_is_too_old_only_the_exceptions_get_in() {
    let old = at(1_000_001 + WEEK, None);
    assert!(lets_in(LIST, "anna", &old) && lets_in(LIST, "erik", &old));
    assert!(!lets_in(LIST, "peter", &old));
    assert!(lets_in(LIST, "peter", &at(1_000_000 + WEEK, None)));
    let decision = outcome(LIST, &["peter"], &old);
    let stale = Staleness::Old { age: WEEK + 1 };
    assert_eq!(decision.outcome, Outcome::Nothing(Why::Stale(stale)));
    assert_eq!(decision.stale, Some(stale));
}

#[test]
fn another_name_of_an_exception_is_none_itself() {
    let list =
        "@version 1000000\n@stale 7d anna\npeter root * restrict\nanna root *\n!carl root *\n";
    let old = at(1_000_001 + WEEK, None);
    let printed = |names: &[&str]| match outcome(list, names, &old).outcome {
        Outcome::Line { printed, .. } => printed,
        Outcome::Nothing(why) => why.to_string(),
    };
    assert_eq!(printed(&["anna", "peter"]), "anna");
    // A denial reaches every name.
    assert_eq!(printed(&["anna", "carl"]), "line 5 denies carl");
}

#[test]
fn a_refresh_prolongs_and_the_newer_of_the_two_counts() {
    let now = 1_000_001 + WEEK;
    assert!(lets_in(LIST, "peter", &at(now, Some(now - 60))));
    assert!(!lets_in(LIST, "peter", &at(now, Some(5))));
}

#[test]
fn a_list_that_is_reviewed_is_as_fresh_as_when_it_is_published() {
    let reviewed = |now| Moment {
        refreshed: Refreshed::AsPublished,
        ..at(now, None)
    };
    let ca = certificate::fingerprint(certificate::CA);
    let written = LIST.replace("@version 1000000", &format!("@fresh {ca}"));
    for list in [LIST, &written] {
        for now in [5, 1_000_000, 1_000_001 + WEEK] {
            assert!(lets_in(list, "peter", &reviewed(now)), "{list} {now}");
        }
    }
    assert!(!lets_in(&written, "peter", &at(1_000_000, None)));
}

#[test]
fn a_clock_behind_the_list_counts_as_too_old_beyond_five_minutes() {
    assert!(lets_in(LIST, "peter", &at(1_000_000 - 300, None)));
    let behind = at(1_000_000 - 301, None);
    assert!(!lets_in(LIST, "peter", &behind) && lets_in(LIST, "anna", &behind));
    let said = outcome(LIST, &["anna"], &behind).stale;
    assert_eq!(said, Some(Staleness::ClockBehind { seconds: 301 }));
    // Without `@stale`, no age matters.
    let without = LIST.replace("@stale 7d @ops,erik\n", "");
    assert!(lets_in(&without, "peter", &behind));
}

#[test]
fn a_list_whose_age_nothing_tells_can_not_be_stale() {
    assert!(wrong("@stale 7d\npeter root *\n").contains("neither `@version` nor `@fresh`"));
    let fresh = certificate::fingerprint(b"key");
    let list = format!("@fresh {fresh}\n@stale 7d anna\nanna,peter root *\n");
    assert!(!lets_in(&list, "peter", &at(NOW, None)) && lets_in(&list, "anna", &at(NOW, None)));
    assert!(lets_in(&list, "peter", &at(NOW, Some(NOW))));
    let nobody = format!("@fresh {fresh}\n@stale 7d\npeter root *\n");
    assert!(!lets_in(&nobody, "peter", &at(NOW, None)));
}
