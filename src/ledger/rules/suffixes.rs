//! The suffixes that a CA reserves: recorded for good, so that no config can write one by
//! hand, and no class becomes weaker under the name that it has on servers.

use super::Ledger;
use super::draft::Draft;
use super::read::damaged;
use crate::ledger::entry::{Event, SuffixSet, SuffixesSet};
use crate::ledger::rows::{number, table};
use crate::ledger::{Ca, LedgerError, ReserveError};
use crate::policy::Decided;
use crate::policy::Suffixes;
use crate::policy::least_proof::{self, LeastProof};
use crate::policy::suffix::Suffix;

/// Why the suffixes of a CA were not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuffixesError {
    /// A suffix that was reserved once would be free again.
    #[error("suffix `{suffix}` was reserved for this CA, and cannot be given up")]
    TakenOff {
        /// The suffix.
        suffix: String,
    },
    /// A class would ask for less than principals with its suffix stand for already.
    #[error("class `{class}` would ask for less under suffix `{suffix}` than it did")]
    Weaker {
        /// The class.
        class: String,
        /// The suffix of the class.
        suffix: String,
    },
    /// A class that was ended would go on.
    #[error("class `{class}` with suffix `{suffix}` was ended, and cannot go on")]
    Ended {
        /// The class.
        class: String,
        /// The suffix of the class.
        suffix: String,
    },
    /// One suffix ends in another, or stands there twice: a principal would be of two classes.
    #[error("suffix `{longer}` ends in suffix `{shorter}`")]
    EndsInAnother {
        /// The one.
        longer: String,
        /// The other.
        shorter: String,
    },
    /// A suffix or a least proof that cannot be read.
    #[error("class `{class}` cannot be read: {what}")]
    Unreadable {
        /// The class.
        class: String,
        /// What of it.
        what: &'static str,
    },
    /// The ledger cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// In what the suffixes of a config differ from those that a CA's ledger has recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SuffixDifference {
    /// The config lacks a suffix that is reserved: anybody could write it by hand.
    Missing {
        /// The suffix.
        suffix: String,
    },
    /// The config gives a reserved suffix for less than it stands for.
    Weaker {
        /// The suffix.
        suffix: String,
    },
    /// The config asks for more than is recorded.
    Stricter {
        /// The suffix.
        suffix: String,
    },
    /// The config has a suffix that was ended.
    Ended {
        /// The suffix.
        suffix: String,
    },
    /// The config reserves a suffix that is not recorded yet.
    New {
        /// The suffix.
        suffix: String,
    },
}

impl std::fmt::Display for SuffixDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { suffix } => {
                write!(f, "`{suffix}` is reserved, and the config lacks it")
            }
            Self::Weaker { suffix } => {
                write!(
                    f,
                    "the config gives `{suffix}` for less proof than it stands for"
                )
            }
            Self::Stricter { suffix } => {
                write!(
                    f,
                    "the config asks for more proof for `{suffix}` than is recorded"
                )
            }
            Self::Ended { suffix } => write!(f, "`{suffix}` was ended, and the config has it"),
            Self::New { suffix } => {
                write!(f, "the config reserves `{suffix}`, which is not recorded")
            }
        }
    }
}

/// The suffixes of a config, in the form that the ledger records them.
///
/// # Errors
/// [`LedgerError::Facts`] if a least proof can't be written down.
pub fn recorded_form(suffixes: &Suffixes) -> Result<Vec<SuffixSet>, LedgerError> {
    suffixes
        .iter()
        .map(|(class, of)| {
            Ok(SuffixSet {
                class: class.to_owned(),
                suffix: of.suffix().to_string(),
                proof: least_proof::to_text(of.least().as_ref())?,
                ended: 0,
            })
        })
        .collect()
}

impl Ledger {
    /// In what a config's suffixes differ from those that are recorded for a CA. Names of
    /// classes don't count: servers see suffixes alone.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn compare_suffixes(
        &self,
        ca: &Ca,
        config: &Suffixes,
    ) -> Result<Vec<SuffixDifference>, LedgerError> {
        let recorded = self.suffixes(ca)?.map(|set| set.suffixes);
        let classes = |sets: &[SuffixSet]| -> Result<Vec<Class>, LedgerError> {
            let classes = sets.iter().map(Class::of).collect::<Result<_, _>>();
            classes.map_err(|_unreadable| LedgerError::Head)
        };
        let recorded = classes(&recorded.unwrap_or_default())?;
        let config = classes(&recorded_form(config)?)?;
        let of_recorded = recorded
            .iter()
            .filter_map(|then| then.differs_from(&config));
        let new = config.iter().filter(|now| {
            let known = |then: &Class| then.suffix == now.suffix;
            !recorded.iter().any(known)
        });
        let new = new.map(|now| SuffixDifference::New {
            suffix: now.suffix.to_string(),
        });
        Ok(of_recorded.chain(new).collect())
    }

    /// The suffixes that were recorded for a CA; none where that was never done.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn suffixes(&self, ca: &Ca) -> Result<Option<SuffixesSet>, LedgerError> {
        let positions = self
            .index
            .positions(table::SUFFIXES, &number(ca.position))?;
        let Some(newest) = positions.last() else {
            return Ok(None);
        };
        match self.entry(*newest)?.event {
            Event::SuffixesSet(set) if set.ca == ca.position => Ok(Some(set)),
            _ => Err(damaged(*newest)),
        }
    }

    /// Records the suffixes that a CA reserves from here on. Those that are recorded already
    /// stay; a class may be ended or ask for more, never for less.
    ///
    /// # Errors
    /// [`SuffixesError`], and then nothing changed.
    pub fn set_suffixes(
        &mut self,
        ca: &Ca,
        suffixes: Vec<SuffixSet>,
        keyboard: String,
        time: u64,
    ) -> Result<(), SuffixesError> {
        self.append(time, |draft| draft.suffixes(ca, suffixes, keyboard))
    }

    /// Whether these suffixes can stand in the place of those that are recorded for a CA.
    ///
    /// # Errors
    /// [`SuffixesError`].
    pub fn check_suffixes(&self, ca: &Ca, suffixes: &[SuffixSet]) -> Result<(), SuffixesError> {
        let new: Vec<Class> = suffixes.iter().map(Class::of).collect::<Result<_, _>>()?;
        no_two_end_alike(&new)?;
        if let Some(recorded) = self.suffixes(ca)? {
            for old in &recorded.suffixes {
                Class::of(old)?.may_become(&new)?;
            }
        }
        Ok(())
    }

    /// Every principal that ends in a reserved suffix got it from the decision, by a class
    /// that goes on and by as much proof as was recorded for it.
    pub(super) fn names_are_proved(
        &self,
        ca: &Ca,
        decided: &Decided,
    ) -> Result<Result<(), ReserveError>, LedgerError> {
        let Some(set) = self.suffixes(ca)? else {
            return Ok(Ok(()));
        };
        for reserved in &set.suffixes {
            let class = Class::of(reserved).map_err(|_unreadable| LedgerError::Head)?;
            let principals = decided.body().principals.iter();
            let names = principals.map(|name| name.as_str());
            for name in names.filter(|name| class.suffix.ends(name)) {
                if !class.is_met_by(decided) {
                    return Ok(Err(ReserveError::Suffix {
                        principal: name.to_owned(),
                        suffix: class.suffix.to_string(),
                    }));
                }
            }
        }
        Ok(Ok(()))
    }
}

impl Draft<'_> {
    fn suffixes(
        &mut self,
        ca: &Ca,
        suffixes: Vec<SuffixSet>,
        keyboard: String,
    ) -> Result<(), SuffixesError> {
        self.ledger.check_suffixes(ca, &suffixes)?;
        self.entry(Event::SuffixesSet(SuffixesSet {
            ca: ca.position,
            suffixes,
            keyboard,
        }))?;
        Ok(())
    }
}

/// A recorded suffix, read.
struct Class {
    name: String,
    suffix: Suffix,
    least: Option<LeastProof>,
    ended: bool,
}

impl Class {
    fn of(set: &SuffixSet) -> Result<Self, SuffixesError> {
        let unreadable = |what| SuffixesError::Unreadable {
            class: set.class.clone(),
            what,
        };
        Ok(Self {
            name: set.class.clone(),
            suffix: Suffix::try_from(set.suffix.clone())
                .map_err(|_same_words| unreadable("its suffix"))?,
            least: least_proof::from_text(&set.proof)
                .map_err(|_no_json| unreadable("its proof"))?,
            ended: set.ended != 0,
        })
    }

    /// Whether principals may get the suffix by this decision.
    fn is_met_by(&self, decided: &Decided) -> bool {
        let by_decision = decided.suffix() == Some(self.suffix.as_str());
        let proved = match (&self.least, decided.proof()) {
            (None, _) => true,
            (Some(least), Some(proof)) => least.is_met_by(proof),
            (Some(_), None) => false,
        };
        by_decision && proved && !self.ended
    }

    /// In what the class of the same suffix among `now` differs from this recorded one.
    fn differs_from(&self, now: &[Self]) -> Option<SuffixDifference> {
        let suffix = self.suffix.to_string();
        let Some(now) = now.iter().find(|now| now.suffix == self.suffix) else {
            return (!self.ended).then_some(SuffixDifference::Missing { suffix });
        };
        if self.ended {
            return Some(SuffixDifference::Ended { suffix });
        }
        let (now, then) = (now.least.as_ref(), self.least.as_ref());
        let (as_much, as_little) = (
            LeastProof::asks_as_much(now, then),
            LeastProof::asks_as_much(then, now),
        );
        match (as_much, as_little) {
            (true, true) => None,
            (true, false) => Some(SuffixDifference::Stricter { suffix }),
            (false, _) => Some(SuffixDifference::Weaker { suffix }),
        }
    }

    /// Whether `new` keeps this suffix, and gives it for no less.
    fn may_become(&self, new: &[Self]) -> Result<(), SuffixesError> {
        let suffix = self.suffix.to_string();
        let same = |other: &&Self| other.suffix == self.suffix;
        let Some(then) = new.iter().find(same) else {
            return Err(SuffixesError::TakenOff { suffix });
        };
        let class = then.name.clone();
        if self.ended && !then.ended {
            return Err(SuffixesError::Ended { class, suffix });
        }
        if !then.ended && !LeastProof::asks_as_much(then.least.as_ref(), self.least.as_ref()) {
            return Err(SuffixesError::Weaker { class, suffix });
        }
        Ok(())
    }
}

fn no_two_end_alike(classes: &[Class]) -> Result<(), SuffixesError> {
    for (at, class) in classes.iter().enumerate() {
        let others = classes.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, other) in others {
            if other.suffix.ends(class.suffix.as_str()) {
                return Err(SuffixesError::EndsInAnother {
                    longer: class.suffix.to_string(),
                    shorter: other.suffix.to_string(),
                });
            }
        }
    }
    Ok(())
}
