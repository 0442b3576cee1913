//! What there is to see: the CAs of the config, their devices, and the ledger.

use serde_json::{Value, json};

use super::custody;
use super::device::Device;
use super::finding::Finding;
use super::ledger::{LedgerSeen, Limits};
use crate::certificate::subject::{describe, fingerprint};
use crate::cli::base::ca_standing::CaStanding;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::monitoring::State;
use crate::cli::base::pending;
use crate::cli::base::words::number_of;
use crate::config::{Config, now};
use crate::ledger::Ledger;
use crate::policy::Description;
use crate::signer::yubikey::CardEntry;
use crate::signer::{Locator, yubikeys};

/// All that was seen, and what is not as it should be.
pub(super) struct Seen {
    pub(super) cas: Vec<CaSeen>,
    pub(super) ledger: LedgerSeen,
    pub(super) findings: Vec<Finding>,
}

/// A CA on which config, public key file and ledger agree.
pub(super) struct CaSeen {
    name: String,
    what: String,
    key: String,
    description: Option<Description>,
    standing: CaStanding,
    devices: Vec<Device>,
}

/// Looks at everything. Only without config or ledger is there nothing to look at.
pub(super) fn look(context: &Context, limits: &Limits) -> Result<Seen, Failure> {
    let config = context.config()?;
    let file = config.ledger();
    let ledger = pending::seen(&file, Ledger::open_to_read(&file)?)?;
    let cards = cards(&config);
    let mut findings = Vec::new();
    let mut cas = Vec::new();
    for (name, _) in config.cas() {
        match one(context, &config, &ledger, name.as_str(), &cards) {
            Ok(ca) => cas.push(ca),
            Err(failure) => {
                let place = format!("CA `{name}`");
                findings.push(Finding::met(State::Critical, &place, &failure));
            }
        }
    }
    findings.extend(cas.iter().flat_map(CaSeen::findings));
    for device in cas.iter_mut().flat_map(|ca| &mut ca.devices) {
        findings.append(&mut device.findings);
    }
    let mut opened = custody::findings(&ledger)?;
    let mut ledger = LedgerSeen::look(&config, &ledger, limits)?;
    findings.append(&mut ledger.findings);
    findings.append(&mut opened);
    Ok(Seen {
        cas,
        ledger,
        findings,
    })
}

fn one(
    context: &Context,
    config: &Config,
    ledger: &Ledger,
    name: &str,
    cards: &[CardEntry],
) -> Result<CaSeen, Failure> {
    let known = context.known_ca(config, ledger, name)?;
    let (ca, key) = (known.ca(), known.ca().public_key());
    let keys = known.config.keys.iter();
    let mut devices: Vec<_> = keys
        .map(|locator| Device::look(name, locator, key, cards))
        .collect();
    if devices.iter().any(Device::answers) {
        devices.iter_mut().for_each(Device::soften);
    }
    Ok(CaSeen {
        name: name.to_owned(),
        what: format!("{} CA, {}", known.config.certificates, describe(key)),
        key: fingerprint(key),
        description: known.config.description.clone(),
        standing: CaStanding::of(ledger, ca)?,
        devices,
    })
}

/// The cards that are plugged in, asked only where a CA's key is in one.
fn cards(config: &Config) -> Vec<CardEntry> {
    let is_card = |locator: &Locator| matches!(locator, Locator::YubiKey(_));
    let uses_cards = config.cas().any(|(_, ca)| ca.keys.iter().any(is_card));
    if uses_cards {
        // What keeps a card from being asked is told where its key is looked for.
        yubikeys().unwrap_or_default()
    } else {
        Vec::new()
    }
}

impl Seen {
    pub(super) fn lines(&self) -> Vec<String> {
        let cas = self.cas.iter().flat_map(CaSeen::lines);
        cas.chain(self.ledger.lines()).collect()
    }

    pub(super) fn in_short(&self) -> String {
        let cas = number_of(self.cas.len(), "CA");
        format!("{cas}, {}", self.ledger.in_short())
    }
}

impl CaSeen {
    fn findings(&self) -> impl Iterator<Item = Finding> {
        let all = self.standing.findings(&self.name, now()).into_iter();
        all.map(|one| Finding::new(one.state, one.words).way(one.way))
    }

    fn lines(&self) -> Vec<String> {
        let serial = self.standing.serial_in_words();
        let is_revoked = self.standing.is_revoked;
        let revoked = if is_revoked { ", revoked" } else { "" };
        let mut lines = vec![format!(
            "{}: {} {}{revoked}",
            self.name, self.what, self.key
        )];
        let description = self.description.iter();
        lines.extend(description.map(|words| format!("  is for       {words}")));
        lines.extend(self.devices.iter().flat_map(Device::lines));
        lines.push(format!("  next serial  {serial}"));
        let drill = self.standing.drill_in_words(now());
        lines.extend(drill.map(|words| format!("  drill        {words}")));
        lines
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "description": self.description,
            "fingerprint": self.key,
            "next-serial": self.standing.next_serial,
            "retired": self.standing.retired,
            "revoked": self.standing.is_revoked,
            "drill-due": self.standing.drill_due,
            "keys": self.devices.iter().map(Device::json).collect::<Vec<_>>(),
        })
    }
}
