//! What runs inside logins as it is shipped, and the folder where builds lie.

use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCES: &str = env!("CARGO_MANIFEST_DIR");

/// Builds it by scripts/login-binary, and gives its path.
pub(crate) fn login_binary() -> PathBuf {
    build(&mut Command::new(script("login-binary")));
    target().join("login/punchmark-principals")
}

/// Runs a script that builds: without a time limit, since the first build takes minutes.
#[track_caller]
fn build(command: &mut Command) {
    // Copies of the sources have no commits to take it from.
    command.env("SOURCE_DATE_EPOCH", "1795651200");
    let built = command.current_dir(SOURCES).status().unwrap();
    assert!(built.success(), "{command:?}");
}

fn script(name: &str) -> PathBuf {
    Path::new(SOURCES).join("scripts").join(name)
}

fn target() -> PathBuf {
    // A relative one is meant from where cargo was called, which is there.
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(SOURCES).join("target"),
        |given| std::path::absolute(Path::new(SOURCES).join(given)).unwrap(),
    )
}
