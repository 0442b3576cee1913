//! `punchmark access edit`: nothing is put in place that isn't understood, or without a yes.

use std::os::unix::fs::PermissionsExt;

use crate::harness::process::{Ran, bounded, run};
use crate::harness::pty::{self, Pty};
use crate::harness::punchmark::BINARY;
use crate::harness::{scratch, write};

const LIST: &str = "@ca users SHA256:ke2F1NEnbv3fpr7q7jUBZVBVCi0drVlGRHWlWZZbHNU\n\
    peter www *\nanna root *\n";

/// A list, and an editor that makes of it what `edit` (of sed) says.
struct Place(tempfile::TempDir);

impl Place {
    fn new(edit: &str) -> Self {
        let place = Self(scratch());
        write(&place.path("access.list"), LIST, 0o640);
        let script = format!("#!/bin/sh\nexec sed -i '{edit}' \"$1\"\n");
        write(&place.path("editor"), script, 0o755);
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn list(&self) -> String {
        std::fs::read_to_string(self.path("access.list")).unwrap()
    }

    fn edit(&self, more: &[&str]) -> Ran {
        let mut edit = bounded(BINARY);
        edit.env("EDITOR", self.path("editor"))
            .args(["access", "edit"]);
        run(edit.arg(self.path("access.list")).args(more))
    }

    /// The same at a terminal.
    fn at_a_terminal(&self) -> Pty {
        let mut edit = pty::command(BINARY);
        edit.env("EDITOR", self.path("editor"))
            .args(["access", "edit"]);
        edit.arg(self.path("access.list"));
        Pty::start(edit)
    }
}

#[test]
fn a_change_is_shown_and_put_in_place_by_a_yes_alone() {
    let place = Place::new("s/^peter/erik/");
    place
        .edit(&[])
        .fails()
        .says("gains: erik as www on *")
        .says("loses: peter as www on *");
    assert_eq!(place.list(), LIST);
    place.edit(&["--yes"]).ok();
    assert_eq!(place.list(), LIST.replace("peter", "erik"));
    let mode = place
        .path("access.list")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o640);
    // The second time, the editor changes nothing.
    place.edit(&[]).ok().says("is as it was");
    assert!(!place.path("access.list.edit").exists());
}

#[test]
fn a_dry_run_shows_the_change_asks_nothing_and_puts_nothing_in_place() {
    for edit in ["s/^peter/erik/", "/root/d"] {
        let place = Place::new(edit);
        let ran = place.edit(&["--dry-run"]).ok();
        ran.says("loses: ")
            .says("would have the new list; nothing was done (--dry-run)");
        assert_eq!(place.list(), LIST);
        assert!(!place.path("access.list.edit").exists());
    }
    let place = Place::new("s/^peter/@/");
    place.edit(&["--dry-run"]).fails();
}

#[test]
fn a_list_that_is_not_understood_is_not_put_in_place() {
    let place = Place::new("s/^peter www/peter/");
    place.edit(&["--yes"]).fails().says("line 2, column");
    assert_eq!(place.list(), LIST);
}

#[test]
fn the_last_way_into_root_is_taken_away_by_a_typed_word_alone() {
    let place = Place::new("/root/d");
    place.edit(&["--yes"]).fails();
    assert_eq!(place.list(), LIST);
    let mut terminal = place.at_a_terminal();
    terminal.expect("Type yes if that is right: ");
    terminal.type_line("y");
    assert_eq!(terminal.finish().1, 1);
    assert_eq!(place.list(), LIST);
    let mut terminal = place.at_a_terminal();
    terminal.expect("Type yes if that is right: ");
    terminal.type_line("yes");
    assert_eq!(terminal.finish().1, 0);
    assert_eq!(place.list(), LIST.replace("anna root *\n", ""));
}

#[test]
fn a_denial_of_the_last_who_gets_into_root_wants_the_typed_word_too() {
    let place = Place::new("$ a !* root *");
    place
        .edit(&["--yes"])
        .fails()
        .says("loses: anna as root on *")
        .says("since the answer was not yes");
    assert_eq!(place.list(), LIST);
}

#[test]
fn a_list_with_a_group_of_a_directory_shows_its_changes_before_the_word_is_asked() {
    let place =
        Place::new("$ a @group ops = directory \"cn=ops,dc=example\" suffix _x\\n@ops www *");
    place
        .edit(&["--yes"])
        .fails()
        .says("gains: someone-in-ops_x as www on *");
    assert_eq!(place.list(), LIST);
}

#[test]
fn two_do_not_edit_at_once_and_what_changed_meanwhile_stays() {
    let place = Place::new("s/^peter/erik/");
    write(&place.path("access.list.edit"), "", 0o600);
    place
        .edit(&["--yes"])
        .fails()
        .says("somebody edits the list");
    assert!(place.path("access.list.edit").exists());
    std::fs::remove_file(place.path("access.list.edit")).unwrap();
    let script = "#!/bin/sh\nsed -i s/peter/erik/ \"$1\"\necho '# now' >>\"${1%.edit}\"\n";
    write(&place.path("editor"), script, 0o755);
    place.edit(&["--yes"]).fails().says("changed meanwhile");
    assert_eq!(place.list(), format!("{LIST}# now\n"));
}
