//! What is released, built twice.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::shipped::{SOURCES, build, login_binary, script, target};

#[test]
fn two_builds_in_other_folders_by_others_in_another_language_are_the_same_bytes() {
    let here = fs::read(login_binary()).unwrap();
    // It stays for the next run, which then builds what changed alone.
    let elsewhere = target().join("built in another folder");
    let mut command = Command::new(script("elsewhere"));
    build(command.arg(&elsewhere).arg("scripts/login-binary"));
    let there = fs::read(elsewhere.join("sources/target/login/punchmark-principals")).unwrap();
    assert!(here == there, "{} and {} bytes", here.len(), there.len());
    for path in [SOURCES.as_ref(), elsewhere.as_path(), &cargo_home()] {
        let path = path.to_str().unwrap();
        let mut parts = here.windows(path.len());
        assert!(
            !parts.any(|part| part == path.as_bytes()),
            "it tells {path}"
        );
    }
}

fn cargo_home() -> Box<Path> {
    let home = || Path::new(&std::env::var_os("HOME").unwrap()).join(".cargo");
    let given = std::env::var_os("CARGO_HOME").map(Into::into);
    given.unwrap_or_else(home).into_boxed_path()
}
