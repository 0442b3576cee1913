//! How a CA stands by its ledger: whether it ended, and when the next drill with its copies is due. Every command
//! that tells of it asks here, so that no two of them say otherwise.

use jiff::Timestamp;
use ssh_key::HashAlg;

use super::monitoring::State;
use crate::ledger::{Ca, Ledger, LedgerError};

/// What the ledger says of a CA, beside its certificates.
pub(in crate::cli) struct CaStanding {
    /// Since when it takes no serial, in Unix seconds.
    pub(in crate::cli) retired: Option<u64>,
    /// Whether its key was revoked.
    pub(in crate::cli) is_revoked: bool,
    /// The serial that it takes next; none where it takes none.
    pub(in crate::cli) next_serial: Option<u64>,
    /// When the next drill is due, in Unix seconds: nobody tries the copies of a CA that ended.
    pub(in crate::cli) drill_due: Option<u64>,
}

/// Something about a CA that somebody should know.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::cli) struct CaFinding {
    /// How bad it is.
    pub(in crate::cli) state: State,
    /// What it is, with the CA.
    pub(in crate::cli) words: String,
    /// What is to be done.
    pub(in crate::cli) way: String,
}

impl CaStanding {
    /// Asks the ledger.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(in crate::cli) fn of(ledger: &Ledger, ca: &Ca) -> Result<Self, LedgerError> {
        let hash = ca.public_key().fingerprint(HashAlg::Sha256);
        let retired = ledger.retired(ca)?;
        let next = ledger.next_serial(ca)?.filter(|_| retired.is_none());
        Ok(Self {
            is_revoked: ledger.key_is_revoked(&hash.sha256().unwrap_or_default())?,
            next_serial: next.map(|serial| serial.number()),
            drill_due: ledger.drill_due(ca)?,
            retired,
        })
    }

    /// The next serial, or why there is none.
    pub(in crate::cli) fn serial_in_words(&self) -> String {
        match self.next_serial {
            Some(serial) => serial.to_string(),
            None if self.retired.is_some() => "none: it is retired".to_owned(),
            None => "none is left".to_owned(),
        }
    }

    /// When the next drill is due, and whether that is over.
    pub(in crate::cli) fn drill_in_words(&self, now: u64) -> Option<String> {
        self.drill_due.map(|due| due_in_words(due, now))
    }

    /// What is not as it should be, at this Unix second.
    pub(in crate::cli) fn findings(&self, name: &str, now: u64) -> Vec<CaFinding> {
        let finding = |state, words: &str, way: String| CaFinding {
            state,
            words: format!("CA `{name}`: {words}"),
            way,
        };
        let revoked = self.is_revoked.then(|| {
            let words = "its key was revoked, and signs nothing more";
            let way = format!("take [ca.{name}] out of the config");
            finding(State::Critical, words, way)
        });
        let is_retired = self.retired.is_some() && !self.is_revoked;
        let retired = is_retired.then(|| {
            let words = "it is retired, and signs no more; its key is not revoked yet";
            let way = format!("punchmark ca retire {name}, when its last certificate is over");
            finding(State::Ok, words, way)
        });
        let due = self.drill_due.filter(|due| is_overdue(*due, now));
        let overdue = due.map(|due| {
            let words = format!("the next drill is {}", due_in_words(due, now));
            finding(State::Warning, &words, DRILL.to_owned())
        });
        [revoked, retired, overdue].into_iter().flatten().collect()
    }
}

fn due_in_words(due: u64, now: u64) -> String {
    let seconds = i64::try_from(due).unwrap_or(i64::MAX);
    let day = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let day = day.strftime("%Y-%m-%d %H:%M UTC");
    if is_overdue(due, now) {
        format!("OVERDUE since {day}")
    } else {
        format!("due on {day}")
    }
}

fn is_overdue(due: u64, now: u64) -> bool {
    due <= now
}

/// What is done about a drill that is due.
const DRILL: &str = "hold one: `punchmark ceremony plan --kind drill` draws its plan";

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(retired: Option<u64>, is_revoked: bool, drill_due: Option<u64>) -> CaStanding {
        CaStanding {
            retired,
            is_revoked,
            next_serial: retired.is_none().then_some(7),
            drill_due,
        }
    }

    #[test]
    fn a_drill_is_overdue_from_its_day_on() {
        let due = 1_796_083_200;
        let one = standing(None, false, Some(due));
        let told = |now| one.drill_in_words(now).unwrap();
        assert_eq!(told(due - 1), "due on 2026-12-01 00:00 UTC");
        assert_eq!(told(due), "OVERDUE since 2026-12-01 00:00 UTC");
        assert_eq!(one.findings("users", due - 1), []);
        let found = one.findings("users", due);
        assert_eq!(found[0].state, State::Warning);
        assert!(
            found[0]
                .words
                .contains("CA `users`: the next drill is OVERDUE")
        );
    }

    #[test]
    fn a_ca_that_ended_takes_no_serial_and_says_how_far_it_is() {
        let state = |one: &CaStanding| one.findings("users", 9).first().map(|one| one.state);
        assert_eq!(state(&standing(None, false, None)), None);
        assert_eq!(standing(None, false, None).serial_in_words(), "7");
        let retired = standing(Some(1), false, None);
        assert_eq!(state(&retired), Some(State::Ok));
        assert_eq!(retired.serial_in_words(), "none: it is retired");
        assert_eq!(state(&standing(Some(1), true, None)), Some(State::Critical));
        assert_eq!(state(&standing(None, true, None)), Some(State::Critical));
    }
}
