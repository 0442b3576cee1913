//! The ledger of the screen: its head, the last list of what was revoked, what expires soon.

use std::ops::ControlFlow;

use serde_json::{Value, json};

use super::finding::Finding;
use crate::certificate::explain::utc;
use crate::certificate::length;
use crate::cli::base::failure::Failure;
use crate::cli::base::heads_below;
use crate::cli::base::monitoring::State;
use crate::cli::base::pending;
use crate::cli::base::words::number_of;
use crate::config::{self, Config};
use crate::ledger::{Ledger, LedgerError, RevokedSet, State as Became};
use crate::wire::RawCertificate;

/// From when something is told.
pub(super) struct Limits {
    pub(super) expires_within: u64,
    pub(super) warn_after: u64,
    pub(super) critical_after: u64,
}

/// What the ledger says of itself and of the lists.
pub(super) struct LedgerSeen {
    file: String,
    entries: u64,
    last: Option<u64>,
    /// Whether the heads that are kept outside say that it is the newest copy.
    is_kept: bool,
    krl: Option<KrlSeen>,
    expiring: u64,
    within: u64,
    /// How many revocations wait beside a mirror, and for how long the oldest does.
    pending: Option<(usize, u64)>,
    pub(super) findings: Vec<Finding>,
}

/// The newest list that was made.
struct KrlSeen {
    version: u64,
    made: u64,
    age: u64,
}

impl LedgerSeen {
    pub(super) fn look(config: &Config, ledger: &Ledger, limits: &Limits) -> Result<Self, Failure> {
        let now = config::now();
        let mut findings = Vec::new();
        if let Err(error) = config.ledger_place().read(&mut |_leap| false) {
            findings.push(Finding::met(State::Critical, "clock", &error.into()));
        }
        let is_kept = is_kept(config, &mut findings);
        if let Some(below) = heads_below::warning(config)? {
            findings.push(Finding::new(State::Warning, below).way(heads_below::ONE_MORE));
        }
        let newest = pending::newest_of_all(config, ledger)?;
        let krl = krl(ledger, newest, (now, limits), &mut findings)?;
        let expiring = expiring(ledger, now, limits.expires_within)?;
        if expiring > 0 {
            findings.push(will_expire(expiring, limits.expires_within));
        }
        let pending = pending::oldest(config, ledger).unwrap_or_else(|failure| {
            findings.push(Finding::met(
                State::Critical,
                "no list can be made",
                &failure,
            ));
            None
        });
        let pending = pending.map(|(open, oldest)| (open, now.saturating_sub(oldest)));
        if let Some((open, age)) = pending.filter(|(_, age)| *age > limits.warn_after) {
            let state = if age > limits.critical_after {
                State::Critical
            } else {
                State::Warning
            };
            findings.push(Finding::new(state, pending::in_words(open, age)).way(pending::CARRY));
        }
        Ok(Self {
            file: config.ledger().display().to_string(),
            entries: ledger.size(),
            last: ledger.last_time()?,
            is_kept,
            krl,
            expiring,
            within: limits.expires_within,
            pending,
            findings,
        })
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let last = self.last.map_or("no entry".to_owned(), utc);
        let kept = if self.is_kept { "fits" } else { "does not fit" };
        let krl = self.krl.as_ref().map_or("none was made".to_owned(), |krl| {
            let (version, age) = (krl.version, length(krl.age));
            format!("version {version}, made {age} ago ({})", utc(krl.made))
        });
        [
            format!("ledger: {}", self.file),
            format!("  entries      {}, the last of {last}", self.entries),
            format!("  kept head    {kept}"),
            format!("  last KRL     {krl}"),
            format!(
                "  expiring     {} within {}",
                self.expiring,
                length(self.within)
            ),
        ]
        .into_iter()
        .chain(
            self.pending
                .map(|(open, age)| format!("  revocations  {}", pending::in_words(open, age))),
        )
        .collect()
    }

    pub(super) fn in_short(&self) -> String {
        let krl = self.krl.as_ref().map_or("no KRL".to_owned(), |krl| {
            format!("KRL made {} ago", length(krl.age))
        });
        format!("{}, {krl}", number_of(self.entries, "entry"))
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "file": self.file,
            "entries": self.entries,
            "last": self.last,
            "kept-head-fits": self.is_kept,
            "krl": self.krl.as_ref().map(|krl| {
                json!({ "version": krl.version, "made": krl.made, "age": krl.age })
            }),
            "expiring": self.expiring,
            "expiring-within": self.within,
            "pending": self.pending.map(|(open, age)| json!({ "revocations": open, "oldest": age })),
        })
    }
}

/// Whether every head that is kept outside lets the ledger be written to; else nothing is signed.
fn is_kept(config: &Config, findings: &mut Vec<Finding>) -> bool {
    let failure = match Ledger::contradicted(&config.ledger(), &config.ledger_settings()) {
        Ok(None) => return true,
        Ok(Some(contradicts)) => contradicts.into(),
        Err(error) => error.into(),
    };
    findings.push(Finding::met(State::Critical, "nothing is signed", &failure));
    false
}

fn krl(
    ledger: &Ledger,
    newest: Option<pending::Newest>,
    (now, limits): (u64, &Limits),
    findings: &mut Vec<Finding>,
) -> Result<Option<KrlSeen>, LedgerError> {
    let make = pending::MAKE_LIST;
    let untold = pending::untold(ledger, newest.map(|(position, ..)| position))?;
    findings.extend(untold.map(|words| Finding::new(State::Warning, words).way(make)));
    let Some((_, made, version)) = newest else {
        findings.push(Finding::new(State::Ok, NO_KRL).way(make));
        return Ok(None);
    };
    let age = now.saturating_sub(made);
    let state = match age {
        age if age > limits.critical_after => Some(State::Critical),
        age if age > limits.warn_after => Some(State::Warning),
        _ => None,
    };
    let words = format!("the last KRL was made {} ago", length(age));
    findings.extend(state.map(|state| Finding::new(state, words).way(make)));
    Ok(Some(KrlSeen { version, made, age }))
}

/// How many certificates that can be used now are over soon.
fn expiring(ledger: &Ledger, now: u64, within: u64) -> Result<u64, LedgerError> {
    let revoked = RevokedSet::of(ledger)?;
    let soon = now..now.saturating_add(within);
    let mut count = 0;
    ledger.each_record_backward(&[], &mut |record| {
        let ends = RawCertificate::of_to_be_signed(&record.reserved.to_be_signed);
        let ends_soon = ends.is_ok_and(|fields| soon.contains(&fields.valid_before()));
        let is_usable = matches!(record.state, Became::Issued(_));
        if ends_soon && is_usable && revoked.revocation_of(&record).is_none() {
            count += 1;
        }
        ControlFlow::Continue(())
    })?;
    Ok(count)
}

/// Short certificates come and go; it is said, and no warning.
fn will_expire(expiring: u64, within: u64) -> Finding {
    let certificates = match expiring {
        1 => "1 certificate expires".to_owned(),
        many => format!("{many} certificates expire"),
    };
    let words = format!("{certificates} within {}", length(within));
    let span = in_one_unit(within);
    let way =
        format!("punchmark ledger list --expires-before +{span}; punchmark renew makes them anew");
    Finding::new(State::Ok, words).way(way)
}

/// A length of time as `-V` takes it, in the largest unit that it is whole in.
fn in_one_unit(seconds: u64) -> String {
    let units = [("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60)];
    let whole = units
        .iter()
        .find(|(_, length)| seconds.is_multiple_of(*length));
    match whole {
        Some((unit, length)) if seconds > 0 => format!("{}{unit}", seconds / length),
        _ => format!("{seconds}s"),
    }
}

const NO_KRL: &str = "no KRL was made yet; a server refuses what is revoked once it has one";

#[cfg(test)]
mod tests {
    use super::in_one_unit;

    #[test]
    fn a_week_is_no_number_of_seconds() {
        let spans = [604_800, 172_800, 5400, 61, 0].map(in_one_unit);
        assert_eq!(spans, ["1w", "2d", "90m", "61s", "0s"]);
    }
}
