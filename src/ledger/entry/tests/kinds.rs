//! An entry of each kind. A new kind gets its own here, at the end.

use crate::ledger::entry::*;

pub(super) fn reserved() -> Entry {
    Entry {
        time: 1_795_000_000,
        salt: [7; SALT],
        event: Event::Reserved(Reserved {
            ca: 1,
            serial: 42,
            sequence: Sequence::Explicit,
            role: "operator".into(),
            decided_by: "punchmark 0.1.0".into(),
            requester: "operator".into(),
            keyboard: "root on ca1".into(),
            proof: "none".into(),
            request: [3; 32],
            to_be_signed: vec![1, 2, 3],
            grounds: None,
        }),
    }
}

fn grounds() -> Grounds {
    Grounds {
        policy: [1; 32],
        request_id: Some([2; 16]),
        challenge: Some(3),
        evidence: Some(4),
        card: Some(12_345_678),
        reason: "on call".into(),
        known: None,
        served: None,
    }
}

fn known() -> Known {
    Known {
        by: "card".into(),
        family: "yubico".into(),
    }
}

/// One of each kind, from 1.
pub(super) fn each_kind() -> Vec<Event> {
    let with_grounds = |grounds| match reserved().event {
        Event::Reserved(reserved) => Event::Reserved(Reserved {
            grounds,
            ..reserved
        }),
        other => other,
    };
    let keyboard = || "tester".to_owned();
    let (name, credential) = ("peter".to_owned(), Credential::Card(7));
    vec![
        Event::CaAdded(CaAdded {
            name: "users".into(),
            public_key: vec![1, 2],
            purpose: Purpose::Both,
            origin: Origin::Software,
            token_says: "nothing".into(),
            next_serial: 1,
            keyboard: keyboard(),
        }),
        with_grounds(None),
        Event::Issued(Issued {
            reserved: 2,
            signature: vec![9; 83],
        }),
        Event::Failed(Failed {
            reserved: 2,
            reason: String::new(),
        }),
        Event::Revoked(Revoked {
            ca: vec![1, 2],
            serials: vec![(1, 1), (7, u64::MAX)],
            key_ids: vec!["peter".into(), String::new()],
            keys: vec![vec![3; 40]],
            sha256s: vec![[4; 32]],
            reason: "lost".into(),
            keyboard: keyboard(),
        }),
        Event::KrlMade(KrlMade {
            version: 9,
            sha256: [5; 32],
            keyboard: keyboard(),
            list: None,
        }),
        Event::Resumed(Resumed {
            ca: 1,
            first: 7,
            last: 9,
            keyboard: keyboard(),
            recovery: None,
        }),
        with_grounds(Some(grounds())),
        Event::EvidenceSeen(EvidenceSeen {
            subject: vec![1; 51],
            kind: "piv".into(),
            facts: "{}".into(),
            evidence: vec![4; 900],
            keyboard: keyboard(),
        }),
        Event::CheckpointSigned(CheckpointSigned {
            size: 9,
            root: [1; 32],
            key: "SHA256:x".into(),
            keyboard: keyboard(),
        }),
        Event::RequesterAdded(RequesterAdded {
            name: name.clone(),
            credential: Credential::Key(vec![1; 51]),
            keyboard: keyboard(),
        }),
        Event::ChallengeMade(ChallengeMade {
            nonce: [8; 32],
            expires: 1_795_000_000,
            keyboard: keyboard(),
        }),
        Event::ClockCorrected(ClockCorrected {
            wrong: u64::MAX,
            reason: "battery".into(),
            keyboard: keyboard(),
        }),
        Event::Barred(Barred {
            family_cards: Vec::new(),
            cards: vec![7, u64::MAX],
            requesters: vec![name.clone()],
            reason: "left".into(),
            keyboard: keyboard(),
        }),
        Event::PolicySeen(PolicySeen {
            digest: [6; 32],
            text: "{}".into(),
            keyboard: keyboard(),
        }),
        Event::RequesterRemoved(RequesterRemoved {
            name: name.clone(),
            credential,
            keyboard: keyboard(),
        }),
        Event::Barred(Barred {
            cards: vec![7],
            family_cards: vec![CardId {
                family: "yubico".into(),
                serial: 12_345_678,
            }],
            requesters: vec![name],
            reason: "left".into(),
            keyboard: keyboard(),
        }),
        with_grounds(Some(Grounds {
            known: Some(Box::new(known())),
            ..grounds()
        })),
        Event::SuffixesSet(SuffixesSet {
            ca: 1,
            suffixes: vec![SuffixSet {
                class: "physical".into(),
                suffix: "_physical".into(),
                proof: "{}".into(),
                ended: 0,
            }],
            keyboard: keyboard(),
        }),
        Event::HeadAdopted(HeadAdopted {
            size: 7,
            root: [2; 32],
            word: "paper".into(),
            keyboard: keyboard(),
        }),
        Event::HeadPlaces(HeadPlaces {
            places: vec!["/var/lib/punchmark/heads".into()],
            keyboard: keyboard(),
        }),
        Event::TailCut(TailCut {
            offset: 4096,
            length: 100,
            sha256: [3; 32],
            copy: "punchmark.ledger.tail-4096".into(),
            keyboard: keyboard(),
        }),
        Event::LedgerKeyAdded(LedgerKeyAdded {
            key: vec![1; 51],
            purposes: HEADS | LISTS,
            place: "pkcs11:token=Audit;object=ledger".into(),
            keyboard: keyboard(),
        }),
        Event::LedgerKeyRolled(LedgerKeyRolled {
            old: vec![1; 51],
            new: vec![2; 51],
            purposes: LISTS,
            by_old: vec![3; 80],
            by_new: vec![4; 80],
            keyboard: keyboard(),
        }),
        Event::KrlMade(KrlMade {
            version: 10,
            sha256: [5; 32],
            keyboard: keyboard(),
            list: Some(ListSigned {
                signer: vec![1; 51],
                size: 40,
                root: [6; 32],
            }),
        }),
        Event::Resumed(Resumed {
            ca: 1,
            first: 7,
            last: 9,
            keyboard: keyboard(),
            recovery: Some(Recovery {
                requests_from: 1_795_000_000,
                krl_version: 9,
                enrolments: 1,
                word: String::new(),
            }),
        }),
        Event::LedgerKeyRevoked(LedgerKeyRevoked {
            key: vec![1; 51],
            last_size: 30,
            reason: "stolen".into(),
            keyboard: keyboard(),
        }),
        Event::RootDistrusted(RootDistrusted {
            root: [7; 32],
            reason: "leaked".into(),
            keyboard: keyboard(),
        }),
        Event::Bound(Bound {
            ca: 1,
            device: "yubikey:serial=12345678;slot-id=9c".into(),
            keyboard: keyboard(),
        }),
        Event::PlaceAllowed(PlaceAllowed {
            what: "nfs".into(),
            keyboard: keyboard(),
        }),
        Event::NotBound(NotBound {
            ca: 1,
            device: "yubikey:serial=12345678;slot-id=9c".into(),
            reason: "YubiKey 12345678 keeps no management key behind its PIN".into(),
            keyboard: keyboard(),
        }),
        Event::RequesterNamed(RequesterNamed {
            name: "web1".into(),
            names: vec!["web1".into(), "web1.example.org".into()],
            keyboard: keyboard(),
        }),
        Event::DutiesSet(DutiesSet {
            name: "ole".into(),
            registrar: vec!["engineer".into(), "server".into()],
            revoker: true,
            keyboard: keyboard(),
        }),
        Event::CeremonyHeld(CeremonyHeld {
            plan: [1; 32],
            transcript: [2; 32],
            words: "absurd aftermath".into(),
            keyboard: keyboard(),
        }),
        Event::CopySeen(CopySeen {
            ca: 1,
            kind: CopyKind::Imported,
            became: Became::Missing,
            device: "yubikey:serial=12345679;slot-id=9c".into(),
            holder: "YubiKey 12345679, slot 9c".into(),
            word: "lost on a train".into(),
            keyboard: keyboard(),
        }),
        Event::BundleTaken(BundleTaken {
            id: [1; 16],
            sha256: [2; 32],
            before: [3; 32],
            made: 1_795_000_000,
            items: 3,
            registrar: "ole".into(),
            key: vec![1; 51],
            keyboard: keyboard(),
        }),
        Event::BundleClosed(BundleClosed {
            id: [1; 16],
            is_signed: 1,
            refused: vec![(2, "key was revoked".into())],
            reason: String::new(),
            keyboard: keyboard(),
        }),
        Event::CaRetired(CaRetired {
            ca: 1,
            reason: "users2 took over".into(),
            keyboard: keyboard(),
        }),
        Event::StageReached(StageReached {
            old: 1,
            new: 2,
            stage: Stage::Trusted,
            word: "3 servers".into(),
            keyboard: keyboard(),
        }),
        Event::PendingTaken(PendingTaken {
            sha256: [1; 32],
            made: 1_795_000_000,
            revoker: "anna".into(),
            key: vec![1; 51],
            keyboard: keyboard(),
        }),
        Event::SecretsDerived(SecretsDerived {
            device: "yubikey:serial=12345679".into(),
            serial: "12345679".into(),
            generation: 2,
            counter: 1,
            check: [7; 32],
            set: SecretsSet::AboutToBe,
            keyboard: keyboard(),
        }),
        Event::ListsDelegated(ListsDelegated {
            number: 2,
            until: 1_795_000_000,
            key: vec![1; 51],
            by: vec![2; 51],
            word: vec![3; 80],
            keyboard: keyboard(),
        }),
        Event::PendingRefused(PendingRefused {
            sha256: [2; 32],
            made: 1_795_000_000,
            revoker: "anna".into(),
            key: vec![1; 51],
            why: "anna is no revoker".into(),
            keyboard: keyboard(),
        }),
        Event::CopyTried(CopyTried {
            ca: 1,
            device: "yubikey:serial=12345679;slot-id=9c".into(),
            holder: "YubiKey 12345679, slot 9c".into(),
            tried_for: TriedFor::Drill,
            result: TrialResult::Failed,
            word: "no PIN opened it".into(),
            next_due: 1_795_000_000,
            plan: [1; 32],
            keyboard: keyboard(),
        }),
        Event::LoginSeen(LoginSeen {
            name: "peter".into(),
            method: "keys".into(),
            key: vec![1; 51],
            session_key: [4; 32],
            until: 1_795_000_000,
            server: "https://ca.example.org".into(),
            peer: "2001:db8::1".into(),
            keyboard: keyboard(),
        }),
        with_grounds(Some(Grounds {
            challenge: None,
            known: Some(Box::new(Known {
                by: "login".into(),
                family: String::new(),
            })),
            served: Some(Box::new(Served {
                login: 45,
                server: "https://ca.example.org".into(),
                peer: "192.0.2.1".into(),
                challenge: [5; 32],
            })),
            ..grounds()
        })),
        Event::LoginBound(LoginBound {
            name: "peter".into(),
            issuer: "https://id.example.org".into(),
            subject: "248289761001".into(),
            became: Binding::FirstLogin,
            keyboard: keyboard(),
        }),
    ]
}
