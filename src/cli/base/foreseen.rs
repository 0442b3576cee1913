//! What `show` will put a `!` before, said before it is signed.

use std::collections::BTreeSet;

use super::terminal::warn;
use crate::batch::Looked;
use crate::certificate::alarm::{Alarm, foreseen};
use crate::config;

/// Warns of what is alarming about the certificates that were looked at, once of each thing.
pub(crate) fn warn_before(looked: &Looked) {
    let mut said = BTreeSet::new();
    for (_, wanted) in looked.wanted() {
        let decided = wanted.decided();
        for alarm in foreseen(decided.body(), decided.ca(), config::now()) {
            let words = words(&alarm);
            if said.insert(words.clone()) {
                warn(&words);
            }
        }
    }
}

fn words(alarm: &Alarm) -> String {
    match alarm {
        Alarm::Expired => EXPIRED.to_owned(),
        Alarm::ValidForever => ENDLESS.to_owned(),
        alarm => format!("of what is signed, `show` will say: {alarm}"),
    }
}

const EXPIRED: &str = "what -V asks for has ended already: no sshd will take this certificate";
const ENDLESS: &str = "what is signed never expires; -V +8h makes certificates that do";
