//! A login counts while its key is the requester's, and a server reserves by one alone.

use super::grounds::{blob, proof};
use super::*;

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
    a_login_without_a_key_counts_until_its_requester_is_barred,
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
    let refused = refused(fixture.ask(proved()));
    assert!(matches!(refused, LoginError::Unproved(name) if name == "peter"));
    let card = CardId {
        family: "yubico".to_owned(),
        serial: 7,
    };
    fixture
        .enrol("peter", Credential::FamilyCard(card))
        .unwrap();
    fixture.ask(proved()).unwrap();
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
