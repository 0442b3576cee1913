//! The mirror signs lists by a key that the ledger key delegated: servers know the ledger key alone, hold
//! each list to the base that came with the newest answer, and take nothing that only the ledger may say.

use base64ct::{Base64, Encoding};
use punchmark::wire::hex;
use sha2::{Digest, Sha256};

use crate::harness::process::{Ran, bounded, run, run_fed};
use crate::harness::two_sides::Sides;
use crate::harness::write;

impl Sides {
    /// The mirror has the delegation, and the base of the answer that brought it.
    fn delegated() -> Self {
        let sides = Self::with_revoker();
        sides.room(DELEGATE).ok().says("may sign lists until");
        sides.list();
        assert!(!sides.office.path("revoked.krl.delegation").exists());
        sides.an_answer("one.bundle", "erik2");
        sides.list();
        sides
    }

    fn an_answer(&self, bundle: &str, key: &str) {
        let made = self.bundle(bundle, key);
        self.signed(bundle, &made).ok();
        self.accepted(bundle).ok();
    }

    /// A server that knows the ledger key and fetches this list.
    fn fetch(&self, list: &str) -> Ran {
        self.office(&format!(
            "krl fetch {list} --out server.krl --signer ledger_key.pub"
        ))
    }

    /// The server takes this list, or doesn't, and says so on its one line.
    fn fetched(&self, list: &str, code: i32, words: &str) {
        told(&self.fetch(list), code, words);
    }

    /// The list of the mirror with this specification beside it, signed by its key all the same.
    fn forged(&self, specification: &str) -> Ran {
        let copy = |from: &str, to: &str| {
            std::fs::copy(self.office.path(from), self.office.path(to)).unwrap();
        };
        for ending in ["", ".delegation", ".base", ".base.sig"] {
            copy(
                &format!("revoked.krl{ending}"),
                &format!("forged.krl{ending}"),
            );
        }
        write(&self.office.path("specification"), specification, 0o644);
        let version = self.version("revoked.krl") + 1;
        let users = "config/punchmark/users.pub";
        self.office(&format!(
            "krl spec -u -f forged.krl -s {users} -z {version} specification"
        ))
        .ok();
        self.sign_list("forged.krl");
        self.fetch("forged.krl")
    }

    fn version(&self, list: &str) -> u64 {
        let shown = self.office(&format!("krl show {list} --json")).ok();
        let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
        shown["version"].as_u64().unwrap()
    }

    /// Signs a list by the mirror's key, as ssh-keygen does.
    fn sign_list(&self, list: &str) {
        let _none = std::fs::remove_file(self.office.path(&format!("{list}.sig")));
        let mut sign = self.office.prepare(bounded("ssh-keygen"));
        run(sign.args(["-Y", "sign", "-n", "krl@punchmark", "-f", "list_key", list])).ok();
    }
}

#[test]
fn servers_that_know_the_ledger_key_take_what_the_mirror_signs() {
    let sides = Sides::delegated();
    sides.fetched("revoked.krl", 0, "replaced");
    sides.fetched("revoked.krl", 0, "unchanged");
    for kept in ["server.krl.delegation", "server.krl.base"] {
        assert!(sides.office.path(kept).exists(), "{kept}");
    }
    let mark = std::fs::read_to_string(sides.office.path("server.krl.mark")).unwrap();
    assert!(mark.contains("\ndelegated 1 "), "{mark}");
    // What is pending is in the next one, which servers take too, and what the ledger took is in the base.
    sides.revoke("--serial 1").ok();
    sides.list();
    sides.fetched("revoked.krl", 0, "replaced");
    sides.an_answer("two.bundle", "ole2");
    sides.list();
    sides.fetched("revoked.krl", 0, "replaced");
    assert!(sides.is_revoked("peter"));
    // The base is no list itself, and its signature none of one.
    let base = std::fs::read(sides.office.path("revoked.krl.base")).unwrap();
    write(&sides.office.path("base.krl"), base, 0o644);
    sides.office("krl show base.krl").fails();
    // ssh-keygen alone finds the statement to be the ledger key's.
    let text = std::fs::read_to_string(sides.office.path("revoked.krl.delegation")).unwrap();
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().to_owned()
    };
    let key = Base64::decode_vec(&field("key ")).unwrap();
    let statement = format!(
        "punchmark list delegation\n{}\n{}\n{}\n{}\n",
        field("ledger "),
        field("number "),
        field("until "),
        hex(&Sha256::digest(key))
    );
    let word = format!(
        "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
        field("word ")
    );
    write(&sides.office.path("word.sig"), word, 0o644);
    let key = std::fs::read_to_string(sides.office.path("ledger_key.pub")).unwrap();
    write(
        &sides.office.path("signers"),
        format!("ledger {key}"),
        0o644,
    );
    let mut verify = sides.office.prepare(bounded("ssh-keygen"));
    verify.args(["-Y", "verify", "-n", "delegation@punchmark", "-I", "ledger"]);
    verify.args(["-f", "signers", "-s", "word.sig"]);
    run_fed(&mut verify, statement.as_bytes()).ok();
}

#[test]
fn a_list_that_lacks_what_the_ledger_revoked_or_says_what_only_it_may_is_refused() {
    let sides = Sides::delegated();
    let before = std::fs::read(sides.office.path("revoked.krl")).unwrap();
    let users = std::fs::read_to_string(sides.office.path("config/punchmark/users.pub")).unwrap();
    for (specification, words) in [
        (format!("key: {users}"), "it names the key of a CA"),
        (format!("sha256: {users}"), "it names the key of a CA"),
        ("serial: 99\n".to_owned(), "it names serial 99"),
        ("serial: 1-4\n".to_owned(), "it names serial 4"),
    ] {
        told(&sides.forged(&specification), 2, words);
    }
    // What the mirror itself may say, its key signs by hand too.
    sides.forged("serial: 1-3\n").ok();
    // The ledger revokes; a list of before, under a new version and the new base, lacks that.
    sides
        .room("revoke --ca users --serial 2 --reason lost --yes")
        .ok();
    sides.an_answer("two.bundle", "ole2");
    // The one by hand took the version of a second that may not be over yet.
    while sides.list() <= sides.version("server.krl") {}
    sides.fetch("revoked.krl").ok();
    let shown = sides.office("krl show revoked.krl --json").ok();
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let comment = shown["comment"].as_str().unwrap().to_owned();
    write(&sides.office.path("revoked.krl"), before, 0o644);
    write(&sides.office.path("nothing"), "# nothing\n", 0o644);
    let version = (sides.version("server.krl") + 1).to_string();
    let spec = [
        "krl",
        "spec",
        "-u",
        "-f",
        "revoked.krl",
        "-z",
        &version,
        "-C",
        &comment,
        "nothing",
    ];
    sides.office.run(&spec).ok();
    sides.sign_list("revoked.krl");
    sides.fetched(
        "revoked.krl",
        2,
        "it lacks serial 2, which the ledger revoked",
    );
}

#[test]
fn the_mirror_makes_no_list_by_a_key_that_may_not_sign_any_more_or_without_the_newest_base() {
    let sides = Sides::delegated();
    let list = || sides.office("krl --out revoked.krl --ledger-key list_key");
    let base = sides.office.path("config/punchmark/punchmark.ledger.base");
    let old = std::fs::read(&base).unwrap();
    std::fs::remove_file(&base).unwrap();
    list().exits(1).says("no answer brought the base");
    write(&base, &old, 0o644);
    list().ok();
    sides
        .office("krl --ca users --out revoked.krl --ledger-key list_key")
        .exits(2)
        .says("about all CAs");
    sides.an_answer("two.bundle", "ole2");
    write(&base, old, 0o644);
    list().exits(1).says("the base of lists is one of");
    // The ledger key delegates once more, to another key; the first one is over.
    sides.carry_in("ole2.pub");
    sides
        .room("ledger delegate-lists --key ole2.pub --until +52w")
        .exits(1)
        .says("becomes no ledger key");
    sides
        .room("ledger key revoke list_key.pub --last-size 0 --reason stolen --yes")
        .ok();
    sides.room(DELEGATE).exits(1).says("signs no more");
    sides.an_answer("three.bundle", "erik");
    list().exits(1).says("can't any more");
    // A list of the ledger itself, which revokes that key, is taken again.
    sides.room("krl --out room.krl").ok();
    for ending in ["", ".sig"] {
        sides.carry_out(&format!("room.krl{ending}"));
    }
    sides.fetched("room.krl", 0, "replaced");
    sides.room("ledger verify --signatures").ok();
}

#[test]
fn what_the_ledger_made_itself_is_no_list_while_the_mirror_signs() {
    let sides = Sides::delegated();
    sides.fetch("revoked.krl").ok();
    sides.room("krl --out room.krl").ok();
    for ending in ["", ".sig"] {
        sides.carry_out(&format!("room.krl{ending}"));
    }
    sides.fetched("room.krl", 2, "lists come by the key that it delegated");
    for until in ["19990101", "-1d"] {
        let delegate = format!("ledger delegate-lists --key list_key.pub --until {until}");
        sides.room(&delegate).exits(2);
    }
    sides.room(&format!("{DELEGATE} --dry-run")).ok();
    sides
        .room("ledger delegate-lists --key ledger_key.pub --until +1w")
        .fails();
}

#[track_caller]
fn told(ran: &Ran, code: i32, words: &str) {
    assert!(
        ran.code == Some(code) && ran.stdout.contains(words),
        "{words}: {ran}"
    );
}

const DELEGATE: &str = "ledger delegate-lists --key list_key.pub --until +52w";
