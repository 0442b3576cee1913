//! A first item that is refused late: another test certificate, which people read before anything is signed.

use super::*;

/// A run that signs, with another test certificate before the first real one; people are asked again, or not.
fn with_another_test(plan: &Plan, is_asked: bool) -> Vec<Event> {
    let bundle = plan.bundle(0).unwrap();
    let all = events(plan);
    let signs =
        |event: &Event| matches!(event, Event::Fact { name, .. } if *name == signed_fact(bundle));
    let at = all.iter().position(signs).unwrap();
    let asked = all[..at]
        .iter()
        .rposition(|event| matches!(event, Event::Done { .. }));
    let step = all[at].step().unwrap().to_owned();
    let fact = |name: String, value: &str| Event::Fact {
        step: step.clone(),
        name,
        value: value.to_owned(),
    };
    let file = bundle.test_certificate();
    let mut other = all[..at].to_vec();
    other.extend([
        fact(tested_fact(bundle), "item 2"),
        fact(lint_fact(&file), "no finding"),
        Event::File {
            step: step.clone(),
            name: file,
            sha256: hex(&[4; 32]),
        },
    ]);
    if is_asked {
        other.push(Event::GoOn { cut: 0 });
        other.extend(clocks_again(plan, &all[..at]));
        other.extend_from_slice(&all[asked.unwrap() + 1..at]);
    }
    other.extend_from_slice(&all[at..]);
    other
}

#[test]
fn nothing_is_signed_as_a_test_certificate_says_that_nobody_was_asked_about() {
    let plan = of_bundles();
    judged(&plan, &with_another_test(&plan, true)).unwrap();
    let fault = judged(&plan, &with_another_test(&plan, false)).unwrap_err();
    assert!(
        fault
            .to_string()
            .contains("who read another test certificate"),
        "{fault}"
    );
    // And a lint stands before each.
    for at in 0..2 {
        let mut less = with_another_test(&plan, true);
        let is_lint =
            |event: &Event| matches!(event, Event::Fact { name, .. } if name.starts_with("lint "));
        let lints: Vec<_> = (0..less.len()).filter(|at| is_lint(&less[*at])).collect();
        less.remove(lints[at]);
        let fault = judged(&plan, &less).unwrap_err();
        assert!(matches!(fault, VerdictFault::Missing { .. }), "{fault}");
    }
}
