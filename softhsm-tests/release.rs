//! Programs that are built twice, by others and elsewhere.
//!
//! What this holds: whole compilations, link and all, are the same byte for byte where path, home, home of
//! cargo, user, umask, language and time zone are others. Both are as `scripts/release` makes them,
//! by `scripts/reproducible`: the program that runs inside logins just as it is shipped, and the
//! program for servers (C and assembly in it) without the optimiser, which would take a quarter of an
//! hour. What it doesn't: the optimised programs, and the packages around them, which
//! `scripts/release --check` compares; and other tools, which give other bytes.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::shipped::{self, SOURCES, build, script, target};

/// A folder for a copy of the sources. What is built there stays for the next run, which then builds
/// what changed alone.
fn elsewhere() -> PathBuf {
    target().join("built in another folder")
}

/// Runs a script of the copied sources there, and reads what it leaves at `built` among them.
fn built_elsewhere(name: &str, words: &[OsString], built: &Path) -> Vec<u8> {
    let mut command = Command::new(script("elsewhere"));
    command.arg(elsewhere());
    command.arg(Path::new("scripts").join(name)).args(words);
    build(&mut command);
    fs::read(elsewhere().join("sources").join(built)).unwrap()
}

#[track_caller]
fn assert_same(here: &[u8], there: &[u8]) {
    assert!(here == there, "{} and {} bytes", here.len(), there.len());
    let home = PathBuf::from(std::env::var_os("HOME").unwrap());
    let cargo_home = std::env::var_os("CARGO_HOME").map_or(home.join(".cargo"), Into::into);
    for told in [Path::new(SOURCES), &target(), &elsewhere(), &cargo_home] {
        let told = told.to_str().unwrap();
        let mut parts = here.windows(told.len());
        assert!(
            !parts.any(|part| part == told.as_bytes()),
            "it tells {told}"
        );
    }
}

/// Both in one test, since they share the copy of the sources.
#[test]
fn two_builds_in_other_folders_by_others_in_another_language_are_the_same_bytes() {
    let here = fs::read(shipped::login_binary()).unwrap();
    let built = Path::new("target/login/punchmark-principals");
    let there = built_elsewhere("login-binary", &[], built);
    assert_same(&here, &there);

    let here = fs::read(shipped::set("server", None)).unwrap();
    let folder = Path::new("target/set of server");
    let words = shipped::building_set("server", None, folder);
    let there = built_elsewhere("reproducible", &words, &folder.join("debug/punchmark"));
    assert_same(&here, &there);
}
