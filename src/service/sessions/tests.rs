//! What is kept of sessions, and what ends them.

use super::room::MOST_OF_ONE;
use super::*;
use crate::login::LoginSubject;
use crate::login::dpop::SessionKey;
use crate::request::LoginWay;

const NOW: u64 = 1_795_400_000;

fn session(requester: &str, seen: u64) -> Session {
    Session {
        requester: requester.parse().unwrap(),
        method: "keys".to_owned(),
        key: SessionKey::from_seed(&[1; 32]).thumbprint(),
        user: (requester == "peter").then_some([5; 32]),
        at_provider: (requester == "peter").then(|| AtProvider {
            subject: LoginSubject {
                issuer: "https://id.example.org".to_owned(),
                subject: "7".to_owned(),
            },
            session: Some("s-1".to_owned()),
            way: LoginWay::Code,
            authenticated_at: Some(NOW - 60),
            amr: vec!["hwk".to_owned()],
            acr: None,
            groups: vec!["work:engineers".parse().unwrap()],
        }),
        program: (requester == "deploy-web").then_some([6; 32]),
        login: 7,
        until: NOW + 3600,
        seen,
    }
}

fn open(path: &Path) -> (Sessions, Vec<String>) {
    let told = Mutex::new(Vec::new());
    let tell = |words| told.lock().unwrap().push(words);
    let sessions = Sessions::open(path, 600, NOW, &tell).unwrap();
    (sessions, told.into_inner().unwrap())
}

#[test]
fn a_session_outlives_the_server_and_its_token_is_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sessions");
    let (sessions, _) = open(&path);
    let peters = session("peter", NOW);
    let token = sessions.begin(peters.clone(), NOW).unwrap();
    let file = std::fs::read_to_string(&path).unwrap();
    assert!(!file.contains(token.expose()));
    let (again, told) = open(&path);
    assert_eq!(told, [""; 0]);
    assert_eq!(again.of(token.expose(), NOW).unwrap().1, peters);
    assert_eq!(again.challenge_key(), sessions.challenge_key());
    let (hash, _) = again.of(token.expose(), NOW).unwrap();
    again.end(&hash).unwrap();
    assert_eq!(again.of(token.expose(), NOW), None);
    assert_eq!(open(&path).0.of(token.expose(), NOW), None);
}

#[test]
fn a_session_ends_with_its_time_and_where_nothing_is_asked_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let (sessions, _) = open(&folder.path().join("a.sessions"));
    let token = sessions.begin(session("peter", NOW), NOW).unwrap();
    let is_there = |now| sessions.of(token.expose(), now);
    let (hash, _) = is_there(NOW + 599).unwrap();
    assert_eq!(is_there(NOW + 600), None);
    for minutes in 1..60 {
        sessions.used(&hash, NOW + minutes * 60);
    }
    assert!(is_there(NOW + 3599).is_some());
    assert_eq!(is_there(NOW + 3600), None);
}

#[test]
fn a_file_that_is_none_logs_everybody_out_and_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sessions");
    let (sessions, _) = open(&path);
    let token = sessions.begin(session("peter", NOW), NOW).unwrap();
    for text in ["", "{}", "{\"format\":2}", "\0"] {
        std::fs::write(&path, text).unwrap();
        let (again, told) = open(&path);
        assert_eq!(told.len(), 1, "{text:?}");
        assert_eq!(again.of(token.expose(), NOW), None);
        again.begin(session("peter", NOW), NOW).unwrap();
    }
}

#[test]
fn who_opens_many_loses_the_oldest_and_nobody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let (sessions, _) = open(&folder.path().join("a.sessions"));
    let eriks = sessions.begin(session("erik", NOW - 9), NOW).unwrap();
    let tokens: Vec<_> = (0..=MOST_OF_ONE)
        .map(|at| {
            let seen = NOW - 5 + u64::from(at > 0);
            sessions.begin(session("peter", seen), NOW).unwrap()
        })
        .collect();
    assert_eq!(sessions.of(tokens[0].expose(), NOW), None);
    assert!(sessions.of(tokens[1].expose(), NOW).is_some());
    assert!(sessions.of(eriks.expose(), NOW).is_some());
}

#[test]
fn those_that_end_at_once_are_over_after_a_start_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.sessions");
    let (sessions, _) = open(&path);
    let tokens =
        ["peter", "peter", "erik"].map(|name| sessions.begin(session(name, NOW), NOW).unwrap());
    let is_of_provider = |session: &Session| {
        let said = session.at_provider.as_ref();
        said.is_some_and(|said| said.session.as_deref() == Some("s-1"))
    };
    assert_eq!(sessions.end_those(&is_of_provider).unwrap(), 2);
    assert_eq!(sessions.end_those(&is_of_provider).unwrap(), 0);
    for sessions in [&sessions, &open(&path).0] {
        let there = tokens
            .each_ref()
            .map(|token| sessions.of(token.expose(), NOW).is_some());
        assert_eq!(there, [false, false, true]);
    }
}
