//! A request and its certificate as QR codes: shown, read off a picture by another program, and back.

use std::fs;

use crate::harness::admin::Admin;
use crate::harness::browser::{codes, screenshot};
use crate::harness::keygen::ED25519;
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::BINARY;
use crate::harness::token::Token;
use crate::harness::write;

/// An account with a CA, and a certificate for peter.
fn admin() -> Admin {
    let admin = Admin::ready();
    admin.key("peter", ED25519);
    admin.sign(&["-n", "peter", "peter.pub"]).ok();
    admin
}

#[test]
fn what_is_shown_is_read_off_a_picture_by_zbarimg_and_is_the_same_file() {
    let admin = admin();
    let account = &admin.punchmark;
    for file in ["peter.pub", "peter-cert.pub"] {
        for form in ["html", "svg"] {
            let out = format!("{file}.{form}");
            let shown = account.run(&["qr", file, "--out", &out]).ok();
            let picture = account.path("code.png");
            screenshot(&account.path(&out), &picture);
            let read = codes(&picture);
            assert_eq!(read.len(), 1, "{read:?}");
            // A scanner types any case, and its own breaks.
            let (head, tail) = read[0].split_at(20);
            write(
                &account.path("typed"),
                format!("{}\r\n{tail}\n", head.to_lowercase()),
                0o600,
            );
            let back = format!("{out}.back");
            let told = account.run(&["qr", "--read", "typed", "--out", &back]).ok();
            assert_eq!(
                fs::read(account.path(file)).unwrap(),
                fs::read(account.path(&back)).unwrap()
            );
            let words = |ran: &str| ran.rsplit("words: ").next().unwrap().to_owned();
            assert_eq!(words(&shown.stderr), words(&told.stderr));
        }
    }
}

#[test]
fn a_file_that_one_code_has_no_room_for_is_refused_with_the_reason() {
    let account = crate::harness::punchmark::Punchmark::new(&Token::softhsm());
    for (length, fits) in [(2000, true), (2119, true), (2120, false), (2300, false)] {
        write(&account.path("file"), vec![b'x'; length], 0o600);
        let ran = account.run(&["qr", "file", "--out", "file.svg"]);
        if fits {
            ran.ok();
        } else {
            let refused = ran.exits(1).says(&format!("{length} bytes"));
            refused.says("room for 2119").says("can't be divided");
        }
    }
    write(&account.path("file"), "", 0o600);
    account
        .run(&["qr", "file", "--out", "file.svg"])
        .exits(1)
        .says("nothing in it");
    account.run(&["qr"]).exits(2);
    account.run(&["qr", "file", "--read"]).exits(2);
    write(&account.path("file"), "x", 0o600);
    account
        .run(&["qr", "file", "--out", "file.png"])
        .exits(2)
        .says(".svg or .html");
    // Without a terminal it is SVG.
    assert!(
        account
            .run(&["qr", "file"])
            .ok()
            .stdout
            .starts_with("<svg ")
    );
}

#[test]
fn what_was_typed_wrong_is_told_by_its_letter_and_no_file_is_replaced() {
    let account = crate::harness::punchmark::Punchmark::new(&Token::softhsm());
    let read = |typed: &str| {
        write(&account.path("typed"), typed, 0o600);
        account.run(&["qr", "--read", "typed", "--out", "file"])
    };
    read("MZXW1YTB").exits(1).says("letter 5, '1'");
    read("MZXW6Y")
        .exits(1)
        .says("6 letters are none of whole bytes");
    assert!(!account.path("file").exists());
    read("MZXW 6YTB\n").ok();
    assert_eq!(fs::read(account.path("file")).unwrap(), b"fooba");
    read("MZXW6YTBOI").exits(1);
    assert_eq!(fs::read(account.path("file")).unwrap(), b"fooba");
}

#[test]
fn a_terminal_shows_the_code_where_it_is_wide_enough_and_says_so_where_it_is_not() {
    let account = crate::harness::punchmark::Punchmark::new(&Token::softhsm());
    write(&account.path("small"), "x", 0o600);
    write(&account.path("large"), vec![b'x'; 600], 0o600);
    let shown = |file: &str, columns: &str| {
        let script = format!("stty cols {columns} && exec \"$0\" qr {file}");
        let mut command = account.prepare(pty::command("sh"));
        command.args(["-c", &script, BINARY]);
        Pty::start(command).finish()
    };
    let (text, code) = shown("small", "80");
    assert_eq!(code, 0, "{text}");
    // Its letters are of more than one byte, which the terminal of the tests takes apart.
    assert_eq!(text.matches("[30;107m").count(), 15, "{text}");
    let (text, code) = shown("large", "80");
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("the code takes 105 columns, and the terminal has 80"),
        "{text}"
    );
    assert!(text.contains("--out code.svg"), "{text}");
    let (text, code) = shown("large", "105");
    assert_eq!(code, 0, "{text}");
}
