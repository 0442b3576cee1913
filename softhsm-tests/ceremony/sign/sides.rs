//! A room and an office, and what travels between them.

use std::fs;
use std::path::PathBuf;

use crate::ceremony::room::{Room, with_window};
use crate::ceremony::run::held;
use crate::harness::keygen::{self, ED25519};
use crate::harness::module::Module;
use crate::harness::process::Ran;
use crate::harness::punchmark::Punchmark;
use crate::harness::two_sides::ROLES;
use crate::harness::write;

/// A room whose CA was made in a ceremony, and an office with a mirror of its ledger.
pub(in crate::ceremony) struct Sides {
    pub(in crate::ceremony) room: Room,
    pub(in crate::ceremony) office: Punchmark,
}

impl Sides {
    pub(in crate::ceremony) fn begun() -> Self {
        Self::begun_with(&[])
    }

    /// With these people as revokers.
    pub(super) fn begun_with(revokers: &[&str]) -> Self {
        let (sides, text) = Self::of_ceremony();
        sides.in_room("requester add ole --key ole.pub --registrar engineer");
        for name in revokers {
            sides.carry_in(&format!("{name}.pub"));
            sides.in_room(&format!("requester add {name} --key {name}.pub --revoker"));
        }
        // What the first ceremony made lies elsewhere by now.
        let account = &sides.room.account;
        fs::rename(account.path("ceremony"), account.path("first")).unwrap();
        fs::rename(account.path("plan.toml"), account.path("create.toml")).unwrap();
        sides.furnish_office(&text);
        sides
    }

    /// The room behind its ceremony, with roles in the config, whose text before is given too; nobody is enrolled yet,
    /// and the office is empty.
    pub(super) fn of_ceremony() -> (Self, String) {
        let (room, _, _) = held("2");
        let office = Punchmark::at(("NO_TOKEN", "/nowhere".into()), "0000");
        for name in ["ole", "peter", "erik", "anna"] {
            keygen::make(office.home(), name, ED25519);
        }
        let sides = Self { room, office };
        let config = sides.room.account.path("ca/punchmark.toml");
        let text = fs::read_to_string(&config).unwrap();
        write(&config, format!("{text}{ROLES}"), 0o644);
        sides.carry_in("ole.pub");
        (sides, text)
    }

    fn furnish_office(&self, config: &str) {
        let account = &self.room.account;
        let head = self.in_room("ledger checkpoint").stdout;
        write(&self.office.path("head.txt"), head, 0o644);
        let carry = |from: &str, to: &str| {
            fs::create_dir_all(self.office.path(to).parent().unwrap()).unwrap();
            fs::copy(account.path(from), self.office.path(to)).unwrap();
        };
        carry("ca/punchmark.ledger", "copy.ledger");
        carry("first/ledger.pub", "ledger.pub");
        self.configure_office(config);
        let begun = "mirror init --from copy.ledger --head head.txt --signer ledger.pub";
        self.in_office(begun).ok();
    }

    /// A config of the same CAs and roles.
    pub(super) fn configure_office(&self, config: &str) {
        let users = self.office.path("config/punchmark/users.pub");
        fs::create_dir_all(users.parent().unwrap()).unwrap();
        fs::copy(self.room.account.path("ca/users.pub"), users).unwrap();
        let kept = self.office.path("heads").display().to_string();
        let own = |line: &&str| !line.starts_with("kept-heads") && !line.starts_with("ledger-key");
        let rest: Vec<_> = config.lines().filter(own).collect();
        let text = format!(
            "kept-heads-only = [\"{kept}\"]\n{}\n{ROLES}",
            rest.join("\n")
        );
        write(
            &self.office.path("config/punchmark/punchmark.toml"),
            text,
            0o600,
        );
    }

    /// A command in the room, with the PIN.
    pub(in crate::ceremony) fn in_room(&self, command: &str) -> Ran {
        let config = ["--config", "ca/punchmark.toml"];
        let words: Vec<_> = config.into_iter().chain(command.split(' ')).collect();
        self.room.account.pinned(&words).ok()
    }

    pub(in crate::ceremony) fn in_office(&self, command: &str) -> Ran {
        let words: Vec<_> = command.split(' ').collect();
        self.office.run(&words)
    }

    pub(in crate::ceremony) fn carry_in(&self, name: &str) {
        fs::copy(self.office.path(name), self.room.account.path(name)).unwrap();
    }

    /// Makes a bundle of these people.
    pub(in crate::ceremony) fn make(&self, bundle: &str, people: &[&str]) {
        self.make_with(bundle, people, "");
    }

    pub(in crate::ceremony) fn make_with(&self, bundle: &str, people: &[&str], more: &str) {
        let line = |name: &&str| format!("{name}.pub,{name},engineer\n");
        let lines: String = people.iter().map(line).collect();
        let manifest = format!("key,requester,role\n{lines}");
        write(&self.office.path("people.csv"), manifest, 0o644);
        self.in_office(&format!(
            "bundle make --key ole --out {bundle} --manifest people.csv{more}"
        ))
        .ok();
        fs::create_dir_all(self.stick()).unwrap();
        fs::copy(self.office.path(bundle), self.stick().join(bundle)).unwrap();
    }

    /// Where the medium is mounted in the room.
    pub(in crate::ceremony) fn stick(&self) -> PathBuf {
        self.room.account.path("stick")
    }

    /// Draws the plan for these bundles in the office, fills it in, and carries it into the room.
    pub(in crate::ceremony) fn plan(&self, bundles: &[&str]) {
        let module = Module::SoftHsm.path().display().to_string();
        let mut command = vec!["ceremony", "plan", "--kind", "sign", "--module", &module];
        for bundle in bundles {
            command.extend(["--bundle", bundle]);
        }
        let mut plan = self.office.run(&command).ok().stdout;
        for word in [
            "a session over bundles",
            "Room 5",
            "Anna",
            "Bob",
            "live system 7",
            "Root CA",
            &self.room.serial,
            "B1",
            "B2",
            "E1",
            "stick 4",
        ] {
            plan = plan.replacen("= \"?\"", &format!("= \"{word}\""), 1);
        }
        let plan = plan.replace("\"/media/stick\"", "\"stick\"");
        self.room
            .write_plan(&with_window(&plan, "-1 day", "+1 day"));
    }

    /// Carries the answers out and has them accepted.
    pub(in crate::ceremony) fn accept(&self, bundle: &str) {
        let answer = format!("{bundle}.answer");
        fs::copy(self.room.output(&answer), self.office.path(&answer)).unwrap();
        self.in_office(&format!("bundle accept {answer}")).ok();
    }

    /// How many certificates the ledger has.
    pub(in crate::ceremony) fn certificates(&self) -> usize {
        let exported = self.in_room("ledger export").stdout;
        exported.matches("\"kind\":\"issued\"").count()
    }
}
