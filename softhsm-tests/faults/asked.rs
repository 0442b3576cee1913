//! What was asked can be nothing.

use super::*;

#[test]
fn arguments_that_make_no_sense_reserve_nothing() {
    let admin = Admin::ready().and_key("key");
    for (flags, fault) in ARGUMENTS {
        let ran = admin.sign(&[*flags, &["key.pub"]].concat());
        ran.exits(2).says(fault);
    }
    assert_eq!(admin.ledger(), Vec::<serde_json::Value>::new());
    admin.assert_issued(0);
}

const ARGUMENTS: &[(&[&str], &str)] = &[
    (&[], "no principals"),
    (&["-n", ""], "principal"),
    (&["-n", "peter,,erik"], "principal 2 of 3 is empty"),
    (&["-n", "peter,"], "principal 2 of 2 is empty"),
    (&["-n", "peter,peter"], "named twice"),
    (&["-n", "pe ter"], "a principal may not hold"),
    (&["-n", "*"], "wildcard"),
    (&["-n", "peter", "-I", ""], "key ID is empty"),
    (&["-n", "peter", "-I", "a\nb"], "not printable"),
    (
        &["-n", "peter", "-V", "+2w:+1w"],
        "validity ends before it begins",
    ),
    (
        &["-n", "peter", "-V", "20260230:20260301"],
        "does not exist in the calendar",
    ),
    (&["-n", "peter", "-V", "soon"], "soon"),
    (&["-n", "peter", "-z", "0"], "serial 0"),
    (
        &["-n", "peter", "-z", "18446744073709551616"],
        "serial is larger",
    ),
    (&["-n", "peter", "-z", "7", "other.pub"], "serial 7"),
    (
        &["-n", "peter", "-O", "permit-everything"],
        "no certificate option",
    ),
    (
        &["-n", "peter", "-O", "source-address=10.0.0.1/8"],
        "source-address",
    ),
    (
        &[
            "-n",
            "peter",
            "-O",
            "force-command=a",
            "-O",
            "force-command=b",
        ],
        "given twice",
    ),
    (
        &["-n", "peter", "-O", "critical:x@example.org="],
        "empty value after =",
    ),
    (
        &["-n", "peter", "-O", "extension:x@example.org="],
        "empty value after =",
    ),
];

#[test]
fn files_that_are_no_public_key_are_named_with_what_they_are() {
    let admin = Admin::ready().and_key("key");
    admin.key("alone", ED25519);
    std::fs::remove_file(admin.punchmark.path("alone.pub")).unwrap();
    admin.key("weak", RSA_1024);
    std::fs::write(admin.punchmark.path("text.pub"), "hello\n").unwrap();
    std::fs::write(admin.punchmark.path("huge.pub"), vec![b'a'; 1 << 20]).unwrap();
    admin.sign(&["-n", "peter", "key.pub"]).ok();
    for (file, fault) in [
        ("alone", "is a private key"),
        ("key-cert.pub", "is a certificate"),
        ("weak.pub", "RSA key of 1024 bits"),
        ("text.pub", "no public key"),
        ("huge.pub", "cannot be read"),
        ("missing.pub", "cannot be read"),
        ("config/punchmark/users.pub", "a CA key is never certified"),
    ] {
        let ran = admin.sign(&["-n", "peter", file]).fails();
        ran.says(file).says(fault);
    }
    admin.assert_issued(1);
}

#[test]
fn a_user_ca_signs_no_hosts() {
    let admin = Admin::ready().and_key("key");
    let ran = admin
        .sign(&["-h", "-n", "web1.example.org", "key.pub"])
        .exits(3);
    ran.says("CA `users` signs no host certificates");
    admin.assert_issued(0);
}
