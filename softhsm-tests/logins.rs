//! Certificates at a real `sshd` and a real `ssh`: those that let in, those that must not.

use std::ffi::OsStr;
use std::path::Path;

use crate::harness::device::{Device, on_devices};
use crate::harness::keygen::{self, ED25519, P256, P384, P521, RSA_2048, SUBJECTS};
use crate::harness::process::{bounded, run};
use crate::harness::sshd::{Configuration, Sshd};

on_devices!(
    [
        softhsm,
        kryoptic,
        yubikey_4_3,
        yubikey_5_4,
        yubikey_5_7,
        opensc,
        ykcs11,
        agent,
        file
    ],
    [users_of_every_ca_algorithm_log_in]
);

on_devices!(
    [softhsm, kryoptic, yubikey_5_4, yubikey_5_7, ykcs11],
    [hosts_of_every_ca_algorithm_are_known_by_their_name_alone]
);

on_devices!(
    [softhsm, yubikey_5_7],
    [
        a_certificate_that_must_not_let_in_does_not,
        a_host_certificate_of_another_ca_is_not_believed,
        a_forced_command_runs_instead_of_what_was_asked,
        a_key_that_asks_for_verification_is_refused_without_it,
        a_certificate_is_revoked_by_the_serial_that_the_ledger_gave_it,
        a_krl_of_ours_keeps_out_whom_it_names_by_each_kind_of_revocation,
    ]
);

/// Every type of subject key gets a certificate that ssh-keygen reads and sshd accepts.
fn users_of_every_ca_algorithm_log_in(device: Device) {
    let admin = device.admin();
    let keys: Vec<_> = (0..)
        .map(|number| format!("user{number}"))
        .zip(SUBJECTS)
        .collect();
    let keys: Vec<_> = keys
        .iter()
        .map(|(name, subject)| admin.key(name, *subject))
        .collect();
    let files: Vec<_> = keys
        .iter()
        .map(|key| keygen::public(key).display().to_string())
        .collect();
    let files: Vec<_> = files.iter().map(String::as_str).collect();
    for (algorithm, signature) in device.algorithms() {
        admin.init(algorithm, algorithm, "user").ok();
        let flags = ["-s", algorithm, "-n", "peter,x", "-V", "-5m:+1h"];
        admin.sign(&[&flags[..], &files].concat()).ok();
        let ca = admin.ca_file(algorithm);
        let sshd = Sshd::start(&Configuration::users(&ca, &["peter"]));
        for key in &keys {
            let reading = keygen::read(&keygen::certificate(key));
            let public = reading.field("Public key");
            assert!(public.ends_with(&keygen::fingerprint(&keygen::public(key))));
            let signer = reading.field("Signing CA");
            assert!(signer.contains(&keygen::fingerprint(&ca)), "{signer}");
            assert!(signer.contains(&format!("(using {signature})")), "{signer}");
            assert_eq!(sshd.login(key).ok().stdout, "welcome\n");
        }
    }
    admin.assert_issued(device.algorithms().len() * keys.len());
}

/// Every type of host key gets a certificate that ssh accepts for its name alone.
fn hosts_of_every_ca_algorithm_are_known_by_their_name_alone(device: Device) {
    let admin = device.with_users_ca("p256");
    let user = admin.key("user", ED25519);
    admin.sign(&["-n", "peter", "user.pub"]).ok();
    let subjects = [RSA_2048, P256, P384, P521, ED25519];
    let algorithms = device.algorithms().into_iter();
    for ((ca, _), subject) in algorithms.zip(subjects.into_iter().cycle()) {
        admin.init(ca, ca, "host").ok();
        let line = std::fs::read_to_string(admin.ca_file(ca)).unwrap();
        let known = format!("@cert-authority *.example.org {line}");
        let name = format!("host-{ca}");
        let host = admin.key(&name, subject);
        let flags = ["-s", ca, "-h", "-n", "web1.example.org"];
        admin
            .sign(&[&flags[..], &[&format!("{name}.pub")]].concat())
            .ok();
        let users = Configuration::users(&admin.ca_file("users"), &["peter"]);
        let sshd = Sshd::start(&users.host(&host));
        sshd.login_to(&user, "web1.example.org", &known).ok();
        let other = sshd.login_to(&user, "web2.example.org", &known);
        other.exits(255).says("host key verification failed");
    }
}

fn a_certificate_that_must_not_let_in_does_not(device: Device) {
    let admin = device.with_users_ca("p256");
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

fn a_host_certificate_of_another_ca_is_not_believed(device: Device) {
    let admin = device.with_users_ca("p256");
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

fn a_forced_command_runs_instead_of_what_was_asked(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("user", ED25519);
    let users = Configuration::users(&admin.ca_file("users"), &["peter"]);
    let sshd = Sshd::start(&users);
    admin
        .sign(&["-n", "peter", "-O", "force-command=echo forced", "user.pub"])
        .ok();
    assert_eq!(sshd.login(&key).ok().stdout, "forced\n");
}

fn a_key_that_asks_for_verification_is_refused_without_it(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("user", keygen::SK_ED25519);
    let users = Configuration::users(&admin.ca_file("users"), &["peter"]);
    let sshd = Sshd::start(&users);
    admin
        .sign(&["-n", "peter", "-O", "verify-required", "user.pub"])
        .ok();
    sshd.login(&key).exits(255).says("user verification");
}

fn a_certificate_is_revoked_by_the_serial_that_the_ledger_gave_it(device: Device) {
    let admin = device.with_users_ca("p256");
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

fn a_krl_of_ours_keeps_out_whom_it_names_by_each_kind_of_revocation(device: Device) {
    let admin = device.with_users_ca("p256");
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
