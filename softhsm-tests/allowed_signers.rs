//! Our reading of a file of allowed signers, line for line that of `ssh-keygen -Y verify`.

use std::fs;
use std::process::Command;

use jiff::tz::TimeZone;
use punchmark::certificate::key_line::read_public_key_line;
use punchmark::request::AllowedSigners;

use crate::harness::keygen::{self, ED25519};
use crate::harness::process::{run, run_fed};

const NAMESPACE: &str = "request@punchmark";
/// 2026-06-01 12:00:00 UTC.
const NOW: u64 = 1_780_315_200;
const NOW_TEXT: &str = "20260601120000Z";

/// Pieces that a line is put together from, right and wrong.
const NAMES: [&str; 16] = [
    "peter",
    "erik",
    "peter,erik",
    "erik,peter",
    "*",
    "pe?er",
    "*,!peter",
    "!peter,*",
    "!erik,*",
    "!erik",
    "\"peter\"",
    "\"erik,peter\"",
    "pe\"ter\"",
    "\"peter",
    ",peter,",
    "Peter",
];
const OPTIONS: [&str; 32] = [
    "",
    "",
    "",
    "cert-authority",
    "CERT-AUTHORITY",
    "namespaces=\"request@punchmark\"",
    "NameSpaces=\"git,request@punchmark\"",
    "namespaces=\"git\"",
    "namespaces=\"\"",
    "namespaces=\"!request@punchmark,*\"",
    "namespaces=\"*,!request@*\"",
    "namespaces=\"!git,*\"",
    "namespaces=\"request@???????rk\"",
    "namespaces=request@punchmark",
    "namespaces=\"request@punchmark",
    "namespaces=\"a\\\"b,*\"",
    "namespaces",
    "valid-after=\"20260601120000Z\"",
    "valid-after=\"20260601120001Z\"",
    "valid-after=\"20260101\"",
    "valid-after=\"202601011200utc\"",
    "valid-after=\"19700101Z\"",
    "valid-after=\"soon\"",
    "valid-after=20260101",
    "valid-before=\"20260601120000Z\"",
    "valid-before=\"20260601115959Z\"",
    "valid-before=\"20270101\"",
    "valid-before=\"2027010\"",
    "valid-before=\"\"",
    "no-touch-required",
    "cert-authority=\"yes\"",
    ",",
];
const GAPS: [&str; 5] = [" ", "\t", "  ", " \t ", ","];
const ENDS: [&str; 8] = [
    "",
    "\r",
    " a comment",
    " # \"one more\"",
    "\t",
    " \"open",
    "=",
    " ssh-ed25519 AAAA",
];

/// The same numbers at each run.
struct Dice(u64);

impl Dice {
    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let count = u64::try_from(all.len()).unwrap();
        all[usize::try_from(self.0 % count).unwrap()]
    }

    fn line(&mut self, keys: &[&str]) -> String {
        let mut line = self.one_of(&["", "", "", " ", "\t", "#"]).to_owned();
        line += match self.one_of(&["any", "peter", "*"]) {
            "any" => self.one_of(&NAMES),
            name => name,
        };
        line += self.one_of(&GAPS[..4]);
        let first = match self.one_of(&["any", "any", "none"]) {
            "any" => self.one_of(&OPTIONS),
            _ => "",
        };
        line += first;
        if !first.is_empty() {
            for _ in 0..2 {
                let next = self.one_of(&OPTIONS);
                if !next.is_empty() && self.one_of(&["more", "enough", "enough"]) == "more" {
                    line += self.one_of(&[",", ",", ",", ",", ",,", " "]);
                    line += next;
                }
            }
            line += self.one_of(&GAPS);
        }
        line += self.one_of(keys);
        line + self.one_of(&ENDS)
    }
}

#[test]
fn every_line_counts_where_it_counts_for_ssh_keygen() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let key = keygen::make(folder.path(), "key", ED25519);
    keygen::make(folder.path(), "other", ED25519);
    let public = fs::read_to_string(path("key.pub")).unwrap();
    let plain = |name: &str| {
        let line = fs::read_to_string(path(name)).unwrap();
        line.split(' ').take(2).collect::<Vec<_>>().join(" ")
    };
    let (own, others) = (plain("key.pub"), plain("other.pub"));
    let spaced = own.replace(' ', " \t");
    let broken = own.replace("AAAA", "AAA");
    let renamed = own.replace("ssh-ed25519 ", "ssh-rsa ");
    let keys = [
        &own, &own, &own, &own, &own, &own, &spaced, &others, &broken, &renamed,
    ];
    let keys = keys.map(String::as_str);
    fs::write(path("text"), "a text").unwrap();
    let mut sign = Command::new("ssh-keygen");
    sign.args(["-Y", "sign", "-n", NAMESPACE, "-f"])
        .args([&key, &path("text")]);
    run(&mut sign).ok();

    let (key, _comment) = read_public_key_line(&public).unwrap();
    let mut dice = Dice(0x5eed);
    let mut counted = 0;
    for number in 0..600 {
        // Most files have one line, so that none hides what another says.
        let count = if number % 8 == 0 { 3 } else { 1 };
        let lines: Vec<_> = (0..count).map(|_| dice.line(&keys)).collect();
        let text = lines.join("\n") + "\n";
        fs::write(path("allowed"), &text).unwrap();
        let mut verify = Command::new("ssh-keygen");
        verify
            .env("TZ", "UTC")
            .args(["-Y", "verify", "-I", "peter", "-n", NAMESPACE]);
        verify.arg(format!("-Overify-time={NOW_TEXT}"));
        verify
            .arg("-f")
            .arg(path("allowed"))
            .arg("-s")
            .arg(path("text.sig"));
        let theirs = run_fed(&mut verify, b"a text").code == Some(0);
        let signers = AllowedSigners::parse(text.as_bytes(), &|| TimeZone::UTC).unwrap();
        let ours = signers.requester(&key, Some(&"peter".parse().unwrap()), NOW);
        assert_eq!(ours.is_some(), theirs, "{text:?} {:?}", signers.faults());
        counted += u32::from(theirs);
    }
    // Else the lines would be too wrong to tell anything.
    assert!(counted > 100, "{counted}");
}
