//! Cards whose secrets are the factory's, which everybody knows.

use super::terminal::warn;
use crate::signer::Locator;
use crate::signer::yubikey::setup::{CardState, ManagementKeyState, SecretState, state};

/// Warns of a card whose PIN, PUK or management key is the factory's, or may be. No try is spent.
///
/// A card that is not there, or not alone, is told of where it is needed. Nothing is refused:
/// `setup-card` changes no key, so that it does the same after as before.
pub(crate) fn warn_of_factory_secrets(key: &Locator) {
    let Locator::YubiKey(slot) = key else {
        return;
    };
    let Ok(card) = state(slot.serial) else {
        return;
    };
    let known = of_factory(&card);
    if !known.is_empty() {
        warn(&known_words(&card, &known));
    }
    if is_untold(&card) {
        warn(&untold_words(&card));
    }
}

/// Says which cards were opened with the PIN that everybody knows.
pub(crate) fn warn_of_factory_pins(devices: &[String]) {
    for device in devices {
        warn(&format!(
            "the PIN of {device} is the factory's, which everybody knows: whoever borrows it signs \
             with this key; `punchmark setup-card` changes it"
        ));
    }
}

fn of_factory(card: &CardState) -> Vec<&'static str> {
    let secrets = [
        (card.pin == SecretState::Factory, "PIN"),
        (card.puk == SecretState::Factory, "PUK"),
        (
            card.management_key == ManagementKeyState::Factory,
            "management key",
        ),
    ];
    let known = secrets.into_iter().filter(|(is_factory, _)| *is_factory);
    known.map(|(_, name)| name).collect()
}

fn is_untold(card: &CardState) -> bool {
    [card.pin, card.puk].contains(&SecretState::Untold)
}

fn known_words(card: &CardState, known: &[&str]) -> String {
    let CardState { serial, .. } = card;
    let secrets = match known {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => known.join(""),
    };
    format!(
        "YubiKey {serial} has the factory's {secrets}, known to everybody: whoever borrows it can \
         use or replace its keys. Set it up before it serves: punchmark setup-card --serial {serial}"
    )
}

fn untold_words(card: &CardState) -> String {
    let CardState {
        serial, firmware, ..
    } = card;
    format!(
        "firmware {firmware} of YubiKey {serial} does not tell whether PIN and PUK are the \
         factory's; if nobody changed them: punchmark setup-card --serial {serial}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signer::yubikey::Firmware;

    fn card(pin: SecretState, puk: SecretState, management_key: ManagementKeyState) -> CardState {
        CardState {
            serial: 7,
            firmware: Firmware::default(),
            pin,
            puk,
            management_key,
            pin_tries: 3,
            puk_tries: None,
        }
    }

    #[test]
    fn what_is_the_factory_s_is_named_and_the_way_out() {
        use SecretState::{Factory, Own};
        let new = card(Factory, Factory, ManagementKeyState::Factory);
        let words = known_words(&new, &of_factory(&new));
        assert!(words.contains("the factory's PIN, PUK and management key,"));
        assert!(words.ends_with("punchmark setup-card --serial 7"));
        let one = card(Own, Factory, ManagementKeyState::Own);
        assert!(known_words(&one, &of_factory(&one)).contains("the factory's PUK,"));
        let done = card(Own, Own, ManagementKeyState::Protected);
        assert!(of_factory(&done).is_empty() && !is_untold(&done));
    }
}
