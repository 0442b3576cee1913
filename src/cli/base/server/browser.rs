//! The browser of whoever logs in: whether there is one here, and having it open a page.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

/// Whether a browser here could show somebody a page: there is a display, and nobody comes from elsewhere.
pub(super) fn is_here() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("SSH_CONNECTION") {
        return false;
    }
    cfg!(target_os = "macos")
        || ["BROWSER", "DISPLAY", "WAYLAND_DISPLAY"]
            .into_iter()
            .any(is_set)
}

/// Has a browser open a page; says whether one started. `$BROWSER` names it, as for other programs: several
/// stand behind one another with a colon between, and each may have the page's place as `%s`.
pub(super) fn open(page: &str) -> bool {
    match std::env::var_os("BROWSER").filter(|named| !named.is_empty()) {
        None => start(OPENER.into(), &[page.into()]),
        Some(named) => {
            let named = named.to_string_lossy();
            named.split(':').any(|line| {
                let mut words = line.split_whitespace();
                let Some(program) = words.next() else {
                    return false;
                };
                let arguments = arguments(words, page);
                start(program.into(), &arguments)
            })
        }
    }
}

fn arguments<'w>(words: impl Iterator<Item = &'w str>, page: &str) -> Vec<OsString> {
    let mut has_place = false;
    let mut arguments: Vec<OsString> = words
        .map(|word| {
            has_place |= word.contains("%s");
            word.replace("%s", page).into()
        })
        .collect();
    if !has_place {
        arguments.push(page.into());
    }
    arguments
}

/// What it writes is nobody's here, and nobody waits for its end.
fn start(program: OsString, arguments: &[OsString]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    // Control-C ends the login, and no browser.
    command.process_group(0);
    command.spawn().is_ok()
}

#[cfg(target_os = "macos")]
const OPENER: &str = "open";
#[cfg(not(target_os = "macos"))]
const OPENER: &str = "xdg-open";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Vec<OsString> {
        arguments(line.split_whitespace(), "https://ca/login/x")
    }

    #[test]
    fn the_page_stands_at_its_place_or_last() {
        assert_eq!(of(""), ["https://ca/login/x"]);
        assert_eq!(of("--new"), ["--new", "https://ca/login/x"]);
        assert_eq!(of("--to=%s -q"), ["--to=https://ca/login/x", "-q"]);
    }
}
