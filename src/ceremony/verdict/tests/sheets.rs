//! Sheets that a printer makes, against the plan.

use super::counters::of_shares;
use super::*;

/// A plan that gives out shares by a printer.
fn printing() -> Plan {
    let print = format!(
        "[machine]\nprint = [\"/usr/bin/lp\"]\nprint-sha256 = \"{}\"",
        "09".repeat(32)
    );
    of_shares(&filled(3).replacen("[machine]", &print, 1), "")
}

fn is_sheet(event: &Event) -> bool {
    matches!(event, Event::Printed { .. } | Event::NotPrinted { .. })
}

#[test]
fn each_share_that_is_typed_back_was_printed_or_written_by_hand() {
    let plan = printing();
    let all = events(&plan);
    judged(&plan, &all).unwrap();
    let at: Vec<_> = (0..all.len()).filter(|at| is_sheet(&all[*at])).collect();
    assert_eq!(at.len(), 3);
    for at in at {
        let Event::Printed { step, ask, by, .. } = all[at].clone() else {
            panic!("{:?}", all[at]);
        };
        let mut dropped = all.clone();
        dropped.remove(at);
        let fault = judged(&plan, &dropped).unwrap_err().to_string();
        assert!(fault.contains("what became of the sheet"), "{fault}");
        let mut by_hand = all.clone();
        by_hand[at] = Event::NotPrinted {
            step: step.clone(),
            ask: ask.clone(),
            by: by.clone(),
            why: "written by hand".to_owned(),
        };
        judged(&plan, &by_hand).unwrap();
        for (ask, by, program) in [
            ("share 9", by.as_str(), "/usr/bin/lp"),
            (&ask, "Mallory", "/usr/bin/lp"),
            (&ask, &by, "/usr/bin/cat"),
        ] {
            let mut other = all.clone();
            other[at] = Event::Printed {
                step: step.clone(),
                ask: ask.to_owned(),
                by: by.to_owned(),
                program: program.to_owned(),
            };
            let fault = judged(&plan, &other).unwrap_err();
            assert!(matches!(fault, VerdictFault::Foreign { .. }), "{fault}");
        }
    }
}

#[test]
fn a_plan_without_a_printer_has_no_sheet_of_one() {
    let plan = of_shares(&filled(3), "");
    let mut all = events(&plan);
    judged(&plan, &all).unwrap();
    let typed = all
        .iter()
        .position(|event| matches!(event, Event::TypedBack { .. }));
    let Event::TypedBack { step, ask, by } = all[typed.unwrap()].clone() else {
        panic!();
    };
    let why = "a lie".to_owned();
    all.insert(typed.unwrap(), Event::NotPrinted { step, ask, by, why });
    let fault = judged(&plan, &all).unwrap_err();
    assert!(matches!(fault, VerdictFault::Foreign { .. }), "{fault}");
}

#[test]
fn what_prints_has_the_hash_of_the_plan() {
    let plan = printing();
    let mut all = events(&plan);
    for event in &mut all {
        if let Event::Fact { name, value, .. } = event
            && name == "printer /usr/bin/lp"
        {
            *value = hex(&[8; 32]);
        }
    }
    let fault = judged(&plan, &all).unwrap_err();
    assert!(matches!(fault, VerdictFault::Fact { .. }), "{fault}");
}
