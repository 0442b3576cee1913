//! `sign --watch`: one login, and each request that comes into a folder shown and confirmed.

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::pty::Pty;
use crate::harness::token::PIN;

/// A CA with a role, an empty folder `in`, and an enrolled key of Peter's.
fn admin() -> Admin {
    let admin = Admin::ready().and_config(ROLE);
    std::fs::create_dir(admin.punchmark.path("in")).unwrap();
    admin.key("peter", ED25519);
    let enrol = ["requester", "add", "peter", "--key", "peter.pub"];
    admin.punchmark.run(&enrol).ok();
    admin
}

/// Puts a request of this key into the folder, as somebody who carries it in.
fn carry_in(admin: &Admin, key: &str, name: &str, more: &[&str]) {
    let (ca, key) = (admin.ca_file("users"), format!("{key}.pub"));
    let mut request = vec!["request", "--role", "engineer", "--key", &key];
    request.extend(["--ca", ca.to_str().unwrap(), "--out", "made"]);
    request.extend(more);
    admin.punchmark.run(&request).ok();
    let from = admin.punchmark.path("made");
    std::fs::rename(from, admin.punchmark.path("in").join(name)).unwrap();
}

fn watch(admin: &Admin) -> Pty {
    let mut command = admin.punchmark.on_a_terminal();
    command.args(["sign", "--watch", "in"]);
    let mut pty = Pty::start(command);
    pty.expect("watching in for requests to CA users");
    pty
}

fn answer(pty: &mut Pty, shown: &[&str], word: &str) {
    for words in shown {
        pty.expect(words);
    }
    pty.expect("Sign it? [y/n/skip/quit] ");
    pty.type_line(word);
}

#[test]
fn each_request_is_shown_and_confirmed_and_one_login_is_enough() {
    let admin = admin();
    carry_in(&admin, "peter", "a.req", &[]);
    let mut pty = watch(&admin);
    answer(&mut pty, &["in/a.req", "peter_file", "known by key"], "y");
    pty.expect("PIN for token");
    pty.type_line(PIN);
    pty.expect("in/a-cert.pub: serial 1");
    // What comes later is asked about without another PIN, and no is no.
    carry_in(&admin, "peter", "b.req", &["-V", "+2h"]);
    answer(&mut pty, &["in/b.req"], "n");
    carry_in(&admin, "peter", "c.req", &[]);
    answer(&mut pty, &["in/c.req"], "what?");
    answer(&mut pty, &["y signs it"], "skip");
    carry_in(&admin, "peter", "d.req", &[]);
    answer(&mut pty, &["in/d.req"], "yes");
    pty.expect("in/d-cert.pub: serial 2");
    // Others write to the ledger meanwhile.
    let add = ["requester", "add", "erik", "--card", "4711"];
    admin.punchmark.run(&add).ok();
    answer(&mut pty, &["in/c.req"], "y");
    pty.expect("in/c-cert.pub: serial 3");
    carry_in(&admin, "peter", "e.req", &[]);
    answer(&mut pty, &["in/e.req"], "q");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    assert!(
        rest.contains("3 requests, 1 not signed, 1 skipped"),
        "{rest}"
    );
    assert!(!rest.contains("PIN for"), "{rest}");
    admin.assert_issued(3);
    let certificate = admin.punchmark.path("in").join("d-cert.pub");
    assert_eq!(keygen::read(&certificate).principals, ["peter_file"]);
    // Nothing was moved.
    for name in ["a", "b", "c", "d", "e"] {
        let request = admin.punchmark.path("in").join(format!("{name}.req"));
        assert!(request.exists(), "{name}");
    }
}

#[test]
fn what_is_only_claimed_is_shown_as_such_and_what_is_refused_is_not_asked_about() {
    let admin = admin();
    admin.key("erik", ED25519);
    carry_in(&admin, "erik", "a.req", &["--requester", "erik"]);
    carry_in(&admin, "peter", "b.req", &["-n", "root"]);
    carry_in(&admin, "erik", "c.req", &[]);
    std::fs::write(admin.punchmark.path("in").join("d.req"), "no request\n").unwrap();
    let mut pty = watch(&admin);
    answer(
        &mut pty,
        &["erik, which the request alone says: a yes is your word for it"],
        "y",
    );
    pty.expect("PIN for token");
    pty.type_line(PIN);
    pty.expect("in/a-cert.pub: serial 1");
    pty.expect("in/b.req: refused: principal");
    pty.expect("in/c.req: nobody is enrolled");
    pty.expect("in/d.req");
    // Begun again, it asks for nothing that was done.
    carry_in(&admin, "peter", "e.req", &[]);
    answer(&mut pty, &["in/e.req"], "quit");
    let (rest, code) = pty.finish();
    assert_eq!(code, 0, "{rest}");
    let mut pty = watch(&admin);
    pty.expect("in/a.req: was signed before");
    answer(&mut pty, &["in/e.req"], "n");
    pty.press_control('c');
    pty.expect("0 requests");
    admin.assert_issued(1);
}

#[test]
fn control_c_in_the_middle_of_a_question_ends_it_cleanly() {
    let admin = admin();
    carry_in(&admin, "peter", "a.req", &[]);
    let mut pty = watch(&admin);
    pty.expect("Sign it? [y/n/skip/quit] ");
    pty.press_control('c');
    pty.expect("0 requests");
    admin.assert_issued(0);
    // The ledger is nobody's any more, and the request is as good as ever.
    admin.punchmark.pinned(&["sign", "in/a.req"]).ok();
    admin.assert_issued(1);
}

#[test]
fn it_wants_a_person_and_takes_requests_alone() {
    let admin = admin();
    let run = |more: &[&str]| {
        let all = [&["sign", "--watch", "in"], more].concat();
        admin.punchmark.pinned(&all)
    };
    run(&[]).exits(1).says("nobody is at a terminal");
    run(&["--json"]).exits(2).says("for programs");
    let say_it = "requests, which say themselves";
    run(&["-I", "x"]).exits(2).says(say_it);
    run(&["--requester", "peter"]).exits(2).says(say_it);
    run(&["peter.pub"]).exits(2).says("cannot be used with");
}

#[cfg(feature = "yubikey")]
mod in_a_card {
    use super::*;
    use crate::harness::yubikey::{PLAIN, pull};

    #[test]
    fn a_card_that_goes_away_loses_nothing_and_its_pin_is_asked_for_again() {
        let admin = Admin::with_ca_in_card(&PLAIN).and_config(ROLE);
        std::fs::create_dir(admin.punchmark.path("in")).unwrap();
        let key = keygen::make(admin.punchmark.home(), "peter", ED25519);
        let enrol = ["requester", "add", "peter", "--key", "peter.pub"];
        admin.punchmark.run(&enrol).ok();
        let ca = admin.ca_file("users");
        for name in ["a", "b"] {
            let out = format!("in/{name}.req");
            let mut request = vec!["request", "--role", "engineer", "--key", "peter.pub"];
            request.extend(["--ca", ca.to_str().unwrap(), "--out", &out]);
            admin.punchmark.run(&request).ok();
        }
        assert!(key.exists());
        let mut command = admin.punchmark.on_a_terminal();
        command.args(["sign", "--watch", "in"]);
        let mut pty = Pty::start(command);
        answer(&mut pty, &["in/a.req"], "y");
        pty.expect("PIN for YubiKey");
        pty.type_line(crate::harness::yubikey::PIN);
        pty.expect("in/a-cert.pub: serial 1");
        pty.expect("Sign it?");
        pull(&admin.token, 0);
        pty.type_line("y");
        pty.expect("in/b.req: try again? [y/skip/quit]");
        admin.put_back(admin.card());
        pty.type_line("y");
        answer(&mut pty, &["in/b.req"], "y");
        pty.expect("PIN for YubiKey");
        pty.type_line(crate::harness::yubikey::PIN);
        pty.expect("in/b-cert.pub: serial 3");
        pty.press_control('c');
        pty.expect("2 requests");
        admin.assert_issued(2);
    }
}

const ROLE: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\", \"erik\"]
principals = [\"{requester}\"]
storage    = \"mark\"
lifetime   = { default = \"1h\", maximum = \"8h\", back-date = \"5m\" }
";
