//! The revocations that a bundle brings: each signed by somebody who is a revoker here and now.

use std::collections::HashSet;

use super::BundleSessionError;
use crate::bundle::Header;
use crate::config;
use crate::ledger::{Barred, Ledger, LedgerError, PendingRevocation, PendingTaken, Revoked};
use crate::revocation::{Beyond, Statement, beyond};

/// A revocation that a bundle brings and that does not count; the bundle is signed all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What its revoker signed.
    pub statement: Statement,
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
        format!("{} is not taken: {}", place(&self.statement), self.why)
    }
}

/// Those that the ledger has not taken yet, in their order, and beside them those that do not count.
pub(super) fn of(
    header: &Header,
    ledger: &Ledger,
) -> Result<(Vec<PendingRevocation>, Vec<LeftOut>), BundleSessionError> {
    let (mut all, mut left_out) = (Vec::new(), Vec::new());
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
        if ledger.took_revocation(&sha256)? {
            continue;
        }
        match why_left_out(&statement, ledger)? {
            Some(why) => left_out.push(LeftOut { statement, why }),
            None => all.push(taken(statement, sha256)),
        }
    }
    Ok((all, left_out))
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

/// The entry of one that counts.
fn taken(statement: Statement, sha256: [u8; 32]) -> PendingRevocation {
    let here = config::keyboard();
    let keyboard = format!("{}, a revoker; taken in by {here}", statement.revoker);
    let taken = PendingTaken {
        sha256,
        made: statement.made,
        revoker: statement.revoker,
        key: statement.key,
        keyboard: here,
    };
    PendingRevocation {
        taken,
        revoked: statement.revoked.map(|revoked| Revoked {
            keyboard: keyboard.clone(),
            ..revoked
        }),
        barred: statement.barred.map(|barred| Barred { keyboard, ..barred }),
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
