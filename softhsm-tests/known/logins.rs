//! Logins at a real sshd of root's into accounts of `@known`.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use super::{Known, number};
use crate::harness::keygen;
use crate::harness::log_socket::LogSocket;
use crate::harness::process::run;
use crate::harness::server::Server;
use crate::harness::write;

/// A CA that `known` is published of, and a server that trusts it. Its account `www` is one of
/// `@known`, `db` is none.
struct Logins {
    known: Known,
    server: Server,
}

impl Logins {
    fn ready() -> Option<Self> {
        let known = Known::ready();
        let server = Server::start_trusting(&[known.admin.ca_file("users")])?;
        known.make(&[]).ok();
        let logins = Self { known, server };
        logins.list("");
        logins.fetch();
        Some(logins)
    }

    /// Everybody may be both, by a list with these directives.
    fn list(&self, directives: &str) {
        let (www, db) = (self.server.www.name(), self.server.db.name());
        let ca = keygen::fingerprint(&self.known.admin.ca_file("users"));
        let everybody = "peter,anna,eve,ole";
        self.server.put(&format!(
            "@ca users {ca}\n@known {www} 2h\n{directives}{everybody} {www},{db} *\n"
        ));
    }

    fn file(&self) -> PathBuf {
        self.server.list().with_file_name("users.known")
    }

    fn fetch(&self) {
        let out = self.file().display().to_string();
        let fetch = ["known", "fetch", "users.known", "--out", &out];
        let signer = ["--signer", "ledger_key.pub"];
        let punchmark = &self.known.admin.punchmark;
        punchmark.run(&[&fetch[..], &signer].concat()).ok();
        let mode = Permissions::from_mode(0o644);
        std::fs::set_permissions(self.file(), mode).unwrap();
    }

    /// The list that is there becomes one that was made so many seconds before.
    fn make_older(&self, seconds: u64) {
        let mut list = std::fs::read(self.file()).unwrap();
        let now = format!("generated {}\n", number(&list, "generated "));
        let then = number(&list, "generated ") - seconds;
        let then = format!("generated {then}\n");
        let at = list
            .windows(now.len())
            .position(|part| part == now.as_bytes());
        let at = at.unwrap();
        list[at..at + then.len()].copy_from_slice(then.as_bytes());
        write(&self.file(), list, 0o644);
    }

    #[track_caller]
    fn lets_in(&self, key: &Path) {
        self.server.lets_in(self.server.www.name(), key);
        assert_eq!(self.explained(key).code, Some(0));
    }

    #[track_caller]
    fn refuses(&self, key: &Path, words: &str) {
        self.server.refuses(self.server.www.name(), key);
        let explained = self.explained(key).exits(1);
        let first = explained.stdout.lines().next().unwrap_or_default();
        assert!(first.contains(words), "{explained}");
        // The account that asks for nothing lets in all of them.
        self.server.lets_in(self.server.db.name(), key);
    }

    fn explained(&self, key: &Path) -> crate::harness::process::Ran {
        self.server.explain(self.server.www.name(), key)
    }

    /// What the log of a server hears of a login as `www`, which is let in or isn't.
    fn logged(&self, key: &Path) -> String {
        let certificate = std::fs::read_to_string(keygen::certificate(key)).unwrap();
        let certificate = certificate.split(' ').nth(1).unwrap();
        let list = self.server.list();
        let program = list
            .parent()
            .unwrap()
            .with_file_name("punchmark-principals");
        let log = LogSocket::bind();
        let mut ask = log.shell("exec \"$@\"");
        ask.arg(program).arg(list).args(["web1+production"]);
        run(ask.arg(self.server.www.name()).arg(certificate)).ok();
        log.heard().concat()
    }

    fn key(&self, name: &str) -> PathBuf {
        self.known.admin.punchmark.path(name)
    }
}

#[test]
fn who_the_ledger_knows_gets_in_and_who_was_signed_past_it_does_not() {
    let Some(logins) = Logins::ready() else {
        return;
    };
    let (peter, anna) = (logins.key("peter"), logins.key("anna"));
    logins.lets_in(&peter);
    logins.lets_in(&anna);
    let eve = logins.known.sign_past_the_ledger("eve");
    logins.refuses(&eve, "the ledger of CA users doesn't know it");
    // What was issued since the list was made isn't known either, until the next one.
    let ole = logins.known.sign("ole");
    logins.refuses(&ole, "doesn't know it");
    let revoke = ["revoke", "--reason", "left", "--serial", "1"];
    logins.known.admin.punchmark.run(&revoke).ok();
    logins.known.make(&[]).ok();
    logins.fetch();
    logins.lets_in(&ole);
    logins.refuses(&peter, "doesn't know it");
}

/// Whoever watches the log sees an attempt with a stolen token there, and nowhere else.
#[test]
fn the_log_names_who_was_signed_past_the_ledger_and_who_came_as_an_emergency() {
    let Some(logins) = Logins::ready() else {
        return;
    };
    let www = logins.server.www.name();
    let heard = |key: &Path, words: &str| {
        let said = logins.logged(key);
        assert!(said.contains(words), "{said:?}");
        said
    };
    let eve = logins.known.sign_past_the_ledger("eve");
    let words = format!("nobody let in, the ledger of CA users doesn't know it: user {www}");
    let said = heard(&eve, &words);
    let print = keygen::fingerprint(&keygen::public(&eve));
    assert!(said.contains("serial ") && said.contains(&print), "{said}");
    heard(&logins.key("peter"), "would let in peter: user");
    logins.make_older(3 * 3600);
    let old =
        "nobody let in, what the ledger of CA users knows is missing, broken or too old: user";
    heard(&logins.key("peter"), old);
    heard(
        &logins.key("anna"),
        "would let in anna with a certificate for emergencies: user",
    );
    std::fs::remove_file(logins.file()).unwrap();
    heard(&logins.key("anna"), old);
}

#[test]
fn by_what_is_too_old_only_certificates_for_emergencies_get_in_and_by_nothing_nobody() {
    let Some(logins) = Logins::ready() else {
        return;
    };
    let (peter, anna) = (logins.key("peter"), logins.key("anna"));
    let eve = logins.known.sign_past_the_ledger("eve");
    logins.make_older(2 * 3600 - 600);
    logins.lets_in(&peter);
    logins.make_older(1200);
    logins.refuses(&peter, "missing, broken or too old");
    logins.refuses(&eve, "missing, broken or too old");
    logins.lets_in(&anna);
    let said = logins.explained(&anna);
    assert!(said.stdout.contains("is for emergencies"), "{said}");
    // The exception of a list that is too old opens nothing here, and an emergency needs none.
    let stale = "@version 1000000\n@stale 7d @ops\n@group ops = peter eve\n";
    logins.list(stale);
    logins.refuses(&peter, "missing, broken or too old");
    logins.server.refuses(logins.server.db.name(), &anna);
    logins.lets_in(&anna);
    logins.list("");
    std::fs::remove_file(logins.file()).unwrap();
    for key in [&peter, &anna, &eve] {
        logins.refuses(key, "missing, broken or too old");
    }
}

#[test]
fn a_list_that_is_cut_forged_or_of_another_ca_knows_nobody() {
    let Some(logins) = Logins::ready() else {
        return;
    };
    let (peter, anna) = (logins.key("peter"), logins.key("anna"));
    let whole = std::fs::read(logins.file()).unwrap();
    let other = String::from_utf8_lossy(&whole).into_owned();
    let at = other.find("SHA256:").unwrap() + 7;
    let mut of_another = whole.clone();
    of_another[at] ^= 1;
    let cut = &whole[..whole.len() - 1];
    let longer = [&whole[..], &[0; 16]].concat();
    for broken in [cut, &longer, &of_another, b"", b"punchmark known 1\n"] {
        write(&logins.file(), broken, 0o644);
        for key in [&peter, &anna] {
            logins.refuses(key, "missing, broken or too old");
        }
    }
    write(&logins.file(), &whole, 0o644);
    logins.lets_in(&peter);
}

/// A file that others could have written is doubt: nobody gets in by such a list.
#[test]
fn a_list_that_others_can_write_or_a_link_lets_nobody_in() {
    let Some(logins) = Logins::ready() else {
        return;
    };
    let (peter, www) = (logins.key("peter"), logins.server.www.name());
    let file = logins.file();
    let mode = |bits| std::fs::set_permissions(&file, Permissions::from_mode(bits)).unwrap();
    for bits in [0o646, 0o664] {
        mode(bits);
        logins.server.refuses(www, &peter);
    }
    mode(0o644);
    chown(&file, Some(4321), None).unwrap();
    logins.server.refuses(www, &peter);
    chown(&file, Some(0), None).unwrap();
    logins.lets_in(&peter);
    let real = file.with_file_name("real");
    std::fs::rename(&file, &real).unwrap();
    symlink(&real, &file).unwrap();
    logins.server.refuses(www, &peter);
    assert!(
        logins.server.log().contains("AuthorizedPrincipalsCommand"),
        "{}",
        logins.server.log()
    );
    // An account that asks for nothing is none of its business.
    logins.server.lets_in(logins.server.db.name(), &peter);
}
