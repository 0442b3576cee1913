//! The CAs' public keys in the forms of others, held against the programs that read them.

use base64ct::{Base64UrlUnpadded, Encoding};
use serde_json::Value;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519, P256, P384, P521, RSA_3072, Subject};
use crate::harness::process::{Ran, bounded, run};
use crate::harness::pty::Pty;
use crate::harness::token::Token;

fn export(admin: &Admin, arguments: &[&str]) -> Ran {
    admin
        .punchmark
        .run(&[&["ca", "export"], arguments].concat())
}

/// A CA whose key is in the file `NAME` of the home folder.
fn adopt(admin: &Admin, name: &str, kind: Subject, purpose: &str) {
    let key = format!("file:{}", admin.key(name, kind).display());
    let arguments = ["adopt", name, "--key", &key, "--for", purpose];
    let allow = ["--allow-software-key", "--next-serial", "1"];
    admin
        .punchmark
        .pinned(&[&arguments[..], &allow].concat())
        .ok();
}

fn with_ca(kind: Subject, purpose: &str) -> Admin {
    let admin = Admin::new(Token::softhsm());
    adopt(&admin, "main", kind, purpose);
    admin
}

#[track_caller]
fn tool(admin: &Admin, program: &str, arguments: &[&str]) -> String {
    run(admin.punchmark.prepare(bounded(program)).args(arguments))
        .ok()
        .stdout
}

#[test]
fn every_kind_of_key_is_the_same_one_to_openssl_and_ssh_keygen() {
    for kind in [P256, P384, P521, RSA_3072, ED25519] {
        let admin = with_ca(kind, "both");
        let fingerprint = keygen::fingerprint(&keygen::public(&admin.punchmark.path("main")));

        let ssh = export(&admin, &["main"]).ok().says(&fingerprint);
        assert_eq!(ssh.stdout.lines().count(), 1);
        std::fs::write(admin.punchmark.path("out.pub"), &ssh.stdout).unwrap();
        let listed = tool(&admin, "ssh-keygen", &["-l", "-f", "out.pub"]);
        assert!(listed.contains(&fingerprint), "{listed}");

        let pem = export(&admin, &["main", "--format", "pem"]).ok().stdout;
        if kind != ED25519 {
            // ssh-keygen writes no Ed25519 in this form.
            let arguments = ["-e", "-m", "PKCS8", "-f", "main.pub"];
            assert_eq!(pem, tool(&admin, "ssh-keygen", &arguments));
        }
        export(&admin, &["main", "--format", "pem", "--out", "out.pem"]).ok();
        export(&admin, &["main", "--format", "der", "--out", "out.der"]).ok();
        let arguments = ["pkey", "-pubin", "-in", "out.pem", "-outform", "DER"];
        tool(
            &admin,
            "openssl",
            &[&arguments[..], &["-out", "theirs.der"]].concat(),
        );
        let read = |name: &str| std::fs::read(admin.punchmark.path(name)).unwrap();
        assert_eq!(read("out.der"), read("theirs.der"), "{kind:?}");

        let jwk = export(&admin, &["main", "--format", "jwk"]).ok().stdout;
        let jwk: Value = serde_json::from_str(&jwk).unwrap();
        assert_eq!(jwk["kid"], Value::from(fingerprint));
        assert_jwk_stands_in(&jwk, &read("out.der"));
    }
}

/// Every number of the JWK stands in the key's DER, one behind the other.
#[track_caller]
fn assert_jwk_stands_in(jwk: &Value, der: &[u8]) {
    let number = |name: &str| {
        let text = jwk[name].as_str()?;
        Some(Base64UrlUnpadded::decode_vec(text).unwrap())
    };
    let numbers: Vec<_> = ["n", "x", "y", "e"]
        .into_iter()
        .filter_map(number)
        .collect();
    let expected = if jwk["kty"] == "OKP" { 1 } else { 2 };
    assert_eq!(numbers.len(), expected, "{jwk}");
    let mut rest = der;
    for number in numbers {
        let at = rest.windows(number.len()).position(|bytes| bytes == number);
        rest = &rest[at.unwrap_or_else(|| panic!("{jwk}")) + number.len()..];
    }
    assert!(rest.is_empty(), "{jwk}");
}

#[test]
fn several_cas_stand_in_one_file_of_the_form_that_holds_several() {
    let admin = with_ca(ED25519, "user");
    adopt(&admin, "next", P256, "user");
    let both = ["main", "next", "--format"];
    let trusted = export(&admin, &[&both[..], &["trusted-user-ca-keys"]].concat());
    let trusted = trusted.ok().stdout;
    let keys = trusted.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(keys.count(), 2, "{trusted}");
    let jwks = export(&admin, &[&both[..], &["jwk"]].concat()).ok().stdout;
    let jwks: Value = serde_json::from_str(&jwks).unwrap();
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(2));
    let der = export(&admin, &[&both[..], &["der"]].concat());
    der.exits(2).says("DER holds one key");
    export(&admin, &["main", "main"]).exits(2).says("twice");
    export(&admin, &["main", "mian"]).fails().says("main");
    let json = export(&admin, &["main", "next", "--json"]).ok();
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["cas"][1]["name"], "next");
    let content = json["content"].as_str().unwrap();
    assert_eq!(content.lines().count(), 2);
}

#[test]
fn a_key_is_offered_to_those_alone_who_should_trust_it() {
    let admin = with_ca(ED25519, "user");
    adopt(&admin, "hosts", ED25519, "host");
    let trusted = export(&admin, &["hosts", "--format", "trusted-user-ca-keys"]);
    trusted.exits(2).says("signs hosts alone");
    let known = export(&admin, &["main", "--format", "known-hosts"]);
    known.exits(2).says("signs users alone");
    let known = ["hosts", "--format", "known-hosts", "--hosts"];
    let line = export(&admin, &[&known[..], &["*.example.org"]].concat()).ok();
    assert!(
        line.stdout
            .contains("\n@cert-authority *.example.org ssh-ed25519 ")
    );
    let broken = export(&admin, &[&known[..], &["a b"]].concat());
    broken.exits(2).says("stands in no pattern");
}

#[test]
fn a_revoked_key_goes_out_as_revoked_and_never_as_one_to_trust() {
    let admin = with_ca(ED25519, "both");
    let mut command = admin.punchmark.on_a_terminal();
    let own = admin.ca_file("main").display().to_string();
    command.args(["revoke", "--yes", "--key", &own, "--reason", "stolen"]);
    let mut pty = Pty::start(command);
    pty.expect("Type the CA's name to revoke it: ");
    pty.type_line("main");
    assert_eq!(pty.finish().1, 0);

    let known = export(&admin, &["main", "--format", "known-hosts"]).ok();
    assert!(
        known.stdout.contains("\n@revoked * ssh-ed25519 "),
        "{known}"
    );
    assert!(!known.stdout.contains("@cert-authority"), "{known}");
    let trusted = export(&admin, &["main", "--format", "trusted-user-ca-keys"]);
    trusted.exits(1).says("was revoked");
    export(&admin, &["main"]).ok().says("was revoked");
}

#[test]
fn a_key_that_somebody_put_in_the_place_of_the_ca_s_goes_nowhere() {
    let admin = with_ca(ED25519, "user");
    let other = keygen::public(&admin.key("other", ED25519));
    std::fs::copy(other, admin.ca_file("main")).unwrap();
    let ran = export(&admin, &["main", "--format", "pem"]).exits(1);
    assert_eq!(ran.stdout, "", "{ran}");
}
