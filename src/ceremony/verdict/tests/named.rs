//! Facts by names that no step tells of.

use super::*;

#[test]
fn a_fact_of_another_name_is_found() {
    for plan in [plan(), of_bundles()] {
        let all = events(&plan);
        for at in 0..all.len() {
            let mut changed = all.clone();
            let Event::Fact { name, .. } = &mut changed[at] else {
                continue;
            };
            name.push('?');
            changed.insert(at, all[at].clone());
            let fault = judged(&plan, &changed).unwrap_err();
            let is_it =
                matches!(&fault, VerdictFault::ForeignFact { name, .. } if name.ends_with('?'));
            assert!(is_it, "{fault}");
        }
    }
}

#[test]
fn a_bundle_is_decided_as_of_the_line_that_tells_so() {
    let plan = of_bundles();
    let all = events(&plan);
    for (then, is_taken) in [
        ("2026-12-01T08:00:00Z", true),
        ("2026-12-01T07:59:00Z", true),
        ("2026-12-01T07:58:59Z", false),
        ("2026-12-01T08:00:01Z", false),
        ("2027-12-01T08:00:00Z", false),
    ] {
        let mut changed = all.clone();
        for event in &mut changed {
            if let Event::Fact { name, value, .. } = event
                && name.starts_with("decided at ")
            {
                then.clone_into(value);
            }
        }
        match judged(&plan, &changed) {
            Ok(_) => assert!(is_taken, "{then}"),
            Err(VerdictFault::Fact { name, .. }) => {
                assert!(!is_taken && name.starts_with("decided at "), "{then}");
            }
            Err(fault) => panic!("{then}: {fault}"),
        }
    }
}
