//! No list of a mirror lacks what an earlier one revoked: not of an older copy, nor of one that was restored,
//! nor of a run that somebody was asked in.

use std::fs;
use std::process::Stdio;

use crate::harness::keygen::{self, ED25519};
use crate::harness::pty::Pty;
use crate::harness::two_sides::Sides;
use crate::harness::write;

impl Sides {
    fn pending_file(&self) -> std::path::PathBuf {
        self.office
            .path("config/punchmark/punchmark.ledger.pending")
    }

    /// Neither makes a list nor goes on in another way, and says a way out.
    fn makes_nothing(&self, what: &str) {
        let all = [
            "krl --out refused.krl --ledger-key list_key",
            "krl --out refused.krl",
            "krl --dry-run --out refused.krl",
            "revoke --revoker-key anna --yes --serial 2",
            "bundle make --key ole --out refused.bundle --manifest people.csv",
        ];
        write(
            &self.office.path("people.csv"),
            "key,requester,role\nerik2.pub,erik2,engineer\n",
            0o644,
        );
        for command in all {
            let ran = self.office(command).exits(1);
            assert!(ran.stderr.contains("punchmark mirror"), "{command}: {ran}");
            ran.says(what);
        }
        assert!(!self.office.path("refused.krl").exists());
        assert!(!self.office.path("refused.bundle").exists());
        let doctor = self.office("doctor");
        assert!(!doctor.stdout.contains("ledger head adopt"), "{doctor}");
        assert!(doctor.stdout.contains("punchmark mirror"), "{doctor}");
    }

    /// `mirror adopt` at a terminal, answered with yes.
    fn adopts(&self, arguments: &str) -> String {
        let mut command = self.office.on_a_terminal();
        command.args(["mirror", "adopt"]).args(arguments.split(' '));
        let mut session = Pty::start(command);
        session.expect("yes");
        session.type_line("yes");
        let (shown, code) = session.finish();
        assert_eq!(code, 0, "{shown}");
        shown
    }
}

#[test]
fn an_older_copy_of_a_mirror_makes_no_list() {
    let sides = Sides::with_revoker();
    let old = fs::read(sides.mirror_file()).unwrap();
    sides.room("revoke --yes --serial 1").ok();
    let made = sides.bundle("one.bundle", "ole2");
    sides.signed("one.bundle", &made).ok();
    sides.accepted("one.bundle").ok();
    sides.list();
    assert!(sides.is_revoked("peter"));
    let new = fs::read(sides.mirror_file()).unwrap();
    write(&sides.mirror_file(), old, 0o600);
    sides.makes_nothing("the head kept in");
    // Adopting is no way around it: what the copy lacks stands in no list whole.
    let adopt = sides.office("mirror adopt --krl revoked.krl").exits(1);
    adopt.says("not the newest copy");
    // The way out that it names: a newer copy of the ledger.
    fs::remove_file(sides.mirror_file()).unwrap();
    sides.begin_mirror().ok();
    sides.list();
    assert!(sides.is_revoked("peter"));
    fs::remove_file(sides.mirror_file()).unwrap();
    write(&sides.mirror_file(), new, 0o600);
    sides.makes_nothing("the head kept in");
}

#[test]
fn a_mirror_without_what_was_pending_makes_no_list_until_the_published_one_is_taken_over() {
    let sides = Sides::with_revoker();
    sides.revoke("--serial 1").ok();
    let version = sides.list();
    // As a backup of the one file comes back on another machine.
    fs::remove_file(sides.pending_file()).unwrap();
    fs::rename(sides.office.path("heads"), sides.office.path("heads.lost")).unwrap();
    sides.makes_nothing("is missing");
    assert!(!sides.pending_file().exists(), "none is made on the way");
    sides.office("ledger head adopt").fails();
    sides.office("mirror adopt").exits(2).says("--krl");
    let plan = sides
        .office("mirror adopt --krl revoked.krl --dry-run")
        .ok();
    plan.says("is taken over");
    assert!(!sides.pending_file().exists());
    sides.adopts("--krl revoked.krl");
    assert!(sides.list() > version);
    assert!(sides.is_revoked("peter") && !sides.is_revoked("erik"));
    // An empty file beside a mirror whose heads are lost is no new one.
    let empty = Sides::with_revoker();
    let early = fs::read(empty.pending_file()).unwrap();
    empty.revoke("--serial 2").ok();
    empty.list();
    fs::remove_dir_all(empty.office.path("heads")).unwrap();
    write(&empty.pending_file(), early, 0o600);
    empty.makes_nothing("no kept head");
    empty.adopts("--krl revoked.krl");
    empty.list();
    assert!(empty.is_revoked("erik") && !empty.is_revoked("peter"));
    empty.revoke("--serial 1").ok();
    empty.list();
    assert!(empty.is_revoked("erik") && empty.is_revoked("peter"));
}

#[test]
fn a_list_holds_what_was_accepted_and_revoked_while_its_passphrase_was_asked_for() {
    let sides = Sides::with_revoker();
    keygen::encrypt(&sides.office.path("list_key"), "geheim");
    sides.room("revoke --yes --serial 1").ok();
    let made = sides.bundle("one.bundle", "ole2");
    sides.signed("one.bundle", &made).ok();
    let mut command = sides.office.on_a_terminal();
    command.args(["krl", "--out", "revoked.krl", "--ledger-key", "list_key"]);
    let mut session = Pty::start(command);
    session.expect("assphrase");
    sides.accepted("one.bundle").ok();
    sides.revoke("--serial 2").ok();
    write(&sides.office.path("words"), "geheim\n", 0o600);
    let early = "krl --out early.krl --ledger-key list_key --passphrase-file words";
    sides.office(early).ok();
    session.type_line("geheim");
    let (shown, code) = session.finish();
    assert_eq!(code, 0, "{shown}");
    assert!(sides.is_revoked("peter") && sides.is_revoked("erik"));
}

#[test]
fn revocations_at_the_same_time_are_all_recorded() {
    let sides = Sides::with_revoker();
    let names: Vec<String> = (0..6).map(|number| format!("stolen{number}")).collect();
    let runs: Vec<_> = names
        .iter()
        .map(|name| {
            keygen::make(sides.office.home(), name, ED25519);
            let key = format!("{name}.pub");
            let mut run = sides.office.background();
            run.args(["revoke", "--revoker-key", "anna", "--yes", "--key", &key]);
            run.stderr(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for run in runs {
        let output = run.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{said}");
    }
    sides.list();
    for name in names {
        let key = format!("{name}.pub");
        let check = sides.office(&format!("krl check -f revoked.krl {key}"));
        assert!(check.stdout.contains("REVOKED"), "{check}");
    }
}
