//! What is believed must be ours, what is read must be a file, and nothing is left behind.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use crate::harness::admin::Admin;
use crate::harness::module::Module;
use crate::harness::token::Token;

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_config_that_somebody_else_can_have_written_names_no_module_to_load() {
    let admin = Admin::with_users_ca(Token::new(Module::SoftHsm), "p256");
    admin.public_keys(1);
    let config = admin.config_file();
    let sign = || admin.sign(&["-n", "peter", "-V", "+1h", "key0.pub"]);
    for (bits, words) in [(0o666, "by everybody"), (0o602, "by everybody")] {
        mode(&config, bits);
        sign().exits(1).says(words).says("chmod o-w");
    }
    mode(&config, 0o600);
    let folder = config.parent().unwrap();
    mode(folder, 0o777);
    sign().exits(1).says("by everybody").says("chmod o-w");
    mode(folder, 0o700);
    sign().exits(0);
}

#[test]
fn another_accounts_config_is_refused_and_says_which_account_to_use() {
    // Only root can give a file away.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let admin = Admin::with_users_ca(Token::new(Module::SoftHsm), "p256");
    admin.public_keys(1);
    let config = admin.config_file();
    chown(&config, Some(65534), None).unwrap();
    let ran = admin.sign(&["-n", "peter", "-V", "+1h", "key0.pub"]);
    ran.exits(1)
        .says("belongs to nobody")
        .says("sudo -u nobody");
    chown(&config, Some(0), Some(65534)).unwrap();
    mode(&config, 0o660);
    let ran = admin.sign(&["-n", "peter", "-V", "+1h", "key0.pub"]);
    ran.exits(1).says("can be changed by group nogroup");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("group = \"nogroup\"\n{text}")).unwrap();
    admin
        .sign(&["-n", "peter", "-V", "+1h", "key0.pub"])
        .exits(0);
}

/// Where the head is kept of this ledger, by the config.
fn keep_heads_in(admin: &Admin, folders: &[&str]) {
    let text = fs::read_to_string(admin.config_file()).unwrap();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with("kept-heads-only"));
    let lines: Vec<_> = lines.collect();
    let folders = folders.iter().map(|name| admin.punchmark.path(name));
    let folders: Vec<_> = folders.map(|path| path.display().to_string()).collect();
    let text = format!("kept-heads-only = {folders:?}\n{}\n", lines.join("\n"));
    fs::write(admin.config_file(), text).unwrap();
}

/// The one file in a folder.
fn only_file(folder: &Path) -> std::path::PathBuf {
    fs::read_dir(folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path()
}

#[test]
fn a_kept_head_that_is_passed_over_is_said_although_another_is_good() {
    let admin = Admin::with_users_ca(Token::new(Module::SoftHsm), "p256");
    admin.public_keys(1);
    let sign = || admin.sign(&["-n", "peter", "-V", "+1h", "key0.pub"]);
    for name in ["one", "two"] {
        fs::create_dir(admin.punchmark.path(name)).unwrap();
    }
    keep_heads_in(&admin, &["one", "two"]);
    sign().ok();
    let other = only_file(&admin.punchmark.path("two"));
    mode(&other, 0o666);
    // A folder that the config names must take the head.
    let mend = format!("chmod go-w {}", other.display());
    sign().exits(1).says(&mend);
    // One that the ledger alone remembers is passed over, and said.
    keep_heads_in(&admin, &["one"]);
    sign()
        .ok()
        .says("warning: a kept head was passed over")
        .says(&mend);
    admin.assert_issued(2);
}

#[test]
fn a_pipe_among_the_keys_fails_alone_and_holds_nobody_up() {
    let admin = Admin::with_users_ca(Token::new(Module::SoftHsm), "p256");
    admin.public_keys(3);
    let pipe = admin.punchmark.path("key1.pub");
    fs::remove_file(&pipe).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    let ran = admin.sign(&[
        "-n", "peter", "-V", "+1h", "key0.pub", "key1.pub", "key2.pub",
    ]);
    ran.exits(1)
        .says("key1.pub")
        .says("is a pipe")
        .says("1 key failed");
    admin.assert_issued(2);
}

#[test]
fn a_run_takes_away_what_a_killed_one_left_beside_the_keys() {
    let admin = Admin::with_users_ca(Token::new(Module::SoftHsm), "p256");
    admin.public_keys(1);
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let left = admin
        .punchmark
        .path(&format!(".punchmark-{}-4294967295-1-abcdef", &boot[..8]));
    fs::write(&left, "ssh-ed25519-cert-v01@openssh.com AAAA").unwrap();
    admin
        .sign(&["-n", "peter", "-V", "+1h", "key0.pub"])
        .exits(0);
    assert!(!left.exists());
}
