//! A login counts while its key is the requester's, and a server reserves by one alone.

use super::grounds::{blob, proof};
use super::*;
use crate::login::LoginSubject;
use crate::login::names::HeldBy;

const LATER: u64 = NOW + 3600;

impl Fixture {
    fn log_in(&mut self, name: &str, key: u8) -> Result<u64, LoginError> {
        let seen = LoginSeen {
            name: name.to_owned(),
            method: "keys".to_owned(),
            key: blob(key),
            until: LATER,
            ..LoginSeen::default()
        };
        self.ledger.record_login(seen, NOW)
    }

    /// A login that the server knows by something else than a key.
    fn log_in_without_key(&mut self, name: &str) -> Result<u64, LoginError> {
        let seen = LoginSeen {
            name: name.to_owned(),
            method: "start".to_owned(),
            until: LATER,
            ..LoginSeen::default()
        };
        self.ledger.record_login(seen, NOW)
    }

    /// Peter's key 12, and the login with it.
    fn peters_login(&mut self) -> u64 {
        self.enrol("peter", Credential::Key(blob(12))).unwrap();
        self.log_in("peter", 12).unwrap()
    }
}

/// Key 9, asked for in a session of that login.
fn served(login: u64) -> Wanted {
    let serial = SerialChoice::Next;
    let decided = sample::decided(&request(9, serial), &public(1));
    let wanted = sealed(decided.asked_by_login("peter"), 9, serial);
    wanted.served(Served {
        login,
        challenge: [3; 32],
        ..Served::default()
    })
}

fn refused(asked: Result<Reservation, ReserveError>) -> LoginError {
    match asked {
        Err(ReserveError::Login(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

conform!(
    a_server_reserves_by_a_login_of_the_requester,
    nobody_logs_in_with_a_key_that_is_not_theirs,
    a_session_ends_with_its_key,
    a_login_alone_proves_nothing_of_a_key,
    a_card_becomes_theirs_with_the_certificate,
    a_login_without_a_key_counts_until_its_requester_is_barred,
    a_name_is_bound_to_one_whom_a_provider_means,
    names_that_differ_in_case_only_are_one,
    a_name_is_free_again_when_its_certificates_are_over_or_revoked,
    behind_a_gap_an_admin_confirms_who_is_bound,
);

fn a_server_reserves_by_a_login_of_the_requester(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let login = fixture.peters_login();
    fixture.ask(served(login)).unwrap();
    fixture.enrol("erik", Credential::Key(blob(13))).unwrap();
    let eriks = fixture.log_in("erik", 13).unwrap();
    for login in [0, 1, eriks, u64::MAX] {
        let refused = refused(fixture.ask(served(login)));
        assert!(matches!(refused, LoginError::None(name) if name == "peter"));
    }
    let late = fixture.ledger.check(&served(login), LATER).unwrap();
    assert!(matches!(late, Err(ReserveError::Login(LoginError::Over))));
    fixture.is_whole();
}

fn nobody_logs_in_with_a_key_that_is_not_theirs(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.peters_login();
    for (name, key) in [("peter", 13), ("erik", 12)] {
        let refused = fixture.log_in(name, key);
        assert!(matches!(refused, Err(LoginError::NotEnrolled(of)) if of == name));
    }
    let operator = fixture.log_in("operator", 12);
    assert!(matches!(operator, Err(LoginError::None(_))));
    fixture.bar(Vec::new(), &["peter"]);
    let barred = fixture.log_in("peter", 12);
    assert!(matches!(barred, Err(LoginError::Barred("the requester"))));
    fixture.is_whole();
}

fn a_session_ends_with_its_key(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let login = fixture.peters_login();
    fixture.ledger.still_counts(login, "peter", NOW).unwrap();
    let removed = RequesterRemoved {
        name: "peter".to_owned(),
        credential: Credential::Key(blob(12)),
        keyboard: "tester".to_owned(),
    };
    assert!(fixture.ledger.remove_requester(removed, NOW).unwrap());
    let refused = refused(fixture.ask(served(login)));
    assert!(matches!(refused, LoginError::NotEnrolled(_)));
    let counts = fixture.ledger.still_counts(login, "peter", NOW);
    assert!(matches!(counts, Err(LoginError::NotEnrolled(_))));
    fixture.is_whole();
}

fn a_login_alone_proves_nothing_of_a_key(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let login = fixture.peters_login();
    let proved = || {
        let mut wanted = served(login);
        wanted.basis.proof = Some(proof(9, 7));
        wanted
    };
    let first = refused(fixture.ask(proved()));
    assert!(matches!(first, LoginError::Unproved(name) if name == "peter"));
    let card = CardId {
        family: "yubico".to_owned(),
        serial: 7,
    };
    // What else becomes theirs proves nothing of this card.
    let other = Credential::FamilyCard(CardId {
        serial: 8,
        ..card.clone()
    });
    let second = refused(fixture.ask(proved().enrolling(other)));
    assert!(matches!(second, LoginError::Unproved(_)));
    fixture
        .enrol("peter", Credential::FamilyCard(card))
        .unwrap();
    fixture.ask(proved()).unwrap();
    fixture.is_whole();
}

fn a_card_becomes_theirs_with_the_certificate(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let login = fixture.peters_login();
    let card = Credential::FamilyCard(CardId {
        family: "yubico".to_owned(),
        serial: 7,
    });
    let mut wanted = served(login);
    wanted.basis.proof = Some(proof(9, 7));
    fixture.ask(wanted.enrolling(card.clone())).unwrap();
    let whose = fixture.ledger.requester_of(&card).unwrap();
    assert_eq!(whose.as_deref(), Some("peter"));
    fixture.is_whole();
}

fn a_login_without_a_key_counts_until_its_requester_is_barred(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let login = fixture.log_in_without_key("peter").unwrap();
    fixture.ask(served(login)).unwrap();
    let mut proved = served(login);
    proved.basis.proof = Some(proof(9, 7));
    let refused = refused(fixture.ask(proved));
    assert!(matches!(refused, LoginError::Unproved(name) if name == "peter"));
    let counts = fixture.ledger.still_counts(login, "erik", NOW);
    assert!(matches!(counts, Err(LoginError::None(_))));
    let late = fixture.ledger.still_counts(login, "peter", LATER);
    assert!(matches!(late, Err(LoginError::Over)));
    let operator = fixture.log_in_without_key("operator");
    assert!(matches!(operator, Err(LoginError::None(_))));
    fixture.bar(Vec::new(), &["peter"]);
    let barred = fixture.ledger.still_counts(login, "peter", NOW);
    assert!(matches!(barred, Err(LoginError::Barred("the requester"))));
    fixture.is_whole();
}

fn subject(subject: &str) -> LoginSubject {
    LoginSubject {
        issuer: "https://id.example.org".to_owned(),
        subject: subject.to_owned(),
    }
}

impl Fixture {
    fn bind(&mut self, name: &str, of: &LoginSubject, became: Binding) -> Result<(), BindError> {
        let bound = LoginBound {
            name: name.to_owned(),
            issuer: of.issuer.clone(),
            subject: of.subject.clone(),
            became,
            keyboard: "tester".to_owned(),
        };
        self.ledger.bind_login(bound, NOW)
    }

    fn holders(&self, of: &LoginSubject, name: &str) -> Vec<HeldBy> {
        let name = name.parse().unwrap();
        let known = self.ledger.known_of_name(of, &name, NOW).unwrap();
        known.holders.into_iter().map(|holder| holder.by).collect()
    }
}

fn a_name_is_bound_to_one_whom_a_provider_means(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    let (one, two) = (subject("1"), subject("2"));
    fixture.bind("peter", &one, Binding::FirstLogin).unwrap();
    assert_eq!(fixture.ledger.bound_to(&one).unwrap().unwrap(), "peter");
    assert_eq!(fixture.ledger.bound_to(&two).unwrap(), None);
    for (name, of) in [("peter", &one), ("anna", &one)] {
        let refused = fixture.bind(name, of, Binding::ByAdmin);
        assert!(matches!(refused, Err(BindError::Bound(name)) if name == "peter"));
    }
    let refused = fixture.bind("peter", &two, Binding::ByAdmin);
    assert!(matches!(refused, Err(BindError::Taken(name)) if name == "peter"));
    assert_eq!(
        fixture.holders(&two, "peter"),
        [HeldBy::Subject(two.issuer.clone())]
    );
    // Another provider's number is another's; whether they are one person is for an admin to say.
    let other = LoginSubject {
        issuer: "https://corp.example.org".to_owned(),
        ..one.clone()
    };
    fixture.bind("peter", &other, Binding::ByAdmin).unwrap();
    for (name, of) in [("anna", &one), ("peter", &two)] {
        let none = fixture.bind(name, of, Binding::Ended);
        assert!(matches!(none, Err(BindError::NotBound(_))));
    }
    fixture.bind("peter", &one, Binding::Ended).unwrap();
    assert_eq!(fixture.ledger.bound_to(&one).unwrap(), None);
    fixture.bind("peter", &two, Binding::ByAdmin).unwrap();
    fixture.bind("anna", &one, Binding::FirstLogin).unwrap();
    let bound = fixture.ledger.bound_logins().unwrap().into_iter();
    let names: Vec<_> = bound
        .map(|(_, bound)| (bound.name, bound.subject))
        .collect();
    let named = |name: &str, of: &str| (name.to_owned(), of.to_owned());
    assert_eq!(
        names,
        [named("peter", "1"), named("peter", "2"), named("anna", "1")]
    );
    fixture.bar(Vec::new(), &["erik"]);
    let barred = fixture.bind("erik", &subject("3"), Binding::ByAdmin);
    assert!(matches!(barred, Err(BindError::Barred)));
    for (name, sub) in [("Operator", "3"), ("a b", "3"), ("ole", ""), ("ole", "a\n")] {
        let refused = fixture.bind(name, &subject(sub), Binding::ByAdmin);
        assert!(
            matches!(refused, Err(BindError::Unfit(_))),
            "{name} {sub:?}"
        );
    }
    fixture.is_whole();
}

fn names_that_differ_in_case_only_are_one(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.enrol("erik", Credential::Key(blob(12))).unwrap();
    fixture
        .bind("peter", &subject("1"), Binding::FirstLogin)
        .unwrap();
    for (name, known) in [("Peter", "peter"), ("ERIK", "erik")] {
        let refused = fixture.bind(name, &subject("2"), Binding::ByAdmin);
        assert!(matches!(refused, Err(BindError::OtherCase(other)) if other == known));
    }
    assert_eq!(fixture.holders(&subject("2"), "Erik"), [HeldBy::Enrolment]);
    fixture
        .bind("erik", &subject("2"), Binding::ByAdmin)
        .unwrap();
    fixture.is_whole();
}

fn a_name_is_free_again_when_its_certificates_are_over_or_revoked(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture
        .bind("peter", &subject("1"), Binding::FirstLogin)
        .unwrap();
    let login = fixture.log_in_without_key("peter").unwrap();
    fixture.ask(served(login)).unwrap();
    assert_eq!(
        fixture.holders(&subject("1"), "peter"),
        [HeldBy::Certificate]
    );
    fixture
        .bind("peter", &subject("1"), Binding::Ended)
        .unwrap();
    assert_eq!(fixture.holders(&subject("2"), "peter"), [HeldBy::Removed]);
    assert_eq!(
        fixture.holders(&subject("1"), "peter"),
        [HeldBy::Certificate]
    );
    let revoked = Revoked {
        keys: vec![blob(9)],
        ..Revoked::default()
    };
    fixture
        .ledger
        .revoke_and_bar(Some(revoked), None, NOW)
        .unwrap();
    assert_eq!(fixture.holders(&subject("2"), "peter"), []);
    fixture.is_whole();
}

fn behind_a_gap_an_admin_confirms_who_is_bound(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture
        .bind("peter", &subject("1"), Binding::FirstLogin)
        .unwrap();
    let (ca, recovery) = (fixture.ca.clone(), Some(Recovery::default()));
    let after = 7.try_into().unwrap();
    let resumed = fixture
        .ledger
        .resume(&ca, after, recovery, "tester".to_owned(), NOW);
    resumed.unwrap();
    assert_eq!(fixture.ledger.bound_to(&subject("1")).unwrap(), None);
    let known = fixture
        .ledger
        .known_of_name(&subject("1"), &"peter".parse().unwrap(), NOW);
    assert!(!known.unwrap().bound.unwrap().counts);
    let alone = fixture.bind("peter", &subject("1"), Binding::FirstLogin);
    assert!(matches!(alone, Err(BindError::Bound(_))));
    fixture
        .bind("peter", &subject("1"), Binding::ByAdmin)
        .unwrap();
    assert_eq!(
        fixture.ledger.bound_to(&subject("1")).unwrap().unwrap(),
        "peter"
    );
    let again = fixture.bind("peter", &subject("1"), Binding::ByAdmin);
    assert!(matches!(again, Err(BindError::Bound(_))));
    fixture.is_whole();
}
