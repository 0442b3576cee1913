//! Logins that are answered by whom they belong to, and by others.

use super::*;
use crate::login::LoginSubject;

const NOW: u64 = 1_795_400_000;
const VERIFIER: &str = "of-the-program";

fn wanted(at: At) -> Wanted {
    Wanted {
        method: "work".parse().unwrap(),
        at,
        challenge: hash_of(VERIFIER),
        peer: [192, 0, 2, 1].into(),
    }
}

fn here() -> At {
    At::Here {
        redirect: "http://127.0.0.1:9/".to_owned(),
        state: "of-the-program".to_owned(),
    }
}

fn elsewhere() -> (At, String) {
    let code = TypedCode::new().unwrap();
    let shown = code.shown();
    let host = "build7".to_owned();
    (At::Elsewhere { host, code }, shown)
}

fn identity() -> Identity {
    let subject = LoginSubject {
        issuer: "https://id.example.org".to_owned(),
        subject: "7".to_owned(),
    };
    Identity::of_test(subject, "peter")
}

fn question(byte: u8) -> Question {
    Question::new(&[[byte; 32]; 3])
}

/// A login whose page a browser opened, which has these cookies.
fn opened(logins: &ProviderLogins, at: At) -> (String, Vec<(String, String)>) {
    let (id, expires) = logins.begin(wanted(at), NOW).unwrap();
    assert_eq!(expires, NOW + 600);
    let cookie = logins.opened(&id, question(1), NOW).unwrap();
    let header = cookie.header(&id);
    assert!(header.starts_with("__Host-punchmark-"), "{header}");
    for attribute in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(header.contains(attribute), "{header}");
    }
    let pair = header.split(';').next().unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    (id, vec![(name.to_owned(), value.to_owned())])
}

fn take(logins: &ProviderLogins, id: &str, code: Option<&str>) -> Result<LoggedIn, NotYet> {
    logins.take(id, (VERIFIER, code), NOW)
}

#[test]
fn who_logged_in_goes_to_the_program_once_and_by_the_code_of_its_browser() {
    let logins = ProviderLogins::default();
    let (id, cookies) = opened(&logins, here());
    assert_eq!(take(&logins, &id, None).unwrap_err(), NotYet::Pending);
    let state = question(1).state().to_owned();
    let answered = logins.answered(&state, &cookies, NOW).unwrap();
    assert_eq!(
        (answered.0.as_str(), answered.1.as_str()),
        (id.as_str(), "work")
    );
    assert!(
        logins.answered(&state, &cookies, NOW).is_none(),
        "an answer counts once"
    );
    let Some(Next::Back(to)) = logins.said(&id, Ok(identity()), NOW) else {
        panic!("it goes back")
    };
    let query = to.strip_prefix("http://127.0.0.1:9/?code=").unwrap();
    let code = query.strip_suffix("&state=of-the-program").unwrap();
    let others = logins.take(&id, ("of-another", Some(code)), NOW);
    assert_eq!(others.unwrap_err(), NotYet::None);
    let logged_in = take(&logins, &id, Some(code)).unwrap();
    assert_eq!(
        (logged_in.identity.name.as_str(), logged_in.by_code),
        ("peter", false)
    );
    assert_eq!(take(&logins, &id, Some(code)).unwrap_err(), NotYet::None);
}

#[test]
fn another_code_ends_the_login_of_a_browser_here() {
    let logins = ProviderLogins::default();
    for wrong in [None, Some("guessed")] {
        let (id, cookies) = opened(&logins, here());
        logins.answered(question(1).state(), &cookies, NOW).unwrap();
        logins.said(&id, Ok(identity()), NOW).unwrap();
        assert_eq!(take(&logins, &id, wrong).unwrap_err(), NotYet::None);
        assert!(!logins.has(&id, NOW));
    }
}

#[test]
fn no_other_browser_and_no_other_answer_finds_the_login() {
    let logins = ProviderLogins::default();
    let (id, cookies) = opened(&logins, here());
    let state = question(1).state().to_owned();
    let (name, value) = cookies[0].clone();
    let twice = vec![cookies[0].clone(), cookies[0].clone()];
    for others in [
        Vec::new(),
        vec![(name.clone(), "guessed".to_owned())],
        vec![("__Host-punchmark-other".to_owned(), value)],
        twice,
    ] {
        assert!(
            logins.answered(&state, &others, NOW).is_none(),
            "{others:?}"
        );
    }
    assert!(
        logins
            .answered(question(2).state(), &cookies, NOW)
            .is_none()
    );
    // Whoever opens it later is waited for, and the first no more.
    let later = logins.opened(&id, question(3), NOW).unwrap();
    assert!(later.header(&id).starts_with(&name));
    assert!(logins.answered(&state, &cookies, NOW).is_none());
    assert!(
        logins
            .answered(question(3).state(), &cookies, NOW)
            .is_none()
    );
    assert!(logins.said(&id, Ok(identity()), NOW).is_none());
}

#[test]
fn a_code_is_typed_where_somebody_logged_in_and_five_times_at_most() {
    let logins = ProviderLogins::default();
    let (at, code) = elsewhere();
    let (id, cookies) = opened(&logins, at);
    assert_eq!(logins.typed(&id, &cookies, &code, NOW), Typed::Over);
    logins.answered(question(1).state(), &cookies, NOW).unwrap();
    let next = logins.said(&id, Ok(identity()), NOW);
    assert!(matches!(next, Some(Next::Type)));
    let shown = logins.asks_for_code(&id, &cookies, NOW).unwrap();
    assert_eq!(
        (shown.host.as_str(), shown.name.as_str()),
        ("build7", "peter")
    );
    assert!(logins.asks_for_code(&id, &[], NOW).is_none());
    assert_eq!(logins.typed(&id, &[], &code, NOW), Typed::Over);
    assert_eq!(take(&logins, &id, None).unwrap_err(), NotYet::Pending);
    assert_eq!(
        logins.typed(&id, &cookies, "BBBB-BBBB", NOW),
        Typed::Wrong(4)
    );
    assert_eq!(logins.typed(&id, &cookies, &code, NOW), Typed::Right);
    let logged_in = take(&logins, &id, None).unwrap();
    assert!(logged_in.by_code);

    let (at, code) = elsewhere();
    let (id, cookies) = opened(&logins, at);
    logins.answered(question(1).state(), &cookies, NOW).unwrap();
    logins.said(&id, Ok(identity()), NOW).unwrap();
    for left in (0..5).rev() {
        assert_eq!(logins.typed(&id, &cookies, "", NOW), Typed::Wrong(left));
    }
    assert_eq!(logins.typed(&id, &cookies, &code, NOW), Typed::Over);
    let refused = take(&logins, &id, None).unwrap_err();
    assert_eq!(refused, NotYet::Refused(WRONG.to_owned()));
}

#[test]
fn a_no_is_told_to_the_program_and_to_the_browser_that_is_elsewhere() {
    let logins = ProviderLogins::default();
    let no = || Err("not assigned".to_owned());
    let (id, cookies) = opened(&logins, here());
    logins.answered(question(1).state(), &cookies, NOW).unwrap();
    let Some(Next::Back(to)) = logins.said(&id, no(), NOW) else {
        panic!("it goes back")
    };
    assert_eq!(
        to.as_str(),
        "http://127.0.0.1:9/?error=login-refused&state=of-the-program"
    );
    let refused = NotYet::Refused("not assigned".to_owned());
    assert_eq!(take(&logins, &id, None).unwrap_err(), refused);
    let (id, cookies) = opened(&logins, elsewhere().0);
    logins.answered(question(1).state(), &cookies, NOW).unwrap();
    let next = logins.said(&id, no(), NOW);
    assert!(matches!(next, Some(Next::Refused(words)) if words == "not assigned"));
    assert_eq!(take(&logins, &id, None).unwrap_err(), refused);
}

#[test]
fn a_login_is_over_after_ten_minutes_and_opened_so_often_alone() {
    let logins = ProviderLogins::default();
    let (id, _) = logins.begin(wanted(here()), NOW).unwrap();
    assert!(logins.method(&id, NOW + 599).is_some());
    assert!(logins.method(&id, NOW + 600).is_none());
    let (id, _) = logins.begin(wanted(here()), NOW).unwrap();
    for _ in 0..OPENED_MAX {
        assert!(logins.opened(&id, question(1), NOW).is_some());
    }
    assert!(logins.opened(&id, question(1), NOW).is_none());
    assert!(logins.method(&id, NOW).is_none());
    let too_many = (0..=MOST_OF_ONE).find_map(|_| logins.begin(wanted(here()), NOW).err());
    assert!(matches!(too_many, Some(NotBegun::TooMany)));
}
