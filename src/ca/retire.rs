//! How a CA ends: first it takes no serial any more; then, once nobody would be locked out by it, its
//! key is revoked, as a CA's key, which `sshd` honours in a KRL.

use sha2::{Digest, Sha256};

use crate::ledger::{Ca, CaRetired, Ledger, LedgerError, Revoked};
use crate::revocation::{Living, living};

/// Whether people may be locked out by the end of a CA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockOut {
    /// Nobody: the key is revoked once no certificate of it is valid.
    Nobody,
    /// Whoever has one: a person said so in full.
    Accepted,
}

/// A CA on its way to its end.
#[derive(Clone, Debug)]
pub struct Retirement {
    /// The CA.
    pub ca: Ca,
    /// What of it servers would still take.
    pub living: Living,
    /// Since when it takes no serial; none if it does.
    pub retired: Option<u64>,
    /// Whether its key was revoked.
    pub is_revoked: bool,
}

impl Retirement {
    /// Looks how far a CA is, at this Unix second.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub fn of(ledger: &Ledger, ca: &Ca, now: u64) -> Result<Self, LedgerError> {
        let key = Sha256::digest(&ca.added().public_key).into();
        Ok(Self {
            living: living(ledger, ca, now)?,
            retired: ledger.retired(ca)?,
            is_revoked: ledger.key_is_revoked(&key)?,
            ca: ca.clone(),
        })
    }

    /// Whether its key is revoked by the next step.
    #[must_use]
    pub fn revokes(&self, lock_out: LockOut) -> bool {
        !self.is_revoked && (self.living.valid == 0 || lock_out == LockOut::Accepted)
    }

    /// Whether nothing is left to do now.
    #[must_use]
    pub fn is_done(&self, lock_out: LockOut) -> bool {
        self.retired.is_some() && !self.revokes(lock_out)
    }
}

/// Retires a CA, and revokes its key in the same frame where nobody is locked out by that, or that was
/// accepted. Says how far it was before.
///
/// # Errors
/// [`LedgerError`], and then nothing was recorded.
pub fn retire(
    ledger: &mut Ledger,
    ca: &Ca,
    lock_out: LockOut,
    (reason, keyboard): (&str, &str),
    time: u64,
) -> Result<Retirement, LedgerError> {
    let before = Retirement::of(ledger, ca, time)?;
    if before.is_done(lock_out) {
        return Ok(before);
    }
    let retired = CaRetired {
        ca: ca.position(),
        reason: reason.to_owned(),
        keyboard: keyboard.to_owned(),
    };
    let revoked = before.revokes(lock_out).then(|| Revoked {
        keys: vec![ca.added().public_key.clone()],
        reason: reason.to_owned(),
        keyboard: keyboard.to_owned(),
        ..Revoked::default()
    });
    ledger.retire_ca(retired, revoked, time)?;
    Ok(before)
}
