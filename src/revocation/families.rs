//! Which families of cards a ledger knows.

use std::collections::BTreeSet;

use crate::ledger::{Credential, Ledger, LedgerError, Record, Term};

/// In which families a ledger knows cards, and how it knows one of them.
#[derive(Debug, Default)]
pub(super) struct KnownFamilies {
    /// Every family of which any card is enrolled or barred, and those in which this card
    /// proved a key.
    pub(super) families: BTreeSet<String>,
    /// Whether this card is known without a family, as before format 4.
    pub(super) by_number_alone: bool,
}

/// What the ledger knows of a card of this serial.
pub(super) fn of_card(ledger: &Ledger, serial: u64) -> Result<KnownFamilies, LedgerError> {
    let mut known = KnownFamilies::default();
    for (_, added) in ledger.requesters()? {
        match added.credential {
            Credential::FamilyCard(card) => known.add(card.family),
            Credential::Card(card) => known.by_number_alone |= card == serial,
            Credential::Key(_) => {}
        }
    }
    for (_, barred) in ledger.barred()? {
        let families = barred.family_cards.into_iter().map(|card| card.family);
        families.for_each(|family| known.add(family));
    }
    ledger.each_record_of(&[Term::Card(serial)], &mut |record| known.see(record))?;
    Ok(known)
}

impl KnownFamilies {
    fn add(&mut self, family: String) {
        self.families.insert(family);
    }

    fn see(&mut self, record: Record) {
        let grounds = record.reserved.grounds;
        let known = grounds.and_then(|grounds| grounds.known);
        match known.map(|known| known.family) {
            Some(family) if !family.is_empty() => self.add(family),
            _ => self.by_number_alone = true,
        }
    }
}
