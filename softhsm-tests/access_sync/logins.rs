//! Logins by the list that was fetched.

use super::*;

#[test]
fn logins_go_by_the_list_that_was_fetched_and_a_word_that_it_is_fresh_prolongs_it() {
    let Some(server) = Sshd::start() else {
        return;
    };
    // What answers sshd is of that group, as every account of these tests is.
    let place = server.path("access");
    chown(&place, None, Some(NOGROUP)).unwrap();
    let folder = ready();
    folder.key("fresh", "ed25519");
    let (www, out) = (server.www.name(), server.list().display().to_string());
    let print = crate::harness::keygen::fingerprint(&folder.path().join("fresh.pub"));
    let list = format!(
        "@ca users {}\n@fresh {print}\n@stale 30m anna\npeter,anna {www} *\n@version {}\n",
        server.fingerprint("users"),
        now() - 3_600
    );
    by_hand(&folder, &list);
    let sync = |more: &[&str]| {
        let args = [
            "access",
            "sync",
            "out.list",
            "--out",
            &out,
            "--signers",
            "signers",
            "--at-least",
            "2",
        ];
        folder.punchmark(&[&args[..], more].concat())
    };
    line(&sync(&[]), 2, "CRITICAL: ", "replaced, signed by anna, ole");
    let (peter, anna) = (
        server.certify("peter", "peter"),
        server.certify("anna", "anna"),
    );
    server.refuses(www, &peter);
    server.lets_in(www, &anna);
    let refresh = |key: &str| {
        folder.punchmark(&[
            "access",
            "publish",
            "--refresh",
            "--out",
            "out.list",
            "--key",
            key,
        ])
    };
    refresh("anna").fails().says("not the key of `@fresh`");
    refresh("fresh").ok();
    line(&sync(&[]), 0, "OK: ", ": unchanged");
    server.lets_in(www, &peter);
    server.explain(www, &peter).ok();
    // A word by another key, or of another list, prolongs nothing.
    let good = String::from_utf8(folder.read("out.list.fresh")).unwrap();
    let time = good.lines().find(|line| line.starts_with("time ")).unwrap();
    folder.write(
        "out.list.fresh",
        good.replace(time, &format!("time {}", now() + 60)),
    );
    let ran = sync(&[]);
    line(&ran, 1, "WARNING: ", "");
    assert!(ran.stdout.contains("not prolonged"), "{ran}");
    let json: Value = serde_json::from_str(&sync(&["--json"]).stdout).unwrap();
    assert_eq!(
        (&json["state"], &json["stale"]),
        (&"warning".into(), &Value::Null),
        "{json}"
    );
    server.lets_in(www, &peter);
    let newer = list.replace(
        &format!("@version {}", version(&folder, "out.list")),
        &format!("@version {}", now() - 3_000),
    );
    by_hand(&folder, &newer);
    folder.write("out.list.fresh", good);
    line(&sync(&[]), 2, "CRITICAL: ", "replaced, signed by anna, ole");
    server.refuses(www, &peter);
}

/// The group of the accounts that tests make.
const NOGROUP: u32 = 65_534;
