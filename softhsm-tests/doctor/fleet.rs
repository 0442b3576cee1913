//! `doctor fleet`: the reports of several servers beside each other.

use std::path::Path;

use serde_json::{Value, json};

use super::ready;
use crate::harness::admin::Admin;
use crate::harness::keygen;
use crate::harness::process::Ran;
use crate::harness::stock::{Server, TestUser, punchmark};
use crate::harness::write;

/// A report of a real server, as if this name had sent it, with these fields of another.
fn report(server: &Server, user: &TestUser, name: &str, change: &dyn Fn(&mut Value)) {
    let mut report = server.examine(&[], &[user]).report;
    report["host"] = json!(name);
    change(&mut report);
    let folder = server.path("reports");
    std::fs::create_dir_all(&folder).unwrap();
    write(
        &folder.join(format!("{name}.json")),
        report.to_string(),
        0o600,
    );
}

fn fleet(server: &Server, more: &[&str]) -> Ran {
    let folder = server.path("reports").display().to_string();
    punchmark(&[&["doctor", "fleet", &folder], more].concat())
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[test]
fn who_is_silent_old_or_behind_lags_and_who_trusts_too_much_is_critical() {
    ready!(server, user, _key);
    report(&server, &user, "web1", &|_| {});
    let ran = fleet(&server, &[]);
    assert_eq!(ran.code, Some(0), "{ran}");
    for words in ["--servers", "--expect", "--against"] {
        assert!(
            ran.stdout.contains(words),
            "what was not checked is said: {ran}"
        );
    }
    write(&server.path("servers"), "web1\nweb2\n", 0o644);
    let servers = text(&server.path("servers"));
    let ran = fleet(&server, &["--servers", &servers]).exits(1);
    assert!(ran.stdout.contains("lags  web2\n      no report"), "{ran}");
    report(&server, &user, "web2", &|report| {
        let time = report["time"].as_u64().unwrap();
        report["time"] = json!(time - 8 * 86_400);
    });
    let ran = fleet(&server, &["--servers", &servers]).exits(1);
    assert!(ran.stdout.contains("its report is 8 days old"), "{ran}");
    report(&server, &user, "web2", &|report| {
        report["revoked-keys"][0]["name"] = json!("users");
        report["revoked-keys"][0]["version"] = json!(7);
    });
    report(&server, &user, "web1", &|report| {
        report["revoked-keys"][0]["name"] = json!("users");
        report["revoked-keys"][0]["version"] = json!(8);
    });
    let ran = fleet(&server, &["--servers", &servers]).exits(1);
    assert!(ran.stdout.contains("has version 7, others 8"), "{ran}");
    // By the CA's public key, and by a table of fingerprints.
    let ca = text(&server.path("ca.pub"));
    fleet(&server, &["--expect", &ca]).exits(1);
    let toml = server.path("trust.toml");
    let print = keygen::fingerprint(&server.path("host.pub"));
    write(&toml, format!("[user-cas]\nusers2 = \"{print}\"\n"), 0o644);
    let ran = fleet(&server, &["--expect", &text(&toml)]).exits(2);
    assert!(ran.stdout.contains("which it should not"), "{ran}");
    assert!(
        ran.stdout.contains(&format!("doesn't trust {print} yet")),
        "{ran}"
    );
}

#[test]
fn a_head_that_the_ledger_does_not_extend_is_critical() {
    let admin = Admin::ready();
    let krl = admin.punchmark.path("users.krl");
    admin
        .punchmark
        .run(&["krl", "--ca", "users", "--out", &text(&krl)])
        .ok();
    ready!(server, user, _key);
    std::fs::copy(&krl, server.path("revoked.krl")).unwrap();
    report(&server, &user, "web1", &|report| {
        assert!(report["revoked-keys"][0]["head"].is_string(), "{report:#}");
    });
    let ledger = text(&admin.ledger_file());
    fleet(&server, &["--against", &ledger]).exits(0);
    let other = Admin::ready();
    let ran = fleet(&server, &["--against", &text(&other.ledger_file())]).exits(2);
    assert!(ran.stdout.contains("doesn't fit"), "{ran}");
}

#[test]
fn keys_are_counted_over_all_servers() {
    ready!(server, user, _key);
    let key = |used: Option<u64>| {
        json!({
            "account": "www", "fingerprint": "SHA256:x", "type": "RSA 1024", "comment": "old",
            "used": used,
        })
    };
    for (name, used) in [("web1", None), ("web2", Some(1_795_000_000))] {
        report(&server, &user, name, &|report| {
            report["survey"] = json!({ "keys": [key(used)] });
        });
    }
    let ran = fleet(&server, &[]);
    assert!(ran.stdout.contains("1 key opens these servers:"), "{ran}");
    assert!(
        ran.stdout
            .contains("RSA 1024 SHA256:x old: 2 servers, used "),
        "{ran}"
    );
    let ran = fleet(&server, &["--json"]);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["keys"][0]["used"], 1_795_000_000_u64);
    assert_eq!(value["servers"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_no_report_is_unknown() {
    let server = Server::new();
    let folder = server.path("reports");
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder.join("x.json"), "{}", 0o600);
    let least = "{\"punchmark-doctor\":1,\"host\":\"web1\",\"time\":5,\"state\":\"ok\"}";
    write(&folder.join("y.json"), least, 0o600);
    // Whoever sends what is no report hides no other server's.
    let ran = fleet(&server, &[]).exits(3);
    assert!(
        ran.stdout
            .starts_with("UNKNOWN: 1 server: 1 behind, 0 with a fault, 1 report can't be read\n"),
        "{ran}"
    );
    assert!(ran.stdout.contains("\nunread "), "{ran}");
    assert!(ran.stdout.contains("\nlags  web1"), "{ran}");
    let ran = fleet(&server, &["--json"]).exits(3);
    let value: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(value["unread"].as_array().unwrap().len(), 1, "{value:#}");
    assert_eq!(value["servers"][0]["server"], "web1");
    punchmark(&["doctor", "fleet"]).exits(3);
    punchmark(&["doctor", "fleet", "/nosuch"]).exits(3);
}
