//! What reviewers are told by the commands themselves, of lists as people write them.

use std::path::PathBuf;

use crate::harness::process::{Ran, bounded, run};
use crate::harness::punchmark::BINARY;
use crate::harness::{scratch, write};

/// A folder with lists.
struct Place(tempfile::TempDir);

impl Place {
    fn new(lists: &[(&str, &str)]) -> Self {
        let place = Self(scratch());
        for (name, text) in lists {
            write(&place.path(name), text, 0o640);
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What `punchmark access` with these words did.
    fn access(&self, arguments: &str) -> Ran {
        let mut command = bounded(BINARY);
        command.current_dir(self.0.path());
        run(command
            .arg("access")
            .args(arguments.split_ascii_whitespace()))
    }
}

trait Prints {
    /// Stops the test unless stdout holds this text.
    fn prints(self, text: &str) -> Self;
}

impl Prints for Ran {
    #[track_caller]
    fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "{text:?} is missing\n{self}");
        self
    }
}

const KEY: &str = "SHA256:ke2F1NEnbv3fpr7q7jUBZVBVCi0drVlGRHWlWZZbHNU";

#[test]
fn a_ca_that_is_taken_out_or_another_is_gained_by_whom_it_signs() {
    let other = KEY.replace("ke2", "Lg2");
    let with = |ca: &str| format!("{ca}anna root *\n");
    let place = Place::new(&[
        ("one.list", &with(&format!("@ca users {KEY}\n"))),
        ("other.list", &with(&format!("@ca users {other}\n"))),
        ("none.list", &with("")),
    ]);
    let row = format!("gains: @ca: users {KEY} -> users {other}\n");
    place
        .access("diff one.list other.list")
        .exits(1)
        .prints(&row);
    place
        .access("diff one.list none.list --json")
        .exits(1)
        .prints("\"directive\":\"@ca\"")
        .prints("\"what\":\"gains\"");
    let row = format!("| gains | `@ca` | | | `users {KEY}` | `none` |");
    place
        .access("diff --markdown one.list none.list")
        .exits(1)
        .prints(&row);
    place
        .access("diff none.list one.list")
        .ok()
        .prints("loses: @ca: none -> users");
}

#[test]
fn a_denial_that_is_taken_out_is_gained_by_whom_it_kept_out() {
    let kept = "@suffixes _physical\n@hosts production = db* web*\n\
        contractor_bob_physical www web1\n";
    let place = Place::new(&[
        ("old.list", &format!("{kept}!contractor_* * @production\n")),
        ("new.list", kept),
    ]);
    let row = "gains: contractor_bob_physical as www on web1: no -> yes\n";
    place.access("diff old.list new.list").exits(1).prints(row);
    place
        .access("diff --against-host web1 old.list new.list")
        .exits(1)
        .prints(row);
}

#[test]
fn a_list_with_stale_is_reviewed_as_it_will_be_when_it_is_published() {
    let head = format!("@ca users {KEY}\n@fresh {KEY}\n@stale 7d anna\nanna root *\n");
    let old = format!("@version 1000000\n{head}");
    let with_eve = format!("{head}eve root *\n");
    let place = Place::new(&[
        ("written.list", &head),
        ("eve.list", &with_eve),
        ("old.list", &old),
        ("old-eve.list", &format!("{old}eve root *\n")),
    ]);
    for (before, after) in [("written", "eve"), ("old", "old-eve"), ("old", "eve")] {
        place
            .access(&format!("diff {before}.list {after}.list"))
            .exits(1)
            .says("told is what it says while it is fresh")
            .prints("gains: eve as root on *: no -> yes\n");
    }
    for list in ["eve", "old-eve"] {
        let who = place.access(&format!("who --list {list}.list --user root --host db1"));
        let who = who.ok().says("while it is fresh");
        assert!(!who.stdout.contains("no: "), "{who}");
        place
            .access(&format!("lint --list {list}.list"))
            .ok()
            .says("while it is fresh");
    }
    let explain = "--user root --host db1 eve";
    place
        .access(&format!("explain --list eve.list {explain}"))
        .ok()
        .says("while it is fresh");
    // What was published and is old stays so for a login.
    place
        .access(&format!("explain --list old-eve.list {explain}"))
        .exits(1)
        .prints("s old, and no exception");
}
