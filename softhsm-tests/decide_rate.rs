//! How long a decision takes, for `scripts/bench`: `decide_rate COUNT`.
//!
//! A role with every field, three principals, options, and a witness; prints the nanoseconds
//! of a decision on average over each of COUNT thousands, one a line.

use std::error::Error;
use std::hint::black_box;
use std::io::{Write, stdout};
use std::time::Instant;

use punchmark::attestation::Proof;
use punchmark::certificate::{Kind, OptionsAsked, Principals};
use punchmark::policy::{CaFacts, Role, Rules, Suffixes, decide};
use punchmark::request::{Ask, KnownBy, Request, Requester};
use ssh_key::PublicKey;

fn main() -> Result<(), Box<dyn Error>> {
    let count = std::env::args().nth(1).ok_or("usage: decide_rate COUNT")?;
    let suffixes: Suffixes = toml::from_str(SUFFIXES)?;
    let role = Role::new("engineer".parse()?, toml::from_str(ROLE)?, &suffixes)?;
    let ca = request()?.subject;
    let rules = Rules {
        role: &role,
        suffixes: &suffixes,
        ca: CaFacts {
            name: "users",
            public_key: &ca,
            signs_users: true,
            signs_hosts: false,
            ca_keys: &[],
        },
    };
    let request = request()?;
    let proofs = [Proof::witnessed(request.subject.clone(), "seen".to_owned())];
    let peter = Requester::known("peter".parse()?, KnownBy::Vouch);
    for _ in 0..count.parse::<u64>()? {
        let start = Instant::now();
        for _ in 0..1000 {
            decide(black_box(&request), &peter, &proofs, &rules, NOW)?;
        }
        writeln!(stdout(), "{}", start.elapsed().as_nanos() / 1000)?;
    }
    Ok(())
}

fn request() -> Result<Request, Box<dyn Error>> {
    let asked = ["no-pty", "permit-port-forwarding", "force-command=ls"];
    Ok(Request {
        subject: KEY.parse::<PublicKey>()?.key_data().clone(),
        ask: Ask {
            role: "engineer".parse()?,
            kind: Kind::User,
            key_id: None,
            principals: Some(Principals::parse("peter,dev-1,web", Kind::User)?),
            validity: None,
            validity_as_asked: String::new(),
            options: OptionsAsked::parse(&asked.map(str::to_owned))?,
            reason: None,
            serial: None,
        },
    })
}

const NOW: u64 = 1_795_000_000;
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk";
const SUFFIXES: &str = r#"
physical  = { suffix = "_physical", proof = ["piv", "fido"], touch = "cached", pin = "once" }
witnessed = { suffix = "_witnessed", proof = ["witnessed"] }
file      = { suffix = "_file" }
"#;
const ROLE: &str = r#"
ca         = "users"
requesters = ["erik", "*@example.org", "p*"]
principals = ["{requester}", "dev-*", "web"]
storage    = "require"
lifetime   = { default = "8h", maximum = "24h", back-date = "5m" }
extensions = { default = ["permit-pty"], allowed = ["permit-port-forwarding"] }
critical-options = { forced = { source-address = "10.0.0.0/8" }, allowed = ["force-command=*"] }
key-types  = ["ed25519", "rsa-3072"]
key-id     = "{requester} as {role} ({proof})"
"#;
