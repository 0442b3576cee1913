//! A new CA takes the place of an old one, stage by stage, while people log in at a real sshd.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::admin::Admin;
use crate::harness::keygen;
use crate::harness::process::Ran;
use crate::harness::sshd::{Configuration, Sshd};
use crate::harness::write;

/// An admin with two CAs, a role of the old one, and an sshd that trusts what a file of the test says.
struct World {
    admin: Admin,
    sshd: Sshd,
}

impl World {
    fn new() -> Self {
        let admin = Admin::ready().and_key("peter").and_key("erik");
        admin.configure("\n[role.engineer]\nca = \"users\"\nrequesters = [\"peter\"]\n");
        admin.init("users2", "p256", "user").ok();
        let (trusted, revoked) = (
            admin.punchmark.path("trusted"),
            admin.punchmark.path("revoked.krl"),
        );
        write(&trusted, "", 0o644);
        write(&revoked, "", 0o644);
        let sshd = Configuration::users(&trusted, &["peter", "erik"]);
        let sshd = Sshd::start(&sshd.line(&format!("RevokedKeys {}", revoked.display())));
        let world = Self { admin, sshd };
        world.trust(&["users"]);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.admin.punchmark.path(name)
    }

    /// Hands the server a file with the keys of these CAs, as `ca export` makes it.
    fn trust(&self, cas: &[&str]) {
        let export = [
            &["ca", "export"],
            cas,
            &["--format", "trusted-user-ca-keys"],
        ]
        .concat();
        let text = self.admin.punchmark.run(&export).ok().stdout;
        write(&self.path("trusted"), text, 0o644);
    }

    fn sign(&self, ca: &str, name: &str, validity: &str) -> Ran {
        let key = format!("{name}.pub");
        let sign = [
            "sign", "-s", ca, "-I", name, "-n", name, "-V", validity, &key,
        ];
        self.admin.punchmark.pinned(&sign)
    }

    #[track_caller]
    fn lets_in(&self, name: &str) {
        self.sshd.login(&self.path(name)).ok();
    }

    #[track_caller]
    fn refuses(&self, name: &str) {
        self.sshd
            .login(&self.path(name))
            .exits(255)
            .says("Permission denied");
    }

    /// What a server would report, so many days ago, and which CAs its list binds.
    fn report(&self, server: &str, trusts: &[&str], list: &[&str], days: u64) {
        let folder = self.path("reports");
        std::fs::create_dir_all(&folder).unwrap();
        let print = |ca: &&str| keygen::fingerprint(&self.admin.ca_file(ca));
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let report = json!({
            "punchmark-doctor": 1, "host": server, "state": "ok",
            "time": now.unwrap().as_secs() - days * 86_400,
            "cas": trusts.iter().map(|ca| json!({ "fingerprint": print(ca) })).collect::<Vec<_>>(),
            "list": { "version": 1, "cas": list.iter().map(print).collect::<Vec<_>>() },
        });
        write(
            &folder.join(format!("{server}.json")),
            report.to_string(),
            0o644,
        );
    }

    fn rollover(&self, more: &[&str]) -> Ran {
        let rollover = ["ca", "rollover", "users", "--to", "users2"];
        let fleet = ["--servers", "servers", "--reports", "reports"];
        self.admin
            .punchmark
            .run(&[&rollover[..], &fleet, more].concat())
    }

    #[track_caller]
    fn reaches(&self, stage: &str) {
        let words = format!("users2 takes the place of users, stage {stage}");
        self.rollover(&["--next"]).ok().says(&words);
    }

    /// What blocks the next stage, and whether that is a lock-out.
    fn blocks(&self) -> Vec<(String, bool)> {
        let ran = self.rollover(&["--json"]).ok();
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        let blocks = told["blocks"].as_array().unwrap().iter();
        let block = |block: &Value| {
            let why = block["why"].as_str().unwrap().to_owned();
            (why, block["locks-out"].as_bool().unwrap())
        };
        blocks.map(block).collect()
    }
}

#[test]
fn people_log_in_through_the_whole_way_by_both_cas_then_by_the_new_one_alone() {
    let world = World::new();
    write(&world.path("servers"), "web1\nweb2\nweb3\n", 0o644);
    world.report("web1", &["users"], &[], 0);
    world.sign("users", "peter", "+1h").ok();
    world.lets_in("peter");
    let size = || std::fs::read(world.admin.ledger_file()).unwrap();
    let before = size();
    world.rollover(&[]).ok();
    world
        .rollover(&["--next", "--dry-run"])
        .ok()
        .says("stage made would be recorded");
    assert_eq!(size(), before);
    world.reaches("made");

    // No server trusts the new one: its report says so, there is none, or it is too old.
    world.report("web3", &["users", "users2"], &[], 8);
    let lagging = |why: &str| (why.to_owned(), true);
    let silent = lagging("web2: it sent no report");
    assert_eq!(
        world.blocks(),
        [
            lagging("web1: its TrustedUserCAKeys lacks users2"),
            silent,
            lagging("web3: its report is 8 days old"),
        ]
    );
    let before = size();
    let ran = world.rollover(&["--next"]).exits(3);
    ran.says("web2: it sent no report").says("--yes-lock-out");
    assert_eq!(size(), before);
    // One's access list takes the old CA alone.
    for server in ["web1", "web2"] {
        world.report(server, &["users", "users2"], &["users", "users2"], 0);
    }
    world.report("web3", &["users", "users2"], &["users"], 6);
    let bound = lagging("web3: its access list takes no certificate of users2");
    assert_eq!(world.blocks(), [bound]);
    world.report("web3", &["users", "users2"], &["users", "users2"], 6);
    world.trust(&["users", "users2"]);
    world.reaches("trusted");

    // Both CAs let in, and the old one is signed by until the config is switched.
    world.sign("users2", "erik", "+1h").ok();
    world.lets_in("peter");
    world.lets_in("erik");
    let role = (
        "role engineer of the config still signs by users".to_owned(),
        false,
    );
    assert_eq!(world.blocks(), [role]);
    world.rollover(&["--next", "--yes-lock-out"]).exits(3);
    let config = std::fs::read_to_string(world.admin.config_file()).unwrap();
    let config = config.replace("ca = \"users\"", "ca = \"users2\"");
    write(&world.admin.config_file(), config, 0o600);
    world.reaches("switched");

    // Peter would be locked out, until he has a certificate of the new one.
    let goes_on = "CA users still gives out serials: punchmark ca retire users";
    let peter = lagging("peter has a valid certificate of users");
    assert_eq!(world.blocks(), [(goes_on.to_owned(), false), peter.clone()]);
    world.admin.punchmark.run(&["ca", "retire", "users"]).ok();
    world
        .sign("users", "peter", "+1h")
        .exits(3)
        .says("was retired");
    assert_eq!(world.blocks(), [peter]);
    world
        .rollover(&["--next"])
        .exits(3)
        .says("peter has a valid certificate of users");
    world.sign("users2", "peter", "+1h").ok();
    let accepted = world.rollover(&["--next", "--yes-lock-out"]).ok();
    let shown = world.rollover(&[]).ok();
    assert!(
        shown
            .stdout
            .contains("accepted: peter has a valid certificate of users"),
        "{accepted}{shown}"
    );

    // The old key goes out of the trust files and into the KRL.
    let revoke = "the key of CA users is not revoked: punchmark ca retire users";
    assert_eq!(world.blocks(), [(revoke.to_owned(), false)]);
    world
        .admin
        .punchmark
        .run(&["ca", "retire", "users", "--yes-lock-out"])
        .ok();
    let made = "no KRL was made since: punchmark krl --ca users --out revoked.krl";
    assert_eq!(world.blocks()[0].0, made);
    world
        .admin
        .punchmark
        .run(&["krl", "--out", "revoked.krl"])
        .ok();
    let trusts = |server: &str| (format!("{server}: it still trusts users"), false);
    assert_eq!(world.blocks(), ["web1", "web2", "web3"].map(trusts));
    for server in ["web1", "web2", "web3"] {
        world.report(server, &["users2"], &["users2"], 0);
    }
    // The list alone refuses it, also where the file still names the old CA.
    world.lets_in("peter");
    world.lets_in("erik");
    world.trust(&["users2"]);
    world.lets_in("peter");
    world.lets_in("erik");
    world.reaches("revoked");

    let blocks = world.blocks();
    assert!(blocks[0].0.starts_with("its key is in "), "{blocks:?}");
    let key = world.admin.token.locator("users");
    world
        .admin
        .punchmark
        .pinned(&["ca", "destroy-copy", "users", &key, "--yes"])
        .ok();
    world.reaches("destroyed");
    world
        .rollover(&["--next"])
        .exits(1)
        .says("every stage was reached");
    world.lets_in("peter");
    world.admin.punchmark.run(&["ledger", "verify"]).ok();
}

#[test]
fn what_the_old_ca_signed_is_refused_once_its_key_is_in_the_list() {
    let world = World::new();
    world.trust(&["users", "users2"]);
    world.sign("users", "peter", "+1h").ok();
    world.sign("users2", "erik", "+1h").ok();
    world.lets_in("peter");
    let retire = ["ca", "retire", "users", "--yes-lock-out"];
    world.admin.punchmark.run(&retire).ok();
    world
        .admin
        .punchmark
        .run(&["krl", "--out", "revoked.krl"])
        .ok();
    world.refuses("peter");
    world.lets_in("erik");
}

#[test]
fn without_a_list_of_servers_nothing_reads_as_fine() {
    let world = World::new();
    let bare = ["ca", "rollover", "users", "--to", "users2"];
    let run = |more: &[&str]| world.admin.punchmark.run(&[&bare[..], more].concat());
    run(&["--next"]).ok();
    run(&["--next"])
        .exits(3)
        .says("no list of servers was given");
    // No shorter word does.
    run(&["--next", "--yes-lock"]).exits(2);
    run(&["--next", "--yes-lock-out"]).ok();
    let back = ["ca", "rollover", "users2", "--to", "users2"];
    world
        .admin
        .punchmark
        .run(&back)
        .exits(2)
        .says("its own place");
}

#[test]
fn of_a_host_ca_clients_learn_the_new_one_first_and_cannot_be_asked() {
    let admin = Admin::new(crate::harness::token::Token::softhsm()).and_key("web1");
    for name in ["hosts", "hosts2"] {
        admin.init(name, "p256", "host").ok();
    }
    let sign = |ca: &str| {
        let sign = [
            "sign", "-h", "-s", ca, "-I", "web1", "-n", "web1", "-V", "+1h",
        ];
        admin
            .punchmark
            .pinned(&[&sign[..], &["web1.pub"]].concat())
            .ok();
    };
    sign("hosts");
    let bare = ["ca", "rollover", "hosts", "--to", "hosts2"];
    let run = |more: &[&str]| admin.punchmark.run(&[&bare[..], more].concat());
    run(&["--next"]).ok();
    let shown = run(&[]).ok();
    assert!(
        shown
            .stdout
            .contains("punchmark ca export hosts hosts2 --format known-hosts"),
        "{shown}"
    );
    run(&["--next"])
        .exits(3)
        .says("clients can't be asked whether they know");
    run(&["--next", "--yes-lock-out"]).ok();
    run(&["--next"])
        .exits(3)
        .says("host web1 has a certificate of hosts and none of hosts2");
    sign("hosts2");
    run(&["--next"]).ok().says("stage switched");
    admin
        .punchmark
        .run(&["ca", "retire", "hosts", "--yes-lock-out"])
        .ok();
    run(&["--next"]).ok().says("stage ended");
    run(&["--next"]).ok().says("stage revoked");
    let export = [
        "ca",
        "export",
        "hosts",
        "--format",
        "known-hosts",
        "--hosts",
        "*",
    ];
    let line = admin.punchmark.run(&export).ok();
    assert!(line.stdout.contains("@revoked * "), "{line}");
    write(&admin.punchmark.path("servers"), "web1\n", 0o644);
    run(&["--servers", "servers"])
        .exits(2)
        .says("trusted by clients");
}

#[test]
fn in_the_order_of_the_page_for_a_stolen_key_no_door_closes_before_another_is_open() {
    let world = World::new();
    world.sign("users", "peter", "+1h").ok();
    world.lets_in("peter");
    // The new key, servers that trust both, and a certificate of the new one that lets in.
    world.trust(&["users", "users2"]);
    world.sign("users2", "erik", "+1h").ok();
    world.lets_in("erik");
    let retire = [
        "ca",
        "retire",
        "users",
        "--yes-lock-out",
        "--reason",
        "stolen",
    ];
    let said = world.admin.punchmark.run(&retire).ok();
    assert!(said.stdout.contains("  peter, until "), "{said}");
    // Servers don't know yet: both get in. Then they have the list.
    world.lets_in("peter");
    world
        .admin
        .punchmark
        .run(&["krl", "--ca", "users", "--out", "revoked.krl"])
        .ok();
    world.refuses("peter");
    world.lets_in("erik");
    world.trust(&["users2"]);
    world.refuses("peter");
    world.lets_in("erik");
    world.sign("users2", "peter", "+1h").ok();
    world.lets_in("peter");
}
