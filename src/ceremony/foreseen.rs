//! What of a plan shows only beside the clock and the config: told before anybody is called together.

mod before;
mod ends;

use self::before::before;
use self::ends::ends;
use super::key_place;
use super::plan::{Plan, PlanFault, PlanFaults, in_lines};
use crate::config::{Config, LedgerKeyPlace};
use crate::signer::Locator;

/// Holds a plan, which has this text, against the time, in Unix seconds, and the config of the CA, where that is
/// there.
///
/// # Errors
/// [`PlanFaults`], all of them.
pub fn foreseen(
    (plan, text): (&Plan, &str),
    now: u64,
    config: Option<&Config>,
) -> Result<(), PlanFaults> {
    let mut faults = Vec::new();
    emergencies_over(plan, now, &mut faults);
    if let Some(config) = config {
        faults.extend(ledger_key_elsewhere(plan, config));
        faults.extend(before(plan, config));
        faults.extend(ends(plan, config, now));
    }
    if faults.is_empty() {
        return Ok(());
    }
    in_lines(&mut faults, text);
    Err(faults.into())
}

/// A certificate that is over lets nobody in. Of a plan whose window is over nothing is expected any more.
fn emergencies_over(plan: &Plan, now: u64, faults: &mut Vec<PlanFault>) {
    let theft = plan.compromise();
    let theft = theft.filter(|_| now < plan.window.1.seconds());
    let emergencies = theft.into_iter().flat_map(|theft| &theft.emergencies);
    for (number, one) in (1..).zip(emergencies) {
        if one.validity.valid_before() <= now {
            let words = "is over already, and lets nobody in: give a later time, and have all review the plan again";
            faults.push(PlanFault::at(&format!("emergency {number}, until"), words));
        }
    }
}

/// The ledger key signs what was done: without its device in the room, a ceremony has no end.
pub(super) fn ledger_key_elsewhere(plan: &Plan, config: &Config) -> Option<PlanFault> {
    plan.ledger.as_ref()?;
    let words = match config.ledger_key() {
        Some(LedgerKeyPlace::Device(locator)) if is_in_room(plan, &locator) => return None,
        Some(LedgerKeyPlace::Device(locator)) => format!(
            "none is that of the ledger key, {locator}, which signs the transcript: name it in a [[device]]"
        ),
        Some(LedgerKeyPlace::File(_)) => {
            "the ledger key of the config is a file, and a ceremony wants one in a device: \
             `punchmark ledger key roll` goes on to one"
                .to_owned()
        }
        None => {
            "the config names no ledger key, which signs the transcript: write `ledger-key`, and \
                 `punchmark ledger key add` it"
                .to_owned()
        }
    };
    Some(PlanFault::at("device", words))
}

fn is_in_room(plan: &Plan, key: &Locator) -> bool {
    let mut devices = plan.devices.iter();
    devices.any(|device| key_place::narrowed(key, device).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::tests::filled_after_a_theft;

    #[test]
    fn a_certificate_that_is_over_before_it_is_signed_is_told_with_its_line() {
        let text = filled_after_a_theft();
        let plan = Plan::parse(text.as_bytes()).unwrap();
        let theft = plan.compromise().unwrap();
        let over = theft.emergencies[0].validity.valid_before();
        foreseen((&plan, &text), plan.window.0.seconds(), None).unwrap();
        // The window is as long as the certificate here: what is over is expected no more.
        foreseen((&plan, &text), over, None).unwrap();
        let (before, emergency) = text.split_once("[[emergency]]").unwrap();
        let emergency = emergency.replace("T18:00Z", "T17:00Z");
        let shorter = format!("{before}[[emergency]]{emergency}");
        let plan = Plan::parse(shorter.as_bytes()).unwrap();
        let faults = foreseen((&plan, &shorter), over - 3600, None).unwrap_err();
        let told = faults.all()[0].to_string();
        assert!(told.starts_with("line "), "{told}");
        assert!(
            told.contains("emergency 1, until: is over already"),
            "{told}"
        );
    }
}
