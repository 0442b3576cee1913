//! What `sign` makes is what `ssh-keygen` would have made, by ssh-keygen's own reading.

use crate::harness::device::{Device, on_devices};
use crate::harness::keygen::{self, ED25519, P256};
use crate::harness::process::{bounded, run, run_fed};
use crate::harness::scratch;

on_devices!(
    [softhsm, yubikey_5_7, opensc],
    [
        options_and_validity_read_as_those_of_ssh_keygen,
        a_relative_validity_begins_and_ends_when_it_says,
        letters_cluster_and_take_values_as_getopt_reads_them,
        the_last_of_a_repeated_flag_counts,
        a_key_on_stdin_comes_back_as_a_certificate_on_stdout,
        the_comment_of_a_key_is_kept,
        an_explicit_serial_is_used_once_and_does_not_move_the_sequence,
        a_serial_with_a_plus_counts_up_a_file,
        an_rsa_ca_signs_with_the_hash_that_was_asked_for,
        show_says_what_is_alarming,
    ]
);

fn options_and_validity_read_as_those_of_ssh_keygen(device: Device) {
    let admin = device.with_users_ca("p256").and_config("[role.operator]\n");
    let ours = admin.key("ours", ED25519);
    let folder = scratch();
    let theirs = keygen::make(folder.path(), "theirs", ED25519);
    let ca = keygen::make(folder.path(), "ca", P256);
    for flags in FLAGS {
        admin.sign(&[*flags, &["ours.pub"]].concat()).ok();
        let mut keygen = bounded("ssh-keygen");
        keygen.current_dir(folder.path()).arg("-s").arg(&ca);
        keygen.args(["-I", "id"]).args(*flags).arg("theirs.pub");
        run(&mut keygen).ok();
        let ours = keygen::read(&keygen::certificate(&ours));
        let theirs = keygen::read(&keygen::certificate(&theirs));
        assert_eq!(ours.field("Type"), theirs.field("Type"), "{flags:?}");
        assert_eq!(ours.field("Valid"), theirs.field("Valid"), "{flags:?}");
        assert_eq!(ours.principals, theirs.principals, "{flags:?}");
        assert_eq!(ours.critical, theirs.critical, "{flags:?}");
        assert_eq!(ours.extensions, theirs.extensions, "{flags:?}");
    }
    admin.assert_issued(FLAGS.len());
}

fn a_relative_validity_begins_and_ends_when_it_says(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    for (interval, seconds) in INTERVALS {
        admin.sign(&["-n", "peter", "-V", interval, "key.pub"]).ok();
        let shown = admin
            .punchmark
            .run(&["show", "--json", "key-cert.pub"])
            .ok();
        let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
        let field = |name: &str| shown["certificate"][name].as_u64().unwrap();
        let lifetime = field("valid-before") - field("valid-after");
        assert!(seconds.contains(&lifetime), "{interval}: {lifetime} s");
    }
    assert!(keygen::certificate(&key).exists());
}

/// `+REL` alone begins up to two minutes back, at a full minute.
const INTERVALS: [(&str, std::ops::RangeInclusive<u64>); 4] = [
    ("+1h", 3659..=3719),
    ("-5m:+1w", 605_100..=605_100),
    ("-1d2h:+1h30m", 99_000..=99_000),
    ("-60:+60", 120..=120),
];

fn letters_cluster_and_take_values_as_getopt_reads_them(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    let arguments = [
        "sign",
        "-qIclustered",
        "-susers",
        "-V-1w:+2w",
        "-npeter",
        "-Oclear",
        "key",
    ];
    let ran = admin.punchmark.pinned(&arguments).ok();
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let reading = keygen::read(&keygen::certificate(&key));
    assert_eq!(reading.field("Key ID"), "clustered");
    assert!(reading.extensions.is_empty());
}

fn the_last_of_a_repeated_flag_counts(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    admin
        .sign(&["-n", "erik", "-I", "second", "-n", "peter", "key.pub"])
        .ok();
    let reading = keygen::read(&keygen::certificate(&key));
    assert_eq!(reading.field("Key ID"), "second");
    assert_eq!(reading.principals, ["peter"]);
}

fn a_key_on_stdin_comes_back_as_a_certificate_on_stdout(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    let line = std::fs::read(keygen::public(&key)).unwrap();
    let mut command = admin.punchmark.background();
    command.args(["sign", "-s", "users", "-I", "id", "-n", "peter", "-"]);
    let ran = run_fed(&mut command, &line).ok();
    std::fs::write(keygen::certificate(&key), &ran.stdout).unwrap();
    assert_eq!(
        keygen::read(&keygen::certificate(&key)).principals,
        ["peter"]
    );
    assert!(ran.stdout.ends_with(" key\n"), "{ran}");
    admin.assert_issued(1);
}

fn the_comment_of_a_key_is_kept(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("peter, laptop # 2", ED25519);
    admin.sign(&["-n", "peter", "peter, laptop # 2.pub"]).ok();
    let certificate = std::fs::read_to_string(keygen::certificate(&key)).unwrap();
    assert!(
        certificate.ends_with(" peter, laptop # 2\n"),
        "{certificate}"
    );
}

fn an_explicit_serial_is_used_once_and_does_not_move_the_sequence(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    let serial = || {
        keygen::read(&keygen::certificate(&key))
            .field("Serial")
            .to_owned()
    };
    let mut serials = Vec::new();
    for flags in [
        &[][..],
        &["-z", "3"],
        &[],
        &[],
        &["-z", "18446744073709551615"],
        &[],
    ] {
        admin
            .sign(&[flags, &["-n", "peter", "key.pub"]].concat())
            .ok();
        serials.push(serial());
    }
    assert_eq!(serials, ["1", "3", "2", "4", "18446744073709551615", "5"]);
    admin
        .sign(&["-z", "3", "-n", "peter", "key.pub"])
        .fails()
        .says("serial 3 was taken");
    admin.assert_issued(6);
}

fn a_serial_with_a_plus_counts_up_a_file(device: Device) {
    let admin = device.with_users_ca("p256");
    let keys = ["a", "b"].map(|name| admin.key(name, ED25519));
    admin
        .sign(&["-z", "+7", "-n", "peter", "a.pub", "b.pub"])
        .ok();
    let serials = keys.map(|key| {
        keygen::read(&keygen::certificate(&key))
            .field("Serial")
            .to_owned()
    });
    assert_eq!(serials, ["7", "8"]);
}

fn an_rsa_ca_signs_with_the_hash_that_was_asked_for(device: Device) {
    let admin = device.with_users_ca(device.an_rsa_algorithm());
    let key = admin.key("key", ED25519);
    for (flags, hash) in [
        (&[][..], "rsa-sha2-512"),
        (&["-t", "rsa-sha2-256"], "rsa-sha2-256"),
        (&["-t", "rsa-sha2-512"], "rsa-sha2-512"),
    ] {
        admin
            .sign(&[flags, &["-n", "peter", "key.pub"]].concat())
            .ok();
        let reading = keygen::read(&keygen::certificate(&key));
        assert!(
            reading
                .field("Signing CA")
                .contains(&format!("(using {hash})"))
        );
    }
    admin
        .sign(&["-t", "ssh-rsa", "-n", "peter", "key.pub"])
        .exits(2)
        .says("SHA-1");
}

fn show_says_what_is_alarming(device: Device) {
    let admin = device.with_users_ca("p256");
    let key = admin.key("key", ED25519);
    let stranger = admin.key("stranger", P256);
    let over = ["-n", "peter", "-V", "20200101:20200102", "key.pub"];
    let words = "has ended already";
    let no_pin = [&["sign", "-s", "users", "-I", "id"], &over[..]].concat();
    admin.punchmark.run(&no_pin).fails().says(words);
    admin.sign(&over).ok().says(words);
    let expired = admin.punchmark.run(&["show", "key-cert.pub"]).exits(1);
    assert!(expired.stdout.contains("expired"), "{expired}");
    let mut keygen = bounded("ssh-keygen");
    keygen
        .arg("-s")
        .arg(&stranger)
        .args(["-I", "x", "-O", "critical:odd@example.org=1"]);
    run(keygen.arg(keygen::public(&key))).ok();
    let shown = admin.punchmark.run(&["show", "key-cert.pub"]).exits(1);
    let shown = shown.stdout;
    for alarm in [
        "never expires",
        "names nobody",
        "odd@example.org",
        "knows no CA",
    ] {
        let line = |line: &str| line.trim_start().starts_with(['!', '-']) && line.contains(alarm);
        assert!(shown.lines().any(line), "{alarm} is not in\n{shown}");
    }
}

/// Each is signed by both programs. The time of day is in none: they run one after the other.
const FLAGS: &[&[&str]] = &[
    &["-n", "peter", "-V", "always:forever"],
    &["-n", "peter,erik", "-V", "20260101:20270101"],
    &["-n", "peter", "-V", "20260101Z:202701011200Z"],
    &["-n", "peter", "-V", "20260101123456:20270101123456Z"],
    &["-n", "peter", "-V", "0x65000000:0xffffffff"],
    &["-n", "peter", "-O", "clear"],
    &["-n", "peter", "-O", "clear", "-O", "permit-pty"],
    &["-n", "peter", "-O", "no-pty", "-O", "no-x11-forwarding"],
    &[
        "-n",
        "peter",
        "-O",
        "PERMIT-PTY",
        "-O",
        "no-Agent-Forwarding",
    ],
    &["-n", "peter", "-O", "force-command=/bin/ls -l, \"x\""],
    &[
        "-n",
        "peter",
        "-O",
        "source-address=10.0.0.0/8,192.168.1.1/32,fe80::/10",
    ],
    &[
        "-n",
        "peter",
        "-O",
        "verify-required",
        "-O",
        "no-touch-required",
    ],
    &[
        "-n",
        "peter",
        "-O",
        "critical:who@example.org=x",
        "-O",
        "extension:z@example.org",
        "-O",
        "extension:a@example.org=1",
    ],
    &[
        "-n",
        "peter",
        "-O",
        "permit-pty",
        "-O",
        "clear",
        "-O",
        "no-user-rc",
    ],
];
