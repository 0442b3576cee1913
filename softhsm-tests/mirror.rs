//! `mirror`: a copy of a ledger that is written elsewhere. It is read as a ledger is, and nothing is
//! signed from it.

use crate::harness::two_sides::{FROM, Sides, objects};
use crate::harness::write;

/// A room that signed for peter, and a mirror of it.
fn signed() -> Sides {
    let sides = Sides::apart();
    sides.carry_in("peter.pub");
    sides
        .pinned("sign --role engineer --requester peter --yes peter.pub")
        .ok();
    sides.begin_mirror().ok().says("is a mirror of");
    sides
}

#[test]
fn what_reads_a_ledger_reads_a_mirror() {
    let sides = signed();
    let access = "peter root web*\n";
    for side in [sides.office.home(), sides.room.punchmark.home()] {
        write(&side.join("access"), access, 0o644);
        write(&side.join("log"), "", 0o644);
    }
    for command in [
        "ledger list --json",
        "ledger show users 1 --json",
        "revoke --list --json",
        "requester list --json",
        "access who --issued --json --list access --host web1 --user root",
    ] {
        let (there, here) = (sides.room(command).ok(), sides.office(command).ok());
        assert!(!here.stdout.is_empty(), "{here}");
        assert_eq!(objects(&here), objects(&there), "{command}");
    }
    let verified =
        sides.office("ledger verify --signatures --against head.txt --signer ledger_key.pub");
    let verified = verified.ok();
    assert!(verified.stdout.contains("extends head.txt"), "{verified}");
    let proof = sides.office("ledger prove users 1").ok().stdout;
    write(&sides.office.path("proof"), proof, 0o644);
    sides
        .office("ledger check-proof proof --against head.txt --signer ledger_key.pub")
        .ok();
    sides.office("ledger reconcile --may-be-quiet log").ok();
    let status = sides.office("status --json");
    assert!(status.stdout.contains("\"entries\""), "{status}");
}

#[test]
fn nothing_is_signed_or_recorded_from_a_mirror() {
    let sides = signed();
    std::fs::copy(
        sides.room.punchmark.path("ledger_key"),
        sides.office.path("ledger_key"),
    )
    .unwrap();
    let before = std::fs::read(sides.mirror_file()).unwrap();
    for command in [
        "sign --role engineer --requester peter --yes peter.pub",
        "sign --role engineer --requester peter --yes --dry-run peter.pub",
        "renew --all --out-dir out",
        "requester add anna --key anna.pub",
        "challenge new",
        "ledger checkpoint --key ledger_key",
        "ledger key add ledger_key",
        "ledger head adopt --newest-copy",
        "ca suffixes users --record",
        "adopt more --key file:ledger_key --allow-software-key --next-serial 1",
    ] {
        let ran = sides.office(command).fails();
        assert!(
            ran.stderr.contains("mirror") || ran.code == Some(2),
            "{ran}"
        );
        assert_eq!(
            std::fs::read(sides.mirror_file()).unwrap(),
            before,
            "{command}"
        );
    }
    let refused = sides.office("sign --role engineer --requester peter --yes peter.pub");
    refused
        .exits(1)
        .says("is a mirror of a ledger")
        .says("bundle accept");
}

#[test]
fn a_mirror_is_begun_by_a_head_that_the_named_key_signed_over_the_copy_alone() {
    let sides = Sides::apart();
    sides.carry_ledger();
    let whole = std::fs::read(sides.office.path("copy.ledger")).unwrap();
    let begin = |from: &str| {
        let ran = sides.office(&format!("mirror init {from}"));
        assert_eq!(sides.mirror_file().exists(), ran.code == Some(0), "{ran}");
        ran
    };
    begin(&FROM.replace("ledger_key.pub", "ole.pub"))
        .exits(1)
        .says("not signed by");
    let mut changed = whole.clone();
    changed[200] ^= 1;
    write(&sides.office.path("copy.ledger"), &changed, 0o600);
    begin(FROM).exits(1);
    write(&sides.office.path("copy.ledger"), &whole[..200], 0o600);
    begin(FROM).exits(1).says("copy.ledger");
    let other = Sides::apart();
    write(
        &sides.office.path("copy.ledger"),
        std::fs::read(other.room.ledger_file()).unwrap(),
        0o600,
    );
    begin(FROM).exits(1).says("is of ledger");
    write(&sides.office.path("copy.ledger"), &whole, 0o600);
    let planned = sides.office(&format!("mirror init {FROM} --dry-run")).ok();
    assert!(planned.stderr.contains("would be a mirror"), "{planned}");
    assert!(!sides.mirror_file().exists());
    begin(FROM).ok();
    sides
        .office(&format!("mirror init {FROM}"))
        .exits(1)
        .says("exists already");
    // What stands behind the head nobody vouches for: it is left out.
    sides
        .office("ledger verify --against head.txt --signer ledger_key.pub")
        .ok();
    let copy = sides
        .office("ledger verify --ledger copy.ledger --json")
        .ok();
    let mirror = sides.office("ledger verify --json").ok();
    assert_ne!(copy.stdout, mirror.stdout);
    // A mirror of the room's ledger is no ledger, wherever it lies.
    let room = sides.room.ledger_file();
    std::fs::copy(sides.mirror_file(), &room).unwrap();
    sides
        .room("requester add peter --key ole.pub")
        .exits(1)
        .says("is a mirror of a ledger");
}

#[test]
fn a_mirror_that_was_lost_is_not_begun_anew_as_an_older_one() {
    let sides = Sides::apart();
    sides.carry_ledger();
    let (copy, head) = (
        sides.office.path("copy.ledger"),
        sides.office.path("head.txt"),
    );
    let old = [std::fs::read(&copy).unwrap(), std::fs::read(&head).unwrap()];
    sides.carry_in("peter.pub");
    sides.room("requester add peter --key peter.pub").ok();
    sides.begin_mirror().ok();
    std::fs::remove_file(sides.mirror_file()).unwrap();
    write(&copy, &old[0], 0o600);
    write(&head, &old[1], 0o644);
    sides
        .office(&format!("mirror init {FROM}"))
        .exits(1)
        .says("the head kept in");
    assert!(!sides.mirror_file().exists());
    sides.begin_mirror().ok();
}

#[test]
fn what_a_mirror_has_is_taken_up_by_an_older_ledger_and_nothing_is_lost() {
    let sides = signed();
    let ledger = sides.room.ledger_file();
    let old = std::fs::read(&ledger).unwrap();
    sides.carry_in("erik.pub");
    sides
        .pinned("sign --role engineer --requester erik --yes erik.pub")
        .ok();
    let resume = "ledger resume --from mirror.ledger --against head.txt --signer ledger_key.pub";
    let bring = || {
        std::fs::copy(
            sides.mirror_file(),
            sides.room.punchmark.path("mirror.ledger"),
        )
        .unwrap();
        sides.carry_in("head.txt");
    };
    // A mirror that is no further brings nothing.
    bring();
    sides.room(resume).exits(1).says("the mirror no more");
    std::fs::remove_file(sides.mirror_file()).unwrap();
    let list = "ledger list --json";
    let before = sides.room(list).ok().stdout;
    sides.begin_mirror().ok();
    bring();
    let whole = std::fs::read(&ledger).unwrap();
    write(&ledger, &old, 0o600);
    sides
        .room("requester add peter --key peter.pub")
        .exits(1)
        .says("knows");
    sides
        .room(&resume.replace("ledger_key.pub", "erik.pub"))
        .exits(1);
    sides
        .room(&format!("{resume} --dry-run"))
        .ok()
        .says("nothing was done");
    assert_eq!(std::fs::read(&ledger).unwrap(), old);
    // The room had gone on behind the mirror's head, by the entry that says who signed it: a gap is for that alone.
    sides
        .room(resume)
        .exits(1)
        .says("the older one stays as")
        .says("1 entry behind the head of the mirror is still missing")
        .says("takes no serial")
        .says("ledger resume --ca users --after 3 ");
    assert_eq!(sides.room(list).ok().stdout, before);
    assert!(std::fs::read(&ledger).unwrap() != whole);
    sides
        .room("ledger verify --signatures --against head.txt --signer ledger_key.pub")
        .ok();
    // A copy that was carried out behind that entry has it: a kept head says that it is this ledger's.
    let copy = sides.room.punchmark.path("mirror.ledger");
    let mirror = std::fs::read(&copy).unwrap();
    write(&copy, &whole, 0o600);
    write(&ledger, &old, 0o600);
    sides.room(resume).ok().says("the older one stays as");
    // But for the room that is kept behind the last frame.
    let frames = |bytes: &[u8]| {
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[..=end].to_vec()
    };
    assert!(frames(&std::fs::read(&ledger).unwrap()) == frames(&whole));
    write(&copy, mirror, 0o600);
    // Without one, the gap takes no serial that was never given out, and the mirror goes on from there.
    write(&ledger, &old, 0o600);
    sides.room(resume).exits(1);
    behind_a_gap(&sides);
    sides.carry_in("anna.pub");
    let anna = sides.pinned("sign --role engineer --requester anna --yes anna.pub");
    anna.ok().says("serial 3");
    // Behind a gap each enrolment is confirmed, and what was asked for before is asked for again: the answer to that
    // bundle brings the entries.
    sides
        .room("requester add ole --key ole.pub --registrar engineer")
        .ok();
    let made = sides.bundle("one.bundle", "ole2");
    let answered = sides.signed("one.bundle", &made);
    assert!(matches!(answered.code, Some(0 | 3)), "{answered}");
    let accepted = sides.accepted("one.bundle");
    assert_eq!(accepted.code, answered.code, "{accepted}");
    let list = sides.office("ledger list --json").ok();
    assert!(list.stdout.contains("anna"), "{list}");
    sides.office("ledger verify --signatures").ok();
    // Another room's mirror is none of this one's.
    let other = signed();
    std::fs::copy(
        other.mirror_file(),
        sides.room.punchmark.path("mirror.ledger"),
    )
    .unwrap();
    std::fs::copy(
        other.office.path("head.txt"),
        sides.room.punchmark.path("head.txt"),
    )
    .unwrap();
    std::fs::copy(
        other.office.path("ledger_key.pub"),
        sides.room.punchmark.path("ledger_key.pub"),
    )
    .unwrap();
    write(&ledger, &old, 0o600);
    sides.room(resume).exits(1).says("is of ledger");
    assert_eq!(std::fs::read(&ledger).unwrap(), old);
}

/// Goes on behind the one entry that is missing, which took no serial: two were given out.
fn behind_a_gap(sides: &Sides) {
    let mut resume = sides.room.punchmark.on_a_terminal();
    resume.args([
        "ledger", "resume", "--ca", "users", "--after", "2", "--no-krl",
    ]);
    let mut pty = crate::harness::pty::Pty::start(resume);
    pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    pty.expect("Type 3 if you know that it is free: ");
    pty.type_line("3");
    assert_eq!(pty.finish().1, 0);
}

#[test]
fn where_ledger_and_mirror_have_parted_the_mirror_begins_anew_and_keeps_the_old_frames() {
    let sides = Sides::apart();
    for name in ["peter", "erik", "anna"] {
        sides.carry_in(&format!("{name}.pub"));
    }
    let sign = |name: &str| {
        let role = format!("sign --role engineer --requester {name} --yes {name}.pub");
        sides.pinned(&role).ok();
    };
    sign("peter");
    let rebase = "mirror rebase --from copy.ledger --head head.txt --signer ledger_key.pub";
    let night = std::fs::read(sides.room.ledger_file()).unwrap();
    sign("erik");
    sides.begin_mirror().ok();
    sides
        .office(rebase)
        .exits(1)
        .says("ends at this head already");
    let mirror = std::fs::read(sides.mirror_file()).unwrap();
    // Last night's ledger is put back, goes on behind a gap, and signs for anna.
    write(&sides.room.ledger_file(), night, 0o600);
    let head = |name: &str| sides.room.punchmark.path(name);
    std::fs::rename(head("ledger_key.head"), head("ledger_key.head.lost")).unwrap();
    let mut resume = sides.room.punchmark.on_a_terminal();
    resume.args([
        "ledger", "resume", "--ca", "users", "--after", "9", "--no-krl",
    ]);
    let mut pty = crate::harness::pty::Pty::start(resume);
    pty.expect("Type yes if that is right: ");
    pty.type_line("yes");
    assert_eq!(pty.finish().1, 0);
    sign("anna");
    sides.carry_ledger();
    sides
        .office("mirror rebase --from copy.ledger --head head.txt --signer erik.pub")
        .fails();
    let planned = sides.office(&format!("{rebase} --dry-run")).ok();
    let told = format!("{}{}", planned.stdout, planned.stderr);
    assert!(
        told.contains("only in the mirror: serial 2, erik"),
        "{planned}"
    );
    assert_eq!(std::fs::read(sides.mirror_file()).unwrap(), mirror);
    sides.office(&format!("{rebase} --yes")).ok();
    let kept = std::fs::read_dir(sides.mirror_file().parent().unwrap()).unwrap();
    let kept = kept.map(|file| file.unwrap().path());
    let mut kept = kept.filter(|file| file.display().to_string().contains(".ledger.before-"));
    assert_eq!(std::fs::read(kept.next().unwrap()).unwrap(), mirror);
    sides.office("ledger verify --signatures").ok();
    let list = sides.office("ledger list --json").ok();
    assert!(
        list.stdout.contains("anna") && !list.stdout.contains("erik"),
        "{list}"
    );
    sides.office(rebase).ok().says("began anew");
    // The old frames are an older copy by now, and extended by nothing.
    write(&sides.mirror_file(), mirror, 0o600);
    sides.office("bundle accept head.txt").fails();
    sides.office(rebase).fails();
}
