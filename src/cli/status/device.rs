//! The device that holds a CA's key: whether it is there, and what it says of its PIN.

use serde_json::{Value, json};
use ssh_key::public::KeyData;

use super::finding::Finding;
use crate::cli::base::failure::Failure;
use crate::cli::base::monitoring::State;
use crate::cli::base::words::number_of;
use crate::signer::yubikey::{CardEntry, CardSecrets};
use crate::signer::{self, Locator, PinTries};

/// A device by its locator, and what was seen of it without a PIN.
pub(super) struct Device {
    locator: String,
    /// Whether the key is there; none where only the PIN would tell.
    is_there: Option<bool>,
    says: String,
    pub(super) findings: Vec<Finding>,
}

impl Device {
    /// Looks at the device of a key, among these cards.
    pub(super) fn look(ca: &str, locator: &Locator, key: &KeyData, cards: &[CardEntry]) -> Self {
        let name = locator.to_string();
        let (is_there, mut says, mut findings) = match signer::shown(locator) {
            Ok(Some(shown)) if shown == *key => (Some(true), "there".to_owned(), Vec::new()),
            Ok(Some(_another)) => {
                let words = format!("CA `{ca}`: {name} holds another key than the recorded one");
                let finding = Finding::new(State::Critical, words);
                (Some(false), "holds another key".to_owned(), vec![finding])
            }
            Ok(None) => (
                None,
                "there; its PIN alone shows the key".to_owned(),
                Vec::new(),
            ),
            Err(error) => {
                let failure = Failure::from(error);
                let finding = Finding::met(State::Critical, &format!("CA `{ca}`"), &failure);
                (Some(false), failure.words(), vec![finding])
            }
        };
        if is_there != Some(false) {
            let (words, more) = pin(ca, locator, cards);
            says.push_str(&words);
            findings.extend(more);
        }
        Self {
            locator: name,
            is_there,
            says,
            findings,
        }
    }

    pub(super) fn answers(&self) -> bool {
        self.is_there != Some(false)
    }

    /// Where another device holds the same key, this one is missed and no more.
    pub(super) fn soften(&mut self) {
        for finding in &mut self.findings {
            if !self.is_there.unwrap_or(true) && finding.state == State::Critical {
                finding.state = State::Warning;
            }
        }
    }

    pub(super) fn lines(&self) -> [String; 2] {
        [
            format!("  key          {}", self.locator),
            format!("               {}", self.says),
        ]
    }

    pub(super) fn json(&self) -> Value {
        json!({ "key": self.locator, "there": self.is_there, "says": self.says })
    }
}

/// What the device says of its PIN, behind a comma, and what is wrong with it.
fn pin(ca: &str, locator: &Locator, cards: &[CardEntry]) -> (String, Vec<Finding>) {
    match locator {
        Locator::Pkcs11(_) => match signer::pin_tries(locator) {
            Ok(tries) => of_tries(ca, tries),
            Err(_told_as_the_device) => (String::new(), Vec::new()),
        },
        Locator::YubiKey(slot) => {
            let is_it = |card: &&CardEntry| slot.serial.is_none_or(|serial| serial == card.serial);
            match cards.iter().find(is_it) {
                Some(card) => of_card(ca, card.serial, &card.secrets),
                None => (String::new(), Vec::new()),
            }
        }
        Locator::Agent(_) | Locator::File(_) => (", in software".to_owned(), Vec::new()),
    }
}

fn of_tries(ca: &str, tries: PinTries) -> (String, Vec<Finding>) {
    let finding = |state, words| vec![Finding::new(state, format!("CA `{ca}`: {words}"))];
    match tries {
        PinTries::NoneLeft => {
            let words = "the token's PIN is locked";
            (format!(", {words}"), finding(State::Critical, words))
        }
        PinTries::OneLeft => {
            let words = "one try is left for the token's PIN";
            (format!(", {words}"), finding(State::Warning, words))
        }
        PinTries::Left => (", a wrong PIN was tried".to_owned(), Vec::new()),
        PinTries::Counted(_) | PinTries::Untold => (", PIN not locked".to_owned(), Vec::new()),
    }
}

fn of_card(ca: &str, serial: u32, secrets: &CardSecrets) -> (String, Vec<Finding>) {
    let mut findings = Vec::new();
    let tries = match secrets.pin_tries_left {
        None => String::new(),
        Some(left) => {
            let state = match left {
                0 => Some(State::Critical),
                1 => Some(State::Warning),
                _ => None,
            };
            let tries = number_of(left, "PIN try");
            let words = format!("CA `{ca}`: YubiKey {serial} has {tries} left");
            findings.extend(state.map(|state| Finding::new(state, words)));
            format!(", {tries} left")
        }
    };
    let of_factory = factory(secrets);
    if of_factory.is_empty() {
        return (tries, findings);
    }
    let words = format!("CA `{ca}`: YubiKey {serial} has the factory's {of_factory}");
    let way = format!("punchmark setup-card --serial {serial}");
    findings.push(Finding::new(State::Warning, words).way(way));
    (format!("{tries}, the factory's {of_factory}"), findings)
}

/// Which of its secrets everybody knows.
fn factory(secrets: &CardSecrets) -> String {
    let all = [
        (secrets.pin_is_default, "PIN"),
        (secrets.puk_is_default, "PUK"),
        (secrets.management_key_is_default, "management key"),
    ];
    let known = all
        .into_iter()
        .filter(|(is_default, _)| *is_default == Some(true));
    let names: Vec<_> = known.map(|(_, name)| name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_tries_and_the_factory_s_secrets_are_findings() {
        let mut secrets = CardSecrets {
            pin_tries_left: Some(3),
            pin_is_default: Some(false),
            puk_is_default: Some(false),
            management_key_is_default: Some(false),
        };
        let state =
            |secrets: &CardSecrets| super::super::finding::worst(&of_card("a", 7, secrets).1);
        assert_eq!(state(&secrets), State::Ok);
        secrets.puk_is_default = Some(true);
        let (says, findings) = of_card("a", 7, &secrets);
        assert_eq!(says, ", 3 PIN tries left, the factory's PUK");
        let way = findings[0].way.as_deref();
        assert_eq!(way, Some("punchmark setup-card --serial 7"));
        secrets.pin_tries_left = Some(0);
        assert_eq!(state(&secrets), State::Critical);
        assert_eq!(of_tries("a", PinTries::OneLeft).1[0].state, State::Warning);
        assert!(of_tries("a", PinTries::Untold).1.is_empty());
    }
}
