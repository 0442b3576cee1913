//! What runs inside logins as it is shipped, and the folder where builds lie.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) const SOURCES: &str = env!("CARGO_MANIFEST_DIR");

/// Builds it by scripts/login-binary, and gives its path.
pub(crate) fn login_binary() -> PathBuf {
    build(&mut Command::new(script("login-binary")));
    target().join("login/punchmark-principals")
}

/// Builds the program of a smaller set, for this machine or another target, and gives its path.
/// It isn't optimised, which is quick, and stays for the next run.
pub(crate) fn set(name: &str, other_target: Option<&str>) -> PathBuf {
    let folder = target().join(format!("set of {name}"));
    let words = building_set(name, other_target, &folder);
    build(Command::new(script("reproducible")).args(words));
    let built = folder.join(other_target.unwrap_or_default());
    built.join("debug/punchmark")
}

/// What scripts/reproducible is told to build the program of a set into `folder`.
///
/// The linker is the one that names no function of a library which nothing calls: others leave in
/// what a part that was left out would have called.
pub(crate) fn building_set(name: &str, other_target: Option<&str>, folder: &Path) -> Vec<OsString> {
    let mut words = vec!["cargo", "rustc", "--locked", "--quiet"];
    words.extend(["--bin", "punchmark", "--no-default-features"]);
    words.extend(["--features", name]);
    words.extend(["--config", "profile.dev.package.\"*\".opt-level=0"]);
    // A program that is shipped has no lines for a debugger, which rustc and C compilers would have
    // name the folders of cargo.
    words.extend(["--config", "profile.dev.debug=false"]);
    words.extend(["--config", "profile.dev.strip=\"debuginfo\""]);
    // What an earlier build left would be a part of this one.
    words.extend(["--config", "build.incremental=false"]);
    words.extend(other_target.iter().flat_map(|target| ["--target", target]));
    let mut words: Vec<_> = words.into_iter().map(OsString::from).collect();
    words.extend(["--target-dir".into(), folder.into()]);
    words.extend(["--".into(), "-Clink-arg=-fuse-ld=bfd".into()]);
    words
}

/// Runs a script that builds: without a time limit, since the first build takes minutes.
#[track_caller]
pub(crate) fn build(command: &mut Command) {
    // Copies of the sources have no commits to take it from.
    command.env("SOURCE_DATE_EPOCH", "1795651200");
    let built = command.current_dir(SOURCES).status().unwrap();
    assert!(built.success(), "{command:?}");
}

pub(crate) fn script(name: &str) -> PathBuf {
    Path::new(SOURCES).join("scripts").join(name)
}

pub(crate) fn target() -> PathBuf {
    // A relative one is meant from where cargo was called, which is there.
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(SOURCES).join("target"),
        |given| std::path::absolute(Path::new(SOURCES).join(given)).unwrap(),
    )
}
