//! The power fails at any moment of a CA's life, and the disk loses what it may lose.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64ct::{Base64, Encoding as _};
use punchmark::krl::Krl;
use punchmark::krl::rollover::Rollovers;
use punchmark::ledger::file::{FileFrames, Standing};
use punchmark::ledger::settings::FileSettings;
use punchmark::ledger::store::Frames as _;
use punchmark::ledger::{Entry, Event, Reserved};

use crate::harness::disk::{Dice, Disk, Step, record};
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::{BINARY, Punchmark};

/// How often the power fails after each step.
const TIMES: usize = 2;
/// After so many failures of power the program itself goes on, which takes longer.
const PROGRAM: usize = 25;

/// What a run has let out of its hands by some moment.
#[derive(Clone, Debug, Default)]
struct Released(BTreeSet<Vec<u8>>);

/// A CA whose key is a file, so that a token's own files play no part.
fn admin() -> Punchmark {
    let admin = Punchmark::at(("SOFTHSM2_CONF", PathBuf::from("/nowhere")), "74291536");
    keygen::make(admin.home(), "ca", ED25519);
    for number in 0..8 {
        keygen::make(admin.home(), &format!("key{number}"), ED25519);
    }
    admin
}

fn key(number: u8) -> String {
    format!("key{number}.pub")
}

fn command(admin: &Punchmark, arguments: &[&str]) -> Command {
    let mut command = admin.prepare(bounded(BINARY));
    command.args(arguments);
    command
}

fn adopt(admin: &Punchmark) -> Command {
    let key = format!("file:{}", admin.path("ca").display());
    let adopt = ["adopt", "users", "--key", &key, "--next-serial", "1"];
    command(
        admin,
        &[&adopt[..], &["--allow-software-key", "--yes"]].concat(),
    )
}

fn sign(admin: &Punchmark, keys: std::ops::Range<u8>) -> Command {
    let mut command = command(
        admin,
        &["sign", "-s", "users", "-I", "id", "-n", "peter", "-q"],
    );
    command.args(keys.map(key));
    command
}

impl Released {
    /// A certificate is out when it has its name, whether the disk knows it or not.
    fn note(&mut self, step: &Step, disk: &Disk) {
        let Step::Rename(_, to) = step else { return };
        if to.to_string_lossy().ends_with("-cert.pub") {
            let text = String::from_utf8(disk.content(to).unwrap().to_vec()).unwrap();
            self.0.insert(blob(&text));
        }
    }
}

/// The certificates and serials that the ledger knows, once a run has put it in order.
fn known(admin: &Punchmark) -> (BTreeSet<Vec<u8>>, BTreeSet<u64>) {
    let path = admin.path("config/punchmark/punchmark.ledger");
    let settings = FileSettings {
        kept_heads_only: Some(vec![admin.path("heads")]),
        ..FileSettings::default()
    };
    let ledger = FileFrames::open(&path, settings).unwrap();
    assert!(
        matches!(ledger.standing(), Standing::New | Standing::Kept),
        "{:?}",
        ledger.standing()
    );
    let entries = entries(&ledger);
    let (mut certificates, mut serials) = (BTreeSet::new(), BTreeSet::new());
    for entry in &entries {
        match &entry.event {
            Event::Reserved(reserved) => {
                assert!(serials.insert(reserved.serial), "{} twice", reserved.serial);
            }
            Event::Issued(issued) => {
                let reserved = usize::try_from(issued.reserved).unwrap();
                let Event::Reserved(reserved) = &entries[reserved - 1].event else {
                    panic!("{reserved} is no reservation")
                };
                certificates.insert(certificate(reserved, &issued.signature));
            }
            _ => {}
        }
    }
    (certificates, serials)
}

fn entries(ledger: &FileFrames) -> Vec<Entry> {
    let mut place = ledger.start();
    let mut entries = Vec::new();
    while let Some(frame) = ledger.read(place).unwrap() {
        let read = frame.entries.iter().map(|bytes| Entry::from_bytes(bytes));
        entries.extend(read.map(Result::unwrap));
        place = frame.next;
    }
    entries
}

fn certificate(reserved: &Reserved, signature: &[u8]) -> Vec<u8> {
    let length = u32::try_from(signature.len()).unwrap().to_be_bytes();
    [&reserved.to_be_signed, &length[..], signature].concat()
}

/// Runs the program as after a start of the machine: what it knows of the time before is
/// told by the number of the start.
fn after_a_start(admin: &Punchmark, keys: std::ops::Range<u8>, number: usize) -> Ran {
    run_after_a_start(admin, &sign(admin, keys), number)
}

fn run_after_a_start(admin: &Punchmark, command: &Command, number: usize) -> Ran {
    let id = admin.path("boot-id");
    std::fs::write(&id, format!("{number:08x}-0000-4000-8000-000000000000\n")).unwrap();
    let mut shell = admin.prepare(bounded("unshare"));
    let mount = format!(
        "mount --bind {} /proc/sys/kernel/random/boot_id && exec \"$@\"",
        id.display()
    );
    shell.args(["-r", "-m", "sh", "-c", &mount, "sh"]);
    run(shell.arg(command.get_program()).args(command.get_args()))
}

fn certificate_of(key: &Path) -> Vec<u8> {
    blob(&std::fs::read_to_string(keygen::certificate(key)).unwrap())
}

/// The bytes of a certificate file, whose second word they are.
fn blob(text: &str) -> Vec<u8> {
    Base64::decode_vec(text.split(' ').nth(1).unwrap()).unwrap()
}

#[test]
fn whatever_a_power_cut_takes_nothing_that_was_released_is_missing() {
    let admin = admin();
    let home = admin.home().to_owned();
    let mut disk = Disk::of(&home);
    let mut steps = Vec::new();
    for run in [adopt(&admin), sign(&admin, 0..1), sign(&admin, 1..6)] {
        let (ran, of_run) = record(&home, &run);
        ran.ok();
        steps.extend(of_run);
    }
    assert!(steps.len() > 40, "{}", steps.len());
    let (mut dice, mut released, mut failures) = (Dice(0x5eed), Released::default(), 0);
    for step in &steps {
        disk.apply(step);
        released.note(step, &disk);
        for _ in 0..TIMES {
            failures += 1;
            Disk::put_back(&home, &disk.after_power_loss(&mut dice));
            check(&admin, &released, failures);
        }
    }
    assert_eq!(released.0.len(), 6);
}

fn check(admin: &Punchmark, released: &Released, failures: usize) {
    if !admin.path("config/punchmark/punchmark.ledger").exists() {
        assert!(released.0.is_empty(), "no ledger after failure {failures}");
        return;
    }
    let (certificates, serials) = known(admin);
    let missing = released.0.difference(&certificates).count();
    assert_eq!(missing, 0, "after failure {failures}");
    if failures.is_multiple_of(PROGRAM) && !serials.is_empty() {
        let ran = after_a_start(admin, 6..8, failures);
        ran.ok();
        let (after, serials_after) = known(admin);
        assert_eq!(serials_after.len(), serials.len() + 2);
        assert!(serials.is_subset(&serials_after));
        for number in 6..8 {
            let path = admin.path(&key(number)).with_extension("");
            assert!(after.contains(&certificate_of(&path)));
        }
    }
}

/// What a CA has published and decided by some moment.
#[derive(Clone, Copy, Debug, Default)]
struct Published {
    /// The version of the newest list that has its name.
    version: u64,
    /// Whether the revocation was confirmed to who asked for it.
    is_revoked: bool,
    /// The size of the newest head that is signed.
    head: u64,
}

impl Published {
    fn note(&mut self, step: &Step, disk: &Disk) {
        let Step::Rename(_, to) = step else { return };
        let text = || disk.content(to).unwrap();
        if to.ends_with("revoked.krl") {
            self.version = self.version.max(version(text()));
        }
        if to.ends_with("ledger_key.head") {
            let note = String::from_utf8(text().to_vec()).unwrap();
            self.head = note.lines().nth(1).unwrap().parse().unwrap();
        }
    }
}

/// The version of a whole list.
fn version(list: &[u8]) -> u64 {
    Krl::from_bytes(list).unwrap().header().version
}

/// The ledger, which its kept head still covers.
fn reopened(admin: &Punchmark) -> FileFrames {
    let path = admin.path("config/punchmark/punchmark.ledger");
    let settings = FileSettings {
        kept_heads_only: Some(vec![admin.path("heads")]),
        ..FileSettings::default()
    };
    let ledger = FileFrames::open(&path, settings).unwrap();
    assert!(matches!(ledger.standing(), Standing::Kept));
    ledger
}

/// Every list and head that was recorded, and whether the key was revoked.
fn recorded(admin: &Punchmark) -> (BTreeSet<u64>, BTreeSet<u64>, bool) {
    let ledger = reopened(admin);
    let (mut versions, mut heads, mut is_revoked) = (BTreeSet::new(), BTreeSet::new(), false);
    for entry in entries(&ledger) {
        match entry.event {
            Event::KrlMade(made) => assert!(versions.insert(made.version), "{made:?} twice"),
            Event::CheckpointSigned(signed) => drop(heads.insert(signed.size)),
            Event::Revoked(_) => is_revoked = true,
            _ => {}
        }
    }
    (versions, heads, is_revoked)
}

#[test]
fn whatever_a_power_cut_takes_no_list_head_or_revocation_goes_back() {
    let admin = admin();
    keygen::make(admin.home(), "ledger_key", ED25519);
    for mut set_up in [adopt(&admin), sign(&admin, 0..3)] {
        run(&mut set_up).ok();
    }
    let home = admin.home().to_owned();
    let mut disk = Disk::of(&home);
    let krl = ["krl", "--out", "revoked.krl", "--ledger-key", "ledger_key"];
    let revoke = ["revoke", "--key", "key0.pub", "--reason", "stolen", "--yes"];
    let head = ["ledger", "checkpoint", "--key", "ledger_key"];
    let runs = [&krl[..], &revoke, &krl, &head, &head].map(|arguments| command(&admin, arguments));
    let runs: Vec<_> = runs.iter().map(|run| record(&home, run)).collect();
    let (mut dice, mut published, mut failures) = (Dice(0x5eed), Published::default(), 0);
    for (number, (ran, steps)) in runs.iter().enumerate() {
        assert_eq!(ran.code, Some(0), "{ran}");
        for step in steps {
            disk.apply(step);
            published.note(step, &disk);
            for _ in 0..TIMES {
                failures += 1;
                Disk::put_back(&home, &disk.after_power_loss(&mut dice));
                check_published(&admin, published, failures);
            }
        }
        published.is_revoked |= number == 1;
    }
    assert!(failures > 100, "{failures}");
    assert!(published.version > 0 && published.head > 0);
}

fn check_published(admin: &Punchmark, published: Published, failures: usize) {
    let (versions, heads, is_revoked) = recorded(admin);
    let at = format!("after failure {failures}: {published:?}");
    assert!(
        published.version == 0 || versions.contains(&published.version),
        "{at}"
    );
    assert!(
        published.head == 0 || heads.contains(&published.head),
        "{at}"
    );
    assert!(is_revoked || !published.is_revoked, "{at}");
    // Whatever list is there is whole and recorded, and behind a new one stands the way to
    // its signer.
    if let Ok(list) = std::fs::read(admin.path("revoked.krl")) {
        assert!(versions.contains(&version(&list)), "{at}");
        let keys = std::fs::read(admin.path("revoked.krl.keys")).unwrap();
        Rollovers::parse(&keys).unwrap();
    }
    if failures.is_multiple_of(PROGRAM) {
        go_on(admin, published, failures);
    }
}

#[test]
fn whatever_a_power_cut_takes_no_bar_is_there_without_its_revocation() {
    let admin = admin();
    for mut set_up in [adopt(&admin), sign(&admin, 0..1)] {
        run(&mut set_up).ok();
    }
    let home = admin.home().to_owned();
    let mut disk = Disk::of(&home);
    let both = ["--key", "key0.pub", "--card", "12345678"];
    let revoke = command(&admin, &[&["revoke", "--yes"], &both[..]].concat());
    let (ran, steps) = record(&home, &revoke);
    ran.ok();
    let (mut dice, mut seen) = (Dice(0x5eed), BTreeSet::new());
    for step in &steps {
        disk.apply(step);
        for _ in 0..TIMES * 4 {
            Disk::put_back(&home, &disk.after_power_loss(&mut dice));
            let (revoked, barred) = revoked_and_barred(&admin);
            assert_eq!(revoked, barred);
            seen.insert(revoked);
        }
    }
    assert_eq!(seen, BTreeSet::from([false, true]));
}

/// Whether a ledger says, after a failure of power, that something is revoked, and barred.
fn revoked_and_barred(admin: &Punchmark) -> (bool, bool) {
    let all = entries(&reopened(admin));
    let is_there = |which: fn(&Event) -> bool| all.iter().any(|entry| which(&entry.event));
    (
        is_there(|event| matches!(event, Event::Revoked(_))),
        is_there(|event| matches!(event, Event::Barred(_))),
    )
}

/// The program itself goes on, behind all that was published.
fn go_on(admin: &Punchmark, published: Published, number: usize) {
    let krl = ["krl", "--out", "next.krl", "--ledger-key", "ledger_key"];
    run_after_a_start(admin, &command(admin, &krl), number).ok();
    let next = std::fs::read(admin.path("next.krl")).unwrap();
    assert!(version(&next) > published.version);
    let check = ["krl", "check", "-f", "next.krl", "key0.pub"];
    let found = run(&mut command(admin, &check)).code == Some(1);
    assert!(found || !published.is_revoked);
    let head = ["ledger", "checkpoint", "--key", "ledger_key"];
    run_after_a_start(admin, &command(admin, &head), number).ok();
}
