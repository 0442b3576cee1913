//! `punchmark krl fetch` follows a `ledger key rollover`, from files and from an https server.

use std::fs;

use super::folder::Folder;
use super::server::{Answer, Server};
use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run, run_fed};
use crate::harness::write;

/// A CA whose lists the key `k1` signs, and further keys.
fn ready() -> Admin {
    let admin = Admin::ready();
    for name in ["k1", "k2", "k3", "stranger"] {
        keygen::make(admin.punchmark.home(), name, ED25519);
    }
    publish(&admin, "k1");
    admin
}

fn publish(admin: &Admin, key: &str) {
    let krl = ["krl", "--out", "list", "--ledger-key", key];
    admin.punchmark.run(&krl).ok();
}

/// Hands over and publishes by the new key.
fn roll(admin: &Admin, old: &str, new: &str) {
    let roll = ["ledger", "key", "rollover", "--old", old, "--new", new];
    admin.punchmark.run(&roll).ok();
    publish(admin, new);
}

/// A server that keeps its list in `out`.
fn fetch(admin: &Admin, out: &str, signers: &[&str]) -> Ran {
    fetch_from(admin, "list", out, signers)
}

fn fetch_from(admin: &Admin, source: &str, out: &str, signers: &[&str]) -> Ran {
    let mut all = vec![
        "krl",
        "fetch",
        source,
        "--out",
        out,
        "--ca-file",
        "roots.pem",
    ];
    all.extend(signers.iter().flat_map(|key| ["--signer", key]));
    admin.punchmark.run(&all)
}

fn print(admin: &Admin, key: &str) -> String {
    keygen::fingerprint(&admin.punchmark.path(&format!("{key}.pub")))
}

fn read(admin: &Admin, name: &str) -> String {
    fs::read_to_string(admin.punchmark.path(name)).unwrap()
}

/// Prints one line that says that the server followed to this key.
#[track_caller]
fn followed(admin: &Admin, ran: Ran, key: &str) {
    let ran = ran.ok();
    let end = format!(
        ", and {} took over as the key that signs\n",
        print(admin, key)
    );
    assert!(ran.stdout.ends_with(&end), "{end:?} {ran}");
    assert_eq!(ran.stdout.lines().count(), 1, "{ran}");
}

#[track_caller]
fn refused(ran: Ran, words: &str) {
    let ran = ran.exits(2);
    assert!(ran.stdout.starts_with("CRITICAL: "), "{ran}");
    assert!(ran.stdout.contains(words), "{words:?} {ran}");
}

/// The published list with the next version, signed by some key as its holder could.
fn forge(admin: &Admin, signer: &str) {
    let path = admin.punchmark.path("list");
    let mut list = fs::read(&path).unwrap();
    // The version stands behind magic and format (PROTOCOL.krl, section 1).
    let version = list[12..20].try_into().map(u64::from_be_bytes).unwrap();
    list[12..20].copy_from_slice(&(version + 1).to_be_bytes());
    fs::write(&path, list).unwrap();
    let _ = fs::remove_file(admin.punchmark.path("list.sig"));
    let mut sign = bounded("ssh-keygen");
    sign.args(["-q", "-Y", "sign", "-n", "krl@punchmark", "-f"]);
    run(sign.arg(admin.punchmark.path(signer)).arg(path)).ok();
}

#[test]
fn a_server_that_was_given_the_old_key_follows_each_rollover_once() {
    let admin = ready();
    write(&admin.punchmark.path("roots.pem"), "", 0o644);
    fetch(&admin, "a.krl", &["k1.pub"]).ok();
    roll(&admin, "k1", "k2");
    followed(&admin, fetch(&admin, "a.krl", &["k1.pub"]), "k2");
    let again = fetch(&admin, "a.krl", &["k1.pub"]).ok();
    assert!(again.stdout.ends_with(": unchanged\n"), "{again}");
    publish(&admin, "k2");
    let next = fetch(&admin, "a.krl", &["k1.pub"]).ok();
    assert!(next.stdout.ends_with(": replaced\n"), "{next}");

    roll(&admin, "k2", "k3");
    followed(&admin, fetch(&admin, "a.krl", &["k1.pub"]), "k3");
    // A server that slept through both, and one that was given the key in between.
    followed(&admin, fetch(&admin, "b.krl", &["k1.pub"]), "k3");
    followed(&admin, fetch(&admin, "c.krl", &["k2.pub"]), "k3");
    refused(
        fetch(&admin, "d.krl", &["stranger.pub"]),
        "who is not the signer",
    );
    let json = [
        "krl", "fetch", "list", "--out", "e.krl", "--signer", "k1.pub", "--json",
    ];
    let json: serde_json::Value =
        serde_json::from_str(&admin.punchmark.run(&json).ok().stdout).unwrap();
    assert_eq!(json["followed"], print(&admin, "k3"), "{json}");
}

#[test]
fn a_key_that_handed_over_signs_nothing_for_who_followed() {
    let admin = ready();
    roll(&admin, "k1", "k2");
    let given = ["k1.pub", "k2.pub"];
    for signers in [&given[..1], &given[..]] {
        followed_or_known(&fetch(&admin, "a.krl", signers).ok());
    }
    let whole = read(&admin, "list.keys");
    forge(&admin, "k1");
    let words = format!("from which {} took over", print(&admin, "k2"));
    for keys in [Some(&whole), None] {
        match keys {
            Some(keys) => write(&admin.punchmark.path("list.keys"), keys, 0o644),
            None => fs::remove_file(admin.punchmark.path("list.keys")).unwrap(),
        }
        refused(fetch(&admin, "a.krl", &["k1.pub"]), &words);
        // Nor where the list that was there is gone.
        let _ = fs::remove_file(admin.punchmark.path("a.krl"));
        refused(fetch(&admin, "a.krl", &["k1.pub"]), &words);
    }
    // What the new key signs is still taken.
    write(&admin.punchmark.path("list.keys"), whole, 0o644);
    publish(&admin, "k2");
    fetch(&admin, "a.krl", &["k1.pub"]).ok();
}

fn followed_or_known(ran: &Ran) {
    assert!(ran.stdout.starts_with("OK: "), "{ran}");
}

/// What a thief of the source makes of LIST.keys, and why nobody follows.
#[test]
fn rollovers_that_are_forged_cut_reordered_or_too_many_are_refused() {
    let admin = ready();
    roll(&admin, "k1", "k2");
    roll(&admin, "k2", "k3");
    let good = read(&admin, "list.keys");
    let lines: Vec<_> = good.lines().collect();
    let (first, steps) = lines.split_first().unwrap();
    let (one, two) = steps.split_at(6);
    let of = |steps: &[&[&str]]| format!("{first}\n{}\n", steps.concat().join("\n"));
    assert_eq!(of(&[one, two]), good);
    let many = format!("{first}\n{}", format!("{}\n", one.join("\n")).repeat(65));
    let signs = |text: &str| text.replacen("signs 2", "signs 3", 1);
    for (text, words) in [
        (signs(&good), "rollover 1 is not signed by both"),
        (of(&[two, one]), "out of order"),
        (of(&[one]), "who is not the signer"),
        (of(&[two]), "who is not the signer"),
        (format!("{first}\n"), "who is not the signer"),
        (of(&[one, &two[..5]]), "line `by-new` is missing"),
        (good[..good.len() - 9].to_owned(), "the rollovers beside it"),
        (format!("{good}x\n"), "line `ledger` is missing"),
        (String::new(), "no file of ledger key rollovers"),
        (many, "more than 64 rollovers"),
    ] {
        write(&admin.punchmark.path("list.keys"), &text, 0o644);
        refused(fetch(&admin, "a.krl", &["k1.pub"]), words);
        assert!(!admin.punchmark.path("a.krl").exists(), "{words}");
        assert!(!admin.punchmark.path("a.krl.mark").exists(), "{words}");
    }
    write(
        &admin.punchmark.path("list.keys"),
        vec![b'x'; 200_000],
        0o644,
    );
    let long = fetch(&admin, "a.krl", &["k1.pub"]).exits(2);
    assert!(long.stdout.contains("list.keys"), "{long}");
    write(&admin.punchmark.path("list.keys"), good, 0o644);
    followed(&admin, fetch(&admin, "a.krl", &["k1.pub"]), "k3");
}

#[test]
fn the_rollovers_of_another_ledger_lead_nowhere() {
    let (admin, other) = (ready(), Admin::ready());
    for key in ["k1", "k1.pub", "k2", "k2.pub"] {
        let bytes = fs::read(admin.punchmark.path(key)).unwrap();
        write(&other.punchmark.path(key), bytes, 0o600);
    }
    publish(&other, "k1");
    roll(&other, "k1", "k2");
    publish(&admin, "k2");
    write(
        &admin.punchmark.path("list.keys"),
        read(&other, "list.keys"),
        0o644,
    );
    refused(
        fetch(&admin, "a.krl", &["k1.pub"]),
        "its signer took over in ledger",
    );
}

#[test]
fn a_key_that_a_believed_list_revoked_signs_no_list() {
    let admin = ready();
    let both = ["k1.pub", "k2.pub"];
    fetch(&admin, "a.krl", &both).ok();
    let revoke = [
        "ledger",
        "key",
        "revoke",
        "k1.pub",
        "--last-size",
        "1",
        "--reason",
        "stolen",
    ];
    admin.punchmark.run(&revoke).ok();
    publish(&admin, "k2");
    fetch(&admin, "a.krl", &both).ok();
    keygen_finds(&admin, "k1.pub");
    forge(&admin, "k1");
    let words = format!("{}, which was revoked", print(&admin, "k1"));
    refused(fetch(&admin, "a.krl", &both), &words);
    fs::remove_file(admin.punchmark.path("a.krl")).unwrap();
    refused(fetch(&admin, "a.krl", &both), &words);
    refused(fetch(&admin, "a.krl", &["k1.pub"]), &words);
    // A list that revokes its own signer is nobody's, also for a server that knows nothing yet.
    refused(fetch(&admin, "b.krl", &["k1.pub"]), &words);
}

/// OpenSSH finds the key among those that the list revokes.
fn keygen_finds(admin: &Admin, key: &str) {
    let mut query = bounded("ssh-keygen");
    query.args(["-Q", "-f"]).arg(admin.punchmark.path("a.krl"));
    let ran = run(query.arg(admin.punchmark.path(key))).exits(1);
    assert!(ran.stdout.contains("REVOKED"), "{ran}");
}

#[test]
fn by_https_the_rollovers_are_asked_for_when_an_unknown_key_signed() {
    let (admin, folder) = (ready(), Folder::new());
    let server = Server::start(&folder);
    let serve = || {
        for ending in ["", ".sig", ".keys"] {
            let bytes = fs::read(admin.punchmark.path(&format!("list{ending}"))).unwrap();
            server.answer(&format!("/k{ending}"), Answer::File(bytes));
        }
    };
    write(
        &admin.punchmark.path("roots.pem"),
        folder.read("roots.pem"),
        0o644,
    );
    let url = server.url("/k");
    let fetch = || fetch_from(&admin, &url, "a.krl", &["k1.pub"]);
    serve();
    fetch().ok();
    assert_eq!(server.asked(), ["/k.sig", "/k"]);
    roll(&admin, "k1", "k2");
    serve();
    let whole = read(&admin, "list.keys").into_bytes();
    server.answer("/k.keys", Answer::Status(404));
    refused(fetch(), "who is not the signer");
    server.answer("/k.keys", Answer::Status(500));
    assert!(fetch().exits(1).stdout.contains("status 500"));
    server.answer("/k.keys", Answer::Cut(whole[..99].to_vec()));
    assert!(fetch().exits(1).stdout.starts_with("WARNING: "));
    server.answer("/k.keys", Answer::Endless);
    assert!(fetch().exits(1).stdout.contains("more than 131072 bytes"));
    server.answer("/k.keys", Answer::Redirect("/moved".to_owned()));
    server.answer("/moved", Answer::File(whole));
    server.asked();
    followed(&admin, fetch(), "k2");
    assert_eq!(server.asked(), ["/k.sig", "/k.keys", "/moved", "/k"]);
    fetch().ok();
    assert_eq!(server.asked(), ["/k.sig"]);
}

#[test]
fn the_page_of_the_format_verifies_what_krl_writes_and_ssh_keygen_agrees() {
    let admin = ready();
    roll(&admin, "k1", "k2");
    roll(&admin, "k2", "k3");
    let page = include_str!("../../docs/formats/rollover.md");
    let (_, program) = page.split_once("```python\n").unwrap();
    let (program, _) = program.split_once("```").unwrap();
    write(&admin.punchmark.path("verify.py"), program, 0o644);
    let verify = || {
        let mut python = bounded("python3");
        let files = ["verify.py", "list.keys"].map(|name| admin.punchmark.path(name));
        run_fed(python.args(files), b"")
    };
    let ran = verify().ok();
    assert_eq!(ran.stdout.lines().count(), 2, "{ran}");
    assert!(ran.stdout.contains(" handed over to "), "{ran}");
    let good = read(&admin, "list.keys");
    let forged = good.replacen("signs 2", "signs 3", 1);
    write(&admin.punchmark.path("list.keys"), forged, 0o644);
    verify().exits(1).says("AssertionError");
}
