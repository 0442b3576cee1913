//! A bundle on its way: made in the office, signed in the room, its answer accepted in the office.

mod answers;
mod enrols;
mod followed;
mod killed;
mod signed_again;

use serde_json::Value;

use crate::harness::keygen;
use crate::harness::process::{Ran, bounded, run, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::two_sides::{Sides, objects};
use crate::harness::write;

impl Sides {
    /// Two sides, and a mirror.
    fn begun() -> Self {
        let sides = Self::apart();
        sides.begin_mirror().ok();
        sides
    }

    /// A request of peter's in the office.
    fn request(&self, name: &str) {
        let users = self.office.path("config/punchmark/users.pub");
        let mut command = self.office.prepare(bounded(BINARY));
        command.args(["request", "--role", "engineer", "--requester", name]);
        command.arg("--ca").arg(users);
        run(command.args(["--key", &format!("{name}.pub")])).ok();
    }

    /// Makes a bundle of these lines of a manifest and these files; gives what was told.
    fn make(&self, bundle: &str, lines: &str, files: &str) -> Value {
        let made = self.make_of(bundle, lines, files).ok();
        objects(&made).pop().unwrap()
    }

    fn make_of(&self, bundle: &str, lines: &str, files: &str) -> Ran {
        let manifest = format!("key,requester,role\n{lines}");
        write(&self.office.path("people.csv"), manifest, 0o644);
        let files = if files.is_empty() {
            String::new()
        } else {
            format!(" {files}")
        };
        self.office(&format!(
            "bundle make --key ole --out {bundle} --manifest people.csv --json{files}"
        ))
    }

    /// Carries a bundle in and has it signed, by the words that came with it.
    fn sign(&self, bundle: &str, made: &Value) -> Ran {
        self.carry_in(bundle);
        let words = made["words"].as_str().unwrap();
        let arguments = ["bundle", "sign", bundle, "--words", words];
        self.room.punchmark.pinned(&arguments)
    }

    /// Carries the answer out and has it accepted.
    fn accept(&self, bundle: &str) -> Ran {
        let answer = format!("{bundle}.answer");
        self.carry_out(&answer);
        self.office(&format!("bundle accept {answer}"))
    }

    fn certificate(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.office.path(&format!("{name}-cert.pub"))).ok()
    }
}

const ERIK: &str = "erik.pub,erik,engineer\n";
const ANNA: &str = "anna.pub,anna,engineer\n";

#[test]
fn what_is_asked_in_the_office_is_signed_in_the_room_and_filed_where_it_was_asked() {
    let sides = Sides::begun();
    sides.request("peter");
    let made = sides.make("one.bundle", &format!("{ERIK}{ANNA}"), "peter.req");
    // Anna's key is found out to be lost meanwhile.
    sides.carry_in("anna.pub");
    sides.room("revoke --key anna.pub --reason lost --yes").ok();
    let planned = {
        sides.carry_in("one.bundle");
        sides.room("bundle sign --dry-run one.bundle").ok()
    };
    assert!(
        planned
            .stderr
            .contains("2 certificates would be signed, 1 item refused"),
        "{planned}"
    );
    let signed = sides.sign("one.bundle", &made).exits(3);
    for words in ["known by registrar; key ID \"", "refused: ", "was revoked"] {
        assert!(signed.stdout.contains(words), "{words}: {signed}");
    }
    signed.says("2 certificates, 1 refused");
    sides.carry_out("one.bundle.answer");
    let before = std::fs::read(sides.mirror_file()).unwrap();
    sides
        .office("bundle accept one.bundle.answer --dry-run")
        .ok()
        .says("it brings 2 certificates, and refuses 1 request; nothing was done");
    assert_eq!(sides.certificate("peter"), None);
    assert_eq!(std::fs::read(sides.mirror_file()).unwrap(), before);
    let accepted = sides.accept("one.bundle").exits(3);
    accepted.says("2 certificates filed").says("was revoked");
    for (name, serial) in [("peter", "1"), ("erik", "2")] {
        let file = sides.office.path(&format!("{name}-cert.pub"));
        let reading = keygen::read(&file);
        assert_eq!(reading.field("Serial"), serial);
        assert_eq!(reading.principals, [name]);
    }
    assert_eq!(sides.certificate("anna"), None);
    // The mirror is the room's ledger by now, but for what tells of the head itself.
    sides.office("ledger verify --signatures").ok();
    sides.room("ledger verify --signatures").ok();
    let list = "ledger list --json";
    assert_eq!(sides.office(list).ok().stdout, sides.room(list).ok().stdout);
    // A second time changes nothing.
    let before = std::fs::read(sides.mirror_file()).unwrap();
    sides.accept("one.bundle").ok().says("nothing changed");
    assert_eq!(std::fs::read(sides.mirror_file()).unwrap(), before);
    // The next one goes on from there.
    let made = sides.make("two.bundle", ERIK, "");
    assert_eq!(made["size"], Value::from(sides.entries()));
}

impl Sides {
    fn entries(&self) -> u64 {
        let verified = self.office("ledger verify --json").ok();
        objects(&verified)[0]["entries"].as_u64().unwrap()
    }
}

#[test]
fn a_bundle_is_signed_once_in_its_order_whole_and_by_whoever_is_a_registrar() {
    let sides = Sides::begun();
    let one = sides.make("one.bundle", ERIK, "");
    let two = sides.make("two.bundle", ANNA, "");
    sides
        .sign("two.bundle", &two)
        .exits(3)
        .says("the bundle follows")
        .says("bundle void ID");
    let whole = std::fs::read(sides.office.path("one.bundle")).unwrap();
    for at in [30, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        write(&sides.office.path("odd.bundle"), changed, 0o644);
        sides.sign("odd.bundle", &one).fails();
    }
    write(
        &sides.office.path("odd.bundle"),
        &whole[..whole.len() - 1],
        0o644,
    );
    sides
        .sign("odd.bundle", &one)
        .exits(1)
        .says("the header says");
    sides
        .sign("one.bundle", &two)
        .exits(1)
        .says("the words are not those of this bundle");
    // Nobody is there to type a yes.
    sides
        .pinned("bundle sign one.bundle")
        .exits(1)
        .says("--words");
    sides.room("requester remove ole --registrar").ok();
    sides
        .sign("one.bundle", &one)
        .exits(3)
        .says("ole is no registrar");
    sides.room("requester add ole --registrar boss").ok();
    let refused = sides.sign("one.bundle", &one).exits(3);
    assert!(
        refused.stdout.contains("no registrar for role `engineer`"),
        "{refused}"
    );
    sides.room.assert_issued(0);
    // It had its answer: a refusal.
    sides
        .sign("one.bundle", &one)
        .exits(3)
        .says("was signed before");
    sides.room("requester add ole --registrar engineer").ok();
    sides.sign("two.bundle", &two).ok();
    sides.room.assert_issued(1);
    // Another room's bundle is none of this one's.
    let other = Sides::begun();
    let theirs = other.make("theirs.bundle", ERIK, "");
    std::fs::copy(
        other.office.path("theirs.bundle"),
        sides.office.path("theirs.bundle"),
    )
    .unwrap();
    sides
        .sign("theirs.bundle", &theirs)
        .fails()
        .says("made against another ledger");
    sides.room.assert_issued(1);
}

#[test]
fn a_bundle_that_lies_too_long_is_not_signed_and_a_request_is_as_old_as_it_was_in_it() {
    let sides = Sides::begun();
    sides.request("peter");
    let made = sides.make("one.bundle", ERIK, "peter.req");
    let made_at = std::time::Instant::now();
    wait_until("it is older than a second", || {
        made_at.elapsed().as_secs() >= 2
    });
    sides.room.configure("bundle-age = \"1s\"\n---\n");
    sides
        .sign("one.bundle", &made)
        .exits(1)
        .says("is the most")
        .says("bundle-age");
    let config = std::fs::read_to_string(sides.room.config_file()).unwrap();
    let config = config.replace("bundle-age = \"1s\"", "request-age = \"1s\"");
    write(&sides.room.config_file(), config, 0o600);
    sides.sign("one.bundle", &made).ok();
    sides.room.assert_issued(2);
}

#[test]
fn a_registrars_word_overrides_no_enrolment_and_counts_in_a_bundle_alone() {
    let sides = Sides::begun();
    let made = sides.make("one.bundle", ERIK, "");
    // Erik's key is anna's, as is found out here.
    sides.carry_in("erik.pub");
    sides.room("requester add anna --key erik.pub").ok();
    let refused = sides.sign("one.bundle", &made).exits(3);
    assert!(
        refused.stdout.contains("is that of requester `anna`"),
        "{refused}"
    );
    sides.accept("one.bundle").exits(3);
    sides.room.assert_issued(0);
    sides.office("ledger verify --signatures").ok();
}

#[test]
fn a_yes_is_typed_with_the_words_before_ones_eyes() {
    let sides = Sides::begun();
    let made = sides.make("one.bundle", ERIK, "");
    sides.carry_in("one.bundle");
    let start = |answer: &str| {
        let mut command = sides.room.punchmark.on_a_terminal();
        command.args(["--pin-file", "pin", "bundle", "sign", "one.bundle"]);
        let mut terminal = crate::harness::pty::Pty::start(command);
        let shown = terminal.expect("Type yes");
        terminal.type_line(answer);
        (shown, terminal.finish())
    };
    let (shown, (_, code)) = start("no");
    let first = made["words"].as_str().unwrap().split(' ').next().unwrap();
    assert!(
        shown.contains(first) && shown.contains("1 certificate would be signed"),
        "{shown}"
    );
    assert_eq!(code, 1);
    sides.room.assert_issued(0);
    let (_, (told, code)) = start("yes");
    assert_eq!(code, 0, "{told}");
    sides.room.assert_issued(1);
}

#[test]
fn a_bundle_that_was_lost_is_void_on_both_sides() {
    let sides = Sides::begun();
    let lost = sides.make("lost.bundle", ERIK, "");
    let id = lost["id"].as_str().unwrap();
    sides
        .office(&format!("bundle void {id} --reason lost --dry-run"))
        .ok()
        .says("would be void, in the list of bundles that were made here; nothing was done");
    sides
        .office(&format!("bundle void {id} --reason lost"))
        .exits(1)
        .says("--yes");
    sides
        .office(&format!("bundle void {id} --reason lost --yes"))
        .ok();
    let made = sides.make("one.bundle", ANNA, "");
    assert_eq!(made["before"], lost["before"]);
    sides.sign("one.bundle", &made).ok();
    // What was lost turns up: it is out of its order, and once it is void here, it is that.
    sides
        .sign("lost.bundle", &lost)
        .exits(3)
        .says("the bundle follows");
    sides
        .room(&format!("bundle void {id} --reason lost --yes"))
        .ok();
    sides
        .sign("lost.bundle", &lost)
        .exits(3)
        .says("declared void: lost");
    sides.accept("one.bundle").ok();
    sides.office("ledger verify").ok();
    // An answer that was lost: what was signed stays in the ledger, and the next bundle follows the one before.
    let two = sides.make("two.bundle", ERIK, "");
    sides.sign("two.bundle", &two).ok();
    let id = two["id"].as_str().unwrap();
    sides
        .room(&format!("bundle void {id} --reason stolen --yes"))
        .ok();
    sides
        .office(&format!("bundle void {id} --reason stolen --yes"))
        .ok();
    sides.accept("two.bundle").exits(3).says("declared void");
    let three = sides.make("three.bundle", "peter.pub,peter,engineer\n", "");
    sides.sign("three.bundle", &three).ok();
    sides.accept("three.bundle").ok();
    assert_eq!(sides.certificate("erik"), None);
    assert!(sides.certificate("peter").is_some());
    sides.room("ledger verify --signatures").ok();
    let accepted = three["id"].as_str().unwrap();
    sides
        .office(&format!("bundle void {accepted} --reason lost --yes"))
        .exits(1)
        .says("was accepted");
}
