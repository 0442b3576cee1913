//! Whether nothing is left of a CA's key: each device, each wrapped key and the components of it are accounted for.

use super::copies::key_places;
use super::wrapped_end::is_wrapped_name;
use crate::config::Config;
use crate::ledger::{Became, Ca, Ledger, LedgerError};

/// What is left of a key.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// What is there still, each with the way to its end.
    pub(super) there: Vec<String>,
    /// What nobody finds.
    pub(super) missing: Vec<String>,
}

/// Asks config and ledger.
pub(super) fn left(config: &Config, ledger: &Ledger, ca: &Ca) -> Result<Left, LedgerError> {
    let mut left = Left::default();
    let places = key_places(config, ledger, ca)?;
    if places.is_empty() {
        let words = "neither config nor ledger tells where the key is";
        left.there.push(words.to_owned());
    }
    for place in places {
        let device = place.device.to_string();
        left.note(ca, (&device, &place.holder), place.became);
    }
    for seen in ledger.copies(ca)?.into_iter().map(|copy| copy.seen) {
        if is_wrapped_name(&seen.device) {
            left.note(ca, (&seen.device, &seen.holder), Some(seen.became));
        }
    }
    Ok(left)
}

impl Left {
    fn note(&mut self, ca: &Ca, (device, holder): (&str, &str), became: Option<Became>) {
        let words = if holder.is_empty() { device } else { holder };
        match became {
            Some(Became::Destroyed) => {}
            Some(Became::Missing) => self
                .missing
                .push(format!("where {words} is: it is missing")),
            Some(Became::Made) | None => self.there.push(format!(
                "its key is in {words}: punchmark ca destroy-copy {} '{device}'{}",
                ca.name(),
                how(device)
            )),
        }
    }
}

/// What more the command wants where there is no device.
fn how(device: &str) -> &'static str {
    match device.split_once(':') {
        Some(("blob", _)) => " --file FILE",
        Some(("components", _)) => " --by-hand WORDS",
        _ => "",
    }
}
