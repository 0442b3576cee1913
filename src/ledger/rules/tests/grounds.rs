//! What must be unique, unrevoked or one's own is held to in the frame of `reserve`.

use super::*;
use crate::attestation::{Facts, Family, Proof, ProofKind};
use crate::ledger::wanted::Basis;

pub(super) fn blob(seed: u8) -> Vec<u8> {
    PublicKey::from(public(seed)).to_bytes().unwrap()
}

pub(super) fn proof(seed: u8, card: u32) -> Proof {
    let facts = Facts {
        serial: Some(card),
        family: Some(Family::Yubico),
        ..Facts::default()
    };
    Proof::for_tests(public(seed), ProofKind::Piv, facts)
}

pub(super) fn peters(subject: u8, change: impl FnOnce(&mut Basis)) -> Wanted {
    let mut wanted = wanted_by("peter", subject, SerialChoice::Next);
    change(&mut wanted.basis);
    wanted
}

impl Fixture {
    pub(super) fn ask(&mut self, wanted: Wanted) -> Result<Reservation, ReserveError> {
        let mut reserved = self.ledger.reserve(vec![wanted], NOW).unwrap();
        reserved.remove(0)
    }

    fn give_up(&mut self, reservation: &Reservation) {
        let outcome = Outcome::Failed(reservation, "pulled".to_owned());
        self.ledger.record(&[outcome], NOW).unwrap();
    }

    pub(super) fn enrol(&mut self, name: &str, credential: Credential) -> Result<(), EnrolError> {
        let (name, keyboard) = (name.to_owned(), "tester".to_owned());
        let added = RequesterAdded {
            name,
            credential,
            keyboard,
        };
        self.ledger.add_requester(added, NOW)
    }

    pub(super) fn bar(&mut self, cards: Vec<u64>, requesters: &[&str]) {
        let barred = Barred {
            cards,
            requesters: requesters.iter().map(|&name| name.to_owned()).collect(),
            ..Barred::default()
        };
        self.ledger.revoke_and_bar(None, Some(barred), NOW).unwrap();
    }

    fn challenge(&mut self, nonce: Nonce, expires: u64) {
        let keyboard = String::new();
        let made = ChallengeMade {
            nonce,
            expires,
            keyboard,
        };
        self.ledger.make_challenge(made, NOW).unwrap();
    }
}

conform!(
    a_request_is_used_once,
    two_of_one_run_cannot_share_a_request,
    a_request_whose_reservation_was_given_up_may_come_again,
    a_challenge_is_made_here_and_answered_once_in_its_time,
    evidence_and_policy_are_kept_once_and_read_back,
    a_proof_of_another_key_is_refused,
    one_key_is_for_one_person,
    a_key_whose_only_reservation_was_given_up_is_nobodys,
    finds_by_each_term_and_by_no_other,
);

fn a_request_is_used_once(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let again = |_: &()| peters(9, |basis| basis.request_id = Some([7; 16]));
    fixture.ask(again(&())).unwrap();
    assert!(matches!(fixture.ask(again(&())), Err(ReserveError::RequestUsed(id)) if id == [7; 16]));
    fixture.is_whole();
}

fn two_of_one_run_cannot_share_a_request(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let wanted = [(); 2].map(|()| peters(9, |basis| basis.request_id = Some([7; 16])));
    let reserved = fixture.ledger.reserve(wanted.into(), NOW).unwrap();
    assert!(matches!(
        reserved.as_slice(),
        [Ok(_), Err(ReserveError::RequestUsed(_))]
    ));
    fixture.is_whole();
}

fn a_request_whose_reservation_was_given_up_may_come_again(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let request = || peters(9, |basis| basis.request_id = Some([7; 16]));
    let reservation = fixture.ask(request()).unwrap();
    fixture.give_up(&reservation);
    fixture.ask(request()).unwrap();
    assert!(matches!(
        fixture.ask(request()),
        Err(ReserveError::RequestUsed(_))
    ));
    fixture.is_whole();
}

fn a_challenge_is_made_here_and_answered_once_in_its_time(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let answer = |nonce| peters(9, |basis| basis.challenge = Some(nonce));
    fixture.challenge([1; 32], NOW + 1);
    fixture.challenge([2; 32], NOW);
    let unknown = fixture.ask(answer([3; 32]));
    assert!(matches!(unknown, Err(ReserveError::ChallengeUnknown(_))));
    let late = fixture.ask(answer([2; 32]));
    assert!(matches!(
        late,
        Err(ReserveError::ChallengeExpired { late: 0, .. })
    ));
    fixture.ask(answer([1; 32])).unwrap();
    let again = fixture.ask(answer([1; 32]));
    assert!(matches!(again, Err(ReserveError::ChallengeUsed(_))));
    fixture.is_whole();
}

fn evidence_and_policy_are_kept_once_and_read_back(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let proved = || {
        peters(9, |basis| {
            basis.proof = Some(proof(9, 12_345_678));
            basis.evidence = vec![1, 2, 3];
        })
    };
    let serials = [fixture.ask(proved()), fixture.ask(proved())].map(|r| r.unwrap().serial());
    let [first, second] = serials.map(|serial| {
        let record = fixture.ledger.record_of(&fixture.ca, serial).unwrap();
        record.unwrap().reserved
    });
    assert_eq!(first.grounds, second.grounds);
    assert_eq!(first.proof, "piv");
    let grounds = first.grounds.unwrap();
    assert_eq!(grounds.card, Some(12_345_678));
    let seen = fixture
        .ledger
        .evidence_of(grounds.evidence.unwrap())
        .unwrap();
    let seen = seen.unwrap();
    assert_eq!((seen.evidence, seen.subject), (vec![1, 2, 3], blob(9)));
    assert_eq!(
        seen.facts,
        r#"{"serial":12345678,"fips":false,"private-root":false,"family":"yubico"}"#
    );
    let policy = fixture.ledger.policy_of(&grounds.policy).unwrap();
    assert_eq!(policy.as_deref(), Some(Policy::operator().text()));
    let (mut policies, mut seen) = (0, 0);
    let count = &mut |_, bytes: &[u8]| {
        match Entry::from_bytes(bytes).unwrap().event {
            Event::PolicySeen(_) => policies += 1,
            Event::EvidenceSeen(_) => seen += 1,
            _ => {}
        }
        std::ops::ControlFlow::Continue(())
    };
    fixture.ledger.each_entry(1, count).unwrap();
    assert_eq!((policies, seen), (1, 1));
    fixture.is_whole();
}

fn a_proof_of_another_key_is_refused(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let other = peters(9, |basis| basis.proof = Some(proof(8, 1)));
    let refused = fixture.ask(other);
    assert!(matches!(refused, Err(ReserveError::ProofOfAnotherKey(_))));
}

fn one_key_is_for_one_person(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ask(peters(9, |_| ())).unwrap();
    fixture.ask(peters(9, |_| ())).unwrap();
    for other in ["erik", "zoe"] {
        let refused = fixture.ask(wanted_by(other, 9, SerialChoice::Next));
        assert!(
            matches!(refused, Err(ReserveError::KeyOfAnother { owner, .. }) if owner == "peter")
        );
    }
    fixture.ask(wanted(9, SerialChoice::Next)).unwrap();
    let enrolled = fixture.enrol("erik", Credential::Key(blob(9)));
    assert!(matches!(enrolled, Err(EnrolError::CertifiedTo(name)) if name == "peter"));
    fixture.is_whole();
}

fn a_key_whose_only_reservation_was_given_up_is_nobodys(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let reservation = fixture.ask(peters(9, |_| ())).unwrap();
    fixture.give_up(&reservation);
    fixture
        .ask(wanted_by("erik", 9, SerialChoice::Next))
        .unwrap();
    fixture.is_whole();
}

fn finds_by_each_term_and_by_no_other(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture
        .ask(peters(9, |basis| basis.proof = Some(proof(9, 7))))
        .unwrap();
    fixture.ask(wanted(8, SerialChoice::Next)).unwrap();
    let key = public(9).fingerprint(Default::default()).sha256().unwrap();
    for (term, serials) in [
        (Term::Principal("peter"), vec![1, 2]),
        (Term::KeyId("peter"), vec![1, 2]),
        (Term::Role("operator"), vec![1, 2]),
        (Term::Requester("peter"), vec![1]),
        (Term::Key(key), vec![1]),
        (Term::Card(7), vec![1]),
        (Term::Card(8), vec![]),
        (Term::Principal("operator"), vec![]),
        (Term::Before(NOW), vec![]),
        (Term::Before(NOW + 1), vec![1, 2]),
        (Term::Serials(&fixture.ca, 2, u64::MAX), vec![2]),
    ] {
        let mut found = Vec::new();
        let each = &mut |record: Record| found.push(record.reserved.serial);
        fixture.ledger.each_record_of(&[term], each).unwrap();
        assert_eq!(found, serials, "{term:?}");
    }
}
