//! A login to a server, and a reservation that goes by one.

use super::*;

/// Peter's key 12 is enrolled, and he logs in with it: entries 5 and 6.
fn logged_in(history: &mut History) -> u64 {
    history.enrol("peter", Credential::Key(blob(12)));
    login(history, "peter", 12, NOW + 3600)
}

fn login(history: &mut History, name: &str, key: u8, until: u64) -> u64 {
    history.push(Event::LoginSeen(LoginSeen {
        name: name.to_owned(),
        method: "keys".to_owned(),
        key: blob(key),
        session_key: [1; 32],
        until,
        server: "https://ca.example.org".to_owned(),
        peer: "192.0.2.1".to_owned(),
        keyboard: String::new(),
    }))
}

/// Key 10 is certified by the login of an entry.
fn served(history: &mut History, login: u64, change: impl FnOnce(&mut Reserved)) -> u64 {
    history.reserve_with(Content::of(10, 1), |reserved| {
        let grounds = reserved.grounds.as_mut().unwrap();
        grounds.known.as_mut().unwrap().by = "login".to_owned();
        grounds.served = Some(Box::new(Served {
            login,
            server: "https://ca.example.org".to_owned(),
            peer: "192.0.2.1".to_owned(),
            challenge: [2; 32],
        }));
        change(reserved);
    })
}

const NOT_KNOWN: &str = "requester \"peter\" was not known by \"login\"";

#[test]
fn what_a_session_asks_for_takes_turns_with_what_commands_sign() {
    let mut history = History::begun();
    history.ledger_key(LEDGER, HEADS | LISTS);
    let login = logged_in(&mut history);
    let reserved = served(&mut history, login, |_| ());
    history.issue(reserved);
    history.reserve(Content::of(10, 2));
    assert_eq!(said(&history), [""; 0]);
}

#[test]
fn a_login_without_a_key_counts_while_its_session_does() {
    let mut history = History::begun();
    history.ledger_key(LEDGER, HEADS | LISTS);
    let seen = |until| {
        Event::LoginSeen(LoginSeen {
            name: "peter".to_owned(),
            method: "start".to_owned(),
            until,
            ..LoginSeen::default()
        })
    };
    let login = history.push(seen(NOW + 3600));
    let reserved = served(&mut history, login, |_| ());
    history.issue(reserved);
    assert_eq!(said(&history), [""; 0]);
    history.push(seen(NOW));
    let words = "the login of \"peter\" is with a key that was not theirs, or was barred or over";
    assert!(said(&history)[0].ends_with(words), "{:?}", said(&history));
}

#[test]
fn a_login_that_the_ledger_refuses() {
    hold(rows!(LoginError:
        None => Found(
            |history| {
                history.enrol("peter", Credential::Key(blob(12)));
                served(history, 5, |_| ());
            },
            "broken 6: requester \"peter\" was not known by \"login\"",
        ),
        NotEnrolled => Found(
            |history| {
                login(history, "peter", 12, NOW + 3600);
            },
            "broken 5: the login of \"peter\" is with a key that was not theirs, or was barred or over",
        ),
        Barred => Found(
            |history| {
                history.enrol("peter", Credential::Key(blob(12)));
                history.revoke_key(12);
                login(history, "peter", 12, NOW + 3600);
            },
            "broken 7: the login of \"peter\" is with a key that was not theirs, or was barred or over",
        ),
        Over => Found(
            |history| {
                history.enrol("peter", Credential::Key(blob(12)));
                login(history, "peter", 12, NOW);
            },
            "broken 6: the login of \"peter\" is with a key that was not theirs, or was barred or over",
        ),
        Unproved => Found(
            |history| {
                let login = logged_in(history);
                let facts = r#"{"serial":7,"family":"yubico"}"#;
                let evidence = history.evidence(10, "piv", facts);
                served(history, login, |reserved| {
                    reserved.proof = "piv".to_owned();
                    let grounds = reserved.grounds.as_mut().unwrap();
                    (grounds.evidence, grounds.card) = (Some(evidence), Some(7));
                    grounds.known.as_mut().unwrap().family = "yubico".to_owned();
                });
            },
            "broken 8: requester \"peter\" was not known by \"login\"",
        ),
        Ledger => NoEntry("the rows of its own error stand for it"),
    ));
}

#[test]
fn a_session_ends_with_its_time_its_key_and_its_name() {
    let ends: [fn(&mut History); 3] = [
        |history| {
            history.unenrol("peter", Credential::Key(blob(12)));
        },
        |history| {
            history.revoke_key(12);
        },
        |history| history.time += 3600,
    ];
    for end in ends {
        let mut history = History::begun();
        let login = logged_in(&mut history);
        end(&mut history);
        let position = served(&mut history, login, |_| ());
        assert_eq!(said(&history), [format!("broken {position}: {NOT_KNOWN}")]);
    }
}

#[test]
fn a_server_is_asked_by_nobody_but_who_logged_in() {
    let mut history = History::begun();
    let login = logged_in(&mut history);
    let position = served(&mut history, login, |reserved| {
        let grounds = reserved.grounds.as_mut().unwrap();
        grounds.known.as_mut().unwrap().by = "vouch".to_owned();
    });
    let words = "requester \"peter\" was not known by \"vouch\"";
    assert_eq!(said(&history), [format!("broken {position}: {words}")]);
}

fn bind(history: &mut History, name: &str, subject: &str, became: Binding) {
    history.push(Event::LoginBound(LoginBound {
        name: name.to_owned(),
        issuer: "https://id.example.org".to_owned(),
        subject: subject.to_owned(),
        became,
        keyboard: String::new(),
    }));
}

#[test]
fn a_name_is_bound_freed_and_bound_to_another() {
    let mut history = History::begun();
    history.ledger_key(LEDGER, HEADS | LISTS);
    bind(&mut history, "peter", "1", Binding::FirstLogin);
    bind(&mut history, "peter", "1", Binding::Ended);
    bind(&mut history, "peter", "2", Binding::ByAdmin);
    bind(&mut history, "anna", "1", Binding::FirstLogin);
    assert_eq!(said(&history), [""; 0]);
}

#[test]
fn a_binding_that_the_ledger_refuses() {
    hold(rows!(BindError:
        Bound => Found(
            |history| {
                bind(history, "peter", "1", Binding::FirstLogin);
                bind(history, "anna", "1", Binding::ByAdmin);
            },
            "broken 6: \"anna\" was bound to whom it can't be, or freed of whom it was not bound to",
        ),
        Taken => Found(
            |history| {
                bind(history, "peter", "1", Binding::FirstLogin);
                bind(history, "peter", "2", Binding::ByAdmin);
            },
            "broken 6: \"peter\" was bound to whom it can't be, or freed of whom it was not bound to",
        ),
        OtherCase => Found(
            |history| {
                history.enrol("peter", Credential::Key(blob(12)));
                bind(history, "Peter", "1", Binding::ByAdmin);
            },
            "broken 6: \"Peter\" was bound to whom it can't be, or freed of whom it was not bound to",
        ),
        Barred => Found(
            |history| {
                history.push(Event::Barred(Barred {
                    requesters: vec!["peter".to_owned()],
                    ..Barred::default()
                }));
                bind(history, "peter", "1", Binding::ByAdmin);
            },
            "broken 6: \"peter\" was bound to whom it can't be, or freed of whom it was not bound to",
        ),
        Unfit => Found(
            |history| bind(history, "OPERATOR", "1", Binding::ByAdmin),
            "broken 5: \"OPERATOR\" was bound to whom it can't be, or freed of whom it was not bound to",
        ),
        NotBound => Found(
            |history| bind(history, "peter", "1", Binding::Ended),
            "broken 5: \"peter\" was bound to whom it can't be, or freed of whom it was not bound to",
        ),
        Ledger => NoEntry("the rows of its own error stand for it"),
    ));
}
