//! The revocations that a bundle brings: each signed by somebody who is a revoker here and now.

use std::collections::HashSet;

use super::BundleSessionError;
use crate::bundle::Header;
use crate::config;
use crate::ledger::{Ledger, LedgerError, PendingRefused, PendingRevocation, PendingTaken};
use crate::revocation::{Beyond, Statement, beyond};

/// A revocation that a bundle brings and that does not count; the bundle is signed all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What its revoker signed.
    pub statement: Statement,
    /// SHA-256 of that.
    sha256: [u8; 32],
    /// Why it does not count.
    pub why: WhyLeftOut,
}

/// Why a revocation that a bundle brings does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhyLeftOut {
    /// Its signer is no revoker, or not any more.
    #[error("{0} is no revoker")]
    NoRevoker(String),
    /// It is of tomorrow.
    #[error("it was made after now")]
    OfTomorrow,
    /// It revokes what no revoker revokes.
    #[error(transparent)]
    Beyond(#[from] Beyond),
}

impl LeftOut {
    /// Which it is and why it does not count, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let (place, why) = (place(&self.statement), &self.why);
        if self.why.is_for_good() {
            format!(
                "{place} is not taken: {why}; it is refused for good, and the lists of its mirror keep it"
            )
        } else {
            format!("{place} is not taken: {why}")
        }
    }

    /// The entry that names it as refused; none where it may still come to count.
    #[must_use]
    pub(super) fn refused(&self) -> Option<PendingRefused> {
        let taken = taken(&self.statement, self.sha256);
        let why = self.why.to_string();
        self.why.is_for_good().then(|| taken.refused(why))
    }
}

impl WhyLeftOut {
    /// Whether that stays so: a clock that is wrong on one side does not.
    fn is_for_good(&self) -> bool {
        !matches!(self, Self::OfTomorrow)
    }
}

/// Those that the ledger has not taken yet, in their order, and beside them those that do not count.
pub(super) fn of(
    header: &Header,
    ledger: &Ledger,
) -> Result<(Vec<PendingRevocation>, Vec<LeftOut>), BundleSessionError> {
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
    let mut last = None;
    for (signed, signature) in &header.pending {
        let statement = Statement::signed(signed, signature).map_err(|source| {
            BundleSessionError::Revocation {
                place: "a revocation that it brings".to_owned(),
                source,
            }
        })?;
        if statement.origin != header.against.origin {
            return Err(BundleSessionError::ForeignRevocation(statement.number));
        }
        let sha256 = statement.sha256();
        let sha256 = sha256.map_err(|source| BundleSessionError::Revocation {
            place: place(&statement),
            source,
        })?;
        require_order(&statement, last, ledger)?;
        last = Some((statement.number, sha256));
        if ledger.ended_revocation(&sha256)? {
            continue;
        }
        match why_left_out(&statement, ledger)? {
            Some(why) => left_out.push(LeftOut {
                statement,
                sha256,
                why,
            }),
            None => all.push(PendingRevocation {
                taken: taken(&statement, sha256),
                revoked: statement.revoked,
                barred: statement.barred,
            }),
        }
    }
    Ok((all, left_out))
}

/// Whether a statement follows one that came before it in the bundle, or one that something became of here: so
/// that nobody on the way leaves one out. The first ever follows none.
fn require_order(
    statement: &Statement,
    last: Option<(u64, [u8; 32])>,
    ledger: &Ledger,
) -> Result<(), BundleSessionError> {
    let follows = match last {
        Some((number, _)) if number >= statement.number => false,
        Some((_, sha256)) if sha256 == statement.before => true,
        _ if statement.number <= 1 => statement.number == 1 && statement.before == [0; 32],
        _ => ledger.ended_revocation(&statement.before)?,
    };
    if follows {
        return Ok(());
    }
    Err(BundleSessionError::RevocationOrder(statement.number))
}

fn place(statement: &Statement) -> String {
    format!("revocation {} that it brings", statement.number)
}

fn why_left_out(statement: &Statement, ledger: &Ledger) -> Result<Option<WhyLeftOut>, LedgerError> {
    if !ledger.is_revoker(&statement.revoker, &statement.key)? {
        return Ok(Some(WhyLeftOut::NoRevoker(statement.revoker.clone())));
    }
    if statement.made > config::now().saturating_add(A_CLOCK_AHEAD) {
        return Ok(Some(WhyLeftOut::OfTomorrow));
    }
    let Some(revoked) = &statement.revoked else {
        return Ok(None);
    };
    Ok(beyond(revoked, ledger)?.map(WhyLeftOut::Beyond))
}

/// What the ledger names one by that counts.
fn taken(statement: &Statement, sha256: [u8; 32]) -> PendingTaken {
    PendingTaken {
        sha256,
        made: statement.made,
        revoker: statement.revoker.clone(),
        key: statement.key.clone(),
        keyboard: config::keyboard(),
    }
}

/// The keys that they revoke, by SHA-256.
pub(super) fn keys(pending: &[PendingRevocation]) -> HashSet<[u8; 32]> {
    let revoked = pending.iter().filter_map(|one| one.revoked.as_ref());
    revoked
        .flat_map(|revoked| revoked.key_hashes().collect::<Vec<_>>())
        .collect()
}

/// Clocks differ by some minutes.
const A_CLOCK_AHEAD: u64 = 600;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Event, for_tests};

    fn statement(number: u64, before: [u8; 32]) -> Statement {
        Statement {
            number,
            before,
            origin: "punchmark.ledger/00".to_owned(),
            made: 1_800_000_000,
            revoker: "anna".to_owned(),
            key: Vec::new(),
            revoked: None,
            barred: None,
        }
    }

    #[test]
    fn each_revocation_follows_one_of_the_bundle_or_of_the_ledger_and_none_is_left_out() {
        let mut ledger = for_tests::ledger(Box::new(|_| Ok(())));
        for (sha256, is_taken) in [([1; 32], true), ([2; 32], false)] {
            let taken = PendingTaken {
                sha256,
                ..PendingTaken::default()
            };
            let event = if is_taken {
                Event::PendingTaken(taken)
            } else {
                Event::PendingRefused(taken.refused("no".to_owned()))
            };
            ledger.forge(event, 1_800_000_000).unwrap();
        }
        let follows =
            |number, before, last| require_order(&statement(number, before), last, &ledger).is_ok();
        assert!(follows(1, [0; 32], None));
        assert!(follows(2, [1; 32], None) && follows(3, [2; 32], None));
        assert!(follows(5, [4; 32], Some((4, [4; 32]))));
        // What stands between them was taken.
        assert!(follows(6, [1; 32], Some((4, [4; 32]))));
        assert!(!follows(1, [9; 32], None) && !follows(2, [0; 32], None));
        assert!(!follows(2, [9; 32], None), "the first was left out");
        assert!(!follows(6, [5; 32], Some((4, [4; 32]))));
        assert!(!follows(4, [4; 32], Some((4, [4; 32]))));
        assert!(!follows(3, [4; 32], Some((4, [4; 32]))));
        assert!(!follows(0, [0; 32], None));
    }
}
