//! Killed at every step and on a full disk: what was released is in the ledger.

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use punchmark::ledger::{Auditor, Ledger, Signatures, State};
use punchmark::wire::RawCertificate;

use crate::harness::admin::Admin;
use crate::harness::process::{bounded, detached, run};
use crate::harness::punchmark::BINARY;
use crate::harness::token::Token;
use crate::harness::write;

const KEYS: u8 = 3;
/// Parts of a run, after each of which some run is killed; a prime, so that 61 walks over
/// all of them.
const PARTS: u32 = 251;

/// What the ledger says after a run that was cut off, when all is as it must be: how many
/// serials are issued, given up, and open.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    issued: usize,
    failed: usize,
    open: usize,
}

/// The CA's key is one whose signatures take long enough to be met by a kill.
fn ready() -> Admin {
    let admin = Admin::with_users_ca(Token::softhsm(), "rsa3072");
    admin.public_keys(KEYS);
    admin.token.keep();
    admin
}

fn arguments() -> Vec<String> {
    let fixed = ["sign", "-s", "users", "-I", "id", "-n", "peter"];
    let keys = (0..KEYS).map(|number| format!("key{number}.pub"));
    fixed.into_iter().map(str::to_owned).chain(keys).collect()
}

/// Every certificate file is issued in a ledger that verifies and has no serial twice.
/// Takes the files away and puts the token back, for the next run.
#[track_caller]
fn check(admin: &Admin, ledger: &Path) -> Counts {
    let audit = Auditor::open(ledger).and_then(|opened| opened.audit(Signatures::Check));
    let audit = audit.unwrap();
    let ledger = Ledger::open_to_read(ledger).unwrap();
    assert!(
        audit.replayed.is_in_order(),
        "{:?}",
        audit.replayed.findings
    );
    assert!(audit.index.is_none(), "{:?}", audit.index);
    let (mut counts, mut serials, mut blobs) =
        (Counts::default(), BTreeSet::new(), BTreeSet::new());
    ledger
        .each_record(&mut |record| {
            assert!(serials.insert(record.reserved.serial), "twice: {record:?}");
            match record.state {
                State::Issued(blob) => {
                    counts.issued += 1;
                    blobs.insert(blob);
                }
                State::Failed(_) => counts.failed += 1,
                State::Reserved => counts.open += 1,
            }
        })
        .unwrap();
    for (path, line) in admin.certificates() {
        let (certificate, _) = punchmark::certificate::key_line::read_certificate_line(&line)
            .unwrap_or_else(|error| panic!("{}: {error}: {line}", path.display()));
        assert!(
            blobs
                .iter()
                .any(|blob| RawCertificate::from_blob(blob).is_ok_and(|it| it == certificate))
        );
        std::fs::remove_file(path).unwrap();
    }
    admin.token.put_back();
    counts
}

/// Runs to its end or to its end by a signal.
fn end(command: &mut Command) -> ExitStatus {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().unwrap()
}

/// The call of this number, of those that change a file, is the last that a thread makes.
fn killed_at(admin: &Admin, calls: &str, call: u32) -> ExitStatus {
    let inject = format!("inject={calls}:signal=SIGKILL:when={call}");
    let mut strace = admin.punchmark.prepare(bounded("strace"));
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]);
    strace.arg(format!("trace={calls}")).args(["-e", &inject]);
    strace.args([BINARY, "--pin-file", "pin"]);
    end(strace.args(arguments()))
}

/// What changes files: the ledger's, the log before it, the certificates', the kept head.
const CALLS: &str = "openat,write,pwrite64,fdatasync,fsync,ftruncate,rename,renameat,renameat2,\
    link,linkat,unlink,unlinkat";
/// What releases certificates. strace counts for each thread, so that those that sign, and
/// record and release, never get as far in [`CALLS`] as the one that reserves: what lies
/// between reserving and recording is met by [`killed_at_any_time`].
const RENAMES: &str = "rename,renameat,renameat2";

#[test]
fn killed_at_every_call_that_changes_a_file() {
    let admin = ready();
    let ledger = admin.ledger_file();
    let mut unreleased = false;
    for (calls, least) in [(CALLS, 50), (RENAMES, 3)] {
        for call in 1.. {
            let before = check(&admin, &ledger);
            if killed_at(&admin, calls, call).success() {
                assert!(call > least, "nothing was killed at call {call}");
                break;
            }
            let released = admin.certificates().len();
            let after = check(&admin, &ledger);
            unreleased |= after.issued > before.issued + released;
            assert!(after.issued >= before.issued + released);
        }
    }
    assert!(
        unreleased,
        "no run was killed between recording and releasing"
    );
    admin.sign(&["-n", "peter", "key0.pub"]).ok();
    admin.punchmark.run(&["krl", "--out", "revoked.krl"]).ok();
    assert_eq!(
        check(&admin, &ledger).open,
        0,
        "abandoned reservations are closed"
    );
}

#[test]
fn killed_at_any_time() {
    let admin = ready();
    let ledger = admin.ledger_file();
    let start = Instant::now();
    assert!(end(admin.punchmark.background().args(arguments())).success());
    let mut whole = start.elapsed();
    let (mut killed, mut open, mut in_between) = (0, 0, false);
    // By rounds, and not by the clock: a busy machine takes longer for each, and no more of them.
    for part in (0..10 * PARTS).map(|round| round * 61 % PARTS) {
        let mut child = admin.punchmark.background();
        child.args(arguments());
        let mut child = child
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * part / PARTS);
        child.kill().unwrap();
        match child.wait().unwrap().signal() {
            // So that a third of the runs come to their end, whatever else the machine does.
            Some(_) => {
                killed += 1;
                whole = whole * 101 / 100;
            }
            None => whole = whole * 49 / 50,
        }
        let before = std::mem::replace(&mut open, check(&admin, &ledger).open);
        in_between |= open > before;
        if killed == 200 {
            break;
        }
    }
    assert_eq!(killed, 200, "too few runs were killed");
    assert!(
        in_between,
        "no run was killed between reserving and recording"
    );
}

/// A file system of `kib` KiB with the config and the ledger in it, for one run. What is
/// left in it is in `after` then. Nothing where the kernel allows no such mount.
fn on_a_small_disk(admin: &Admin, kib: u64) -> Option<Counts> {
    let script = format!(
        "mount -t tmpfs -o size={kib}k,mode=700 tmpfs small || exit 99
        cp config/punchmark/punchmark.toml config/punchmark/users.pub \
            config/punchmark/punchmark.ledger small/ || exit 98
        for round in 1 2 3 4 5 6; do
            {BINARY} --config small/punchmark.toml --pin-file pin {}
        done
        rm -rf after && mkdir after && cp small/punchmark.ledger* after/",
        arguments().join(" ")
    );
    std::fs::create_dir_all(admin.punchmark.path("small")).unwrap();
    write(&admin.punchmark.path("run"), script, 0o700);
    let mut unshare = admin.punchmark.prepare(bounded("unshare"));
    // Root has no need of a user namespace, which some kernels forbid.
    let flag = if is_root() { "-m" } else { "-Urm" };
    let ran = run(unshare.args([flag, "sh", "run"]));
    match ran.code {
        Some(0) => Some(check(
            admin,
            &admin.punchmark.path("after/punchmark.ledger"),
        )),
        Some(98) => panic!("{kib} KiB are too few for the ledger: {ran}"),
        _ => None,
    }
}

fn is_root() -> bool {
    run(bounded("id").arg("-u")).stdout.trim() == "0"
}

#[test]
fn a_full_disk_releases_nothing_that_the_ledger_does_not_have() {
    let admin = ready();
    let size = std::fs::metadata(admin.ledger_file()).unwrap().len() / 1024;
    let mut filled = 0;
    for step in 0..16 {
        let Some(counts) = on_a_small_disk(&admin, size + 48 + step * 12) else {
            eprintln!("left out: this kernel lets nobody mount a file system here");
            return;
        };
        filled += usize::from(counts.issued < 6 * usize::from(KEYS));
    }
    assert!(filled > 5, "only {filled} disks were full");
}

#[test]
fn two_runs_at_once_do_not_write_to_one_ledger() {
    let admin = ready();
    let mut first = admin.punchmark.prepare(detached(BINARY));
    first.args(["--pin-file", "pin"]).args(arguments());
    first.stdout(Stdio::null()).stderr(Stdio::null());
    let mut children: Vec<_> = (0..4).map(|_| first.spawn().unwrap()).collect();
    let ended = children.iter_mut().map(|child| child.wait().unwrap());
    assert!(ended.filter(|status| status.success()).count() > 0);
    check(&admin, &admin.ledger_file());
}
