//! What lint says of roles beside each other.

use super::*;
use crate::policy::lint::{Finding, Oddity, lint};

/// So many roles, each with a pattern of its own and another forced address.
fn roles(count: u32, pattern: impl Fn(u32) -> String) -> Policy {
    let roles = (0..count).map(|number| {
        let [_, a, b, c] = number.to_be_bytes();
        let text = format!(
            "ca = \"users\"\nrequesters = [\"*\"]\nprincipals = [\"{}\"]\n\
             storage = \"mark\"\nlifetime = {{ default = \"8h\", maximum = \"8h\" }}\n\
             critical-options = {{ forced = {{ source-address = \"10.{a}.{b}.{c}/32\" }} }}",
            pattern(number)
        );
        named(&format!("role{number}"), &text)
    });
    Policy::new(suffixes(), roles)
}

fn others(found: &[Finding], number: u32) -> usize {
    let name = format!("role{number}");
    let of_role = found.iter().filter(|finding| {
        let role = finding.role.as_ref();
        role.is_some_and(|role| role.as_str() == name)
    });
    of_role
        .filter(|finding| {
            matches!(
                finding.oddity,
                Oddity::OtherForced { .. } | Oddity::ManyOthers
            )
        })
        .count()
}

#[test]
fn of_thousands_of_roles_only_those_that_meet_are_told_and_only_some_of_many() {
    let apart = roles(3_000, |number| format!("team{number:04}-*"));
    let found = lint(&apart, &["users"], &[]);
    assert_eq!(others(&found, 0) + others(&found, 2_999), 0);
    let together = roles(3_000, |number| format!("*-team{number:04}-*"));
    let found = lint(&together, &["users"], &[]);
    assert_eq!(others(&found, 0), 17);
    assert_eq!(others(&found, 2_999), 17);
    let few = roles(3, |_| "*".to_owned());
    assert_eq!(others(&lint(&few, &["users"], &[]), 0), 2);
}

#[test]
fn roles_that_force_the_same_are_not_told_of_each_other() {
    let same = |name: &str| named(name, ENGINEER);
    let policy = Policy::new(suffixes(), [same("one"), same("two")]);
    let found = lint(&policy, &["users"], &[]);
    let other = found
        .iter()
        .any(|finding| matches!(finding.oddity, Oddity::OtherForced { .. }));
    assert!(!other, "{found:?}");
}
