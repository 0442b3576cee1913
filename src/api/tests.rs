//! What each side takes.

use super::login::{KeyShown, LoginBegun, NewLogin, PasswordShown, SessionOpened};
use super::problem::Problem;
use super::{Secret, path};

#[test]
fn what_a_server_reads_takes_nothing_that_it_does_not_know() {
    serde_json::from_str::<NewLogin>(r#"{"method":"keys"}"#).unwrap();
    for text in [
        r#"{"method":"keys","name":"peter"}"#,
        r#"{"method":"keys","method":"keys"}"#,
        r#"{"method":1}"#,
        "{}",
        "[]",
    ] {
        assert!(serde_json::from_str::<NewLogin>(text).is_err(), "{text}");
    }
    let more = serde_json::from_str::<KeyShown>(r#"{"signature":"x","key":"y"}"#).unwrap_err();
    assert!(
        more.to_string().starts_with("unknown field `key`"),
        "{more}"
    );
    let less = serde_json::from_str::<PasswordShown>(r#"{"name":"peter"}"#).unwrap_err();
    assert!(
        less.to_string().starts_with("missing field `password`"),
        "{less}"
    );
}

#[test]
fn what_a_client_reads_may_gain_members() {
    let text = r#"{"login":"a","kind":"password","expires":1,"later":[]}"#;
    let begun: LoginBegun = serde_json::from_str(text).unwrap();
    assert_eq!((begun.challenge, begun.expires), (None, 1));
    let text = r#"{"token":"t0ken","requester":"peter","method":"keys","groups":[],"until":2,"idle":3,"later":{}}"#;
    let opened: SessionOpened = serde_json::from_str(text).unwrap();
    assert_eq!((opened.session.until, opened.token.expose()), (2, "t0ken"));
    assert!(!format!("{opened:?}").contains("t0ken"));
    let again = serde_json::to_string(&opened).unwrap();
    assert_eq!(
        serde_json::from_str::<SessionOpened>(&again).unwrap(),
        opened
    );
    let text = r#"{"type":"https://ca/problems/refused","title":"refused","status":403}"#;
    let problem: Problem = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&problem).unwrap(), text);
}

#[test]
fn secrets_are_compared_whole_and_no_error_repeats_one() {
    let secret = |text: &str| Secret::new(text.to_owned());
    for number in ["4711", "-4711", "4711.5"] {
        let text = format!(r#"{{"name":"peter","password":{number}}}"#);
        let error = serde_json::from_str::<PasswordShown>(&text).unwrap_err();
        assert!(!error.to_string().contains("4711"), "{error}");
    }
    assert!(secret("a") == secret("a") && secret("a") != secret("b") && secret("a") != secret(""));
}

#[test]
fn a_path_names_what_it_is_about() {
    assert_eq!(path::token("a"), "/v1/logins/a/token");
    assert_eq!(path::public_key("users"), "/v1/cas/users/public-key");
}
