//! A device that shares open, by the name that the ledger has for it.

use std::str::FromStr;

use crate::config::Config;
use crate::ledger::{OpenedDevice, OpenedDevices};
use crate::signer::Locator;
use crate::signer::pkcs11::Uri;

/// A device as a whole, whatever key is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SharedDevice {
    /// The YubiKey with this serial number.
    Card(u32),
    /// The token that this URI names.
    Token(Box<Uri>),
}

/// A text that names no device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a device is named like yubikey:serial=12345678 or pkcs11:token=Root;serial=ab12")]
pub struct SharedDeviceError;

impl FromStr for SharedDevice {
    type Err = SharedDeviceError;

    fn from_str(text: &str) -> Result<Self, SharedDeviceError> {
        if let Some(serial) = text.strip_prefix("yubikey:serial=") {
            let serial = serial.parse().map_err(|_no_number| SharedDeviceError)?;
            return Ok(Self::Card(serial));
        }
        let uri: Uri = text.parse().map_err(|_form| SharedDeviceError)?;
        Ok(Self::Token(Box::new(uri)))
    }
}

impl SharedDevice {
    /// Whether the key is in this device, as far as the locator tells.
    #[must_use]
    pub fn holds(&self, key: &Locator) -> bool {
        match (self, key) {
            (Self::Card(serial), Locator::YubiKey(slot)) => slot.serial == Some(*serial),
            (Self::Token(token), Locator::Pkcs11(_)) => Locator::Pkcs11(token.clone()).covers(key),
            _ => false,
        }
    }

    /// The device, with the module that a config reaches it by: that of a key in it, else of any key.
    #[must_use]
    pub fn reached_by(self, config: &Config) -> Self {
        let Self::Token(token) = &self else {
            return self;
        };
        let cas = config.cas().flat_map(|(_, ca)| ca.keys.iter());
        let keys: Vec<_> = cas
            .filter_map(|key| match key {
                Locator::Pkcs11(uri) => Some((key, uri.module())),
                _ => None,
            })
            .collect();
        let in_it = keys.iter().find(|(key, _)| self.holds(key));
        match in_it.or(keys.first()) {
            Some((_, module)) => Self::Token(Box::new(token.with_module_of(module))),
            None => self,
        }
    }
}

/// The devices that hold one of these keys, of all that shares open.
pub fn opened_devices_of<'k>(
    known: &'k OpenedDevices,
    keys: &[Locator],
) -> Vec<(&'k str, &'k OpenedDevice)> {
    let holds = |name: &str| {
        let device = name.parse::<SharedDevice>();
        device.is_ok_and(|device| keys.iter().any(|key| device.holds(key)))
    };
    known.devices().filter(|(name, _)| holds(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_holds_its_keys_and_no_others() {
        let key = |text: &str| text.parse::<Locator>().unwrap();
        let card: SharedDevice = "yubikey:serial=7".parse().unwrap();
        assert!(card.holds(&key("yubikey:serial=7;slot-id=9c")));
        assert!(!card.holds(&key("yubikey:serial=8;slot-id=9c")));
        assert!(!card.holds(&key("yubikey:slot-id=9c")));
        let token: SharedDevice = "pkcs11:token=Root;serial=ab".parse().unwrap();
        assert!(token.holds(&key(
            "pkcs11:token=Root;serial=ab;object=users?module-path=/m.so"
        )));
        assert!(!token.holds(&key("pkcs11:token=Root;serial=ac;object=users")));
        for text in ["yubikey:serial=x", "yubikey:slot-id=9c", "", "file:/k"] {
            assert!(text.parse::<SharedDevice>().is_err(), "{text}");
        }
    }
}
