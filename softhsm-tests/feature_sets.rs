//! What the sets of features leave out, as cargo knows it.

use std::collections::BTreeSet;

use crate::harness::process::{bounded, run};

/// The packages that end in the program when it is built of this set.
fn packages(set: &str) -> BTreeSet<String> {
    let mut cargo = bounded(env!("CARGO"));
    cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
    cargo.args(["tree", "--locked", "--offline", "--edges", "normal"]);
    cargo.args(["--prefix", "none", "--format", "{p}"]);
    cargo.args(["--no-default-features", "--features", set]);
    let tree = run(&mut cargo).ok().stdout;
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

fn assert_none(set: &str, left_out: &[&str]) {
    let found = packages(set);
    assert!(found.contains("rusqlite"), "{set} is no whole program");
    for name in left_out {
        assert!(!found.contains(*name), "{set} has {name}");
    }
}

#[test]
fn the_set_for_a_ceremony_has_nothing_of_a_network() {
    let network = [
        "ureq",
        "ureq-proto",
        "rustls",
        "tokio",
        "hyper",
        "ldap3",
        "webpki-roots",
        // No network, but nothing that a room needs, and each kilobyte is looked at.
        "clap_complete",
    ];
    assert_none("ceremony", &network);
    let found = packages("ceremony");
    assert!(found.contains("cryptoki") && found.contains("yubikey"));
}

#[test]
fn the_set_for_servers_has_nothing_of_modules_and_cards() {
    assert_none(
        "server",
        &[
            "cryptoki",
            "cryptoki-sys",
            "yubikey",
            "pcsc",
            "tokio",
            "ldap3",
        ],
    );
    assert!(packages("server").contains("ureq"));
    // One that asks a directory service by itself.
    let asks = packages("server,ldap");
    assert!(asks.contains("ldap3") && !asks.contains("cryptoki"));
}

#[test]
fn a_client_of_a_server_has_no_tokio_and_no_directory() {
    assert_none("login", &["tokio", "hyper", "ldap3", "cryptoki", "yubikey"]);
    assert!(packages("login").contains("ureq"));
}

#[test]
fn the_full_set_has_what_every_set_has() {
    let full = packages("full");
    assert!(full.contains("ldap3"));
    for set in ["ceremony", "server"] {
        let missing: Vec<_> = packages(set).difference(&full).cloned().collect();
        assert!(missing.is_empty(), "{set}: {missing:?}");
    }
}
