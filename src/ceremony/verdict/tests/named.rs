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
