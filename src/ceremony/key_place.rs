//! Where a key of a ceremony is made: one token by its serial, one label, and an id that was chosen before.

use crate::ceremony::plan::Device;
use crate::signer::{Locator, LocatorError, pkcs11::Uri, pkcs11::UriError};

/// The token of a device, as a locator of no key.
pub(super) fn token(device: &Device) -> Result<Uri, UriError> {
    format!("{}?{}", of_token(device), of_module(device)).parse()
}

/// The key of this label and id in a device.
pub(super) fn key(device: &Device, label: &str, id: &[u8]) -> Result<Locator, LocatorError> {
    let id: String = id.iter().map(|byte| format!("%{byte:02x}")).collect();
    let token = of_token(device);
    let label = encoded(label);
    format!("{token};object={label};id={id}?{}", of_module(device)).parse()
}

/// Whether a locator names a key of this label in a device, whatever its id.
pub(super) fn is_key(locator: &str, device: &Device, label: &str) -> bool {
    let without_id = |text: &str| {
        let (before, rest) = text.split_once(";id=")?;
        let (_, module) = rest.split_once('?')?;
        Some((before.to_owned(), module.to_owned()))
    };
    let planned = key(device, label, &[0]).map(|planned| planned.to_string());
    planned.is_ok_and(|planned| {
        without_id(locator).is_some() && without_id(locator) == without_id(&planned)
    })
}

fn of_token(device: &Device) -> String {
    format!(
        "pkcs11:token={};serial={}",
        encoded(&device.token),
        encoded(&device.serial)
    )
}

fn of_module(device: &Device) -> String {
    format!(
        "module-path={}",
        encoded(&device.module.display().to_string())
    )
}

/// RFC 3986, 2.1: what is not known to stand for itself is a percent sign and two digits.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_becomes_a_locator_that_reads_back() {
        let device = Device {
            name: "root".to_owned(),
            module: "/usr/lib/a b?&.so".into(),
            token: "Root; CA%=?".to_owned(),
            serial: "fe 12".to_owned(),
            bag: String::new(),
            new_bag: String::new(),
            pin_envelope: String::new(),
        };
        let uri = token(&device).unwrap();
        assert_eq!(uri.module_path(), Some(device.module.as_path()));
        let locator = key(&device, "a;b", &[0, 255]).unwrap();
        assert_eq!(locator.to_string().parse(), Ok(locator.clone()));
        assert!(locator.to_string().contains("id=%00%FF"), "{locator}");
    }
}
