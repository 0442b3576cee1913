//! Where a PIN comes from when no terminal is there: `pinentry`, a file, a descriptor.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::admin::Admin;
use crate::harness::keygen::{ED25519, P256};
use crate::harness::module::Module;
use crate::harness::process::{Ran, bounded, run, run_fed, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::token::{PIN, Token};
use crate::harness::write;

const SIGN: [&str; 8] = ["sign", "-s", "users", "-I", "id", "-n", "peter", "key.pub"];
const WRONG: &str = "99999999";
const CANCELLED: &str = "ERR 83886179 Operation cancelled <Pinentry>";

/// Puts a `pinentry` into the children's PATH, which gives these answers by prompt
/// (others are cancelled) and keeps what it was told in `dialogue`.
fn with_pinentry(mut admin: Admin, answers: &[(&str, &str)]) -> Admin {
    let folder = admin.punchmark.path("bin");
    std::fs::create_dir(&folder).unwrap();
    let cases: String = answers
        .iter()
        .map(|(prompt, answer)| format!("'SETPROMPT {prompt}') answer='{answer}';;\n"))
        .collect();
    let script = PINENTRY.replace("CASES", &cases);
    write(&folder.join("pinentry"), script, 0o755);
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", folder.display());
    admin.punchmark = admin.punchmark.with("PATH", path);
    admin
}

fn dialogue(admin: &Admin) -> String {
    std::fs::read_to_string(admin.punchmark.path("dialogue")).unwrap()
}

/// A server of GnuPG's pinentry protocol. Its line ends are the protocol's.
const PINENTRY: &str = "#!/bin/sh
answer='ERR 83886179 Operation cancelled <Pinentry>'
echo 'OK ready'
while read -r line; do
    echo \"$line\" >>\"$HOME/dialogue\"
    case $line in
    CASES
    esac
    case $line in
    GETPIN) case $answer in ERR*) echo \"$answer\";; *) echo \"D $answer\"; echo OK;; esac;;
    BYE) echo OK; exit;;
    *) echo OK;;
    esac
done
";

#[test]
fn without_a_terminal_pinentry_is_asked_and_names_the_device() {
    let admin = with_pinentry(Admin::ready().and_key("key"), &[("PIN:", PIN)]);
    let ran = admin.punchmark.run(&SIGN).ok();
    assert!(!ran.to_string().contains(PIN), "{ran}");
    let told = dialogue(&admin);
    let description = told.lines().find(|line| line.starts_with("SETDESC "));
    assert!(description.unwrap().contains("token \"Root CA\""), "{told}");
    assert_eq!(told.matches("GETPIN").count(), 1, "{told}");
    admin.assert_issued(1);
}

#[test]
fn a_wrong_pin_of_pinentry_is_tried_once_and_not_asked_again() {
    let admin = with_pinentry(Admin::ready().and_key("key"), &[("PIN:", WRONG)]);
    let ran = admin.punchmark.run(&SIGN).exits(1);
    assert!(!ran.to_string().contains(WRONG), "{ran}");
    ran.says("wrong PIN, tried once");
    assert_eq!(dialogue(&admin).matches("GETPIN").count(), 1);
    admin.assert_issued(0);
}

#[test]
fn a_cancelled_pinentry_is_told_and_tries_nothing() {
    // This module locks the PIN at the tenth wrong try.
    let admin = Admin::with_users_ca(Token::new(Module::Kryoptic), "p256");
    admin.key("key", ED25519);
    let admin = with_pinentry(admin, &[("PIN:", CANCELLED)]);
    for _ in 0..10 {
        let ran = admin.punchmark.run(&SIGN).exits(1);
        ran.says("the PIN prompt was cancelled");
    }
    admin.assert_issued(0);
    admin.punchmark.pinned(&SIGN).ok();
    admin.assert_issued(1);
}

#[test]
fn a_pinentry_that_dies_or_stammers_is_told_and_tries_nothing() {
    for script in ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n"] {
        let admin = with_pinentry(Admin::ready().and_key("key"), &[]);
        write(&admin.punchmark.path("bin/pinentry"), script, 0o755);
        let ran = admin.punchmark.run(&SIGN).exits(1);
        ran.says("pinentry").says("--pin-file");
        admin.assert_issued(0);
    }
}

#[test]
fn pinentry_is_asked_for_the_passphrase_of_a_key_file_too() {
    let admin = with_pinentry(
        Admin::new(Token::softhsm()),
        &[("PIN:", PIN), ("Passphrase:", "correct horse")],
    );
    let ran = import(&admin, "ca_key").ok();
    assert!(!ran.to_string().contains("horse"), "{ran}");
    let told = dialogue(&admin);
    assert!(told.contains("SETDESC ca_key"), "{told}");
}

#[test]
fn a_key_file_with_a_path_too_long_for_pinentry_is_imported_all_the_same() {
    let admin = with_pinentry(
        Admin::new(Token::softhsm()),
        &[("PIN:", PIN), ("Passphrase:", "correct horse")],
    );
    import(&admin, &format!("{}ca_key", "./".repeat(1000))).ok();
}

/// Imports a key file under this path, its passphrase and PIN asked for.
fn import(admin: &Admin, path: &str) -> Ran {
    let file = admin.key("ca_key", P256);
    let mut keygen = bounded("ssh-keygen");
    let passphrases = ["-p", "-P", "", "-N", "correct horse", "-f"];
    run(keygen.args(passphrases).arg(&file)).ok();
    let locator = admin.token.locator("users");
    let import = ["import", "users", "--from", path, "--key", &locator];
    let serial = ["--next-serial", "1"];
    admin.punchmark.run(&[&import[..], &serial].concat())
}

#[test]
fn without_terminal_and_pinentry_it_says_that_nobody_can_be_asked() {
    let admin = Admin::ready().and_key("key");
    let script = "PATH=/nowhere; export PATH; exec \"$0\" \"$@\"";
    let mut shell = admin.punchmark.prepare(bounded("sh"));
    let ran = run(shell.args(["-c", script, BINARY]).args(SIGN)).exits(1);
    ran.says("token \"Root CA\"")
        .says("there is no terminal to ask at")
        .says("--pin-file");
    admin.assert_issued(0);
}

/// Signs with a PIN from the descriptor that this shell redirection opens as 3.
fn from_descriptor(admin: &Admin, redirection: &str) -> Ran {
    let script = format!("exec \"$0\" --pin-fd 3 \"$@\" {redirection}");
    let mut shell = admin.punchmark.prepare(bounded("sh"));
    run(shell.args(["-c", &script, BINARY]).args(SIGN))
}

#[test]
fn a_pin_comes_from_a_pipe() {
    let admin = Admin::ready().and_key("key");
    for line in [format!("{PIN}\n"), PIN.to_owned()] {
        let mut command = admin.punchmark.prepare(bounded(BINARY));
        run_fed(command.args(["--pin-fd", "0"]).args(SIGN), line.as_bytes()).ok();
    }
    admin.assert_issued(2);
}

#[test]
fn a_descriptor_that_holds_no_pin_is_named_and_nothing_is_signed() {
    let admin = Admin::ready().and_key("key");
    write(&admin.punchmark.path("long"), "7".repeat(1 << 20), 0o600);
    write(&admin.punchmark.path("empty"), "", 0o600);
    write(&admin.punchmark.path("bytes"), b"\xff\xfe", 0o600);
    for (redirection, fault) in [
        ("3<&-", "descriptor 3"),
        ("3<long", "descriptor 3 holds more than 255 bytes"),
        ("3<empty", "the PIN is empty"),
        ("3<bytes", "descriptor 3 is not UTF-8"),
        ("3</dev/zero", "descriptor 3 holds more than 255 bytes"),
    ] {
        from_descriptor(&admin, redirection).exits(1).says(fault);
    }
    admin.assert_issued(0);
}

#[test]
fn a_pin_file_and_a_descriptor_together_are_a_mistake_wherever_they_stand() {
    let admin = Admin::ready().and_key("key");
    let (file, descriptor) = (["--pin-file", "pin"], ["--pin-fd", "0"]);
    for arguments in [
        [&file[..], &descriptor, &SIGN].concat(),
        [&file[..], &SIGN, &descriptor].concat(),
        [&descriptor[..], &SIGN, &file].concat(),
        [&SIGN[..], &file, &descriptor].concat(),
    ] {
        let ran = admin.punchmark.run(&arguments).exits(2);
        ran.says("--pin-file").says("--pin-fd");
    }
    admin.assert_issued(0);
}

/// Writes a pin-source into the config's locator.
fn set_pin_source(admin: &Admin, source: &str) {
    let config = std::fs::read_to_string(admin.config_file()).unwrap();
    let config = config.replace('?', &format!("?pin-source={source}&"));
    std::fs::write(admin.config_file(), config).unwrap();
}

#[test]
fn the_pin_source_of_the_config_is_a_path_or_a_url() {
    for form in ["{}", "file:{}", "file://{}"] {
        let admin = Admin::ready().and_key("key");
        let pin = admin.punchmark.path("pin").display().to_string();
        set_pin_source(&admin, &form.replace("{}", &pin));
        admin.punchmark.run(&SIGN).ok();
        admin.assert_issued(1);
    }
}

#[test]
fn a_pin_source_stands_before_the_pin_file() {
    let admin = Admin::ready().and_key("key");
    let other = admin.punchmark.write_pin("other", PIN);
    set_pin_source(&admin, &other.display().to_string());
    admin.punchmark.write_pin("pin", WRONG);
    admin.punchmark.pinned(&SIGN).ok();
    admin.punchmark.write_pin("pin", PIN);
    admin.punchmark.write_pin("other", WRONG);
    let ran = admin.punchmark.pinned(&SIGN).exits(1);
    ran.says("wrong PIN, tried once");
    admin.assert_issued(1);
}

#[test]
fn a_pin_source_that_cannot_be_used_falls_back_to_nothing() {
    for (name, content, mode, fault) in [
        ("open", PIN, 0o644, "can be read by others (mode 0644)"),
        ("empty", "", 0o600, "the PIN is empty"),
    ] {
        let admin = Admin::ready().and_key("key");
        let path = admin.punchmark.path(name);
        write(&path, content, mode);
        set_pin_source(&admin, &path.display().to_string());
        admin.punchmark.pinned(&SIGN).exits(1).says(fault);
        admin.assert_issued(0);
    }
    let admin = Admin::ready().and_key("key");
    set_pin_source(&admin, "/nowhere/pin");
    let ran = admin.punchmark.pinned(&SIGN).exits(1);
    ran.says("PIN file /nowhere/pin");
    admin.assert_issued(0);
}

#[test]
fn a_pipe_as_pin_file_is_refused_and_not_waited_for() {
    let admin = Admin::ready().and_key("key");
    let pipe = admin.punchmark.path("pipe");
    run(bounded("mkfifo").args(["-m", "600"]).arg(&pipe)).ok();
    let start = std::time::Instant::now();
    let pinned = ["--pin-file", "pipe"];
    let ran = admin.punchmark.run(&[&pinned[..], &SIGN].concat());
    ran.exits(1).says("PIN file pipe is not a regular file");
    assert!(start.elapsed().as_secs() < 60);
    admin.assert_issued(0);
}

#[test]
fn a_pin_file_that_holds_no_pin_is_refused_before_anything_is_tried() {
    let admin = Admin::ready().and_key("key");
    let pin = admin.punchmark.path("pin");
    for (content, fault) in [
        (Vec::new(), "the PIN is empty"),
        (b"\n".to_vec(), "the PIN is empty"),
        (b"\r\n".to_vec(), "line end of Windows"),
        (vec![b'7'; 257], "PIN file"),
        (vec![b'7'; 1 << 20], "holds more than 255 bytes"),
        (b"\xff\xfe\n".to_vec(), "is not UTF-8"),
    ] {
        write(&pin, content, 0o600);
        admin.punchmark.pinned(&SIGN).exits(1).says(fault);
    }
    for path in [Path::new("/nowhere/pin"), admin.punchmark.home()] {
        let path = path.display().to_string();
        let pinned = ["--pin-file", &path];
        let ran = admin.punchmark.run(&[&pinned[..], &SIGN].concat());
        ran.exits(1).says(&format!("PIN file {path}"));
    }
    admin.assert_issued(0);
}

#[test]
fn what_nobody_sees_in_a_pin_file_costs_no_try() {
    let admin = Admin::ready().and_key("key");
    for (content, words) in [
        ("\u{feff}PIN\r\n", "byte order mark"),
        ("PIN\r\n", "line end of Windows"),
        ("PIN\n\n", "more than one line"),
        ("PIN \n", "begins or ends with a blank"),
        ("PIN\u{a0}\n", "a blank other than the space (U+00A0)"),
        ("\u{200b}PIN\n", "nobody sees (U+200B)"),
    ] {
        let file = admin.punchmark.path("pin");
        write(&file, content.replace("PIN", PIN), 0o600);
        let pinned = ["--pin-file", file.to_str().unwrap()];
        let ran = admin
            .punchmark
            .run(&[&pinned[..], &SIGN[..]].concat())
            .exits(1);
        assert!(!ran.stderr.contains("tried once"), "{ran}");
        ran.says(words);
    }
    admin.assert_issued(0);
}

#[test]
fn a_run_that_is_killed_while_it_knows_a_pin_leaves_no_core_file() {
    let admin = Admin::ready();
    let list = admin.list_of_keys(200);
    let pin = admin.punchmark.write_pin("pin", PIN);
    // Nobody reads what is told of each key, and a pipe holds less than that.
    let mut command = admin.punchmark.prepare(Command::new("sh"));
    command
        .args([
            "-c",
            "ulimit -c unlimited; exec \"$0\" \"$@\"",
            BINARY,
            "--pin-file",
        ])
        .arg(&pin)
        .args([
            "sign",
            "-s",
            "users",
            "-I",
            "id",
            "-n",
            "peter",
            "--json",
            "--files-from",
        ])
        .arg(&list)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let process = Path::new("/proc").join(child.id().to_string());
    let read = |name: &str| std::fs::read_to_string(process.join(name)).unwrap_or_default();
    wait_until("a PIN is locked in memory", || {
        let status = read("status");
        let locked = status.lines().find(|line| line.starts_with("VmLck:"));
        locked.is_some_and(|line| !line.contains(" 0 kB"))
    });
    let limits = read("limits");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let none: Vec<_> = core.unwrap().split_whitespace().skip(4).take(2).collect();
    assert_eq!(none, ["0", "0"], "{limits}");
    run(Command::new("kill").args(["-ABRT", &child.id().to_string()])).ok();
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6), "{status}");
    assert!(!status.core_dumped(), "{status}");
}
