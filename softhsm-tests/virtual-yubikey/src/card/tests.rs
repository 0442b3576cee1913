use super::*;

const SELECT_PIV: &[u8] = b"\x00\xa4\x04\x00\x05\xa0\x00\x00\x03\x08";
const VERIFY: &[u8] = b"\x00\x20\x00\x80\x08123456\xff\xff";

fn card(firmware: &str) -> Card {
    let model = Model {
        firmware: firmware.parse().unwrap(),
        serial: 12_345_678,
    };
    Card::new(model, &Manufacturer::new().unwrap()).unwrap()
}

fn selected(firmware: &str) -> Card {
    let mut card = card(firmware);
    assert_eq!(status(&mut card, SELECT_PIV), 0x9000);
    card
}

/// A card whose factory management key was proved, by the card's challenge alone.
fn managed(firmware: &str) -> Card {
    let mut card = selected(firmware);
    prove_management_key(&mut card);
    card
}

fn prove_management_key(card: &mut Card) {
    let algorithm = if card.model().firmware.is_5_7() {
        0x0a
    } else {
        0x03
    };
    let ask = [&[0, 0x87, algorithm, 0x9b, 4][..], b"\x7c\x02\x81\x00"].concat();
    let challenge = data(card, &ask);
    let block = tlv::read_only(0x81, tlv::read_only(0x7c, &challenge).unwrap()).unwrap();
    let answer = tlv::write(&[0x7c], &tlv::write(&[0x82], &encrypted(algorithm, block)));
    let length = u8::try_from(answer.len()).unwrap();
    let prove = [&[0, 0x87, algorithm, 0x9b, length][..], &answer].concat();
    assert_eq!(status(card, &prove), 0x9000);
}

fn encrypted(algorithm: u8, block: &[u8]) -> Vec<u8> {
    use cipher::{BlockCipherEncrypt as _, KeyInit as _};
    let key: Vec<u8> = (1..=8).cycle().take(24).collect();
    if algorithm == 0x0a {
        let mut block = block.try_into().unwrap();
        aes::Aes192::new_from_slice(&key)
            .unwrap()
            .encrypt_block(&mut block);
        return block.to_vec();
    }
    let mut block = block.try_into().unwrap();
    des::TdesEde3::new_from_slice(&key)
        .unwrap()
        .encrypt_block(&mut block);
    block.to_vec()
}

fn send(card: &mut Card, command: &[u8]) -> (Vec<u8>, u16) {
    let mut bytes = card.transmit(command, Instant::now()).bytes;
    let status = bytes.split_off(bytes.len() - 2);
    (bytes, u16::from_be_bytes([status[0], status[1]]))
}

fn status(card: &mut Card, command: &[u8]) -> u16 {
    send(card, command).1
}

fn data(card: &mut Card, command: &[u8]) -> Vec<u8> {
    let (data, status) = send(card, command);
    assert_eq!(status, 0x9000, "{command:x?}");
    data
}

/// GENERATE with P-256, and a signature of a digest with it.
fn generate(slot: u8, policies: &[u8]) -> Vec<u8> {
    let template = tlv::write(&[0xac], &[b"\x80\x01\x11", policies].concat());
    let length = u8::try_from(template.len()).unwrap();
    [&[0, 0x47, 0, slot, length][..], &template].concat()
}

fn sign(slot: u8) -> Vec<u8> {
    let input = [&b"\x82\x00\x81\x20"[..], &[7; 32]].concat();
    let template = tlv::write(&[0x7c], &input);
    let length = u8::try_from(template.len()).unwrap();
    [&[0, 0x87, 0x11, slot, length][..], &template].concat()
}

#[test]
fn no_command_at_all_makes_it_panic() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random.to_be_bytes()
    };
    let instructions = [
        0x20, 0x24, 0x2c, 0x47, 0x87, 0xcb, 0xdb, 0xf6, 0xf7, 0xf9, 0xfa, 0xfe, 0xff, 0xa4, 0xc0,
    ];
    let mut card = managed("5.7.1");
    for round in 0..20_000_usize {
        let [a, b, c, d, e, f, g, h] = next();
        let instruction = instructions[round % instructions.len()];
        let length = usize::from(h % 40);
        let body: Vec<u8> = std::iter::repeat_with(&mut next)
            .flatten()
            .take(length)
            .collect();
        let template = [0x7c, 0xac, 0x5c, 0x9b][usize::from(g % 4)];
        let body = tlv::write(&[template], &body);
        let header = [
            a & 0x10,
            instruction,
            b,
            [c, 0x9a, 0x9b, 0x80][usize::from(f % 4)],
        ];
        let mut command = [&header[..], &[u8::try_from(body.len()).unwrap()], &body].concat();
        command.truncate(command.len() - usize::from(d % 3));
        let answer = card.transmit(&command, Instant::now());
        assert!(answer.bytes.len() >= 2, "{command:x?}");
        if e % 64 == 0 {
            card.power_off();
            status(&mut card, SELECT_PIV);
        }
    }
}

#[test]
fn selects_an_applet_by_any_length_of_its_name() {
    let mut card = card("5.7.1");
    let full = b"\x00\xa4\x04\x00\x0b\xa0\x00\x00\x03\x08\x00\x00\x10\x00\x01\x00";
    assert_eq!(data(&mut card, SELECT_PIV), piv::GREETING);
    assert_eq!(data(&mut card, full), piv::GREETING);
    assert_eq!(
        status(&mut card, b"\x00\xa4\x04\x00\x05\xa0\x00\x00\x03\x09"),
        0x6a82
    );
    assert_eq!(
        status(&mut card, b"\x00\xa4\x04\x00\x04\xa0\x00\x00\x03"),
        0x6a82
    );
}

#[test]
fn tells_its_serial_where_its_generation_does() {
    let serial = 12_345_678_u32.to_be_bytes();
    assert_eq!(data(&mut selected("5.4.3"), b"\x00\xf8\x00\x00"), serial);
    let mut old = selected("4.3.7");
    assert_eq!(status(&mut old, b"\x00\xf8\x00\x00"), 0x6d00);
    data(
        &mut old,
        b"\x00\xa4\x04\x00\x07\xa0\x00\x00\x05\x27\x20\x01",
    );
    assert_eq!(data(&mut old, b"\x00\x01\x10\x00"), serial);
}

#[test]
fn a_wrong_pin_counts_and_a_badly_formed_one_does_not() {
    let mut card = selected("5.7.1");
    assert_eq!(status(&mut card, b"\x00\x20\x00\x80"), 0x63c3);
    assert_eq!(status(&mut card, b"\x00\x20\x00\x80\x06123456"), 0x6a80);
    assert_eq!(
        status(&mut card, b"\x00\x20\x00\x80\x08654321\xff\xff"),
        0x63c2
    );
    assert_eq!(status(&mut card, VERIFY), 0x9000);
    assert_eq!(status(&mut card, b"\x00\x20\x00\x80"), 0x9000);
    assert_eq!(status(&mut card, b"\x00\x20\xff\x80"), 0x9000);
    assert_eq!(status(&mut card, b"\x00\x20\x00\x80"), 0x63c3);
}

#[test]
fn refuses_a_new_pin_that_is_too_short() {
    let mut card = selected("5.7.1");
    let short = b"\x00\x24\x00\x80\x10123456\xff\xff12345\xff\xff\xff";
    assert_eq!(status(&mut card, short), 0x6a80);
    assert_eq!(status(&mut card, VERIFY), 0x9000);
}

#[test]
fn key_management_wants_the_management_key() {
    let mut card = selected("5.7.1");
    assert_eq!(status(&mut card, &generate(0x9a, b"")), 0x6982);
    assert_eq!(status(&mut card, b"\x00\xf6\xff\x9a"), 0x6982);
    assert_eq!(
        status(
            &mut card,
            b"\x00\xdb\x3f\xff\x08\x5c\x03\x5f\xff\x10\x53\x01\x07"
        ),
        0x6982
    );
    assert_eq!(status(&mut card, b"\x00\xff\xff\xff\x02\x0a\x9b"), 0x6982);
    prove_management_key(&mut card);
    assert_eq!(status(&mut card, &generate(0x9a, b"")), 0x9000);
}

#[test]
fn another_selection_ends_the_proof_of_the_management_key() {
    let mut card = managed("5.4.3");
    status(&mut card, SELECT_PIV);
    assert_eq!(status(&mut card, &generate(0x9a, b"")), 0x6982);
}

#[test]
fn a_wrong_answer_to_the_challenge_proves_nothing() {
    let mut card = selected("5.7.1");
    data(&mut card, b"\x00\x87\x0a\x9b\x04\x7c\x02\x81\x00");
    let wrong = [&b"\x00\x87\x0a\x9b\x14\x7c\x12\x82\x10"[..], &[0; 16]].concat();
    assert_eq!(status(&mut card, &wrong), 0x6982);
    assert_eq!(status(&mut card, &generate(0x9a, b"")), 0x6982);
}

#[test]
fn asks_for_no_finger_before_it_has_the_pin() {
    let mut card = managed("5.7.1");
    data(&mut card, &generate(0x9a, b"\xaa\x01\x02\xab\x01\x02"));
    card.set_finger(Finger::Absent);
    let without = card.transmit(&sign(0x9a), Instant::now());
    assert_eq!(
        (without.bytes.as_slice(), without.after),
        (&b"\x69\x82"[..], Duration::ZERO)
    );
    status(&mut card, VERIFY);
    let with = card.transmit(&sign(0x9a), Instant::now());
    assert_eq!(
        (with.bytes.as_slice(), with.after),
        (&b"\x69\x82"[..], Duration::from_secs(15))
    );
}

#[test]
fn a_signature_says_how_long_it_takes() {
    let mut card = managed("5.7.1");
    data(&mut card, &generate(0x9e, b""));
    card.set_signature_time(Duration::from_millis(70));
    card.set_finger(Finger::Absent);
    assert_eq!(
        card.transmit(&sign(0x9e), Instant::now()).after,
        Duration::from_millis(70)
    );
    assert_eq!(
        card.transmit(SELECT_PIV, Instant::now()).after,
        Duration::ZERO
    );
}

#[test]
fn a_reset_needs_blocked_secrets_and_leaves_the_attestation_key() {
    let mut card = managed("5.7.1");
    data(&mut card, &generate(0x9a, b""));
    let factory = data(&mut card, b"\x00\xf7\x00\xf9");
    assert_eq!(status(&mut card, b"\x00\xfb\x00\x00"), 0x6985);
    for _ in 0..3 {
        status(&mut card, b"\x00\x20\x00\x80\x08999999\xff\xff");
        status(
            &mut card,
            b"\x00\x2c\x00\x80\x10999999\xff\xff999999\xff\xff",
        );
    }
    assert_eq!(status(&mut card, VERIFY), 0x6983);
    assert_eq!(status(&mut card, b"\x00\xfb\x00\x00"), 0x9000);
    assert_eq!(status(&mut card, VERIFY), 0x9000);
    assert_eq!(status(&mut card, b"\x00\xf7\x00\x9a"), 0x6a88);
    assert_eq!(data(&mut card, b"\x00\xf7\x00\xf9"), factory);
}

#[test]
fn moves_a_key_to_an_empty_slot_only_and_from_5_7_only() {
    let mut card = managed("5.7.1");
    data(&mut card, &generate(0x9a, b""));
    data(&mut card, &generate(0x9c, b""));
    assert_eq!(status(&mut card, b"\x00\xf6\x9c\x9a"), 0x6a80);
    assert_eq!(status(&mut card, b"\x00\xf6\x82\x9a"), 0x9000);
    assert_eq!(status(&mut card, b"\x00\xf7\x00\x9a"), 0x6a88);
    assert_eq!(status(&mut card, b"\x00\xf6\xff\x82"), 0x9000);
    assert_eq!(status(&mut card, b"\x00\xf7\x00\x82"), 0x6a88);
    assert_eq!(status(&mut managed("5.4.3"), b"\x00\xf6\x82\x9a"), 0x6d00);
}

#[test]
fn printed_information_wants_the_pin() {
    let mut card = managed("5.7.1");
    let put = b"\x00\xdb\x3f\xff\x08\x5c\x03\x5f\xc1\x09\x53\x01\x07";
    let get = b"\x00\xcb\x3f\xff\x05\x5c\x03\x5f\xc1\x09";
    assert_eq!(status(&mut card, put), 0x9000);
    assert_eq!(status(&mut card, get), 0x6982);
    status(&mut card, VERIFY);
    assert_eq!(data(&mut card, get), b"\x53\x01\x07");
}

#[test]
fn firmware_5_2_4_has_no_basic_constraints_in_its_attestation_certificate() {
    let get = b"\x00\xcb\x3f\xff\x00\x00\x05\x5c\x03\x5f\xff\x01";
    for (firmware, has) in [("5.2.4", false), ("5.4.3", true)] {
        let object = data(&mut selected(firmware), get);
        let found = object.windows(3).any(|part| part == [0x55, 0x1d, 0x13]);
        assert_eq!(found, has, "{firmware}");
    }
}
