//! The end of a CA where there is a mirror: servers get its lists, and what the room lists itself shows nothing.

use serde_json::Value;

use crate::harness::two_sides::{Sides, objects};
use crate::harness::write;

impl Sides {
    fn rollover(&self, more: &str) -> crate::harness::process::Ran {
        self.room(&format!("ca rollover users --to users2 {more}"))
    }

    /// What blocks the next stage.
    fn blocks(&self, more: &str) -> Vec<String> {
        let ran = self
            .rollover(&format!("--servers servers --json{more}"))
            .ok();
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        let blocks = told["blocks"].as_array().unwrap().iter();
        blocks
            .map(|block| block["why"].as_str().unwrap().to_owned())
            .collect()
    }

    /// A bundle that asks for nothing goes in, and its answer out.
    fn travels(&self, name: &str) {
        let make = format!("bundle make --key ole --out {name} --json");
        let made = objects(&self.office(&make).ok()).pop().unwrap();
        self.signed(name, &made).ok();
        self.accepted(name).ok();
    }

    fn carry_in_list(&self, name: &str) {
        let list = format!("krl --out {name} --ledger-key list_key");
        self.office(&list).ok();
        self.carry_in(name);
        self.carry_in(&format!("{name}.sig"));
    }
}

#[test]
fn the_old_ca_is_revoked_when_the_list_of_the_mirror_says_so_and_not_when_the_rooms_does() {
    let sides = Sides::with_revoker();
    sides.travels("one.bundle");
    sides.room.init("users2", "p256", "user").ok();
    write(
        &sides.room.punchmark.path("servers"),
        "web1 # in the cellar\n",
        0o644,
    );
    sides.rollover("--next").ok();
    // A list that names nobody shows nothing of anybody.
    write(
        &sides.room.punchmark.path("nobody"),
        "# to be filled in\n",
        0o644,
    );
    sides
        .rollover("--servers nobody --next")
        .exits(1)
        .says("names no server");
    sides.rollover("--next --yes-lock-out").ok().says("trusted");
    let config = std::fs::read_to_string(sides.room.config_file()).unwrap();
    let config = config.replace("\"users\"", "\"users2\"");
    write(&sides.room.config_file(), config, 0o600);
    sides.rollover("--next").ok().says("switched");
    let retired = sides.room("ca retire users --yes-lock-out").ok();
    assert!(
        retired.stderr.contains("when the mirror has it")
            || retired.stdout.contains("when the mirror has it"),
        "{retired}"
    );
    sides.rollover("--next --yes-lock-out").ok().says("ended");

    sides.carry_in_list("before.krl");
    let shown = "no list of the mirror was shown, where servers get theirs: --krl FILE";
    let silent = "web1: it sent no report";
    let lacks = "the list that was shown does not revoke users";
    assert_eq!(sides.blocks(" --krl before.krl"), [lacks, silent]);
    let made = sides.room("krl --out room.krl").ok();
    assert!(made.stderr.contains("this list stays here"), "{made}");
    assert_eq!(sides.blocks(""), [shown, silent]);
    sides.travels("two.bundle");
    sides.carry_in_list("revoked.krl");
    assert_eq!(sides.blocks(" --krl revoked.krl"), [silent]);
    // One that nobody whom the ledger knows signed shows nothing.
    std::fs::remove_file(sides.room.punchmark.path("revoked.krl.sig")).unwrap();
    sides
        .rollover("--servers servers --krl revoked.krl")
        .exits(1)
        .says("has no signature beside it");
}
