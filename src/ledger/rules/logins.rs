//! Logins to a server: who had a session, and whose word a reservation of that server goes by.

use ssh_key::PublicKey;

use super::Ledger;
use super::served::Checked;
use crate::attestation::Proof;
use crate::ledger::entry::{CardId, Credential, Event, LoginSeen};
use crate::ledger::rows::sha256;
use crate::ledger::{LedgerError, LoginError, OPERATOR, ReserveError, Wanted};
use crate::request::KnownBy;

/// From when until when a login counts that nothing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// When it was recorded, in Unix seconds.
    pub since: u64,
    /// The first second in which it is over, in Unix seconds.
    pub until: u64,
}

impl Ledger {
    /// Records that somebody logged in to a server, with an enrolled key or by its word alone, and returns the position of
    /// the entry, by which the session's requests are reserved.
    ///
    /// # Errors
    /// [`LoginError`], and then nothing was recorded.
    pub fn record_login(&mut self, seen: LoginSeen, time: u64) -> Result<u64, LoginError> {
        self.append(time, |draft| {
            draft.ledger.may_log_in(&seen, time)?;
            Ok(draft.entry(Event::LoginSeen(seen))?)
        })
    }

    /// Whether a login that was recorded still counts, for a session that asks for something; and from when until
    /// when it does.
    ///
    /// # Errors
    /// [`LoginError`].
    pub fn still_counts(&self, login: u64, name: &str, time: u64) -> Result<Counts, LoginError> {
        let none = || LoginError::None(name.to_owned());
        if login == 0 || login > self.size() {
            return Err(none());
        }
        let entry = self.entry(login)?;
        match entry.event {
            Event::LoginSeen(seen) if seen.name == name => {
                self.may_log_in(&seen, time)?;
                Ok(Counts {
                    since: entry.time,
                    until: seen.until,
                })
            }
            _ => Err(none()),
        }
    }

    /// The key, where the login was by one, is the requester's, and neither was revoked or barred.
    fn may_log_in(&self, seen: &LoginSeen, time: u64) -> Result<(), LoginError> {
        if seen.name == OPERATOR {
            return Err(LoginError::None(seen.name.clone()));
        }
        let is_by_key = !seen.key.is_empty();
        let whose = self.requester_of(&Credential::Key(seen.key.clone()))?;
        if is_by_key && whose.as_ref() != Some(&seen.name) {
            return Err(LoginError::NotEnrolled(seen.name.clone()));
        }
        if self.requester_is_barred(&seen.name)? {
            return Err(LoginError::Barred("the requester"));
        }
        if is_by_key && self.key_is_revoked(&sha256(&seen.key))? {
            return Err(LoginError::Barred("the key"));
        }
        if seen.until <= time {
            return Err(LoginError::Over);
        }
        Ok(())
    }

    /// Whoever is known by a login has one in the ledger that still counts; and nobody else says that a
    /// server was asked.
    pub(super) fn login_counts(&self, wanted: &Wanted, time: u64) -> Checked<()> {
        let by_login = wanted.decided.known_by() == KnownBy::Login;
        let counts = match &wanted.basis.served {
            Some(served) if by_login => self.by_login(wanted, served.login, time),
            None if !by_login => return Ok(Ok(())),
            _ => Err(LoginError::None(wanted.decided.requester().to_owned())),
        };
        match counts {
            Ok(()) => Ok(Ok(())),
            Err(LoginError::Ledger(error)) => Err(error),
            Err(refused) => Ok(Err(ReserveError::Login(refused))),
        }
    }

    fn by_login(&self, wanted: &Wanted, login: u64, time: u64) -> Result<(), LoginError> {
        let requester = wanted.decided.requester();
        self.still_counts(login, requester, time)?;
        match &wanted.basis.proof {
            Some(proof) if !self.vouches(requester, (proof, wanted.enrols.as_ref()))? => {
                Err(LoginError::Unproved(requester.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Whether the proved key, or the card that it is in, is enrolled for this requester, or becomes theirs in
    /// the same frame: else a stolen session and the thief's own card would be as good as the requester's card.
    fn vouches(
        &self,
        requester: &str,
        (proof, enrols): (&Proof, Option<&Credential>),
    ) -> Result<bool, LedgerError> {
        let key = PublicKey::from(proof.key().clone()).to_bytes()?;
        let mut credentials = vec![Credential::Key(key)];
        credentials.extend(proof.card().map(|(family, serial)| {
            Credential::FamilyCard(CardId {
                family: family.to_string(),
                serial: serial.into(),
            })
        }));
        for credential in &credentials {
            let becomes = enrols == Some(credential);
            if becomes || self.requester_of(credential)?.as_deref() == Some(requester) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
