//! `punchmark krl check` beside `ssh-keygen -Q`.

use punchmark::krl::{Header, Krl};

use super::folder::Folder;
use super::{Random, some_revocations, subjects};
use crate::harness::process::Ran;

fn check(folder: &Folder, args: &[&str]) -> Ran {
    folder.punchmark(&[&["krl", "check"], args].concat())
}

/// A folder with a key, its certificate of serial 5, and a KRL of that serial.
fn world() -> Folder {
    let folder = Folder::new();
    folder.key("ca", "ed25519");
    folder.key("user", "ed25519");
    folder.must(&["-q", "-s", "ca", "-z", "5", "-I", "id", "user.pub"]);
    folder.make("serial: 5\n", Some("ca.pub")).unwrap();
    folder
}

#[test]
fn every_answer_is_that_of_ssh_keygen() {
    let folder = Folder::new();
    let subjects = subjects(&folder);
    let files: Vec<&str> = subjects.iter().map(|(file, _)| file.as_str()).collect();
    let mut random = Random(4);
    for _ in 0..20 {
        let revocations = some_revocations(&mut random, &subjects);
        let krl = Krl::new(Header::default(), revocations);
        folder.write("check.krl", krl.to_bytes().unwrap());
        let (none_revoked, theirs) =
            folder.run(&[&["-Q", "-f", "check.krl"], files.as_slice()].concat());
        let ours = check(&folder, &[&["-f", "check.krl"], files.as_slice()].concat());
        assert_eq!(ours.stdout, String::from_utf8(theirs).unwrap());
        assert_eq!(ours.code, Some(i32::from(!none_revoked)));
        assert_eq!(ours.stderr, "");
    }
}

#[test]
fn a_key_is_found_where_ssh_keygen_finds_it() {
    let folder = world();
    let line = String::from_utf8(folder.read("user.pub")).unwrap();
    let bare: Vec<_> = line.split(' ').take(2).collect();
    let bare = bare.join(" ");
    folder.write("bare.pub", format!("{bare}\n"));
    folder.write("windows.pub", format!("{bare}\ta  b\r\n"));
    folder.write("late", format!("# x\n\npeter\n \t{bare} c#d"));
    folder.write("certificate", folder.read("user-cert.pub"));
    for name in ["user", "user.pub", "user-cert", "bare", "bare.pub"] {
        same(&folder, name);
    }
    for name in ["windows.pub", "late", "certificate"] {
        same(&folder, name);
    }
}

#[track_caller]
fn same(folder: &Folder, name: &str) {
    let args = ["-f", "made.krl", name];
    let (none_revoked, theirs) = folder.run(&[&["-Q"], &args[..]].concat());
    let ours = check(folder, &args);
    assert!(!theirs.is_empty(), "{name}");
    assert_eq!(ours.stdout, String::from_utf8(theirs).unwrap());
    assert_eq!(ours.code, Some(i32::from(!none_revoked)));
}

#[test]
fn the_exit_code_is_0_only_if_all_is_read_and_nothing_revoked() {
    let folder = world();
    check(&folder, &["-f", "made.krl"]).ok();
    let ok = check(&folder, &["-f", "made.krl", "user.pub", "ca.pub"]).ok();
    assert_eq!(ok.stdout, "user.pub (user): ok\nca.pub (ca): ok\n");
    let revoked = check(&folder, &["-f", "made.krl", "user-cert.pub", "ca.pub"]);
    let revoked = revoked.exits(1).says("");
    assert_eq!(
        revoked.stdout,
        "user-cert.pub (user): REVOKED\nca.pub (ca): ok\n"
    );
    let unread = check(&folder, &["-f", "made.krl", "missing", "ca.pub"]);
    let unread = unread.exits(1).says("punchmark: missing: No such file");
    assert_eq!(unread.stdout, "ca.pub (ca): ok\n");
}

#[test]
fn a_certificate_that_its_ca_did_not_sign_is_not_answered_for() {
    let folder = world();
    let line = String::from_utf8(folder.read("user-cert.pub")).unwrap();
    let mut blob = folder.blob("user-cert.pub");
    let serial = blob
        .windows(8)
        .position(|window| window == [0, 0, 0, 0, 0, 0, 0, 5]);
    blob[serial.unwrap() + 7] = 6;
    let algorithm = line.split(' ').next().unwrap();
    let base64 = <base64ct::Base64 as base64ct::Encoding>::encode_string(&blob);
    folder.write("forged.pub", format!("{algorithm} {base64} user\n"));
    assert!(!folder.run(&["-Q", "-f", "made.krl", "forged.pub"]).0);
    let ran = check(&folder, &["-f", "made.krl", "forged.pub"]);
    let ran = ran.exits(1).says("signature is not by its CA");
    assert_eq!(ran.stdout, "");
    // Whoever trusts the file by other means gets the answer for what it says.
    let args = [
        "-f",
        "made.krl",
        "--skip-signatures",
        "forged.pub",
        "user-cert.pub",
    ];
    let ran = check(&folder, &args).exits(1).says("");
    let answers = "forged.pub (user): ok\nuser-cert.pub (user): REVOKED\n";
    assert_eq!(ran.stdout, answers);
}

#[test]
fn what_is_no_public_key_is_named_and_passed_over() {
    let folder = world();
    folder.write("empty", "");
    folder.write("binary", [0_u8, 255, 10, 0].repeat(99));
    folder.write("long", "x".repeat(2 << 20));
    std::fs::copy(folder.path().join("user"), folder.path().join("private")).unwrap();
    for (name, words) in [
        ("empty", "empty: there is no public key in OpenSSH form"),
        ("binary", "binary: there is no public key in OpenSSH form"),
        ("long", "long: file too large"),
        ("private", "ssh-keygen -y"),
        (".", ".: Is a directory"),
        (
            "/dev/zero",
            "/dev/zero: is a pipe, a device or a socket, not a file",
        ),
        ("made.krl", "made.krl: there is no public key"),
    ] {
        let ran = check(&folder, &["-f", "made.krl", name, "user-cert.pub"]);
        let ran = ran.exits(1).says(words);
        assert_eq!(ran.stdout, "user-cert.pub (user): REVOKED\n");
    }
}

#[test]
fn an_unreadable_krl_answers_for_nobody() {
    let folder = world();
    folder.write("empty", "");
    let krl = folder.read("made.krl");
    folder.write("cut", &krl[..krl.len() - 1]);
    folder.write("more", [&krl[..], &[7]].concat());
    let long = std::fs::File::create(folder.path().join("long")).unwrap();
    long.set_len(0x800_0001).unwrap();
    for (name, words) in [
        ("empty", "empty: not a KRL"),
        ("user.pub", "user.pub: not a KRL"),
        ("cut", "cut: the KRL's encoding is broken"),
        ("more", "more: the KRL's encoding is broken"),
        ("long", "long: file too large"),
        (
            "/dev/zero",
            "/dev/zero: is a pipe, a device or a socket, not a file",
        ),
        ("missing", "missing: No such file"),
        (".", ".: Is a directory"),
    ] {
        let ran = check(&folder, &["-f", name, "user.pub"])
            .exits(1)
            .says(words);
        assert_eq!(ran.stdout, "");
        let ran = folder
            .punchmark(&["krl", "show", name])
            .exits(1)
            .says(words);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn a_comment_cannot_command_the_terminal() {
    let folder = world();
    let line = String::from_utf8(folder.read("user.pub")).unwrap();
    let line = line.replace(" user\n", " \u{1b}[2J: ok\u{202e}\n");
    folder.write("hostile\u{7}.pub", line);
    let ran = check(&folder, &["-f", "made.krl", "hostile\u{7}.pub"]).ok();
    assert_eq!(
        ran.stdout,
        "hostile\\007.pub (\\033[2J: ok\\342\\200\\256): ok\n"
    );
}

#[test]
fn many_files_are_answered_for_in_their_order() {
    let folder = world();
    let mut expected = String::new();
    let names: Vec<_> = (0..100).map(|number| format!("{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let (file, word) = match number % 3 {
            0 => ("user-cert.pub", "REVOKED"),
            _ => ("user.pub", "ok"),
        };
        folder.write(name, folder.read(file));
        expected += &format!("{name} (user): {word}\n");
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let ran = check(&folder, &[&["-f", "made.krl"], names.as_slice()].concat());
    assert_eq!(ran.stdout, expected);
}

#[test]
fn json_says_what_revokes_a_key() {
    let folder = world();
    let args = ["--json", "-f", "made.krl", "user.pub", "user-cert.pub"];
    let ran = check(&folder, &args).exits(1).says("");
    assert_eq!(
        ran.stdout,
        concat!(
            r#"{"by":null,"comment":"user","file":"user.pub","match":null,"revoked":false,"schema":1}"#,
            "\n",
            r#"{"by":"serial","comment":"user","file":"user-cert.pub","match":"ca","revoked":true,"schema":1}"#,
            "\n"
        )
    );
}
