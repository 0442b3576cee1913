//! A sync that fails: nothing goes out on its word, and it is not asked a second time.

use std::path::PathBuf;

use punchmark::ledger::file::FileReader;
use punchmark::ledger::store::Frames as _;

use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::{BINARY, Punchmark};

/// The syncs of one signature: the reservation and its head, the outcome and its head.
const SYNCS: usize = 4;

fn admin() -> Punchmark {
    let admin = Punchmark::at(("SOFTHSM2_CONF", PathBuf::from("/nowhere")), "74291536");
    keygen::make(admin.home(), "ca", ED25519);
    keygen::make(admin.home(), "key", ED25519);
    let key = format!("file:{}", admin.path("ca").display());
    let adopt = ["adopt", "users", "--key", &key, "--next-serial", "1"];
    admin
        .run(&[&adopt[..], &["--allow-software-key", "--yes"]].concat())
        .ok();
    admin
}

const SIGN: [&str; 8] = ["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"];

/// Signs, while the system reports this error at the call of that number; gives the calls.
fn sign_with(admin: &Punchmark, call: &str, fault: &str) -> (Ran, String) {
    let log = admin.path("calls");
    let mut strace = admin.prepare(bounded("strace"));
    strace.args(["-f", "-y", "-e", &format!("trace={call}")]);
    strace.args(["-e", &format!("inject={call}:{fault}"), "-o"]);
    strace.arg(&log).arg(BINARY).args(SIGN);
    (run(&mut strace), std::fs::read_to_string(log).unwrap())
}

fn entries(admin: &Punchmark) -> u64 {
    let path = admin.path("config/punchmark/punchmark.ledger");
    FileReader::open(&path, None).unwrap().end().0.size
}

#[test]
fn a_sync_that_fails_ends_the_run_and_is_not_tried_again() {
    for number in 1..=SYNCS {
        let admin = admin();
        let fault = format!("error=EIO:when={number}");
        let (ran, calls) = sign_with(&admin, "fdatasync", &fault);
        ran.exits(1);
        let (_, after) = calls.split_once("EIO").unwrap();
        for name in ["punchmark.ledger>", ".kept-head>"] {
            assert!(!after.contains(name), "sync {number}:\n{calls}");
        }
        let certificate = keygen::certificate(&admin.path("key"));
        assert!(!certificate.exists(), "sync {number}");
        admin.run(&SIGN).ok();
        assert_eq!(keygen::read(&certificate).field("Serial"), "2");
        admin.run(&["ledger", "verify"]).ok();
    }
}

#[test]
fn on_a_full_disk_nothing_is_reserved_that_could_not_be_recorded() {
    let admin = admin();
    // The first run makes room for many.
    admin.run(&SIGN).ok();
    let before = entries(&admin);
    let certificate = keygen::certificate(&admin.path("key"));
    std::fs::remove_file(&certificate).unwrap();
    // The room is used up: the next run must make more of it, and can't.
    let path = admin.path("config/punchmark/punchmark.ledger");
    let bytes = std::fs::read(&path).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(u64::try_from(end).unwrap()).unwrap();
    let (ran, _) = sign_with(&admin, "pwrite64", "error=ENOSPC:when=1+");
    let ran = ran.exits(1);
    assert!(ran.stderr.contains("No space left on device"), "{ran}");
    assert!(!certificate.exists());
    assert_eq!(entries(&admin), before);
    admin.run(&SIGN).ok();
    assert!(certificate.exists());
}
