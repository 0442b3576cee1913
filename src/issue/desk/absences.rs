//! Which devices have sessions that are lost, and since when they were seen again.

use std::collections::BTreeMap;

/// By the number of the device.
#[derive(Debug, Default)]
pub(super) struct Absences(BTreeMap<usize, Absence>);

#[derive(Debug, Default)]
struct Absence {
    /// How many of its sessions are lost.
    sessions: usize,
    /// How often one of them came back.
    sightings: u64,
}

impl Absences {
    /// A session is lost; says whether it is the only one of its device that is.
    pub(super) fn lost(&mut self, device: usize) -> bool {
        let absence = self.0.entry(device).or_default();
        absence.sessions += 1;
        absence.sessions == 1
    }

    /// A session is back; says whether all of its device are.
    pub(super) fn back(&mut self, device: usize) -> bool {
        let absence = self.0.entry(device).or_default();
        absence.sessions = absence.sessions.saturating_sub(1);
        absence.sightings += 1;
        absence.sessions == 0
    }

    /// How often the device was seen again: whoever looks for it needn't wait once that changes.
    pub(super) fn sightings(&self, device: usize) -> u64 {
        self.0.get(&device).map_or(0, |absence| absence.sightings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_lost_with_its_first_session_and_back_with_its_last() {
        let mut absences = Absences::default();
        assert!(absences.lost(0) && absences.lost(1) && !absences.lost(0));
        let before = absences.sightings(0);
        assert!(!absences.back(0));
        assert_ne!(absences.sightings(0), before);
        assert!(absences.back(0) && absences.lost(0));
        assert_eq!(absences.sightings(1), 0);
    }
}
