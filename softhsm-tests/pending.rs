//! Revoking on a mirror: lists have it at once and never lose it again, the next bundle carries it in, and an
//! entry of the ledger alone clears it.

use serde_json::Value;

use crate::harness::process::Ran;
use crate::harness::two_sides::{Sides, objects};
use crate::harness::write;

impl Sides {
    /// Peter and erik have certificates, anna is a revoker, and `list_key` signs lists of the mirror.
    pub(crate) fn with_revoker() -> Self {
        let sides = Self::apart();
        for name in ["anna", "peter", "erik"] {
            sides.carry_in(&format!("{name}.pub"));
        }
        sides
            .room("requester add anna --key anna.pub --revoker")
            .ok();
        crate::harness::keygen::make(
            sides.office.home(),
            "list_key",
            crate::harness::keygen::ED25519,
        );
        for file in ["list_key", "list_key.pub"] {
            sides.carry_in(file);
        }
        sides.room("ledger key add list_key --for lists").ok();
        for name in ["peter", "erik"] {
            let sign = format!("sign --role engineer --requester {name} --yes {name}.pub");
            sides.pinned(&sign).ok();
            sides.carry_out(&format!("{name}-cert.pub"));
        }
        sides.begin_mirror().ok();
        sides
    }

    pub(crate) fn revoke(&self, arguments: &str) -> Ran {
        self.office(&format!(
            "revoke --revoker-key anna --yes --reason lost {arguments}"
        ))
    }

    /// A list of the mirror by the list key: its version, and whether it revokes this one's key.
    pub(crate) fn list(&self) -> u64 {
        let made = self
            .office("krl --out revoked.krl --ledger-key list_key --json")
            .ok();
        objects(&made)[0]["version"].as_u64().unwrap()
    }

    pub(crate) fn is_revoked(&self, name: &str) -> bool {
        let certificate = format!("{name}-cert.pub");
        let mut query = self
            .office
            .prepare(crate::harness::process::bounded("ssh-keygen"));
        let ran = crate::harness::process::run(query.args(["-Qf", "revoked.krl", &certificate]));
        assert_ne!(
            ran.stdout.contains("REVOKED"),
            ran.stdout.contains(": ok"),
            "{ran}"
        );
        ran.stdout.contains("REVOKED")
    }

    pub(crate) fn bundle(&self, name: &str, key: &str) -> Value {
        write(
            &self.office.path("people.csv"),
            format!("key,requester,role\n{key}.pub,{key},engineer\n"),
            0o644,
        );
        let make = format!("bundle make --key ole --out {name} --manifest people.csv --json");
        objects(&self.office(&make).ok()).pop().unwrap()
    }

    pub(crate) fn signed(&self, name: &str, made: &Value) -> Ran {
        self.carry_in(name);
        let words = made["words"].as_str().unwrap();
        let ran = self
            .room
            .punchmark
            .pinned(&["bundle", "sign", name, "--words", words]);
        self.carry_out(&format!("{name}.answer"));
        ran
    }

    /// Tries to sign a bundle that may be refused.
    fn signed_as_it_is(&self, name: &str, made: &Value) -> Ran {
        self.carry_in(name);
        let words = made["words"].as_str().unwrap();
        let sign = ["bundle", "sign", name, "--words", words];
        self.room.punchmark.pinned(&sign)
    }

    pub(crate) fn accepted(&self, name: &str) -> Ran {
        self.office(&format!("bundle accept {name}.answer"))
    }
}

#[test]
fn no_list_ever_lacks_what_was_revoked_between_a_bundle_and_its_answer() {
    let sides = Sides::with_revoker();
    let first = sides.list();
    assert!(!sides.is_revoked("peter"));
    let one = sides.bundle("one.bundle", "ole2");
    sides
        .revoke("--serial 1")
        .ok()
        .says("pending until the ledger has it");
    // The room knows nothing of it, and makes a list of its own, which is published nowhere.
    sides.signed("one.bundle", &one).ok();
    sides.room("krl --out room.krl").ok();
    let mut last = first;
    let holds = |when: &str, last: &mut u64| {
        let version = sides.list();
        assert!(version > *last, "{when}: {version} behind {last}");
        *last = version;
        assert!(
            sides.is_revoked("peter") && !sides.is_revoked("erik"),
            "{when}"
        );
    };
    holds("before the answer", &mut last);
    sides.accepted("one.bundle").ok();
    holds("behind the answer that knows nothing of it", &mut last);
    let doctor = sides.office("doctor --json");
    assert!(doctor.stdout.contains("1 revocation pending"), "{doctor}");
    let status = sides.office("status --json");
    assert!(status.stdout.contains("\"revocations\":1"), "{status}");
    // The next one carries it in.
    let two = sides.bundle("two.bundle", "erik2");
    holds("with the bundle under way", &mut last);
    let signed = sides.signed("two.bundle", &two).ok();
    assert!(signed.stdout.contains("revoked by anna"), "{signed}");
    assert!(
        sides
            .room("revoke --list --json")
            .ok()
            .stdout
            .contains("lost")
    );
    holds("before the answer that has it", &mut last);
    sides.accepted("two.bundle").ok();
    holds("behind it", &mut last);
    let doctor = sides.office("doctor --json");
    assert!(!doctor.stdout.contains("pending, the oldest"), "{doctor}");
    sides.room("ledger verify --signatures").ok();
    sides.office("ledger verify --signatures").ok();
}

#[test]
fn a_reason_is_short_so_that_each_revocation_travels() {
    let sides = Sides::with_revoker();
    let long = "x".repeat(1025);
    let revoke = |reason: &str| {
        sides.office(&format!(
            "revoke --revoker-key anna --yes --serial 1 --reason {reason}"
        ))
    };
    revoke(&long).exits(2).says("1024 is the most");
    revoke(&long[1..]).ok();
    sides
        .room(&format!("revoke --yes --serial 1 --reason {long}"))
        .exits(2)
        .says("1024 is the most");
}

#[test]
fn whose_revocation_is_pending_is_neither_known_nor_shown_as_valid() {
    let sides = Sides::with_revoker();
    let known = || {
        let ledger = "--ledger config/punchmark/punchmark.ledger";
        let known = format!("known {ledger} --ca users --out users.known --dry-run");
        sides.office(&known).ok().stdout
    };
    let before = known();
    assert!(before.contains("knows 2 certificates"), "{before}");
    sides.revoke("--serial 1").ok();
    let behind = known();
    assert!(behind.contains("knows 1 certificate,"), "{behind}");
    let shown = sides.office("show peter-cert.pub").stdout;
    assert!(shown.contains("revoked"), "{shown}");
    // Without what is pending, nobody is called known.
    let file = "config/punchmark/punchmark.ledger.pending";
    std::fs::remove_file(sides.office.path(file)).unwrap();
    let ledger = "--ledger config/punchmark/punchmark.ledger";
    sides
        .office(&format!("known {ledger} --ca users --out users.known"))
        .exits(1)
        .says("is missing");
}

#[test]
fn nothing_is_asked_for_a_key_whose_revocation_is_pending() {
    let sides = Sides::with_revoker();
    sides.revoke("--key erik2.pub").ok();
    write(
        &sides.office.path("people.csv"),
        "key,requester,role\nerik2.pub,erik2,engineer\n",
        0o644,
    );
    let make = "bundle make --key ole --out one.bundle --manifest people.csv";
    sides.office(make).exits(3).says("was revoked");
    assert!(!sides.office.path("one.bundle").exists());
}

#[test]
fn a_revoker_alone_revokes_on_a_mirror_and_neither_a_ca_nor_what_the_mirror_lacks() {
    let sides = Sides::with_revoker();
    let by = |key: &str| sides.office(&format!("revoke --revoker-key {key} --yes --serial 1"));
    by("ole").exits(3).says("no revoker's");
    by("peter").exits(3).says("no revoker's");
    sides
        .office("revoke --yes --serial 1")
        .exits(2)
        .says("--revoker-key");
    sides
        .room("revoke --yes --serial 1 --revoker-key ole")
        .exits(2)
        .says("is for mirrors");
    sides
        .revoke("--serial 7")
        .exits(3)
        .says("is none that the ledger holds");
    sides
        .revoke("--key config/punchmark/users.pub")
        .exits(3)
        .says("ended where the ledger is");
    assert_eq!(sides.list(), sides.list() - 1);
    assert!(!sides.is_revoked("peter"));
    for key in ["list_key.pub", "ledger_key.pub"] {
        let revoke = format!("--key {key}");
        sides
            .revoke(&revoke)
            .exits(3)
            .says("is a key of the ledger");
    }
}

#[test]
fn a_revocation_that_does_not_count_is_refused_by_an_entry_stops_no_bundle_and_stays_in_every_list()
{
    let sides = Sides::with_revoker();
    sides.revoke("--serial 1").ok();
    let listed = sides.office("revoke --list").ok();
    assert!(
        listed.stdout.contains("anna, a revoker, pending") && listed.stdout.contains("serial 1"),
        "{listed}"
    );
    let json = sides.office("ledger list --json").ok();
    assert!(json.stdout.contains("\"revoked\""), "{json}");
    // Anna's key is revoked where the ledger is: her word is not taken, and nothing else waits for it.
    sides.room("revoke --yes --key anna.pub").ok();
    let one = sides.bundle("one.bundle", "ole2");
    sides.carry_in("one.bundle");
    let shown = sides.room("bundle show one.bundle");
    assert!(
        shown.stdout.contains("revoked by anna") && shown.stdout.contains("serial 1"),
        "{shown}"
    );
    sides
        .room("bundle sign --dry-run one.bundle")
        .ok()
        .says("is not taken: anna is no revoker");
    sides
        .signed("one.bundle", &one)
        .ok()
        .says("is not taken: anna is no revoker; it is refused for good");
    let pending = |is_there: bool| {
        let status = sides.office("status --json");
        assert_eq!(
            status.stdout.contains("\"revocations\":1"),
            is_there,
            "{status}"
        );
    };
    pending(true);
    sides.accepted("one.bundle").ok();
    // An entry names it as refused: it travels no more, is told on both sides, and stands in every list.
    pending(false);
    sides.list();
    assert!(sides.is_revoked("peter"));
    for listed in [
        sides.office("revoke --list"),
        sides.office("ledger list --state revoked"),
    ] {
        assert!(
            listed.stdout.contains("serial 1") || listed.stdout.contains("peter"),
            "{listed}"
        );
    }
    let listed = sides.office("revoke --list").ok();
    let words = "anna, a revoker, refused where the ledger is: anna is no revoker";
    assert!(listed.stdout.contains(words), "{listed}");
    for exported in [sides.room("ledger export"), sides.office("ledger export")] {
        assert!(exported.stdout.contains("pending-refused"), "{exported}");
    }
    // With that she revokes nothing any more on the mirror either.
    sides.revoke("--serial 2").exits(3).says("is no revoker's");
    // Nor does a registrar make or sign bundles by a key that was revoked.
    let two = sides.bundle("two.bundle", "erik2");
    sides.room("revoke --yes --key ole.pub").ok();
    sides
        .signed_as_it_is("two.bundle", &two)
        .exits(3)
        .says("was revoked");
    sides.room("ledger verify --signatures").ok();
    sides.office("ledger verify --signatures").ok();
}

#[test]
fn an_older_copy_of_what_is_pending_makes_no_list() {
    let sides = Sides::with_revoker();
    let file = sides
        .office
        .path("config/punchmark/punchmark.ledger.pending");
    sides.list();
    let old = std::fs::read(&file).unwrap();
    sides.revoke("--serial 1").ok();
    let new = std::fs::read(&file).unwrap();
    let refused = |what: &str, words: &str| {
        let list = sides
            .office("krl --out refused.krl --ledger-key list_key")
            .exits(1);
        assert!(
            list.stderr.contains(what) && list.stderr.contains(words),
            "{list}"
        );
        assert!(!sides.office.path("refused.krl").exists());
        sides.revoke("--serial 2").exits(1);
    };
    write(&file, old, 0o600);
    refused("the head kept in", "mirror adopt");
    std::fs::remove_file(&file).unwrap();
    refused("is missing", "mirror adopt");
    assert!(!file.exists());
    write(&file, &new, 0o600);
    let mut changed = new.clone();
    changed[120] ^= 1;
    write(&file, changed, 0o600);
    sides
        .office("krl --out refused.krl --ledger-key list_key")
        .exits(1);
    write(&file, new, 0o600);
    sides.list();
    assert!(sides.is_revoked("peter"));
    // A list is signed by a key that the ledger knows for lists.
    let strange = sides
        .office("krl --out refused.krl --ledger-key erik2")
        .exits(1);
    strange.says("as one that signs lists");
}
