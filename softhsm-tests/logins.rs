//! Certificates at a real `sshd` and a real `ssh`: those that let in, those that must not.

use std::ffi::OsStr;
use std::path::Path;

use crate::harness::admin::Admin;
use crate::harness::keygen::{self, ED25519, P256, P384, P521, RSA_2048, SUBJECTS};
use crate::harness::module::Module;
use crate::harness::process::{bounded, run};
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::token::Token;

/// Every type of subject key gets a certificate that ssh-keygen reads and sshd accepts.
fn users_log_in(module: Module, algorithm: &str, signature: &str) {
    let admin = Admin::with_users_ca(Token::new(module), algorithm);
    let ca = admin.ca_file("users");
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter_witnessed"]));
    for (number, subject) in SUBJECTS.into_iter().enumerate() {
        let name = format!("user{number}");
        let key = admin.key(&name, subject);
        let file = format!("{name}.pub");
        admin
            .sign(&[
                "-n",
                "peter,x",
                "--witnessed",
                "seen",
                "-V",
                "-5m:+1h",
                &file,
            ])
            .ok();
        let reading = keygen::read(&keygen::certificate(&key));
        let public = reading.field("Public key");
        assert!(public.ends_with(&keygen::fingerprint(&keygen::public(&key))));
        let signer = reading.field("Signing CA");
        assert!(signer.contains(&keygen::fingerprint(&ca)), "{signer}");
        assert!(signer.contains(&format!("(using {signature})")), "{signer}");
        assert_eq!(sshd.login(&key).ok().stdout, "welcome\n");
    }
    admin.assert_issued(SUBJECTS.len());
}

/// Every type of host key gets a certificate that ssh accepts for its name alone.
fn hosts_are_known(module: Module, algorithm: &str) {
    let admin = Admin::with_users_ca(Token::new(module), "p256");
    admin.init("hosts", algorithm, "host").ok();
    let user = admin.key("user", ED25519);
    admin.sign(&["-n", "peter", "user.pub"]).ok();
    let line = std::fs::read_to_string(admin.ca_file("hosts")).unwrap();
    let known = format!("@cert-authority *.example.org {line}");
    for (number, subject) in [RSA_2048, P256, P384, P521, ED25519]
        .into_iter()
        .enumerate()
    {
        let name = format!("host{number}");
        let host = admin.key(&name, subject);
        let file = format!("{name}.pub");
        let arguments = [
            "sign",
            "-s",
            "hosts",
            "-h",
            "-I",
            &name,
            "-n",
            "web1.example.org",
            &file,
        ];
        admin.punchmark.pinned(&arguments).ok();
        let users = Configuration::users(&admin.ca_file("users"), &["peter"]);
        let sshd = Sshd::start(&users.host(&host));
        sshd.login_to(&user, "web1.example.org", &known).ok();
        let other = sshd.login_to(&user, "web2.example.org", &known);
        other.exits(255).says("host key verification failed");
    }
}

#[test]
fn a_p256_ca_lets_users_in() {
    users_log_in(Module::SoftHsm, "p256", "ecdsa-sha2-nistp256");
}

#[test]
fn a_p384_ca_lets_users_in() {
    users_log_in(Module::SoftHsm, "p384", "ecdsa-sha2-nistp384");
}

#[test]
fn a_p521_ca_lets_users_in() {
    users_log_in(Module::SoftHsm, "p521", "ecdsa-sha2-nistp521");
}

#[test]
fn an_ed25519_ca_lets_users_in() {
    users_log_in(Module::SoftHsm, "ed25519", "ssh-ed25519");
}

#[test]
fn an_rsa3072_ca_lets_users_in() {
    users_log_in(Module::SoftHsm, "rsa3072", "rsa-sha2-512");
}

#[test]
fn an_rsa4096_ca_lets_users_in() {
    users_log_in(Module::SoftHsm, "rsa4096", "rsa-sha2-512");
}

#[test]
fn a_p256_ca_of_kryoptic_lets_users_in() {
    users_log_in(Module::Kryoptic, "p256", "ecdsa-sha2-nistp256");
}

#[test]
fn a_p521_ca_of_kryoptic_lets_users_in() {
    users_log_in(Module::Kryoptic, "p521", "ecdsa-sha2-nistp521");
}

#[test]
fn an_rsa3072_ca_of_kryoptic_lets_users_in() {
    users_log_in(Module::Kryoptic, "rsa3072", "rsa-sha2-512");
}

#[test]
fn hosts_of_every_ca_algorithm_are_known_by_their_name_alone() {
    for algorithm in ["p256", "p384", "p521", "ed25519", "rsa3072"] {
        hosts_are_known(Module::SoftHsm, algorithm);
    }
}

#[test]
fn hosts_of_a_kryoptic_ca_are_known_by_their_name_alone() {
    hosts_are_known(Module::Kryoptic, "p384");
}

#[test]
fn a_certificate_that_must_not_let_in_does_not() {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    admin.init("others", "p256", "user").ok();
    let key = admin.key("user", ED25519);
    let users = Configuration::users(&admin.ca_file("users"), &["peter_witnessed"]);
    let sshd = Sshd::start(&users);
    for (flags, fault) in REFUSED {
        let seen = &["-n", "peter", "--witnessed", "seen"][..];
        let flags = [seen, flags, &["user.pub"]].concat();
        admin.sign(&flags).ok();
        sshd.login(&key).exits(255).says(fault);
    }
    admin.assert_issued(REFUSED.len());
    admin
        .sign(&["-n", "peter", "--witnessed", "seen", "user.pub"])
        .ok();
    sshd.login(&key).ok();
}

/// Flags of `sign`, the last of which count, and sshd's own words.
const REFUSED: [(&[&str], &str); 5] = [
    (&["-n", "erik"], "does not contain an authorized principal"),
    (&["-V", "20200101:20200102"], "certificate invalid: expired"),
    (&["-V", "+1d:+2d"], "certificate invalid: not yet valid"),
    (
        &["-O", "source-address=10.0.0.0/8"],
        "not from a permitted source address",
    ),
    (&["-s", "others"], "permission denied"),
];

#[test]
fn a_host_certificate_of_another_ca_is_not_believed() {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    admin.init("hosts", "p256", "host").ok();
    admin.init("others", "p256", "host").ok();
    let user = admin.key("user", ED25519);
    let host = admin.key("host", ED25519);
    admin.sign(&["-n", "peter", "user.pub"]).ok();
    let arguments = [
        "sign",
        "-h",
        "-s",
        "others",
        "-I",
        "h",
        "-n",
        "web1.example.org",
        "host.pub",
    ];
    admin.punchmark.pinned(&arguments).ok();
    let users = Configuration::users(&admin.ca_file("users"), &["peter"]);
    let sshd = Sshd::start(&users.host(&host));
    let line = std::fs::read_to_string(admin.ca_file("hosts")).unwrap();
    let known = format!("@cert-authority *.example.org {line}");
    let login = sshd.login_to(&user, "web1.example.org", &known);
    login.exits(255).says("host key verification failed");
}

#[test]
fn a_forced_command_runs_instead_of_what_was_asked() {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    let key = admin.key("user", ED25519);
    let users = Configuration::users(&admin.ca_file("users"), &["peter"]);
    let sshd = Sshd::start(&users);
    admin
        .sign(&["-n", "peter", "-O", "force-command=echo forced", "user.pub"])
        .ok();
    assert_eq!(sshd.login(&key).ok().stdout, "forced\n");
}

#[test]
fn a_key_that_asks_for_verification_is_refused_without_it() {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    let key = admin.key("user", keygen::SK_ED25519);
    let users = Configuration::users(&admin.ca_file("users"), &["peter"]);
    let sshd = Sshd::start(&users);
    admin
        .sign(&["-n", "peter", "-O", "verify-required", "user.pub"])
        .ok();
    sshd.login(&key).exits(255).says("user verification");
}

#[test]
fn a_certificate_is_revoked_by_the_serial_that_the_ledger_gave_it() {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    let ca = admin.ca_file("users");
    let [first, second] = ["first", "second"].map(|name| admin.key(name, ED25519));
    admin.sign(&["-n", "peter", "first.pub", "second.pub"]).ok();
    std::fs::write(admin.punchmark.path("revoked"), "serial: 1\n").unwrap();
    let krl = admin.punchmark.path("krl");
    let mut keygen = bounded("ssh-keygen");
    keygen.arg("-kf").arg(&krl).arg("-s").arg(&ca);
    run(keygen.arg(admin.punchmark.path("revoked"))).ok();
    let revoked = format!("RevokedKeys {}", krl.display());
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter"]).line(&revoked));
    sshd.login(&first).exits(255).says("revoked");
    sshd.login(&second).ok();
}

#[test]
fn a_krl_of_ours_keeps_out_whom_it_names_by_each_kind_of_revocation() {
    let admin = Admin::with_users_ca(Token::softhsm(), "p256");
    let ca = admin.ca_file("users");
    let [first, second] = ["first", "second"].map(|name| admin.key(name, ED25519));
    admin.sign(&["-n", "peter", "first.pub"]).ok();
    admin
        .sign(&["-n", "peter", "-I", "other", "second.pub"])
        .ok();
    let krl = admin.punchmark.path("krl");
    let revoke = |specification: &str| {
        std::fs::write(admin.punchmark.path("spec"), specification).unwrap();
        let krl = ["krl", "spec", "-f", "krl", "-s"].map(OsStr::new);
        let arguments = [&krl[..], &[ca.as_os_str(), OsStr::new("spec")]].concat();
        admin.punchmark.run(&arguments).ok();
    };
    revoke("");
    let revoked = format!("RevokedKeys {}", krl.display());
    let sshd = Sshd::start(&Configuration::users(&ca, &["peter"]).line(&revoked));
    sshd.login(&first).ok();
    let line = |path: &Path| std::fs::read_to_string(path).unwrap();
    let public = line(&keygen::public(&first));
    for specification in [
        "serial: 1".to_owned(),
        "id: id".to_owned(),
        format!("key: {public}"),
        format!("sha1: {public}"),
        format!("sha256: {public}"),
        format!("hash: {}", keygen::fingerprint(&keygen::public(&first))),
        public,
        line(&keygen::certificate(&first)),
    ] {
        revoke(&specification);
        sshd.login(&first).exits(255).says("revoked");
        sshd.login(&second).ok();
    }
    revoke(&line(&ca));
    sshd.login(&second).exits(255).says("revoked");
    revoke("");
    sshd.login(&first).ok();
}
