//! Two sides: a room without a network where the CA is, and an office with a mirror and no token.

use std::path::PathBuf;

use serde_json::Value;

use super::admin::Admin;
use super::keygen::{self, ED25519};
use super::process::Ran;
use super::punchmark::Punchmark;
use super::write;

/// The room and the office. Files go between them by [`Sides::carry_in`] and [`Sides::carry_out`].
pub(crate) struct Sides {
    pub(crate) room: Admin,
    pub(crate) office: Punchmark,
}

impl Sides {
    /// A room with a CA, a ledger key and ole as registrar of role `engineer`, and an office that has
    /// the same roles and public keys, and no mirror yet.
    pub(crate) fn apart() -> Self {
        let room = Admin::ready().and_config(&format!("{CONFIG}{ROLES}"));
        keygen::make(room.punchmark.home(), "ledger_key", ED25519);
        let office = Punchmark::at(("NO_TOKEN", "/nowhere".into()), "0000");
        for name in ["ole", "peter", "erik", "anna", "ole2", "erik2"] {
            keygen::make(office.home(), name, ED25519);
        }
        let sides = Self { room, office };
        sides.carry_in("ole.pub");
        let add = "requester add ole --key ole.pub --registrar engineer";
        sides.room(add).ok();
        sides.configure_office();
        sides
    }

    /// The config of the room without its ledger key: roles and CAs by the same names.
    fn configure_office(&self) {
        let config = std::fs::read_to_string(self.room.config_file()).unwrap();
        let heads = format!(
            "kept-heads-only = [\"{}\"]\n",
            self.office.path("heads").display()
        );
        let rest = config
            .lines()
            .filter(|line| !line.starts_with("kept-heads-only") && !line.starts_with("ledger-key"));
        let rest: String = rest.map(|line| format!("{line}\n")).collect();
        let folder = "config/punchmark";
        write(
            &self.office.path(&format!("{folder}/punchmark.toml")),
            heads + &rest,
            0o600,
        );
        let users = std::fs::read(self.room.ca_file("users")).unwrap();
        write(
            &self.office.path(&format!("{folder}/users.pub")),
            users,
            0o644,
        );
    }

    /// Brings a copy of the ledger, its head and the ledger key's public half out, and begins a mirror.
    pub(crate) fn begin_mirror(&self) -> Ran {
        self.carry_ledger();
        self.office(&format!("mirror init {FROM}"))
    }

    /// Brings a copy of the ledger, a newly signed head, and the key that signed it out.
    pub(crate) fn carry_ledger(&self) {
        let head = self.room("ledger checkpoint").ok().stdout;
        write(&self.office.path("head.txt"), head, 0o644);
        let copy = std::fs::read(self.room.ledger_file()).unwrap();
        write(&self.office.path("copy.ledger"), copy, 0o600);
        self.carry_out("ledger_key.pub");
    }

    /// A command in the room, without a PIN.
    pub(crate) fn room(&self, command: &str) -> Ran {
        self.room.punchmark.run(&words(command))
    }

    /// A command in the room with the token's PIN.
    pub(crate) fn pinned(&self, command: &str) -> Ran {
        self.room.punchmark.pinned(&words(command))
    }

    /// A command in the office.
    pub(crate) fn office(&self, command: &str) -> Ran {
        self.office.run(&words(command))
    }

    pub(crate) fn mirror_file(&self) -> PathBuf {
        self.office.path("config/punchmark/punchmark.ledger")
    }

    /// Brings a file of the office into the room.
    pub(crate) fn carry_in(&self, name: &str) {
        std::fs::copy(self.office.path(name), self.room.punchmark.path(name)).unwrap();
    }

    /// Brings a file of the room into the office.
    pub(crate) fn carry_out(&self, name: &str) {
        std::fs::copy(self.room.punchmark.path(name), self.office.path(name)).unwrap();
    }

    /// The mirror is lost, with all that was kept beside it.
    pub(crate) fn lose_mirror(&self) {
        let folder = self.office.path("config/punchmark");
        for file in std::fs::read_dir(folder).unwrap() {
            let file = file.unwrap();
            if file
                .file_name()
                .to_str()
                .unwrap()
                .starts_with("punchmark.ledger")
            {
                std::fs::remove_file(file.path()).unwrap();
            }
        }
        std::fs::remove_dir_all(self.office.path("heads")).unwrap();
    }
}

/// The objects that a command printed.
pub(crate) fn objects(ran: &Ran) -> Vec<Value> {
    let lines = ran.stdout.lines();
    let parsed = lines.map(serde_json::from_str);
    parsed.collect::<Result<_, _>>().unwrap()
}

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

/// What a mirror is begun with.
pub(crate) const FROM: &str = "--from copy.ledger --head head.txt --signer ledger_key.pub";
const CONFIG: &str = "ledger-key = \"../../ledger_key\"\n---\n";
/// Whom a registrar may answer for, and under what.
pub(crate) const ROLES: &str = "
[role.engineer]
ca         = \"users\"
requesters = [\"peter\", \"erik\", \"anna\", \"ole\", \"ole2\", \"erik2\"]
principals = [\"{requester}\"]
storage    = \"ignore\"
lifetime   = { default = \"8h\", maximum = \"8h\" }
extensions = { default = [\"permit-pty\"], allowed = [\"permit-pty\"] }

[role.boss]
ca         = \"users\"
requesters = [\"erik\", \"anna\"]
principals = [\"{requester}\"]
storage    = \"ignore\"
lifetime   = { default = \"1h\" }
";
