//! KRLs against the real `ssh-keygen`, in both directions: what it writes we read,
//! what we write it reads, and both say the same of every key and certificate.

mod answers;
mod command;
#[cfg(feature = "fetch")]
mod fetch;
pub(crate) mod folder;
#[cfg(feature = "fetch")]
mod rollover;
#[cfg(feature = "fetch")]
pub(crate) mod server;
mod spec_command;

use std::ffi::CString;
use std::path::Path;

use punchmark::krl::{
    Certificate, Header, Krl, ReadError, Revocations, SerialRange, Subject, WireError, spec,
};

use folder::Folder;

/// Our KRL of a specification, with the header of theirs.
fn made(spec: &str, ca: &spec::Ca, header: Header) -> Result<Krl, spec::SpecError> {
    let mut revocations = Revocations::default();
    spec::revoke(spec.as_bytes(), ca, &mut revocations)?;
    Ok(Krl::new(header, revocations))
}

/// What we print, below the line with the time.
fn shown(krl: &Krl) -> Vec<String> {
    let mut text = String::new();
    krl.show("then", &mut text).unwrap();
    below_the_time(&text)
}

/// All lines but the time, and those that ssh-keygen, or one of today without DSA,
/// leaves out.
fn below_the_time(text: &str) -> Vec<String> {
    text.lines()
        .filter(|line| !line.starts_with("# Generated at "))
        .filter(|line| !line.ends_with(" bytes that are no public key"))
        .filter(|line| !line.ends_with(" # ssh-dss"))
        .map(str::to_owned)
        .collect()
}

/// Numbers that look random and are the same in every run (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.below(u64::try_from(length).unwrap())).unwrap()
    }

    fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.index(list.len())]
    }

    /// A specification of serials: gaps and runs of changing lengths.
    fn serials(&mut self) -> String {
        let gaps = *self.one_of(&[2, 9, 80, 200, 5_000, 1 << 40]);
        let runs = *self.one_of(&[1, 3, 30, 300, 5_000]);
        let mut last = self.below(1_000);
        let mut lines = Vec::new();
        for _ in 0..self.below(1_500) {
            let first = last + 1 + self.below(gaps);
            last = first + self.below(runs);
            lines.push(if first == last {
                format!("serial: {first}\n")
            } else {
                format!("serial: {first}-{last:#x}\n")
            });
        }
        // Neither side may depend on the order.
        if self.below(2) == 0 {
            lines.reverse();
        }
        lines.concat()
    }
}

#[test]
fn generated_serials_are_written_smaller_and_read_alike() {
    let folder = Folder::new();
    let ca = spec::Ca::Key(folder.key("ca", "ed25519"));
    let mut random = Random(1);
    let mut unreadable = 0;
    for _ in 0..60 {
        let spec = random.serials();
        let theirs = folder.make(&spec, Some("ca.pub")).unwrap();
        let header = Krl::from_bytes(&theirs).map_or(Header::default(), |krl| krl.header().clone());
        let ours = made(&spec, &ca, header).unwrap();
        let bytes = ours.to_bytes().unwrap();
        let reread = folder.show(&bytes).expect("OpenSSH reads what we write");
        assert_eq!(below_the_time(&reread), shown(&ours));
        match folder.show(&theirs) {
            Some(text) => {
                assert_eq!(below_the_time(&text), shown(&ours));
                assert_eq!(Krl::from_bytes(&theirs), Ok(ours));
                assert!(bytes.len() <= theirs.len());
            }
            None => {
                let read = Krl::from_bytes(&theirs);
                let long = Err(ReadError::Wire(WireError::LongInteger { bytes: 0 }));
                assert_eq!(read.map_err(without_length), long);
                unreadable += 1;
            }
        }
    }
    assert!((1..30).contains(&unreadable), "{unreadable}");
}

/// How long a bitmap is differs from file to file.
fn without_length(error: ReadError) -> ReadError {
    match error {
        ReadError::Wire(WireError::LongInteger { .. }) => {
            ReadError::Wire(WireError::LongInteger { bytes: 0 })
        }
        other => other,
    }
}

/// The keys and certificates of a small world: files, and what we read in them.
fn subjects(folder: &Folder) -> Vec<(String, Subject)> {
    let mut subjects = Vec::new();
    for (ca, kind) in [("ca-a", "ed25519"), ("ca-b", "ecdsa")] {
        folder.key(ca, kind);
        for (user, kind) in [("erik", "ed25519"), ("peter", "ecdsa"), ("søren", "rsa")] {
            let name = format!("{user}-{ca}");
            subjects.push((format!("{name}.pub"), Subject::Key(folder.key(&name, kind))));
            for serial in [0, 1, 64, u64::MAX] {
                let file = format!("{name}-{serial}-cert.pub");
                let id = format!("{user} {}", serial % 2);
                let serial = serial.to_string();
                let public = format!("{name}.pub");
                folder.must(&["-q", "-s", ca, "-z", &serial, "-I", &id, &public]);
                let signed = folder.path().join(format!("{name}-cert.pub"));
                std::fs::rename(signed, folder.path().join(&file)).unwrap();
                let certificate = Certificate::from_signed_blob(&folder.blob(&file)).unwrap();
                subjects.push((file, Subject::Certificate(certificate)));
            }
        }
    }
    subjects
}

/// A few random revocations, most of which hit somebody.
fn some_revocations(random: &mut Random, subjects: &[(String, Subject)]) -> Revocations {
    let mut revocations = Revocations::default();
    for _ in 0..=random.below(3) {
        let (_, subject) = random.one_of(subjects);
        let (_, other) = random.one_of(subjects);
        let ca = match other {
            Subject::Certificate(certificate) => Some(&certificate.ca),
            Subject::Key(_) => None,
        };
        match random.below(8) {
            0 => revocations.revoke_key(subject.key()),
            1 => revocations.revoke_sha1(subject.key().sha1()),
            2 => revocations.revoke_sha256(subject.key().sha256()),
            3 => revocations.revoke_serials(ca, SerialRange::new(2, 64).unwrap()),
            4 => revocations.revoke_serials(ca, SerialRange::new(65, u64::MAX).unwrap()),
            5 => revocations.revoke_key_id(ca, &CString::new("søren 1").unwrap()),
            6 => ca.into_iter().for_each(|ca| revocations.revoke_key(ca)),
            _ => revocations.revoke(subject),
        }
    }
    revocations
}

#[test]
fn ssh_keygen_agrees_on_every_key_and_certificate() {
    let folder = Folder::new();
    let subjects = subjects(&folder);
    let files: Vec<&str> = subjects.iter().map(|(file, _)| file.as_str()).collect();
    let mut random = Random(2);
    let mut revoked = 0;
    for _ in 0..60 {
        let revocations = some_revocations(&mut random, &subjects);
        let krl = Krl::new(Header::default(), revocations);
        folder.write("check.krl", krl.to_bytes().unwrap());
        let args = [&["-Q", "-f", "check.krl"], files.as_slice()].concat();
        let (none_revoked, stdout) = folder.run(&args);
        let answers = String::from_utf8(stdout).unwrap();
        assert_eq!(answers.lines().count(), subjects.len());
        for (line, (file, subject)) in answers.lines().zip(&subjects) {
            let ours = krl.revokes(subject);
            let verdict = if ours.is_some() { "REVOKED" } else { "ok" };
            assert!(line.starts_with(file.as_str()), "{line}");
            assert!(line.ends_with(&format!(": {verdict}")), "{line} {ours:?}");
            revoked += usize::from(ours.is_some());
        }
        assert_eq!(none_revoked, !answers.contains("REVOKED"));
    }
    assert!(revoked > subjects.len() * 5, "{revoked}");
}

#[test]
fn specifications_are_taken_and_refused_as_by_ssh_keygen() {
    let folder = Folder::new();
    folder.key("user", "ed25519");
    folder.key("rsa", "rsa");
    let ca = folder.key("ca", "ed25519");
    folder.must(&["-q", "-s", "ca", "-z", "5", "-I", "id 5", "user.pub"]);
    let text = |file: &str| {
        String::from_utf8(folder.read(file))
            .unwrap()
            .trim_end()
            .to_owned()
    };
    let (user, rsa, cert) = (text("user.pub"), text("rsa.pub"), text("user-cert.pub"));
    let fingerprint = String::from_utf8(folder.must(&["-l", "-f", "rsa.pub"])).unwrap();
    let fingerprint = fingerprint.split(' ').nth(1).unwrap();
    let base64 = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
    for line in LINES {
        let spec = line
            .replace("{user}", &user)
            .replace("{rsa}", &rsa)
            .replace("{cert}", &cert)
            .replace("{fp}", fingerprint)
            .replace("{ub}", &base64(&user))
            .replace("{rb}", &base64(&rsa));
        let scopes = [
            (None, spec::Ca::Unnamed),
            (Some("none"), spec::Ca::Any),
            (Some("ca.pub"), spec::Ca::Key(ca.clone())),
        ];
        for (theirs, ours) in scopes {
            let theirs = folder.make(&spec, theirs);
            let theirs = theirs.map(|bytes| Krl::from_bytes(&bytes).unwrap());
            let header = theirs
                .as_ref()
                .map_or(Header::default(), |krl| krl.header().clone());
            let made = made(&spec, &ours, header);
            assert_eq!(made.as_ref().ok(), theirs.as_ref(), "{spec:?} {made:?}");
        }
    }
}

#[test]
fn damaged_krls_are_read_and_refused_as_by_openssh() {
    let folder = Folder::new();
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("softhsm-tests/vectors/krl");
    let mut krls: Vec<Vec<u8>> = std::fs::read_dir(vectors)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "krl"))
        .map(|path| std::fs::read(path).unwrap())
        .collect();
    krls.sort();
    let mut random = Random(3);
    let mut read = 0;
    for round in 0..ROUNDS {
        let mut bytes = krls[round % krls.len()].clone();
        for _ in 0..=random.below(2) {
            let place = random.index(bytes.len());
            match random.below(4) {
                0 => bytes[place] ^= 1 << random.below(8),
                1 => bytes[place] = random.next().to_le_bytes()[0],
                2 => drop(bytes.splice(place..place, [0; 4])),
                _ => bytes.truncate(place + 1),
            }
        }
        match (Krl::from_bytes(&bytes), folder.show(&bytes)) {
            (Ok(ours), Some(theirs)) => {
                assert_eq!(shown(&ours), below_the_time(&theirs));
                read += 1;
            }
            (Err(_), None) => {}
            (ours, theirs) => panic!("{bytes:02x?}\n{ours:?}\n{theirs:?}"),
        }
    }
    assert!(read > ROUNDS / 20, "{read}");
}

const ROUNDS: usize = 600;

/// Lines of specifications, right and wrong. In braces: two keys, a certificate, a
/// fingerprint, and the base64 of the keys.
const LINES: &[&str] = &[
    "",
    "\n\n",
    " ",
    "#",
    "\t# x",
    "\r",
    "serial:7",
    " SERIAL :7",
    "Serial:\t0x1f #",
    "serial: 010",
    "serial: 08",
    "serial: 0x",
    "serial: 0xg",
    "serial: -1",
    "serial: - 1",
    "serial: --1",
    "serial: +5",
    "serial: ++5",
    "serial: 5-",
    "serial: -",
    "serial:",
    "serial: #5",
    "serial: 5 - 9",
    "serial: 5- 9",
    "serial: 5-\t9",
    "serial: 5 -9",
    "serial: 5-0x9",
    "serial: 5-5",
    "serial: 9-5",
    "serial: 5--1",
    "serial: 0",
    "serial: 0-5",
    "serial: 1-5-9",
    "serial: 5\r",
    "serial: 5-9\r",
    "serial: \u{b}5",
    "serial: 18446744073709551615",
    "serial: 18446744073709551616",
    "serial: 1-18446744073709551616",
    "serial: 99999999999999999999-1",
    "serial: -18446744073709551615",
    "serial: ٧",
    "serial: 5\0x",
    "id: a",
    "ID:  a b\t",
    "id:",
    "id: a#b",
    "id:\r",
    "id: a\0b",
    "id: \u{1b}[31m",
    "id : a",
    "iid: a",
    "hash:",
    "hash: SHA256:",
    "hash: SHA256:AAAA",
    "hash: sha256:AAAA",
    "hash: {fp}",
    "HASH:{fp}",
    "hash: {fp}=",
    "hash: {fp}==",
    "hash: {fp} ",
    "hash: {fp} x",
    "hash: SHA256: {fp}",
    "hash: {fp}\r",
    "{user}",
    " \t{user} and a comment",
    "{user}#",
    "{rsa}\r",
    "key: {user}",
    "key:{cert}",
    "KEY: ",
    "sha1: {user}",
    "sha1:{cert}",
    "sha256: {rsa}",
    "SHA256:\t{cert}",
    "{cert}",
    "key: key: {user}",
    "ssh-ed25519",
    "ssh-ed25519 ",
    "ssh-ed25519 AAAA",
    "ssh-rsa {ub}",
    "ssh-ed25519 {ub}",
    "ssh-ed25519 {ub}=",
    "ssh-ed25519\t\t{ub}\tx",
    "ssh-ed25519  {ub}\r",
    "ED25519 {ub}",
    "ssh-ed25519-cert-v01@openssh.com {ub}",
    "rsa-sha2-512 {rb}",
    "ssh-dss {rb}",
    "peter",
    "{fp}",
    "cert-authority {user}",
    "serial: 5\n\nserial: x",
    "serial: 5\nserial: 4\nserial: 6",
];
