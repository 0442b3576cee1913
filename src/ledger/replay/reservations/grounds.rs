//! What stood behind a reservation: policy, request, challenge, evidence.

use super::*;

impl Reservations {
    pub(super) fn grounds(
        &mut self,
        found: &mut Findings,
        known: &Known<'_>,
        time: u64,
        reserved: &Reserved,
        grounds: &Grounds,
        subject: &KeyHash,
    ) {
        match self.policies.get(&grounds.policy) {
            None => found.broken(Fault::PolicyUnknown),
            Some(Rules {
                role: Some(role), ..
            }) if *role != reserved.role => found.since_format_4(Fault::RulesOfAnother {
                role: reserved.role.clone(),
                rules: role.clone(),
            }),
            Some(_) => {}
        }
        if let Some(id) = grounds.request_id
            && !self.request_ids.insert(id)
        {
            // Until format 4, a ledger that went on behind a gap had forgotten requests.
            if known.has_gap {
                found.since_format_4(Fault::RequestUsed)
            } else {
                found.broken(Fault::RequestUsed)
            }
        }
        self.answered(found, time, grounds.challenge);
        self.believed(found, reserved, grounds, subject);
    }

    fn answered(&mut self, found: &mut Findings, time: u64, challenge: Option<u64>) {
        let Some(position) = challenge else { return };
        let Some(challenge) = self.challenges.get_mut(&position) else {
            found.broken(Fault::Reference(position));
            return;
        };
        if std::mem::replace(&mut challenge.is_answered, true) {
            found.broken(Fault::ChallengeUsed);
        }
        if challenge.expires <= time {
            found.broken(Fault::ChallengeExpired(time - challenge.expires));
        }
    }

    /// The evidence is about this key, and the reservation repeats what it says.
    fn believed(
        &self,
        found: &mut Findings,
        reserved: &Reserved,
        grounds: &Grounds,
        subject: &KeyHash,
    ) {
        let Some(position) = grounds.evidence else {
            if reserved.proof != "none" {
                found.broken(Fault::EvidenceDiffers("kind of proof"));
            }
            if grounds.card.is_some() {
                found.broken(Fault::EvidenceDiffers("card"));
            }
            return;
        };
        let Some(evidence) = self.evidence.get(&position) else {
            found.broken(Fault::Reference(position));
            return;
        };
        if evidence.subject != *subject {
            found.broken(Fault::EvidenceOfAnother);
        }
        if *evidence.kind != *reserved.proof {
            found.broken(Fault::EvidenceDiffers("kind of proof"));
        }
        let Some(facts) = &evidence.facts else { return };
        if facts.serial != grounds.card {
            found.broken(Fault::EvidenceDiffers("card"));
        }
        let Some(known) = &grounds.known else { return };
        // Before format 4 no evidence said whose the number is.
        if facts.family.as_deref().unwrap_or_default() != known.family {
            found.broken(Fault::EvidenceDiffers("maker of the card"));
        }
    }
}
