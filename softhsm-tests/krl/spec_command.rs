//! `punchmark krl spec` beside `ssh-keygen -k`.

use std::os::unix::fs::PermissionsExt;

use punchmark::krl::Krl;

use super::LINES;
use super::folder::Folder;
use crate::harness::process::Ran;

/// A folder with the keys that [`LINES`] names and a CA.
struct World {
    folder: Folder,
    names: Vec<(&'static str, String)>,
}

impl World {
    fn new() -> Self {
        let folder = Folder::new();
        folder.key("user", "ed25519");
        folder.key("rsa", "rsa");
        folder.key("ca", "ed25519");
        folder.key("other", "ecdsa");
        folder.must(&["-q", "-s", "ca", "-z", "5", "-I", "id 5", "user.pub"]);
        let text = |file: &str| String::from_utf8(folder.read(file)).unwrap();
        let base64 = |file: &str| text(file).split(' ').nth(1).unwrap().to_owned();
        let fingerprint = String::from_utf8(folder.must(&["-lf", "rsa.pub"])).unwrap();
        let names = vec![
            ("{user}", text("user.pub").trim_end().to_owned()),
            ("{rsa}", text("rsa.pub").trim_end().to_owned()),
            ("{cert}", text("user-cert.pub").trim_end().to_owned()),
            ("{fp}", fingerprint.split(' ').nth(1).unwrap().to_owned()),
            ("{ub}", base64("user.pub")),
            ("{rb}", base64("rsa.pub")),
        ];
        Self { folder, names }
    }

    fn fill(&self, line: &str) -> String {
        let fill = |text: String, (name, value): &(&str, String)| text.replace(name, value);
        self.names.iter().fold(line.to_owned(), fill)
    }

    /// `punchmark krl spec` with these arguments.
    fn spec(&self, args: &[&str]) -> Ran {
        self.folder.punchmark(&[&["krl", "spec"], args].concat())
    }

    /// `ssh-keygen -k` with these arguments.
    fn keygen(&self, args: &[&str]) {
        self.folder.must(&[&["-q", "-k"], args].concat());
    }

    fn krl(&self, name: &str) -> Krl {
        Krl::from_bytes(&self.folder.read(name)).unwrap()
    }

    /// Both KRLs say the same, to us and to `ssh-keygen`, their dates apart.
    #[track_caller]
    fn assert_same(&self, ours: &str, theirs: &str) {
        let (ours, theirs) = (self.folder.read(ours), self.folder.read(theirs));
        let shown = |krl: &[u8]| {
            let shown = self.folder.show(krl).unwrap();
            super::below_the_time(&shown)
        };
        assert_eq!(shown(&ours), shown(&theirs));
        assert!(ours.len() <= theirs.len());
    }
}

#[test]
fn every_line_is_taken_or_refused_as_by_ssh_keygen() {
    let world = World::new();
    let mut taken = 0;
    for line in LINES {
        let spec = world.fill(line);
        for ca in [None, Some("none"), Some("ca.pub")] {
            let theirs = world.folder.make(&spec, ca);
            let mut args = vec!["-f", "ours.krl"];
            args.extend(ca.iter().flat_map(|ca| ["-s", ca]));
            args.push("spec");
            let _ = std::fs::remove_file(world.folder.path().join("ours.krl"));
            let ours = world.spec(&args);
            match theirs {
                Some(_) => {
                    ours.ok();
                    world.assert_same("ours.krl", "made.krl");
                    taken += 1;
                }
                None => {
                    ours.exits(1).says("punchmark: spec: line ");
                    assert!(!world.folder.names().contains(&"ours.krl".to_owned()));
                }
            }
        }
    }
    assert!(taken > LINES.len(), "{taken}");
}

#[test]
fn an_update_adds_and_keeps_what_ssh_keygen_keeps() {
    let world = World::new();
    world.folder.write("a", "serial: 1-5\nid: x\n");
    world
        .folder
        .write("b", world.fill("serial: 9\nsha1: {rsa}\n{cert}\n"));
    world.folder.write("key", world.fill("{user}\n"));
    // An old date, so that a new one would show.
    world.keygen(&["-f", "old", "-s", "ca", "-z", "3", "-C", "old", "a"]);
    let mut old = world.folder.read("old");
    old[20..28].copy_from_slice(&1_600_000_000_u64.to_be_bytes());
    for more in [
        &["key"][..],
        &["-s", "ca.pub", "b", "a"],
        &["-s", "other", "b"],
        &["-s", "NONE", "-z", "7", "b"],
        &["-s", "none", "-z", "0", "-C", "", "b"],
        &["-C", "new", "-z", "+18446744073709551615"],
    ] {
        world.folder.write("ours", &old);
        world.folder.write("theirs", &old);
        world.spec(&[&["-u", "-f", "ours"], more].concat()).ok();
        world.keygen(&[&["-u", "-f", "theirs"], more].concat());
        let (ours, theirs) = (world.krl("ours"), world.krl("theirs"));
        assert_eq!(ours, theirs, "{more:?}");
        assert_eq!(ours.header().generated, 1_600_000_000);
        world.assert_same("ours", "theirs");
        // Each goes on with the other's.
        world.keygen(&["-u", "-f", "ours", "-s", "none", "a"]);
        world.spec(&["-u", "-f", "theirs", "-s", "none", "a"]).ok();
        assert_eq!(world.krl("ours"), world.krl("theirs"), "{more:?}");
    }
}

#[test]
fn several_cas_stand_in_one_file_after_several_runs() {
    let world = World::new();
    world.folder.write("spec", "serial: 1\nid: a\n");
    for (ca, update) in [
        ("ca.pub", None),
        ("other", Some("-u")),
        ("none", Some("-u")),
    ] {
        let flags = ["-f", "ours", "-s", ca, "spec"].into_iter();
        world
            .spec(&flags.clone().chain(update).collect::<Vec<_>>())
            .ok();
        let theirs = ["-f", "theirs", "-s", ca].into_iter().chain(update);
        world.keygen(&theirs.chain(["spec"]).collect::<Vec<_>>());
    }
    world.assert_same("ours", "theirs");
    assert_eq!(world.krl("ours").authorities().count(), 3);
}

#[test]
fn standard_input_is_a_specification_like_others() {
    let world = World::new();
    world.folder.write("spec", "serial: 8\n");
    let args = ["krl", "spec", "-f", "ours", "-s", "none", "-", "spec", "-"];
    let ran = world
        .folder
        .punchmark_fed(&args, b"serial: 7\r\0\nserial: 7");
    ran.exits(1)
        .says("punchmark: standard input: line 1 of the specification");
    let ran = world.folder.punchmark_fed(&args, b"serial: 7").ok();
    assert_eq!(ran.stdout, "");
    let krl = world.krl("ours");
    let mut ranges = krl.authorities().next().unwrap().serials().ranges();
    let first = ranges.next().unwrap();
    assert_eq!((first.first(), first.last()), (7, 8));
}

#[test]
fn a_krl_of_nothing_is_a_whole_file() {
    let world = World::new();
    world.spec(&["-f", "ours"]).ok();
    world.keygen(&["-f", "theirs"]);
    world.assert_same("ours", "theirs");
    assert_eq!(world.folder.read("ours").len(), 44);
    let mode = world.folder.path().join("ours").metadata().unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o644);
}

#[test]
fn an_error_leaves_the_old_krl_and_no_other_file() {
    let world = World::new();
    world.folder.write("spec", "serial: 1\n");
    world
        .folder
        .write("wrong", "serial: 2\n\n# x\nserial: 9-3\n");
    world.spec(&["-f", "krl", "-s", "none", "spec"]).ok();
    world.folder.write("not-a-krl", "");
    let (before, names) = (world.folder.read("krl"), world.folder.names());
    for (args, code, words) in REFUSED {
        world.spec(args).exits(*code).says(words);
        assert_eq!(world.folder.read("krl"), before, "{args:?}");
        assert_eq!(world.folder.names(), names, "{args:?}");
    }
}

/// Arguments, exit code and words.
const REFUSED: &[(&[&str], i32, &str)] = &[
    (
        &["-f", "krl", "-s", "none", "spec", "wrong"],
        1,
        "wrong: line 4 of the specification: the serial range 9 to 3",
    ),
    (&["-f", "krl", "spec"], 1, "-s none"),
    (&["-f", "krl", "missing"], 1, "missing: No such file"),
    (&["-f", "krl", "/"], 1, "/: Is a directory"),
    (
        &["-f", "krl", "-s", "missing", "spec"],
        1,
        "missing: No such file",
    ),
    (
        &["-f", "krl", "-s", "spec", "spec"],
        1,
        "spec: there is no public key",
    ),
    (
        &["-f", "krl", "-s", "user-cert.pub", "spec"],
        1,
        "CA user-cert.pub is a certificate",
    ),
    (&["-f", "krl", "-z", "", "spec"], 2, "version \"\""),
    (&["-f", "krl", "-z", "++5", "spec"], 2, "version \"++5\""),
    (&["-f", "krl", "-z", "-5", "spec"], 2, "version \"-5\""),
    (&["-f", "krl", "-z", "0x5", "spec"], 2, "version \"0x5\""),
    (
        &["-f", "krl", "-z", "18446744073709551616", "spec"],
        2,
        "18446744073709551616",
    ),
    (&["-f", "krl", "-C"], 2, "-C"),
    (&["spec"], 2, "-f"),
    (
        &["-u", "-f", "new", "-s", "none", "spec"],
        1,
        "KRL new does not exist",
    ),
    (
        &["-u", "-f", "not-a-krl", "-s", "none", "spec"],
        1,
        "not-a-krl: not a KRL",
    ),
    (
        &["-u", "-f", "user.pub", "-s", "none", "spec"],
        1,
        "user.pub: not a KRL",
    ),
    (
        &["-f", "/dev/null", "-s", "none", "spec"],
        1,
        "/dev/null is not a regular file",
    ),
    (
        &["-f", "/", "-s", "none", "spec"],
        1,
        "/ is not a regular file",
    ),
    (
        &["-f", "no/such", "-s", "none", "spec"],
        1,
        "no/such: No such file",
    ),
    (&["-f", "", "-s", "none", "spec"], 2, "-f <OUT>"),
];

#[test]
fn a_symbolic_link_keeps_pointing_to_the_krl() {
    let world = World::new();
    world.folder.write("spec", "serial: 1\n");
    std::fs::create_dir(world.folder.path().join("etc")).unwrap();
    let link = world.folder.path().join("link");
    std::os::unix::fs::symlink("etc/krl", &link).unwrap();
    world.folder.write("etc/krl", "");
    world.spec(&["-f", "link", "-s", "none", "spec"]).ok();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(world.krl("etc/krl").authorities().count(), 1);
}

#[test]
fn words_go_to_stderr_and_json_to_stdout() {
    let world = World::new();
    world.folder.write("spec", "serial: 1\n");
    let args = ["-f", "krl", "-s", "none", "-z", "4", "spec"];
    let ran = world.spec(&args).ok();
    assert_eq!(ran.stdout, "");
    assert_eq!(
        ran.stderr,
        "revoking from spec\nwrote krl: KRL version 4, 70 bytes\n"
    );
    let quiet = world.spec(&[&args[..], &["-q"]].concat()).ok();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    let json = world.spec(&[&args[..], &["--json"]].concat()).ok();
    let generated = world.krl("krl").header().generated;
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let expected = serde_json::json!({ "file": "krl", "version": 4, "generated": generated, "bytes": 70,
            "schema": 1 });
    assert_eq!(json, expected);
}
