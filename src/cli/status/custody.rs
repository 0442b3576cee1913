//! Devices that shares open: those that a run left half way, and those that old shares open still.

use super::finding::Finding;
use crate::cli::base::monitoring::State;
use crate::ledger::{Ledger, LedgerError, OpenedDevice};

/// What is to be done about them.
pub(super) fn findings(ledger: &Ledger) -> Result<Vec<Finding>, LedgerError> {
    let known = ledger.opened_devices()?;
    let newest = known.next_generation().saturating_sub(1);
    let devices = known.devices();
    Ok(devices
        .filter_map(|(name, device)| finding(name, device, newest))
        .collect())
}

fn finding(name: &str, device: &OpenedDevice, newest: u32) -> Option<Finding> {
    if let Some(about) = device.about_to_be {
        let words = format!("{name}: a run was cut short that gave it {about}");
        let way = "run `punchmark ceremony unlock` or `reshare` again: it goes on there";
        return Some(Finding::new(State::Warning, words).way(way));
    }
    let by = device.opened_by.filter(|by| by.generation < newest)?;
    let words = format!(
        "{name}: the shares of generation {} open it still",
        by.generation
    );
    let way = "keep those shares until `punchmark ceremony reshare` has changed it";
    Some(Finding::new(State::Warning, words).way(way))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Derivation;

    #[test]
    fn what_is_half_way_or_old_is_told_and_nothing_else() {
        let by = |generation, counter| Derivation {
            generation,
            counter,
        };
        let device = |opened_by, about_to_be| OpenedDevice {
            serial: "7".to_owned(),
            opened_by,
            about_to_be,
        };
        let told = |device: &OpenedDevice| finding("card", device, 2).map(|found| found.words);
        assert_eq!(told(&device(Some(by(2, 5)), None)), None);
        let half = told(&device(Some(by(1, 1)), Some(by(2, 1)))).unwrap();
        assert!(half.contains("generation 2, counter 1"), "{half}");
        let old = told(&device(Some(by(1, 3)), None)).unwrap();
        assert!(old.contains("generation 1 open it still"), "{old}");
    }
}
