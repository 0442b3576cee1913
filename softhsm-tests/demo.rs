//! `scripts/demo --service`: the story of a certificate by login, as somebody reads it.

use std::net::TcpStream;
use std::path::Path;

use crate::harness::process::{bounded, run, wait_until};
use crate::harness::punchmark::BINARY;
use crate::harness::scratch;

#[test]
fn the_story_of_a_login_is_told_with_real_parts_and_leaves_nothing_running() {
    let folder = scratch();
    let binaries = Path::new(BINARY).parent().unwrap().display();
    let path = format!("{binaries}:{}", std::env::var("PATH").unwrap());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/demo");
    let mut demo = bounded(script);
    demo.args(["--service", "--inside"]).arg(folder.path());
    demo.env("PATH", path).env("HOME", folder.path());
    let told = run(&mut demo).ok();
    let mut rest = told.stdout.as_str();
    for words in STORY {
        let found = rest.split_once(words);
        rest = found
            .unwrap_or_else(|| panic!("{words:?} is not told\n{told}"))
            .1;
    }
    let config = std::fs::read_to_string(folder.path().join("punchmark.toml")).unwrap();
    for before in ["listen = [\"127.0.0.1:", "issuer     = \"http://127.0.0.1:"] {
        let behind = config.split(before).nth(1).unwrap();
        let port: u16 = behind.split('"').next().unwrap().parse().unwrap();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{before}");
    }
    // Nothing lies in the account of whoever watched.
    assert!(!folder.path().join(".local").exists() && !folder.path().join(".ssh").exists());
    let agent = told.stdout.split("Agent pid ").nth(1).unwrap();
    let agent = Path::new("/proc").join(agent.lines().next().unwrap());
    for file in [folder.path().join("sshd.pid"), agent] {
        wait_until("sshd and agent have ended", || !file.exists());
    }
    // No password is in a file, but for that of the story in its script.
    for entry in ["typescript", "serve.log", "punchmark.users"] {
        let text = std::fs::read_to_string(folder.path().join(entry)).unwrap();
        assert!(!text.contains("correct-horse"), "{entry}: {text}");
    }
}

/// What is told, in its order.
const STORY: [&str; 17] = [
    "CA users is ready",
    "peter has a password",
    "all is well: 1 CA could be served",
    "logged in as peter by start until",
    "peter_file for 1 hour, into the ssh-agent",
    "(ED25519-CERT)",
    "Welcome.",
    "logged in as deploy-web by ci until",
    "deploy-web_file for 10 minutes, in",
    "source-address 127.0.0.1/32",
    "Welcome.",
    "no program of the server's config has all that the token says",
    "requester peter is never served again",
    "punchmark: nobody is logged in",
    "Permission denied (publickey)",
    "logged out of localhost",
    "scripts/demo: all as it should be",
];
