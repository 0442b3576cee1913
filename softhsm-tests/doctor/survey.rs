//! `doctor sshd --survey`: every key that opens the server.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use super::ready;
use crate::harness::keygen::{self, ED25519, RSA_2048};
use crate::harness::stock::punchmark;
use crate::harness::write;

const KEYS: [&str; 1] = ["AuthorizedKeysFile .ssh/authorized_keys"];

#[test]
fn every_key_is_told_with_its_line_its_use_and_who_left() {
    ready!(server, user, _key);
    let second = server.user("peter\n");
    let used = keygen::make(server.folder(), "used", ED25519);
    let unused = keygen::make(server.folder(), "unused", RSA_2048);
    let public = |key| std::fs::read_to_string(keygen::public(key)).unwrap();
    let options = "from=\"127.0.0.0/8\",no-pty";
    let text = format!("# mine\n{options} {}{}", public(&used), public(&unused));
    user.write(".ssh/authorized_keys", &text);
    second.write(".ssh/authorized_keys", &public(&used));
    let sshd = server.start(&KEYS);
    sshd.login_as(user.name(), &used).ok();
    // What sshd wrote, as syslog would have it.
    let log = server.path("auth.log");
    let lines = sshd.log();
    let lines = lines
        .lines()
        .map(|line| format!("2026-11-20T10:00:00Z web1 sshd[1]: {line}\n"));
    write(&log, lines.collect::<String>(), 0o600);
    write(&server.path("left"), "# gone\nunused\n", 0o600);
    let (config, out) = (server.config_file(&KEYS), server.path("web1.json"));
    let text = |path: &std::path::Path| path.display().to_string();
    let left = server.path("left");
    let arguments = [
        "doctor",
        "sshd",
        "--survey",
        "--sshd-config",
        &text(&config),
        "--log",
        &text(&log),
        "--people",
        &text(&left),
        "--out",
        &text(&out),
    ]
    .map(str::to_owned);
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let ran = punchmark(&arguments).exits(1);
    assert!(
        ran.stdout
            .contains("keep it as you keep other personal data"),
        "{ran}"
    );
    assert!(
        ran.stdout
            .contains("unused left, and the key still opens it"),
        "{ran}"
    );
    assert!(ran.stdout.contains("opens several accounts"), "{ran}");
    let mode = std::fs::metadata(&out).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    let keys = report["survey"]["keys"].as_array().unwrap();
    let of = |account: &str, comment: &str| {
        let mut found = keys.iter().filter(|key| key["account"] == account);
        found.find(|key| key["comment"] == comment).unwrap()
    };
    let first = of(user.name(), "used");
    assert_eq!(first["line"], 2);
    assert_eq!(first["options"], options);
    assert_eq!(
        first["fingerprint"],
        keygen::fingerprint(&keygen::public(&used))
    );
    assert_eq!(first["used"], 1_795_168_800_u64, "{first:#}");
    assert_eq!(first["left"], false);
    let other = of(user.name(), "unused");
    assert_eq!(
        (&other["used"], &other["left"]),
        (&Value::Null, &Value::Bool(true))
    );
    assert_eq!(other["type"], "RSA 2048");
}

#[test]
fn what_is_no_key_is_told_by_its_number_and_no_link_out_of_the_home_is_followed() {
    ready!(server, user, _key);
    user.write(".ssh/authorized_keys", "root:$6$secret:0:0\n");
    let other = server.user("peter\n");
    other.write(".ssh/x", "");
    write(&server.path("secret"), "top-secret\n", 0o600);
    let link = server.path(&format!("home-{}/.ssh/authorized_keys", other.name()));
    symlink(server.path("secret"), &link).unwrap();
    let config = server.config_file(&KEYS).display().to_string();
    let arguments = [
        "doctor",
        "sshd",
        "--survey",
        "--no-usage",
        "--sshd-config",
        &config,
    ];
    let ran = punchmark(&arguments);
    assert!(ran.stdout.contains("line 1 is no key"), "{ran}");
    assert!(
        ran.stdout
            .contains(&format!("not read: {}: ", other.name())),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("the last use was not looked for"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("secret:"), "{ran}");
    assert!(!ran.stdout.contains("top-secret"), "{ran}");
}
