//! `punchmark krl show` beside `ssh-keygen -Q -l`.

use std::path::{Path, PathBuf};

use punchmark::wire::hex;

use super::folder::Folder;

fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-tests/vectors/krl")
}

#[test]
fn every_krl_shows_as_ssh_keygen_shows_it_in_any_zone() {
    let folder = Folder::new();
    let mut shown = 0;
    for file in std::fs::read_dir(vectors()).unwrap() {
        let file = file.unwrap().path();
        let file = file.to_str().unwrap();
        if !file.ends_with(".krl") {
            continue;
        }
        for zone in ["UTC", "Europe/Oslo", "Asia/Kathmandu", "America/St_Johns"] {
            let run = |program: &str, args: &[&str]| {
                let mut command = folder.command(program, args);
                let output = command.env("TZ", zone).output().unwrap();
                assert!(output.status.success(), "{program} {args:?} {output:?}");
                String::from_utf8(output.stdout).unwrap()
            };
            let theirs = run("ssh-keygen", &["-Q", "-l", "-f", file]);
            let binary = env!("CARGO_BIN_EXE_punchmark");
            assert_eq!(run(binary, &["krl", "show", file]), theirs, "{zone}");
            let check = ["krl", "check", "-l", "-f", file];
            assert_eq!(run(binary, &check), theirs, "{zone}");
            shown += 1;
        }
    }
    assert!(shown > 40, "{shown}");
}

#[test]
fn keys_are_answered_for_after_the_krl() {
    let folder = Folder::new();
    folder.key("ca", "ed25519");
    folder.make("id: x\n", Some("none")).unwrap();
    let (_, theirs) = folder.run(&["-Q", "-l", "-f", "made.krl", "ca.pub"]);
    let ours = folder
        .punchmark(&["krl", "show", "made.krl", "ca.pub"])
        .ok();
    assert_eq!(ours.stdout, String::from_utf8(theirs).unwrap());
}

#[test]
fn dates_that_nobody_lives_to_see_are_shown_as_such() {
    let folder = Folder::new();
    folder.make("", None).unwrap();
    let mut krl = folder.read("made.krl");
    for (seconds, words) in [
        (0_u64, "19700101T000000"),
        (253_402_207_200, "99991230T220000"),
        (1 << 60, "<INVALID>"),
        (u64::MAX, "<INVALID>"),
    ] {
        krl[20..28].copy_from_slice(&seconds.to_be_bytes());
        folder.write("dated", &krl);
        let ran = folder.punchmark(&["krl", "show", "dated"]).ok();
        let line = ran.stdout.lines().nth(1).unwrap();
        assert_eq!(line, format!("# Generated at {words}"));
    }
}

#[test]
fn json_has_all_that_the_words_have() {
    let folder = Folder::new();
    let user = folder.key("user", "ed25519");
    let line = String::from_utf8(folder.read("user.pub")).unwrap();
    folder.write(
        "a",
        "serial: 1-9\nserial: 18446744073709551615\nid: søren\n",
    );
    folder.write(
        "b",
        [line.as_bytes(), b"sha1:", line.as_bytes(), b"id: \xff\n"].concat(),
    );
    folder.must(&["-q", "-kf", "krl", "-s", "user", "-z", "4", "-C", "c", "a"]);
    folder.must(&["-q", "-kuf", "krl", "-s", "none", "b"]);
    let ran = folder.punchmark(&["krl", "show", "krl", "--json"]).ok();
    let mut json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let generated = json["generated"].take();
    assert!(generated.as_u64() > Some(1_700_000_000), "{generated}");
    let fingerprint = String::from_utf8(folder.must(&["-lf", "user.pub"])).unwrap();
    let key = serde_json::json!({
        "algorithm": "ssh-ed25519",
        "fingerprint": fingerprint.split(' ').nth(1).unwrap(),
        "blob": line.split(' ').nth(1).unwrap(),
    });
    let sha1 = hex(&user.sha1());
    let expected = serde_json::json!({ "schema": 1,
        "version": 4, "generated": null, "flags": 0, "comment": "c",
        "keys": [key.clone()], "sha256": [], "sha1": [sha1],
        "certificates": [
            { "ca": key, "serials": [[1, 9], [u64::MAX, u64::MAX]], "key-ids": ["søren"] },
            { "ca": null, "serials": [], "key-ids": [{ "base64": "/w==" }] },
        ],
    });
    assert_eq!(json, expected);
}

#[test]
fn help_has_examples_and_a_krl_command_needs_no_config() {
    let folder = Folder::new();
    for command in ["show", "spec", "check"] {
        let ran = folder.punchmark(&["krl", command, "--help"]).ok();
        assert!(ran.stdout.contains("Examples:\n"), "{}", ran.stdout);
    }
    folder.make("", None).unwrap();
    let args = ["--config", "missing", "krl", "show", "made.krl"];
    folder.punchmark(&args).ok();
}
