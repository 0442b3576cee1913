//! The entry about a device whose secrets follow from one that custodians hold in shares, and what
//! all of them together say of it.

use std::collections::BTreeMap;

/// Which secret, and which of the many that follow from it, opens a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// The number of the shared secret, from 1: a new one is made when a custodian leaves.
    pub generation: u32,
    /// What is counted up at each session (`docs/formats/device-secrets.md`), from 1.
    pub counter: u32,
}

/// The secrets of a device are about to follow from a shared secret, or do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretsDerived {
    /// The device: a locator of no key, without the module.
    pub device: String,
    /// Its serial number, as the secrets follow from it.
    pub serial: String,
    /// The number of the shared secret.
    pub generation: u32,
    /// The counter.
    pub counter: u32,
    /// What tells the shared secret from another one, and nothing of it.
    pub check: [u8; 32],
    /// How far it came.
    pub set: SecretsSet,
    /// Who was at the keyboard, by the system's word.
    pub keyboard: String,
}

/// How far a device came on its way to other secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretsSet {
    /// It has those of before or these: a run that was cut short tells no more.
    AboutToBe,
    /// It has these, and opened with them; where others were about to be set, they were not.
    Done,
}

/// What the entries so far say of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedDevice {
    /// Its serial number, as the secrets follow from it.
    pub serial: String,
    /// What opened it last; none where that was never seen.
    pub opened_by: Option<Derivation>,
    /// What may open it since: a run was cut short.
    pub about_to_be: Option<Derivation>,
}

/// What the entries so far say of all devices and secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenedDevices {
    /// The check of each generation; the first is that of generation 1.
    checks: Vec<[u8; 32]>,
    devices: BTreeMap<String, OpenedDevice>,
}

impl OpenedDevices {
    /// Whether an entry may follow. In words why not.
    pub(in crate::ledger) fn takes(&self, derived: &SecretsDerived) -> Result<(), &'static str> {
        if derived.device.is_empty() || derived.serial.is_empty() {
            return Err("it names no device");
        }
        self.is_of_its_generation(derived)?;
        let next = derived.derivation();
        let known = self.devices.get(&derived.device);
        if known.is_some_and(|known| known.serial != derived.serial) {
            return Err("the device has another serial number");
        }
        let opened_by = known.and_then(|known| known.opened_by);
        let about_to_be = known.and_then(|known| known.about_to_be);
        match (derived.set, about_to_be) {
            (SecretsSet::AboutToBe, Some(_)) => Err("what was about to be set before has no end"),
            (SecretsSet::AboutToBe, None) if next.follows(opened_by) => Ok(()),
            (SecretsSet::Done, Some(about)) if next == about || Some(next) == opened_by => Ok(()),
            (SecretsSet::Done, None) if next.is_first_of_later(opened_by) => Ok(()),
            _ => Err("its generation and counter don't follow those of before"),
        }
    }

    fn is_of_its_generation(&self, derived: &SecretsDerived) -> Result<(), &'static str> {
        let before = derived.generation.checked_sub(1);
        let before = before.and_then(|before| usize::try_from(before).ok());
        let before = before.ok_or("a generation is 1 or more")?;
        match self.checks.get(before) {
            Some(check) if *check == derived.check => Ok(()),
            Some(_) => Err("its generation has another secret"),
            None if self.checks.contains(&derived.check) => {
                Err("its secret is that of an earlier generation")
            }
            None if before == self.checks.len() => Ok(()),
            None => Err("a generation is left out"),
        }
    }

    /// Takes an entry over, whether or not it may follow.
    pub(in crate::ledger) fn take(&mut self, derived: &SecretsDerived) {
        let number = usize::try_from(derived.generation).ok();
        if number == self.checks.len().checked_add(1) {
            self.checks.push(derived.check);
        }
        let place = self.devices.entry(derived.device.clone());
        let device = place.or_insert_with(|| OpenedDevice {
            serial: derived.serial.clone(),
            opened_by: None,
            about_to_be: None,
        });
        match derived.set {
            SecretsSet::AboutToBe => device.about_to_be = Some(derived.derivation()),
            SecretsSet::Done => {
                device.opened_by = Some(derived.derivation());
                device.about_to_be = None;
            }
        }
    }

    /// The devices, by their locators.
    pub fn devices(&self) -> impl Iterator<Item = (&str, &OpenedDevice)> {
        self.devices
            .iter()
            .map(|(name, device)| (name.as_str(), device))
    }

    /// One of them.
    #[must_use]
    pub fn device(&self, locator: &str) -> Option<&OpenedDevice> {
        self.devices.get(locator)
    }

    /// The generation of the secret with this check.
    #[must_use]
    pub fn generation_of(&self, check: &[u8; 32]) -> Option<u32> {
        let before = self.checks.iter().position(|known| known == check)?;
        u32::try_from(before).ok()?.checked_add(1)
    }

    /// The number that a new secret gets.
    #[must_use]
    pub fn next_generation(&self) -> u32 {
        u32::try_from(self.checks.len()).map_or(u32::MAX, |made| made.saturating_add(1))
    }
}

impl SecretsDerived {
    /// Which secret, and which counter.
    #[must_use]
    pub fn derivation(&self) -> Derivation {
        Derivation {
            generation: self.generation,
            counter: self.counter,
        }
    }
}

impl Derivation {
    /// Whether a device that opened by `before` may get this: a higher counter (what follows from the
    /// next one may be a PIN that no card takes), or the first one of a later secret.
    fn follows(self, before: Option<Self>) -> bool {
        let is_higher = before.is_some_and(|before| {
            self.generation == before.generation && before.counter < self.counter
        });
        is_higher || self.is_first_of_later(before)
    }

    fn is_first_of_later(self, before: Option<Self>) -> bool {
        self.counter == 1 && before.is_none_or(|before| before.generation < self.generation)
    }
}

impl std::fmt::Display for Derivation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "generation {}, counter {}",
            self.generation, self.counter
        )
    }
}

wire!(SecretsDerived: device, serial, generation, counter, check, set, keyboard);
codes!(SecretsSet, "state of secrets", AboutToBe = 1, Done = 2);

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(generation: u32, counter: u32, set: SecretsSet) -> SecretsDerived {
        SecretsDerived {
            device: "yubikey:serial=12345679".to_owned(),
            serial: "12345679".to_owned(),
            generation,
            counter,
            check: [u8::try_from(generation).unwrap(); 32],
            set,
            keyboard: String::new(),
        }
    }

    fn after(entries: &[(u32, u32, SecretsSet)]) -> OpenedDevices {
        let mut known = OpenedDevices::default();
        for (generation, counter, set) in entries {
            let entry = derived(*generation, *counter, *set);
            assert_eq!(known.takes(&entry), Ok(()));
            known.take(&entry);
        }
        known
    }

    #[test]
    fn a_device_goes_to_a_higher_counter_or_a_later_secret_and_nowhere_else() {
        use SecretsSet::{AboutToBe, Done};
        let known = after(&[(1, 1, Done), (1, 2, AboutToBe), (1, 2, Done)]);
        let refused =
            |generation, counter, set| known.takes(&derived(generation, counter, set)).is_err();
        assert!(!refused(1, 3, AboutToBe));
        assert!(!refused(1, 5, AboutToBe));
        assert!(!refused(2, 1, AboutToBe));
        assert!(!refused(2, 1, Done));
        for (generation, counter, set) in [
            (1, 1, AboutToBe),
            (1, 2, AboutToBe),
            (1, 2, Done),
            (1, 3, Done),
            (2, 2, AboutToBe),
            (3, 1, AboutToBe),
            (0, 1, AboutToBe),
        ] {
            assert!(refused(generation, counter, set), "{generation} {counter}");
        }
    }

    #[test]
    fn what_was_cut_short_ends_at_either_of_the_two() {
        use SecretsSet::{AboutToBe, Done};
        let known = after(&[(1, 1, Done), (2, 1, AboutToBe)]);
        assert_eq!(known.takes(&derived(2, 1, Done)), Ok(()));
        assert_eq!(known.takes(&derived(1, 1, Done)), Ok(()));
        let no_end = Err("what was about to be set before has no end");
        assert_eq!(known.takes(&derived(2, 1, AboutToBe)), no_end);
        assert_eq!(known.takes(&derived(1, 2, AboutToBe)), no_end);
        let device = known.device("yubikey:serial=12345679").unwrap();
        assert_eq!(device.opened_by, Some(derived(1, 1, Done).derivation()));
        assert_eq!(device.about_to_be, Some(derived(2, 1, Done).derivation()));
    }

    #[test]
    fn a_generation_has_one_secret_and_a_secret_one_generation() {
        let known = after(&[(1, 1, SecretsSet::Done)]);
        let other = |generation, check| SecretsDerived {
            device: "yubikey:serial=2".to_owned(),
            serial: "2".to_owned(),
            check: [check; 32],
            ..derived(generation, 1, SecretsSet::Done)
        };
        assert_eq!(known.takes(&other(1, 1)), Ok(()));
        let another = Err("its generation has another secret");
        assert_eq!(known.takes(&other(1, 2)), another);
        let earlier = Err("its secret is that of an earlier generation");
        assert_eq!(known.takes(&other(2, 1)), earlier);
        assert_eq!(known.takes(&other(2, 2)), Ok(()));
        assert_eq!(known.generation_of(&[1; 32]), Some(1));
        assert_eq!(known.next_generation(), 2);
    }
}
