//! `punchmark-principals` by hand: its exit codes, what it says to the log, what it calls.

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::harness::keygen::{self, ED25519};
use crate::harness::log_socket::LogSocket;
use crate::harness::process::{Ran, bounded, run};
use crate::harness::server::{PRINCIPALS, root_owned};
use crate::harness::shipped::login_binary;
use crate::harness::{scratch, write};

/// A certificate in base64, as sshd puts it in place of `%k`.
fn certificate(folder: &Path, principals: &str) -> String {
    let ca = keygen::make(folder, "ca", ED25519);
    let key = keygen::make(folder, "key", ED25519);
    let mut keygen = bounded("ssh-keygen");
    keygen
        .arg("-q")
        .arg("-s")
        .arg(&ca)
        .args(["-I", "id", "-n", principals]);
    run(keygen.arg(keygen::public(&key))).ok();
    let line = std::fs::read_to_string(keygen::certificate(&key)).unwrap();
    line.split(' ').nth(1).unwrap().to_owned()
}

/// A list, and a copy of the program, in a folder of root's; none if this isn't root.
fn place(list: &str, program: &Path) -> Option<(tempfile::TempDir, PathBuf, PathBuf)> {
    if !rustix::process::geteuid().is_root() {
        eprintln!("left out: only root makes what is root's");
        return None;
    }
    let place = root_owned();
    let path = place.path().join("access.list");
    write(&path, list, 0o640);
    let copy = place.path().join("punchmark-principals");
    std::fs::copy(program, &copy).unwrap();
    Some((place, path, copy))
}

fn ask(program: &Path, arguments: &[&str]) -> Ran {
    run(bounded(program).args(arguments))
}

#[test]
fn it_exits_with_0_when_it_decided_and_with_1_on_any_doubt() {
    let Some((_place, list, program)) = place("peter www web1 restrict\n", PRINCIPALS.as_ref())
    else {
        return;
    };
    let keys = scratch();
    let certificate = certificate(keys.path(), "peter,erik");
    let list = list.to_str().unwrap();
    let decided = |arguments: [&str; 4]| ask(&program, &arguments).ok().stdout;
    assert_eq!(
        decided([list, "web1", "www", &certificate]),
        "restrict peter\n"
    );
    assert_eq!(decided([list, "web2", "www", &certificate]), "");
    assert_eq!(decided([list, "web1", "root", &certificate]), "");
    for arguments in [
        &[][..],
        &["--help"],
        &[list, "web1", "www"],
        &[list, "web1", "www", &certificate, ""],
        &[list, "web1", "", &certificate],
        &[list, "Web1", "www", &certificate],
        &[list, "", "www", &certificate],
        &[list, "web1", "www", ""],
        &[list, "web1", "www", &certificate[4..]],
        &["access.list", "web1", "www", &certificate],
        &["", "web1", "www", &certificate],
        &[&format!("{list}x"), "web1", "www", &certificate],
        &[
            &format!("{list}/../access.list"),
            "web1",
            "www",
            &certificate,
        ],
        &["/dev/null", "web1", "www", &certificate],
    ] {
        let ran = ask(&program, arguments).exits(1);
        assert_eq!((&*ran.stdout, &*ran.stderr), ("", ""), "{arguments:?}");
    }
}

/// Twice twenty times, within some seconds.
const ASK_AGAIN: &str = "for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    \"$1\" \"$2\" web1 www \"$3\" && \"$1\" \"$2\" web1 db \"$3\" || exit 8
done";

#[test]
fn the_log_hears_of_the_same_certificate_user_and_answer_at_most_once_a_second() {
    use linux_keyutils::{KeyRing, KeyRingIdentifier};
    let Some((_place, list, program)) = place("peter www web1\n", PRINCIPALS.as_ref()) else {
        return;
    };
    if KeyRing::from_special_id(KeyRingIdentifier::User, false).is_err() {
        eprintln!("left out: the kernel keeps no keys here, and all is told");
        return;
    }
    let keys = scratch();
    let certificate = certificate(keys.path(), "peter");
    let log = LogSocket::bind();
    let start = Instant::now();
    let mut ask = log.shell(ASK_AGAIN);
    let ran = run(ask.arg(&program).arg(&list).arg(&certificate)).ok();
    let seconds = usize::try_from(start.elapsed().as_secs()).unwrap();
    assert_eq!(ran.stdout, "peter\n".repeat(20));
    let heard = log.heard();
    for words in [
        "would let in peter: user www",
        "nobody let in, no line lets it in: user db",
    ] {
        let count = heard
            .iter()
            .filter(|message| message.contains(words))
            .count();
        // Of 20 in less than 20 seconds, some were the same within one.
        assert!((1..=seconds + 1).contains(&count), "{seconds} s: {heard:?}");
    }
}

#[test]
fn what_is_shipped_needs_no_library_and_calls_nothing_but_what_it_reads_and_says() {
    let program = login_binary();
    let sections = run(bounded("readelf").arg("-dlW").arg(&program))
        .ok()
        .stdout;
    assert!(
        !sections.contains("NEEDED") && !sections.contains("INTERP"),
        "{sections}"
    );
    let Some((place, list, program)) = place("peter www web1 expiry-time=\"20990101\"\n", &program)
    else {
        return;
    };
    let keys = scratch();
    let certificate = certificate(keys.path(), "peter");
    let trace = keys.path().join("trace");
    let mut strace = bounded("strace");
    strace.arg("-f").arg("-o").arg(&trace).arg(&program);
    let ran = run(strace.arg(&list).args(["web1", "www", &certificate])).ok();
    assert_eq!(ran.stdout, "expiry-time=\"20990101\" peter\n");
    let trace = std::fs::read_to_string(trace).unwrap();
    hold_calls(&trace, place.path());
}

/// What a login may call, by the words of strace.
fn hold_calls(trace: &str, place: &Path) {
    let calls: Vec<_> = trace
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(_pid, call)| call.trim_start())
        .collect();
    let named = |name: &str| {
        let begin = format!("{name}(");
        let calls = calls.iter().copied();
        calls
            .filter(|call| call.starts_with(&begin))
            .collect::<Vec<_>>()
    };
    for call in named("socket") {
        assert!(call.contains("AF_UNIX, SOCK_DGRAM"), "{call}");
    }
    for call in named("connect") {
        assert!(call.contains("sun_path=\"/dev/log\""), "{call}");
    }
    let writes = named("write");
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("write(1, "), "{writes:?}");
    for call in [named("openat"), named("open")].concat() {
        assert!(
            !call.contains("O_CREAT") && !call.contains("O_RDWR") && !call.contains("O_WRONLY"),
            "{call}"
        );
        let known = [
            "\"/\"",
            "\"srv\"",
            "\"access.list\"",
            "\"access.list.idx\"",
            "\"punchmark-principals\"",
            "/etc/localtime",
            "/proc/self/maps",
        ];
        let own = place.file_name().unwrap().to_str().unwrap();
        assert!(
            known.iter().any(|path| call.contains(path)) || call.contains(own),
            "{call}"
        );
    }
    for other in [
        "clone",
        "clone3",
        "fork",
        "vfork",
        "pwrite64",
        "writev",
        "truncate",
        "ftruncate",
        "unlink",
        "rename",
        "mkdir",
        "bind",
        "listen",
        "ptrace",
    ] {
        assert_eq!(named(other).len(), 0, "{other}");
    }
    assert_eq!(named("execve").len(), 1);
    // The first act; only what the arguments of execve say comes before.
    let dumpable = calls
        .iter()
        .position(|call| call.starts_with("prctl(PR_SET_DUMPABLE, "));
    let opened = calls
        .iter()
        .position(|call| call.starts_with("openat(") && call.contains("access.list"));
    assert!(dumpable.unwrap() < opened.unwrap(), "{trace}");
}
