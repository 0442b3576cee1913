use super::*;

const NEW: CardState = CardState {
    serial: 1,
    firmware: AES,
    pin: SecretState::Factory,
    puk: SecretState::Factory,
    management_key: ManagementKeyState::Factory,
    pin_tries: 3,
    puk_tries: Some(3),
};
const FIVE: Tries = Tries {
    pin: TryCount::PROPOSED,
    puk: TryCount::PROPOSED,
};

fn due(state: &CardState) -> [Due; 4] {
    state.plan(FIVE, false).map(|(_, due)| due)
}

#[test]
fn everything_is_due_on_a_new_card_and_nothing_on_a_finished_one() {
    assert_eq!(due(&NEW), [Due::Due; 4]);
    let finished = CardState {
        pin: SecretState::Own,
        puk: SecretState::Own,
        management_key: ManagementKeyState::Protected,
        pin_tries: 5,
        puk_tries: Some(5),
        ..NEW
    };
    assert_eq!(due(&finished), [Due::Done; 4]);
}

#[test]
fn who_was_interrupted_goes_on_where_it_stopped() {
    let mut state = CardState {
        pin_tries: 5,
        puk_tries: Some(5),
        ..NEW
    };
    assert_eq!(due(&state), [Due::Done, Due::Due, Due::Due, Due::Due]);
    state.puk = SecretState::Own;
    assert_eq!(due(&state), [Due::Done, Due::Done, Due::Due, Due::Due]);
    state.pin = SecretState::Own;
    assert_eq!(due(&state), [Due::Done, Due::Done, Due::Done, Due::Due]);
}

#[test]
fn tries_are_never_set_where_that_would_undo_a_pin() {
    let state = CardState {
        pin: SecretState::Own,
        ..NEW
    };
    assert_eq!(due(&state)[0], Due::WouldReset);
}

#[test]
fn a_management_key_of_somebody_s_own_is_changed_only_if_it_is_given() {
    let state = CardState {
        management_key: ManagementKeyState::Own,
        ..NEW
    };
    let given = state.plan(FIVE, true).map(|(_, due)| due);
    assert_eq!(given, [Due::Due; 4]);
    let (first, last) = (due(&state)[0], due(&state)[3]);
    assert_eq!([first, last], [Due::OtherManagementKey; 2]);
}

#[test]
fn a_number_of_tries_is_within_its_bounds() {
    for text in ["", "2", "16", "-3", "x", "256"] {
        assert_eq!(text.parse::<TryCount>(), Err(TryCountError), "{text}");
    }
    assert_eq!("15".parse::<TryCount>().unwrap().to_string(), "15");
}

#[test]
fn the_cipher_of_the_management_key_is_one_that_the_firmware_knows() {
    use ManagementKeyAlgorithm as A;
    let old = Firmware { minor: 3, ..AES };
    assert_eq!(A::proposed(old), A::TripleDes);
    assert_eq!(A::proposed(AES), A::Aes192);
    assert!(!A::Aes256.is_known(old) && A::Aes256.is_known(AES));
}
