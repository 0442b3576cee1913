//! The `yubikey` crate, through libpcsclite and a real daemon.

use yubikey::{
    Context, Error, MgmAlgorithmId, MgmKey, ObjectId, PinPolicy, Serial, TouchPolicy, YubiKey,
    piv::{self, AlgorithmId, Key, ManagementSlotId, Origin, RetiredSlotId, SlotId},
};

use crate::common::{cards, is_client, run_client};

fn opened() -> YubiKey {
    YubiKey::open().unwrap()
}

fn opened_for_key_management() -> YubiKey {
    let mut card = opened();
    let key = MgmKey::get_default(&card).unwrap();
    card.authenticate(&key).unwrap();
    card
}

#[test]
fn opens_cards_of_all_generations_by_their_serial() {
    if !is_client() {
        let (pcscd, _) = cards(&[("4.3.7", 1), ("5.4.3", 2), ("5.7.4", 3)]);
        return run_client(&pcscd);
    }
    for (serial, version) in [(1, "4.3.7"), (2, "5.4.3"), (3, "5.7.4")] {
        let card = YubiKey::open_by_serial(Serial(serial)).unwrap();
        assert_eq!(card.version().to_string(), version);
    }
    let readers = Context::open().unwrap().iter().unwrap().count();
    // A driver has two slots, of which the second stays empty.
    assert_eq!(readers, 6);
}

#[test]
fn signs_with_every_algorithm() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.7.4", 1)]);
        return run_client(&pcscd);
    }
    let mut card = opened_for_key_management();
    for (algorithm, length) in [
        (AlgorithmId::Rsa1024, 128),
        (AlgorithmId::Rsa2048, 256),
        (AlgorithmId::Rsa3072, 384),
        (AlgorithmId::Rsa4096, 512),
        (AlgorithmId::EccP256, 32),
        (AlgorithmId::EccP384, 48),
        (AlgorithmId::Ed25519, 100),
    ] {
        let slot = SlotId::Retired(RetiredSlotId::R1);
        let (pin, touch) = (PinPolicy::Once, TouchPolicy::Never);
        let public = piv::generate(&mut card, slot, algorithm, pin, touch).unwrap();
        card.verify_pin(b"123456").unwrap();
        let mut input = vec![7; length];
        input[0] = 0;
        let signature = piv::sign_data(&mut card, &input, algorithm, slot).unwrap();
        assert!(!signature.is_empty(), "{algorithm:?}");
        let metadata = piv::metadata(&mut card, slot).unwrap();
        assert_eq!(metadata.public, Some(public), "{algorithm:?}");
        assert_eq!(metadata.policy, Some((pin, touch)));
        assert_eq!(metadata.origin, Some(Origin::Generated));
    }
}

#[test]
fn attests_a_key_that_was_born_on_the_card_and_no_other() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.7.1", 12_345_678)]);
        return run_client(&pcscd);
    }
    let mut card = opened_for_key_management();
    let (pin, touch) = (PinPolicy::Always, TouchPolicy::Cached);
    let born = SlotId::Signature;
    piv::generate(&mut card, born, AlgorithmId::EccP256, pin, touch).unwrap();
    let certificate = piv::attest(&mut card, born).unwrap();
    for raw in [
        &b"\x83\xc4\x0a\x03\x03\x04\x03\x05\x07\x01"[1..],
        b"\xc4\x0a\x03\x07\x04\x06\x02\x04\x00\xbc\x61\x4e",
        b"\xc4\x0a\x03\x08\x04\x02\x03\x03",
        b"\xc4\x0a\x03\x09\x04\x01\x01",
    ] {
        assert!(
            certificate.windows(raw.len()).any(|part| part == raw),
            "{raw:x?}"
        );
    }
    let imported = SlotId::Authentication;
    let scalar = [7; 32];
    piv::import_ecc_key(
        &mut card,
        imported,
        AlgorithmId::EccP256,
        &scalar,
        touch,
        pin,
    )
    .unwrap();
    assert!(matches!(
        piv::attest(&mut card, imported),
        Err(Error::GenericError)
    ));
    assert_eq!(
        piv::metadata(&mut card, imported).unwrap().origin,
        Some(Origin::Imported)
    );
}

#[test]
fn wants_the_pin_as_often_as_the_policy_says() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.4.3", 1)]);
        return run_client(&pcscd);
    }
    let sign = |card: &mut YubiKey, slot| {
        piv::sign_data(card, &[7; 32], AlgorithmId::EccP256, slot).map(drop)
    };
    for (slot, policy, wanted) in [
        (SlotId::Authentication, PinPolicy::Never, [true, true, true]),
        (SlotId::KeyManagement, PinPolicy::Once, [false, true, true]),
        (SlotId::Signature, PinPolicy::Always, [false, true, false]),
    ] {
        let mut card = opened_for_key_management();
        piv::generate(
            &mut card,
            slot,
            AlgorithmId::EccP256,
            policy,
            TouchPolicy::Never,
        )
        .unwrap();
        // Dropping a handle resets the card, and so its session. (`reconnect` verifies again, with
        // a PIN that the crate remembers.)
        drop(card);
        let mut card = opened();
        let before = sign(&mut card, slot);
        card.verify_pin(b"123456").unwrap();
        let results = [before, sign(&mut card, slot), sign(&mut card, slot)];
        let expected = wanted.map(|ok| {
            if ok {
                Ok(())
            } else {
                Err(Error::AuthenticationError)
            }
        });
        assert_eq!(results, expected, "{policy:?}");
    }
}

#[test]
fn counts_wrong_pins_until_the_puk_unblocks() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.7.1", 1)]);
        return run_client(&pcscd);
    }
    let mut card = opened();
    for tries in [2, 1, 0, 0] {
        assert_eq!(card.verify_pin(b"999999"), Err(Error::WrongPin { tries }));
    }
    assert_eq!(
        card.verify_pin(b"123456"),
        Err(Error::WrongPin { tries: 0 })
    );
    card.unblock_pin(b"12345678", b"654321").unwrap();
    assert_eq!(card.get_pin_retries().unwrap(), 3);
    card.verify_pin(b"654321").unwrap();
    card.change_pin(b"654321", b"246810").unwrap();
    card.change_puk(b"12345678", b"87654321").unwrap();
    let pin = piv::metadata(&mut card, SlotId::Management(ManagementSlotId::Pin)).unwrap();
    assert_eq!(pin.default, Some(false));
}

#[test]
fn keeps_a_management_key_under_the_pin() {
    if !is_client() {
        let (pcscd, _) = cards(&[("4.3.7", 1), ("5.4.3", 2), ("5.7.1", 3)]);
        return run_client(&pcscd);
    }
    for (serial, algorithm) in [
        (1, MgmAlgorithmId::ThreeDes),
        (2, MgmAlgorithmId::Aes128),
        (3, MgmAlgorithmId::Aes256),
    ] {
        let mut card = YubiKey::open_by_serial(Serial(serial)).unwrap();
        card.authenticate(&MgmKey::get_default(&card).unwrap())
            .unwrap();
        card.verify_pin(b"123456").unwrap();
        let length = match algorithm {
            MgmAlgorithmId::Aes128 => 16,
            MgmAlgorithmId::Aes256 => 32,
            _ => 24,
        };
        let bytes: Vec<u8> = (1..=length).collect();
        let key = MgmKey::from_bytes(bytes, Some(algorithm)).unwrap();
        key.set_protected(&mut card).unwrap();
        card.reconnect().unwrap();
        card.verify_pin(b"123456").unwrap();
        let kept = MgmKey::get_protected(&mut card).unwrap();
        assert_eq!(kept.algorithm_id(), algorithm);
        card.authenticate(&kept).unwrap();
    }
}

#[test]
fn keeps_objects_of_three_kilobytes() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.4.3", 1)]);
        return run_client(&pcscd);
    }
    let mut card = opened_for_key_management();
    let identifier: ObjectId = 0x005f_ff10;
    let mut object: Vec<u8> = (0..=250).cycle().take(3000).collect();
    card.save_object(identifier, &mut object).unwrap();
    assert_eq!(card.fetch_object(identifier).unwrap().to_vec(), object);
    assert_eq!(card.fetch_object(0x005f_ff11).err(), Some(Error::NotFound));
}

#[test]
fn lists_no_key_on_a_new_card_but_that_of_the_factory() {
    if !is_client() {
        let (pcscd, _) = cards(&[("5.4.3", 1)]);
        return run_client(&pcscd);
    }
    let keys = Key::list(&mut opened()).unwrap();
    let slots: Vec<SlotId> = keys.iter().map(Key::slot).collect();
    assert_eq!(slots, [SlotId::Attestation]);
}

#[test]
fn old_firmware_knows_neither_metadata_nor_new_algorithms() {
    if !is_client() {
        let (pcscd, _) = cards(&[("4.3.7", 1)]);
        return run_client(&pcscd);
    }
    let mut card = opened_for_key_management();
    let slot = SlotId::Authentication;
    assert_eq!(
        piv::metadata(&mut card, slot).err(),
        Some(Error::NotSupported)
    );
    for algorithm in [
        AlgorithmId::Ed25519,
        AlgorithmId::Rsa3072,
        AlgorithmId::Rsa4096,
    ] {
        let (pin, touch) = (PinPolicy::Default, TouchPolicy::Default);
        let result = piv::generate(&mut card, slot, algorithm, pin, touch);
        assert_eq!(result.err(), Some(Error::AlgorithmError), "{algorithm:?}");
    }
}
