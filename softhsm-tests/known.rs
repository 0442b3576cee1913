//! `punchmark known`: which certificates a ledger knows, made, fetched, and what a login makes of it.

mod fetch;
mod logins;

use std::path::PathBuf;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519};
use crate::harness::process::Ran;

const CONFIG: &str = "ledger-key = \"../../ledger_key\"
---

[role.drawer]
ca         = \"users\"
requesters = [\"anna\"]
principals = [\"{requester}\"]
storage    = \"ignore\"
lifetime   = { default = \"26w\", maximum = \"52w\" }
drawer     = true

[role.emergency]
ca         = \"users\"
requesters = [\"ole\"]
principals = [\"{requester}\"]
storage    = \"ignore\"
lifetime   = { default = \"1h\", maximum = \"4h\" }
emergency  = true
";

/// A CA `users` with a ledger key; `peter` is signed for, `anna` has a certificate of the drawer.
pub(crate) struct Known {
    pub(crate) admin: Admin,
}

impl Known {
    pub(crate) fn ready() -> Self {
        let admin = Admin::ready().and_config(CONFIG);
        keygen::make(admin.punchmark.home(), "ledger_key", ED25519);
        let known = Self { admin };
        known.sign("peter");
        known.admin.key("anna", ED25519);
        known.by_role("drawer", "anna", &[]);
        known
    }

    /// A key that the CA signed for by its ledger, for a principal of the same name.
    pub(crate) fn sign(&self, name: &str) -> PathBuf {
        let key = self.admin.key(name, ED25519);
        let file = format!("{name}.pub");
        self.admin.sign(&["-n", name, "-V", "+1d", &file]).ok();
        key
    }

    pub(crate) fn by_role(&self, role: &str, name: &str, more: &[&str]) {
        let file = format!("{name}.pub");
        let sign = ["sign", "--role", role, "--requester", name];
        self.admin
            .punchmark
            .pinned(&[&sign[..], more, &[&file]].concat())
            .ok();
    }

    /// A key that somebody with token and PIN signed for, past the ledger.
    pub(crate) fn sign_past_the_ledger(&self, name: &str) -> PathBuf {
        let key = self.admin.key(name, ED25519);
        let arguments = ["-q", "-I", name, "-n", name, "-V", "+1d", "-z", "1"];
        let ca = self.admin.ca_file("users");
        keygen::sign(&self.admin.token, &ca, &arguments, &key).ok();
        key
    }

    /// `punchmark known` into `users.known`.
    pub(crate) fn make(&self, more: &[&str]) -> Ran {
        let known = ["known", "--ca", "users", "--out", "users.known"];
        self.admin.punchmark.run(&[&known[..], more].concat())
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.admin.punchmark.path(name)).unwrap()
    }

    /// What a certificate of the home is known by.
    pub(crate) fn digest(&self, name: &str) -> Vec<u8> {
        let line = String::from_utf8(self.read(&format!("{name}-cert.pub"))).unwrap();
        let certificate = ssh_key::Certificate::from_openssh(&line).unwrap();
        Sha256::digest(certificate.to_bytes().unwrap())[..16].to_vec()
    }
}

/// The number of a line of the head.
fn number(list: &[u8], name: &str) -> u64 {
    let text = String::from_utf8_lossy(list).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim().parse().unwrap()
}

/// The digests behind the head.
fn digests(list: &[u8]) -> Vec<Vec<u8>> {
    let end = list.windows(2).position(|two| two == b"\n\n").unwrap() + 2;
    list[end..].chunks(16).map(<[u8]>::to_vec).collect()
}

#[test]
fn a_list_holds_what_is_issued_and_neither_revoked_expired_nor_signed_past_the_ledger() {
    let known = Known::ready();
    known.admin.key("ole", ED25519);
    known.by_role("emergency", "ole", &["--reason", "the database burns"]);
    known.sign("gone");
    known.sign_past_the_ledger("eve");
    let over = known.admin.key("over", ED25519);
    let over = format!("{}.pub", over.display());
    let span = "20200101:20200102";
    known.admin.sign(&["-n", "over", "-V", span, &over]).ok();
    let revoke = ["revoke", "--reason", "left", "--serial", "4"];
    known.admin.punchmark.run(&revoke).ok();
    known.make(&[]).ok().says("knows 3 certificates, 2 of them");
    let list = known.read("users.known");
    let mut all: Vec<_> = ["peter", "anna", "ole"]
        .map(|name| known.digest(name))
        .into();
    let mut emergency: Vec<_> = ["anna", "ole"].map(|name| known.digest(name)).into();
    all.sort();
    emergency.sort();
    assert_eq!(digests(&list), [all, emergency].concat());
    // By ssh-keygen's word, too, the ledger key signed just that, for that purpose.
    let signed = known.admin.punchmark.path("users.known.sig");
    let check = ["-Y", "check-novalidate", "-n", "known@punchmark", "-s"];
    let mut keygen = crate::harness::process::bounded("ssh-keygen");
    let file = std::fs::File::open(known.admin.punchmark.path("users.known")).unwrap();
    let verified = keygen.args(check).arg(signed).stdin(file).output().unwrap();
    assert!(verified.status.success(), "{verified:?}");
}

#[test]
fn a_dry_run_writes_nothing_and_versions_move_forward_within_a_second() {
    let known = Known::ready();
    let file = known.admin.punchmark.path("users.known");
    let entries = || known.admin.ledger().len();
    let before = entries();
    let said = known.make(&["--dry-run"]).ok().stdout;
    assert!(said.ends_with("nothing was done (--dry-run)\n"), "{said}");
    let json = known.make(&["--dry-run", "--json"]).ok().stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["known"], &json["emergency"]), (&2.into(), &1.into()));
    assert_eq!(json["written"], false);
    assert!(!file.exists());
    let made = |more: &[&str]| {
        let json = known.make(&[&["--json"], more].concat()).ok().stdout;
        let json: Value = serde_json::from_str(&json).unwrap();
        (json["version"].as_u64().unwrap(), json["signed"].clone())
    };
    let versions = [made(&[]), made(&[]), made(&["--unsigned"])];
    assert!(versions[0].0 < versions[1].0 && versions[1].0 < versions[2].0);
    assert_eq!(versions.map(|(_, signed)| signed), [true, true, false]);
    assert_eq!(entries(), before);
}

#[test]
fn a_list_is_made_with_the_krl_and_of_a_copy_of_the_ledger_too() {
    let known = Known::ready();
    known.admin.init("hosts", "p256", "host").ok();
    let run = |arguments: &[&str]| known.admin.punchmark.run(arguments);
    std::fs::create_dir(known.admin.punchmark.path("out")).unwrap();
    run(&["krl", "--out", "out/revoked.krl", "--known", "out"]).ok();
    let beside_the_krl = known.read("out/users.known");
    assert_eq!(number(&beside_the_krl, "known "), 2);
    for name in ["users.known.sig", "users.known.keys"] {
        assert!(!known.read(&format!("out/{name}")).is_empty(), "{name}");
    }
    assert!(!known.admin.punchmark.path("out/hosts.known").exists());
    run(&["known", "--ca", "hosts", "--out", "hosts.known"])
        .exits(2)
        .says("certifies hosts");
    run(&["known", "--ca", "nobody", "--out", "x"]).exits(2);
    // A mirror: the file of entries alone, read where no config is.
    let ledger = known.admin.ledger_file();
    std::fs::copy(ledger, known.admin.punchmark.path("mirror.ledger")).unwrap();
    let mirror = ["--ledger", "mirror.ledger", "--ledger-key", "ledger_key"];
    known.make(&mirror).ok().says("knows 2 certificates");
    assert_eq!(
        digests(&known.read("users.known")),
        digests(&beside_the_krl)
    );
    keygen::make(known.admin.punchmark.home(), "strange", ED25519);
    let strange = ["--ledger", "mirror.ledger", "--ledger-key", "strange"];
    known
        .make(&strange)
        .exits(1)
        .says("no such key that signs lists");
}
