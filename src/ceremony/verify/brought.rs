//! What bundles bring beside their items, against what the ledger came to have in the ceremony: each
//! revocation and enrolment of theirs stands there, and nobody's else.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use crate::bundle::Header;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{Credential, Entry, Event, Ledger, LedgerError, RevokedSet};
use crate::revocation::{Statement, is_covered};
use crate::wire::chain;

/// What the entries of a ceremony say beside its certificates.
#[derive(Default)]
pub(super) struct Recorded {
    /// The revocations that were taken or refused, by SHA-256 of what was signed.
    ended: HashSet<[u8; 32]>,
    enrolled: HashSet<(String, Credential)>,
    /// When each bundle was taken, by its id.
    taken: HashMap<[u8; 16], u64>,
    /// An entry that revokes or bars, and that no entry behind it explains yet.
    loose: bool,
    /// What a session over bundles records nothing of.
    foreign: Option<&'static str>,
}

impl Recorded {
    /// What the ledger says between these two sizes, but for entries that the transcript names as none of the
    /// plan's.
    pub(super) fn of(
        ledger: &Ledger,
        (from, to): (u64, u64),
        foreign: &BTreeSet<u64>,
    ) -> Result<Self, VerdictFault> {
        let mut recorded = Self::default();
        ledger.each_entry(from.saturating_add(1), &mut |position, bytes| {
            if position > to {
                return ControlFlow::Break(());
            }
            if let Ok(entry) = Entry::from_bytes(bytes)
                && !foreign.contains(&position)
            {
                recorded.take(entry.time, entry.event);
            }
            ControlFlow::Continue(())
        })?;
        Ok(recorded)
    }

    fn take(&mut self, time: u64, event: Event) {
        let was_loose = std::mem::take(&mut self.loose);
        match event {
            Event::Revoked(_) => {
                self.loose = true;
                self.note(was_loose, REVOKES);
            }
            Event::Barred(_) => self.loose = true,
            Event::PendingTaken(taken) => {
                self.ended.insert(taken.sha256);
            }
            event => {
                self.note(was_loose, REVOKES);
                self.take_other(time, event);
            }
        }
    }

    fn take_other(&mut self, time: u64, event: Event) {
        match event {
            Event::PendingRefused(refused) => {
                self.ended.insert(refused.sha256);
            }
            Event::RequesterAdded(added) => {
                self.enrolled.insert((added.name, added.credential));
            }
            Event::BundleTaken(taken) => {
                self.taken.insert(taken.id, time);
            }
            Event::RequesterRemoved(_) | Event::RequesterNamed(_) | Event::DutiesSet(_) => {
                self.note(true, "something else was recorded of requesters");
            }
            Event::CaAdded(_) | Event::CaRetired(_) | Event::StageReached(_) => {
                self.note(true, "something else was recorded of CAs");
            }
            Event::ListsDelegated(_) | Event::LedgerKeyRolled(_) | Event::LedgerKeyRevoked(_) => {
                self.note(true, "something else was recorded of the ledger's keys");
            }
            _ => {}
        }
    }

    fn note(&mut self, is_so: bool, what: &'static str) {
        if is_so {
            self.foreign.get_or_insert(what);
        }
    }

    /// Whether all that a bundle brings is there, and takes it off what is to be explained.
    pub(super) fn require(&mut self, header: &Header, ledger: &Ledger) -> Result<(), String> {
        let taken = self.taken.remove(&header.id);
        let taken = taken.ok_or("the ledger doesn't say that it was signed in this ceremony")?;
        let set = RevokedSet::of(ledger).map_err(|error| chain(&error))?;
        for (signed, signature) in &header.pending {
            let statement = Statement::signed(signed, signature).map_err(|error| chain(&error))?;
            self.require_revocation(&statement, taken, (ledger, &set))
                .map_err(|what| format!("revocation {} that it brings {what}", statement.number))?;
        }
        for one in &header.enrolments {
            let (name, credential) = (one.name.to_string(), one.credential.clone());
            let owner = ledger.requester_of(&credential);
            let owner = owner.map_err(|error| chain(&error))?;
            let is_new = self.enrolled.remove(&(name.clone(), credential));
            if !is_new && owner.as_deref() != Some(name.as_str()) {
                return Err(format!("whom it enrols the ledger doesn't have: {name}"));
            }
        }
        Ok(())
    }

    /// One that was taken is revoked whole; one that was made behind the time of the bundle counts for nothing
    /// yet, and comes again.
    fn require_revocation(
        &mut self,
        statement: &Statement,
        bundle: u64,
        (ledger, set): (&Ledger, &RevokedSet),
    ) -> Result<(), String> {
        let sha256 = statement.sha256().map_err(|error| chain(&error))?;
        let is_new = self.ended.remove(&sha256);
        let unread = |error: LedgerError| chain(&error);
        if ledger.took_revocation(&sha256).map_err(unread)? {
            let is_whole = is_covered(statement, set, ledger).map_err(unread)?;
            return is_whole
                .then_some(())
                .ok_or_else(|| "is taken, and not all of it revoked".to_owned());
        }
        let is_refused = ledger
            .refused_revocation(&sha256)
            .map_err(unread)?
            .is_some();
        if is_new || is_refused || statement.made > bundle {
            return Ok(());
        }
        Err("is not in the ledger".to_owned())
    }

    /// Behind all bundles, nothing is left that none of them brought.
    pub(super) fn require_no_more(&self) -> Result<(), VerdictFault> {
        let left = [
            (
                !self.taken.is_empty(),
                "a bundle was signed that the plan doesn't have",
            ),
            (
                !self.ended.is_empty(),
                "a revocation was taken or refused that no bundle brings",
            ),
            (
                !self.enrolled.is_empty(),
                "somebody was enrolled whom no bundle enrols",
            ),
            (self.loose, REVOKES),
        ];
        let left = left
            .iter()
            .find_map(|(is_left, what)| is_left.then_some(*what));
        match self.foreign.or(left) {
            None => Ok(()),
            Some(what) => Err(VerdictFault::Ledger(format!("in the ceremony, {what}"))),
        }
    }
}

const REVOKES: &str = "something was revoked that no bundle brings";

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};
    use ssh_encoding::Encode;
    use ssh_key::{HashAlg, PrivateKey, SshSig};

    use super::*;
    use crate::bundle::{Enrolment, SignedRevocation};
    use crate::ledger::{
        Barred, BundleTaken, DutiesSet, PendingRefused, PendingTaken, RequesterAdded, Revoked,
        for_tests,
    };
    use crate::revocation::REVOCATION_NAMESPACE;

    fn revoked() -> Revoked {
        Revoked {
            sha256s: vec![[9; 32]],
            ..Revoked::default()
        }
    }

    fn revocation() -> SignedRevocation {
        let key = PrivateKey::from(ssh_key::private::Ed25519Keypair::from_seed(&[7; 32]));
        let statement = Statement {
            number: 1,
            before: [0; 32],
            origin: "punchmark.ledger/00".to_owned(),
            made: TIME,
            revoker: "anna".to_owned(),
            key: key.public_key().to_bytes().unwrap(),
            revoked: Some(revoked()),
            barred: None,
        };
        let bytes = statement.to_bytes().unwrap();
        let signature = SshSig::sign(&key, REVOCATION_NAMESPACE, HashAlg::Sha512, &bytes);
        (bytes, signature.unwrap().encode_vec().unwrap())
    }

    fn header() -> Header {
        let mut header = crate::bundle::tests::header();
        header.enrolments = vec![Enrolment {
            name: "anna".parse().unwrap(),
            credential: Credential::Key(vec![1]),
        }];
        header.pending = vec![revocation()];
        header
    }

    fn enrolled(name: &str) -> Event {
        Event::RequesterAdded(RequesterAdded {
            name: name.to_owned(),
            credential: Credential::Key(vec![1]),
            keyboard: String::new(),
        })
    }

    fn taken(revoked: Revoked) -> Vec<Event> {
        let taken = PendingTaken {
            sha256: Sha256::digest(revocation().0).into(),
            ..PendingTaken::default()
        };
        vec![Event::Revoked(revoked), Event::PendingTaken(taken)]
    }

    /// What is said of a ceremony that took the bundle and wrote these entries.
    fn verdict(events: Vec<Event>) -> String {
        let mut ledger = for_tests::ledger(Box::new(|_| Ok(())));
        let bundle = BundleTaken {
            id: header().id,
            ..BundleTaken::default()
        };
        for event in events.into_iter().chain([Event::BundleTaken(bundle)]) {
            ledger.forge(event, TIME).unwrap();
        }
        let mut recorded = Recorded::of(&ledger, (0, ledger.size()), &BTreeSet::new()).unwrap();
        match recorded.require(&header(), &ledger) {
            Err(words) => words,
            Ok(()) => recorded
                .require_no_more()
                .map_or_else(|fault| fault.to_string(), |()| String::new()),
        }
    }

    #[test]
    fn all_that_bundles_bring_is_in_the_ledger_and_nothing_else() {
        let whole = || [taken(revoked()), vec![enrolled("anna")]].concat();
        assert_eq!(verdict(whole()), "");
        let refused = PendingRefused {
            sha256: Sha256::digest(revocation().0).into(),
            ..PendingRefused::default()
        };
        let refused = vec![Event::PendingRefused(refused), enrolled("anna")];
        assert_eq!(verdict(refused), "");
        let lacking = verdict(vec![enrolled("anna")]);
        assert!(lacking.contains("revocation 1 that it brings is not in the ledger"));
        let other = verdict([taken(Revoked::default()), vec![enrolled("anna")]].concat());
        assert!(other.contains("revocation 1 that it brings is taken, and not all of it"));
        let lacking = verdict(taken(revoked()));
        assert!(lacking.contains("whom it enrols the ledger doesn't have: anna"));
        for (more, words) in [
            (
                enrolled("erik"),
                "somebody was enrolled whom no bundle enrols",
            ),
            (
                Event::DutiesSet(DutiesSet::default()),
                "recorded of requesters",
            ),
            (Event::Revoked(Revoked::default()), REVOKES),
            (Event::Barred(Barred::default()), REVOKES),
            (
                Event::PendingTaken(PendingTaken::default()),
                "taken or refused that no bundle brings",
            ),
        ] {
            let said = verdict([whole(), vec![more]].concat());
            assert!(said.contains(words), "{said}");
        }
    }

    const TIME: u64 = 1_800_000_000;
}
