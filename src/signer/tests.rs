//! Locators as text.

use super::*;

#[test]
fn a_locator_is_written_in_its_canonical_form() {
    let locator: Locator = "pkcs11:object=users;token=Root%20CA".parse().unwrap();
    assert_eq!(locator.to_string(), "pkcs11:token=Root%20CA;object=users");
    let loud: Locator = "PKCS11:object=users;token=Root%20CA".parse().unwrap();
    assert_eq!(loud, locator);
    let loud: Locator = "YubiKey:slot-id=9c".parse().unwrap();
    assert_eq!(loud.to_string(), "yubikey:slot-id=9c");
}

#[test]
fn a_locator_covers_none_of_another_kind() {
    let pkcs11: Locator = "pkcs11:token=a".parse().unwrap();
    let yubikey: Locator = "yubikey:slot-id=9c".parse().unwrap();
    assert!(!pkcs11.covers(&yubikey) && !yubikey.covers(&pkcs11));
    assert!(yubikey.covers(&"yubikey:serial=1;slot-id=9c".parse().unwrap()));
}

#[test]
fn an_unknown_scheme_is_refused_and_not_repeated() {
    for text in ["", "648219", "tpm:1", "pkcs12:token=a"] {
        assert_eq!(text.parse::<Locator>(), Err(LocatorError::UnknownScheme));
    }
}
