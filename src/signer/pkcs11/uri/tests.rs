//! What is read as a URI, and what isn't.

use proptest::prelude::*;

use super::*;

fn fault(text: &str) -> UriError {
    text.parse::<Uri>().unwrap_err()
}

#[test]
fn a_shorter_uri_covers_a_longer_one_and_no_other() {
    let uri = |text: &str| text.parse::<Uri>().unwrap();
    let long = uri("pkcs11:token=T;object=users;id=%01?module-path=/m.so");
    assert!(uri("pkcs11:object=users").covers(&long));
    assert!(long.covers(&long));
    let sourced = uri("pkcs11:object=users?pin-source=/a");
    assert!(sourced.covers(&uri("pkcs11:object=users?pin-source=/b")));
    assert!(!uri("pkcs11:object=hosts").covers(&long));
    assert!(!uri("pkcs11:object=users;serial=1").covers(&long));
}

#[test]
fn every_attribute_is_read_and_written_in_canonical_order() {
    let text = "pkcs11:type=private;id=%0a%FFk;object=us%65rs;slot-id=7;serial=0f1;\
                model=v2;manufacturer=a%26b;token=Root%20CA;library-description=d;\
                library-manufacturer=m;library-version=2.6;slot-manufacturer=p;slot-description=s%20d?pin-source=file:/run/pin&\
                module-path=/usr/lib/softhsm/libsofthsm2.so";
    let canonical = "pkcs11:token=Root%20CA;manufacturer=a%26b;model=v2;serial=0f1;\
                library-description=d;library-manufacturer=m;library-version=2.6;slot-id=7;\
                slot-description=s%20d;slot-manufacturer=p;object=users;id=%0A%FF%6B;type=private?\
                module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin";
    assert_eq!(text.parse::<Uri>().unwrap().to_string(), canonical);
}

#[test]
fn a_pin_value_is_refused_and_not_repeated() {
    for text in ["pkcs11:token=a?pin-value=648219", "pkcs11:pin-value=648219"] {
        assert_eq!(fault(text), UriError::PinValue);
        assert!(!format!("{:?} {}", fault(text), fault(text)).contains("648219"));
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    assert_eq!(fault("file:/x"), UriError::Scheme);
    assert_eq!(fault("pkcs11"), UriError::Scheme);
    assert!("PKCS11:token=a".parse::<Uri>().is_ok());
    assert_eq!(fault("pkcs11:token"), UriError::NotAPair { number: 1 });
    assert_eq!(fault("pkcs11:token=a;"), UriError::NotAPair { number: 2 });
    assert_eq!(fault("pkcs11:token=a?"), UriError::NotAPair { number: 2 });
    assert_eq!(
        fault("pkcs11:x-color=a"),
        UriError::UnknownAttribute { number: 1 }
    );
    assert_eq!(
        fault("pkcs11:module-path=/a"),
        UriError::UnknownAttribute { number: 1 }
    );
    assert_eq!(fault("pkcs11:type=cert"), UriError::Type);
}

#[test]
fn an_attribute_that_stands_twice_is_refused() {
    for (text, attribute) in [
        ("pkcs11:token=a;token=a", "token"),
        ("pkcs11:id=%01;id=%02", "id"),
        ("pkcs11:type=private;type=private", "type"),
        ("pkcs11:?module-path=/a&module-path=/a", "module-path"),
    ] {
        assert_eq!(fault(text), UriError::Duplicate { attribute });
    }
}

#[test]
fn values_that_break_the_encoding_are_refused() {
    let percent = UriError::PercentEncoding { attribute: "token" };
    for text in [
        "pkcs11:token=%",
        "pkcs11:token=%4",
        "pkcs11:token=%zz",
        "pkcs11:token=%+1",
    ] {
        assert_eq!(fault(text), percent);
    }
    let space = UriError::Character {
        attribute: "token",
        byte: b' ',
    };
    assert_eq!(fault("pkcs11:token=Root CA"), space);
    let empty = UriError::Empty {
        attribute: "object",
    };
    assert_eq!(fault("pkcs11:object="), empty);
    for text in ["pkcs11:?module-name=%FF", "pkcs11:?module-name=a%0Ab"] {
        let attribute = "module-name";
        assert_eq!(fault(text), UriError::NotText { attribute });
    }
    for version in ["", "2.", ".6", "+2.6", "2.6.1", "256.0", "2.256"] {
        let text = format!("pkcs11:library-version={version}");
        assert_eq!(fault(&text), UriError::LibraryVersion, "{version}");
    }
    assert_eq!(fault("pkcs11:id="), UriError::EmptyId);
    for text in [
        "pkcs11:slot-id=",
        "pkcs11:slot-id=-1",
        "pkcs11:slot-id=18446744073709551616",
    ] {
        assert_eq!(fault(text), UriError::SlotId);
    }
}

#[test]
fn a_module_is_an_absolute_path_or_a_bare_name() {
    assert_eq!(
        fault("pkcs11:?module-path=lib.so"),
        UriError::RelativeModulePath
    );
    assert_eq!(fault("pkcs11:?module-name=../a"), UriError::ModuleName);
    assert_eq!(
        fault("pkcs11:?module-name=a&module-path=/a"),
        UriError::TwoModules
    );
}

#[test]
fn a_pin_source_is_a_file_and_no_command() {
    assert_eq!(fault("pkcs11:?pin-source=|cat%20pin"), UriError::PinCommand);
    assert_eq!(fault("pkcs11:?pin-source=pin"), UriError::PinSource);
    assert_eq!(
        fault("pkcs11:?pin-source=file://host/pin"),
        UriError::PinSource
    );
    for text in ["file:/run/pin", "file:///run/pin", "/run/pin"] {
        let uri: Uri = format!("pkcs11:?pin-source={text}").parse().unwrap();
        assert_eq!(uri.pin_file(), Some(Path::new("/run/pin")));
    }
}

#[test]
fn a_name_is_any_bytes_and_written_as_it_was_read() {
    for text in [
        "pkcs11:token=B%FCro;object=users%00",
        "pkcs11:manufacturer=%1B%5B31m;object=%20",
    ] {
        assert_eq!(text.parse::<Uri>().unwrap().to_string(), text);
    }
    let whole: Uri = "pkcs11:library-version=3".parse().unwrap();
    assert_eq!(whole.to_string(), "pkcs11:library-version=3.0");
}

#[test]
fn what_a_module_is_started_with_stands_beside_the_module() {
    let text = "pkcs11:object=a?module-path=/m.so&x-init-reserved=configdir%3D%27/db%27";
    let uri: Uri = text.parse().unwrap();
    assert_eq!(uri.init_reserved.as_deref(), Some("configdir='/db'"));
    assert_eq!(uri.to_string(), text);
    let plain: Uri = "pkcs11:object=a?module-path=/m.so".parse().unwrap();
    assert!(plain.covers(&uri) && uri.covers(&plain));
    let alone = "pkcs11:object=a?x-init-reserved=a";
    assert_eq!(fault(alone), UriError::ReservedForNoModule);
}

#[test]
fn the_longest_uri_is_read_and_a_longer_one_refused() {
    let longest = format!("pkcs11:token={}", "a".repeat(URI_MAX - 13));
    assert!(longest.parse::<Uri>().is_ok());
    let length = URI_MAX + 1;
    assert_eq!(fault(&format!("{longest}a")), UriError::TooLong { length });
}

proptest! {
    #[test]
    fn canonical_text_parses_to_the_same_uri(
        token in proptest::collection::vec(any::<u8>(), 1..20),
        object in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..20)),
        id in proptest::option::of(proptest::collection::vec(any::<u8>(), 1..20)),
        slot_id in any::<Option<u64>>(),
        path in "/[^\\p{C}]{0,16}",
    ) {
        let uri = Uri {
            token: Some(Field::new(token)), object: object.map(Field::new), id, slot_id,
            module_path: Some(path.into()), ..Uri::default()
        };
        prop_assert_eq!(uri.to_string().parse::<Uri>().unwrap(), uri);
    }

    #[test]
    fn no_text_panics(text in "pkcs11:[a-z;=?&%0-9/|-]{0,64}|\\PC{0,64}") {
        if let Ok(uri) = text.parse::<Uri>() {
            prop_assert_eq!(uri.to_string().parse::<Uri>().unwrap(), uri);
        }
    }
}
