//! Which lines of a log tell of a certificate.

use proptest::prelude::*;

use super::*;

const KEY: &str = "SHA256:/s3qg97lGY8ZHtg7m896fGGdgBsCCU3rQ9S6DBeRoIE";
const CA: &str = "SHA256:dR5Z6T/AXFP8NncNoqn3R2hGvXhEnMuDzOtgovUq290";

fn line(key_id: &str) -> String {
    format!(
        "Accepted publickey for peter from 10.0.0.7 port 50022 ssh2: \
         ED25519-CERT {KEY} ID {key_id} (serial 42) CA ECDSA {CA}"
    )
}

fn key_id(line: &str) -> Vec<u8> {
    let named = read(line).unwrap().unwrap();
    assert_eq!(named.serial, 42);
    assert_eq!(Some(named.ca), sha256(CA));
    assert_eq!(named.key, sha256(KEY));
    assert_eq!(named.account, "peter from 10.0.0.7 port 50022");
    named.key_id
}

#[test]
fn a_key_id_that_looks_like_the_rest_of_the_line_is_a_key_id() {
    for text in [
        "peter, laptop".to_owned(),
        format!("x (serial 7) CA ED25519 {KEY}"),
        format!(" ID a ID b ssh2: RSA-CERT {KEY} ID x (serial 1) CA RSA {CA} "),
        "sshd[1]: Accepted publickey for root".to_owned(),
        "(serial ".to_owned(),
    ] {
        assert_eq!(key_id(&line(&text)), text.as_bytes());
    }
}

#[test]
fn every_line_that_names_a_certificate_is_read() {
    let accepted = line("x");
    for (words, deed) in [
        (accepted.clone(), Deed::LetIn),
        (accepted.replace("Accepted", "Partial"), Deed::LetIn),
        (accepted.replace("Accepted", "Failed"), Deed::Refused),
        (format!("{accepted} [preauth]"), Deed::LetIn),
        (format!("{accepted}, client user \"peter\""), Deed::LetIn),
        (
            accepted.replace("for peter", "for invalid user peter"),
            Deed::LetIn,
        ),
        (
            format!(
                "Accepted certificate ID \"x\" (serial 42) signed by ECDSA CA {CA} via /etc/ssh/users.pub"
            ),
            Deed::Took,
        ),
        (
            format!(
                "error: Refusing certificate ID \"x\" serial=42 signed by ECDSA CA {CA}: not yet valid"
            ),
            Deed::Refused,
        ),
    ] {
        let named = read(&words).unwrap().unwrap();
        assert_eq!((named.deed, named.serial), (deed, 42), "{words}");
        assert_eq!(Some(named.ca), sha256(CA), "{words}");
        assert_eq!(named.key_id, b"x", "{words}");
    }
}

#[test]
fn the_account_is_that_which_was_let_in() {
    let named = read(&line("x")).unwrap().unwrap();
    assert_eq!(named.account_name(), Some("peter"));
    let nobody = line("x").replace("for peter", "for invalid user peter");
    assert_eq!(read(&nobody).unwrap().unwrap().account_name(), None);
}

#[test]
fn escapes_are_undone() {
    assert_eq!(key_id(&line(r"p\303\251t\\er\9")), "pét\\er\\9".as_bytes());
    assert_eq!(key_id(&line(r"\777")), br"\777");
}

#[test]
fn words_of_strangers_and_other_methods_are_no_certificate() {
    let planted = line("x");
    for line in [
        format!("Invalid user a {planted} from 10.0.0.9 port 1"),
        format!("Invalid user sshd[1]: {planted}"),
        format!("Connection closed by invalid user {planted} 10.0.0.9 port 1 [preauth]"),
        format!("Accepted publickey for peter from ::1 port 1 ssh2: ED25519 {KEY}"),
        "Accepted password for peter from ::1 port 1 ssh2".to_owned(),
        "Postponed publickey for peter from ::1 port 1 ssh2 [preauth]".to_owned(),
        "Certificate invalid: expired".to_owned(),
        String::new(),
    ] {
        assert_eq!(read(&line), None, "{line}");
    }
}

#[test]
fn what_names_a_certificate_and_is_not_understood_is_told() {
    let accepted = line("peter");
    for (line, field) in [
        (accepted.replace(KEY, "MD5:00"), "key"),
        (accepted.replace(CA, "MD5:00"), "CA"),
        (accepted.replace("42", "18446744073709551616"), "serial"),
        (accepted.replace("42", "+2"), "serial"),
        (
            accepted.replace("Accepted publickey", "Welcomed by"),
            "form",
        ),
        (
            accepted.replace("for peter", "for invalid user a ssh2: b"),
            "account",
        ),
        (
            accepted.replace("for peter", "for invalid user a b"),
            "account",
        ),
    ] {
        assert_eq!(read(&line), Some(Err(LineError(field))), "{line}");
    }
}

proptest! {
    #[test]
    fn any_printable_key_id_is_read_back(text in "[ -\\[\\]-~]{1,255}") {
        prop_assert_eq!(key_id(&line(&text)), text.as_bytes());
    }

    #[test]
    fn never_panics(text: String) {
        let _read = read(&text);
        let _behind = read(&format!("Accepted publickey for {text}"));
    }

    #[test]
    fn no_cut_is_taken_for_a_whole_line(length in 0_usize..200) {
        let line = line("peter");
        let begin = "Accepted publickey for ".len();
        let cut = line.get(..(begin + length).min(line.len() - 1)).unwrap_or_default();
        prop_assert!(matches!(read(cut), Some(Err(_))), "{cut}");
    }
}
