//! What devices are left with that shares opened, against the plan.

use super::*;
use crate::ceremony::plan::tests::{filled_to_drill, filled_to_retire};

/// A plan whose token shares open since an earlier ceremony.
pub(super) fn of_shares(text: &str, rotate: &str) -> Plan {
    let text = text
        .replace("pins         = \"are-set\"", "pins         = \"shares\"")
        .replace("pin-envelope = \"E1\"", "")
        .replace("two-roles      = false", "two-roles      = true")
        .replace("\"administrator\"]", "\"administrator\", \"custodian\"]")
        .replace("\"witness\"]", "\"witness\", \"custodian\"]");
    let custody = format!(
        "\n[custody]\nthreshold = 2\ncustodians = [\"Anna\", \"Bob\", \"Cem\"]\n\
         envelopes = [\"S1\", \"S2\", \"S3\"]\n{rotate}\n"
    );
    Plan::parse((text + &custody).as_bytes()).unwrap()
}

fn left_with(plan: &Plan, words: &str) -> bool {
    let mut events = events(plan);
    let fact = events.iter_mut().find_map(|event| match event {
        Event::Fact { name, value, .. } if name == "opened by root" => Some(value),
        _ => None,
    });
    words.clone_into(fact.unwrap());
    judged(plan, &events).is_ok()
}

#[test]
fn a_device_has_the_next_counter_unless_the_plan_keeps_it() {
    let next = "generation 1, counter 2";
    let kept = "generation 1, counter 1, kept";
    let missing = "MISSING: generation 1, counter 1, kept";
    let reset = "nothing: the card was reset";
    for (text, rotate, fits) in [
        (filled_to_drill(), "", &[next, missing][..]),
        (filled_to_drill(), "rotate = true", &[next, missing]),
        (filled_to_drill(), "rotate = false", &[kept]),
        (filled_to_retire(), "", &[next]),
        (filled_to_retire(), "rotate = false", &[kept]),
    ] {
        let plan = of_shares(&text, rotate);
        for words in [next, kept, missing, reset, "", "generation 1", "2"] {
            let is_taken = left_with(&plan, words);
            assert_eq!(is_taken, fits.contains(&words), "{rotate:?} {words:?}");
        }
    }
}

#[test]
fn what_is_made_here_is_not_changed_here() {
    let text = crate::ceremony::plan::tests::filled_for_shares();
    assert!(
        !Plan::parse(text.as_bytes())
            .unwrap()
            .custody
            .unwrap()
            .rotates
    );
    let text = text.replace("threshold = 2", "threshold = 2\nrotate = true");
    let faults = Plan::parse(text.as_bytes()).unwrap_err();
    let faults: Vec<_> = faults.all().iter().map(ToString::to_string).collect();
    let faults = faults.join("\n");
    assert!(
        faults.contains("custody, rotate: is of ceremonies on a ledger"),
        "{faults}"
    );
}
