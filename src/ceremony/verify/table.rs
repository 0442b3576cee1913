//! The table that people read before a bundle was signed, against what its items got.

use std::collections::BTreeMap;

use super::{Outputs, unread};
use crate::bundle::{CUT_OFF, CertificateWords, Item};
use crate::ceremony::plan::PlannedBundle;
use crate::ceremony::table::{
    REFUSED, TABLE_BYTES_MAX, WOULD_BE_SIGNED, items, signed_before, who,
};
use crate::ceremony::verdict::VerdictFault;
use crate::wire::RawCertificate;

/// A table, of which each item is asked about once.
pub(super) struct Table<'t>(BTreeMap<u64, (&'t str, &'t str)>);

impl Outputs<'_> {
    /// The text of a bundle's table.
    pub(super) fn table(&self, planned: &PlannedBundle) -> Result<String, VerdictFault> {
        let path = self.path(&planned.table())?;
        crate::file::read_limited(path, TABLE_BYTES_MAX).map_err(|source| unread(path, source))
    }
}

impl<'t> Table<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self(items(text))
    }

    /// This certificate is what was shown to be signed, or was there before.
    pub(super) fn showed(
        &mut self,
        (number, item): (u64, &Item),
        certificate: &[u8],
    ) -> Result<(), &'static str> {
        let decided = self.decided(number, item)?;
        let read = RawCertificate::from_blob(certificate).map_err(|_form| UNLIKE)?;
        if decided == signed_before(read.serial()) {
            return Ok(());
        }
        let shown = decided.strip_prefix(WOULD_BE_SIGNED).ok_or(UNLIKE)?;
        let words = CertificateWords::of_certificate(&read).ok_or(UNLIKE)?;
        let says = shown
            .strip_prefix(&words.principals)
            .and_then(|behind| behind.strip_prefix("; known by "))
            .and_then(|behind| behind.strip_suffix(&words.rest));
        // Who it was known by is one word or a few, and hides nothing that a certificate says.
        let is_it =
            says.is_some_and(|known| known.matches(';').count() == 1 && known.ends_with("; "));
        if shown == CUT_OFF || is_it {
            return Ok(());
        }
        Err(UNLIKE)
    }

    /// It was shown as refused, or was refused when it was to be signed.
    pub(super) fn showed_refused(
        &mut self,
        (number, item): (u64, &Item),
    ) -> Result<(), &'static str> {
        let decided = self.decided(number, item)?;
        if decided.starts_with(REFUSED) || decided.starts_with(WOULD_BE_SIGNED) {
            return Ok(());
        }
        Err("it is refused, and the table shows that it was signed before")
    }

    /// The table showed nothing else.
    pub(super) fn showed_no_more(&self) -> Result<(), String> {
        match self.0.first_key_value() {
            None => Ok(()),
            Some((number, _)) => Err(format!(
                "its table shows item {number}, which isn't asked for"
            )),
        }
    }

    fn decided(&mut self, number: u64, item: &Item) -> Result<&'t str, &'static str> {
        let (shown, decided) = self.0.remove(&number).ok_or("the table doesn't show it")?;
        if shown != who(item) {
            return Err("the table shows it as somebody else's");
        }
        Ok(decided)
    }
}

const UNLIKE: &str = "its certificate is not what the table showed";
