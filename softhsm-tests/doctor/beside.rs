//! What lies beside the lists of a server: known certificates, marks, the word that a list is
//! fresh, and signers. Each fault is found, and a real login ends as the finding says.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

use punchmark::server::access::KnownList;
use sha2::{Digest, Sha256};

use super::listed::{GOOD, Listed};
use super::login::both;
use crate::harness::stock::Examined;
use crate::harness::{keygen, write};

const HOUR: u64 = 3_600;

/// A list whose account is one of `@known`.
fn known() -> Listed {
    let listed = Listed::new();
    put(&listed, "@known USER 2h\n");
    listed
}

fn put(listed: &Listed, directives: &str) {
    let ca = keygen::fingerprint(&listed.server.path("ca.pub"));
    let suffixes = "@suffixes _physical _file\n";
    listed.put(&format!(
        "{suffixes}@ca users {ca}\n{directives}peter_physical USER web*\n"
    ));
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// What a public key file or certificate is on the wire.
fn blob(file: &std::path::Path) -> Vec<u8> {
    use base64ct::Encoding;
    let line = std::fs::read_to_string(file).unwrap();
    base64ct::Base64::decode_vec(line.split(' ').nth(1).unwrap().trim()).unwrap()
}

/// Puts a list beside that was made so long ago; with Peter's certificate, and as one for
/// emergencies, if that is said.
fn tell(listed: &Listed, ago: u64, is_known: bool, is_drawer: bool) {
    let hash = |file: &std::path::Path| -> [u8; 32] { Sha256::digest(blob(file)).into() };
    let ca = hash(&listed.server.path("ca.pub"));
    let peter = hash(&keygen::certificate(&listed.key));
    let peter: [u8; 16] = peter[..16].try_into().unwrap();
    let some = |is: bool| if is { vec![peter] } else { Vec::new() };
    let made = now() - ago;
    let list = KnownList::new(
        "users",
        ca,
        (made, made),
        None,
        some(is_known),
        some(is_drawer),
    );
    let file = listed.server.path("users.known");
    write(&file, list.unwrap().to_bytes(), 0o644);
}

fn mode(listed: &Listed, name: &str, bits: u32) {
    let permissions = Permissions::from_mode(bits);
    std::fs::set_permissions(listed.server.path(name), permissions).unwrap();
}

/// Nothing is wrong with what lies beside, by these names.
#[track_caller]
fn quiet(examined: &Examined) {
    let about = [
        "known-",
        "mark-",
        "list-",
        "fresh-",
        "signers-",
        "writable-",
    ];
    let names = examined.names();
    let odd = |name: &&&str| about.iter().any(|about| name.starts_with(about));
    assert!(names.iter().find(odd).is_none(), "{names:?}");
}

#[test]
fn what_a_server_was_told_of_known_certificates_is_watched() {
    let listed = known();
    listed.shut_by(GOOD, "known-missing");
    tell(&listed, 0, true, false);
    let good = listed.examine(GOOD);
    quiet(&good);
    assert_eq!(good.report["list"]["known"][0]["known"], 1);
    assert!(listed.lets_in(GOOD));
    tell(&listed, HOUR + 600, true, false);
    listed.examine(GOOD).finds("known-stale", "warning");
    assert!(listed.lets_in(GOOD));
    tell(&listed, 2 * HOUR + 60, true, false);
    listed.shut_by(GOOD, "known-stale");
    tell(&listed, 2 * HOUR + 60, true, true);
    listed.examine(GOOD).finds("known-stale", "critical");
    assert!(listed.lets_in(GOOD));
    write(
        &listed.server.path("users.known"),
        "punchmark known 1\n",
        0o644,
    );
    listed.shut_by(GOOD, "known-broken");
    tell(&listed, 0, true, false);
    mode(&listed, "users.known", 0o666);
    listed.shut_by(GOOD, "writable-path");
    mode(&listed, "users.known", 0o600);
    listed.shut_by(GOOD, "known-unreadable");
}

#[test]
fn a_login_that_the_ledger_does_not_know_is_walked_through() {
    let listed = known();
    let (server, key) = (&listed.server, &listed.key);
    let lines = listed.lines(GOOD);
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    for (ago, words) in [
        (0, "the ledger of CA users doesn't know it"),
        (3 * HOUR, "missing, broken or too old"),
    ] {
        tell(&listed, ago, false, false);
        let step = both(server, &lines, listed.user.name(), key);
        assert_eq!(step["name"], "principals-command", "{step:#}");
        // So does the log: with what the attempt is found again by.
        let said = step["words"].as_str().unwrap();
        assert!(said.contains(words), "{step:#}");
        assert!(said.contains("serial 0, key SHA256:"), "{step:#}");
    }
    tell(&listed, 0, true, false);
    let step = both(server, &lines, listed.user.name(), key);
    assert_eq!(step["name"], "possession", "{step:#}");
}

#[test]
fn a_mark_that_knows_more_than_the_list_says_that_it_was_put_back() {
    let listed = Listed::new();
    put(&listed, "@version 1795000000\n");
    let mark = |version: u64| {
        let zeros = "0".repeat(64);
        let text = format!("punchmark access mark 1\nversion {version}\nsha256 {zeros}\n");
        write(&listed.server.path("access.list.mark"), text, 0o644);
    };
    mark(1_795_000_000);
    quiet(&listed.examine(GOOD));
    mark(1_795_000_001);
    listed.examine(GOOD).finds("list-older", "critical");
    mode(&listed, "access.list.mark", 0o666);
    listed.examine(GOOD).finds("writable-path", "critical");
    write(&listed.server.path("access.list.mark"), "?", 0o644);
    listed.examine(GOOD).finds("mark-broken", "critical");
    // What sshd and the command do is another matter: no login reads a mark.
    assert!(listed.lets_in(GOOD));
    std::fs::remove_file(listed.server.path("access.list.mark")).unwrap();
    let of_krl = |version: u64| {
        let zeros = "0".repeat(64);
        let text = format!("punchmark krl mark 1\nversion {version}\nsha256 {zeros}\nhead none\n");
        write(&listed.server.path("revoked.krl.mark"), text, 0o644);
    };
    of_krl(0);
    quiet(&listed.examine(GOOD));
    of_krl(u64::MAX);
    listed.examine(GOOD).finds("list-older", "critical");
}

#[test]
fn a_list_that_is_too_old_and_a_word_that_says_nothing_are_found() {
    let listed = Listed::new();
    put(
        &listed,
        &format!("@version {}\n@stale 7d\n", now() - 8 * 24 * HOUR),
    );
    listed.shut_by(GOOD, "list-stale");
    let fresh = keygen::fingerprint(&listed.server.path("host.pub"));
    put(&listed, &format!("@fresh {fresh}\n@stale 7d\n"));
    listed.shut_by(GOOD, "list-stale");
    write(&listed.server.path("access.list.fresh"), "?\n", 0o644);
    listed.examine(GOOD).finds("fresh-broken", "warning");
    mode(&listed, "access.list.fresh", 0o666);
    listed.shut_by(GOOD, "writable-path");
    std::fs::remove_file(listed.server.path("access.list.fresh")).unwrap();
    put(
        &listed,
        &format!("@version {}\n@stale 7d\n", now() + 2 * HOUR),
    );
    listed.shut_by(GOOD, "clock");
}

#[test]
fn signers_that_others_could_name_are_found() {
    let listed = Listed::new();
    let signers = listed.server.path("signers");
    let key = std::fs::read_to_string(listed.server.path("host.pub")).unwrap();
    write(&signers, format!("anna {key}"), 0o644);
    quiet(&listed.examine(GOOD));
    mode(&listed, "signers", 0o646);
    listed.examine(GOOD).finds("writable-path", "critical");
    write(&signers, "anna ssh-ed25519 AAAA\n", 0o644);
    listed.examine(GOOD).finds("signers-broken", "warning");
    assert!(listed.lets_in(GOOD));
}
