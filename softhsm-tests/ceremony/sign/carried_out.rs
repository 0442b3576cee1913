//! What the guide types between a ceremony and its seals: with it a mirror outside can make bundles.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::Sides;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::{BINARY, Punchmark};

/// The commands of the guide's block that has this one.
fn block(with: &str) -> Vec<&'static str> {
    let blocks = GUIDE.split("```console\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    let block = blocks.into_iter().find(|block| block.contains(with));
    let lines = block.unwrap().lines();
    lines.filter_map(|line| line.strip_prefix("$ ")).collect()
}

/// Types them, as they stand, with the PIN of the room.
fn typed(account: &Punchmark, commands: &[&str]) -> Ran {
    let folder = Path::new(BINARY).parent().unwrap().display();
    let path = std::env::var("PATH").unwrap();
    let mut shell = account.prepare(bounded("sh"));
    shell.env("PATH", format!("{folder}:{path}"));
    let script = commands
        .join("\n")
        .replace("punchmark ledger", "punchmark --pin-file pin ledger");
    run(shell.arg("-c").arg(format!("set -eu\n{script}")))
}

/// All files of a folder, by name.
fn files(folder: &Path) -> BTreeMap<OsString, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| (entry.file_name(), fs::read(entry.path()).unwrap()))
        .collect()
}

#[test]
fn the_commands_of_the_guide_lead_from_a_ceremony_to_a_bundle_also_where_a_mirror_began_too_early()
{
    let (sides, config) = Sides::of_ceremony();
    keygen::make(sides.office.home(), "list_key", ED25519);
    for name in ["anna.pub", "list_key.pub"] {
        sides.carry_in(name);
    }
    let room = &sides.room.account;
    let carry = |name: &str| {
        let to = sides.office.path(name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(room.path(name), to).unwrap();
    };
    // Too early: nobody may make a bundle.
    for name in [
        "ceremony/punchmark.ledger",
        "ceremony/head.txt",
        "ceremony/ledger.pub",
    ] {
        carry(name);
    }
    sides.configure_office(&config);
    let early = "mirror init --from ceremony/punchmark.ledger --head ceremony/head.txt --signer ceremony/ledger.pub";
    sides.in_office(early).ok();
    fs::write(
        sides.office.path("people.csv"),
        "key,requester,role\nerik.pub,erik,engineer\n",
    )
    .unwrap();
    let make = "bundle make --key ole --out one.bundle --manifest people.csv";
    let refused = sides.in_office(make).exits(1);
    assert!(
        refused.stderr.contains("is enrolled for nobody"),
        "{refused}"
    );
    // In the room, before anything is sealed.
    let archived = files(&room.path("ceremony"));
    typed(room, &block("requester add ole")).ok();
    assert!(
        files(&room.path("ceremony")) == archived,
        "the evidence is what it was"
    );
    for name in ["mirror/begun.ledger", "mirror/head.txt"] {
        carry(name);
    }
    let begin = block("mirror init")[0].strip_prefix("punchmark ").unwrap();
    let there = sides.in_office(begin).fails();
    let rebase = begin.replace("mirror init", "mirror rebase");
    let told = sides.in_office(&rebase).fails();
    assert!(
        told.stderr
            .contains("begin it from this copy: punchmark mirror init"),
        "{there} {told}"
    );
    let mirror = sides.office.path("config/punchmark/punchmark.ledger");
    fs::rename(&mirror, sides.office.path("early.ledger")).unwrap();
    sides.in_office(begin).ok();
    sides.in_office(make).ok();
}

#[test]
fn each_guide_says_once_where_the_config_lies_and_its_commands_find_it() {
    let (sides, _) = Sides::of_ceremony();
    let room = &sides.room.account;
    typed(room, &["punchmark ca show users"]).fails();
    for (page, text) in [
        ("ceremony", GUIDE),
        ("bundles", include_str!("../../../docs/bundles.md")),
        ("mirror", include_str!("../../../docs/mirror.md")),
        ("rollover", include_str!("../../../docs/rollover.md")),
        ("compromise", include_str!("../../../docs/compromise.md")),
    ] {
        let mut lines = text.lines().map(str::trim);
        let told = lines.find(|line| line.starts_with("export PUNCHMARK_CONFIG="));
        let told = told.unwrap_or_else(|| panic!("{page}"));
        let asks = [
            "punchmark ca show users --json",
            "punchmark ledger head show",
        ];
        typed(room, &[&[told][..], &asks].concat()).ok();
    }
}

const GUIDE: &str = include_str!("../../../docs/ceremony.md");
