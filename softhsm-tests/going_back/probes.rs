//! Tries to take each state back.

use serde_json::Value;

use super::State;
use super::home::{FETCH, FETCH_KNOWN, FOLLOW, Home, Road, SIGN};
use super::office::Office;
use crate::harness::process::Ran;

/// What an attempt came to: what was run, and whether the state held although it went on.
pub(super) struct Probed {
    pub(super) ran: Ran,
    pub(super) held: bool,
}

/// Tries to take a state back, by the command to which it would be of use.
pub(super) fn probe(
    (home, road): (&Home, &Road),
    (office, of_office): (&Office, &Road),
    state: State,
) -> Probed {
    let run = |arguments: &[&str]| home.run(road, arguments);
    let sign = |more: &[&str]| run(&[&SIGN[..], more].concat());
    let refused = |ran: Ran, words: &str| Probed {
        held: ran.code != Some(0) && ran.stderr.contains(words),
        ran,
    };
    match state {
        State::NextSerial => next_serial(home, sign(&["key5.pub"])),
        State::UsedRequestIds => request(home, road),
        State::Challenges => refused(run(&["sign", "again.req"]), "was answered before"),
        State::RevokedSerials => refused(sign(&["--resume", "key1.pub"]), "was revoked"),
        State::RevokedKeys => refused(sign(&["key0.pub"]), "was revoked"),
        State::RevokedKeyIds => key_id(home, road),
        State::RevokedCards => {
            let add = ["requester", "add", "erika", "--card", "12345678"];
            refused(run(&add), "was barred")
        }
        State::RevokedPersons => {
            let add = ["requester", "add", "erik", "--key", "key4.pub"];
            refused(run(&add), "was barred")
        }
        State::EnrolmentsTakenAway => {
            refused(run(&["sign", "taken-away.req"]), "nobody is enrolled")
        }
        State::ReservedSuffixes => {
            let by_hand = ["sign", "-s", "users", "-I", "id", "-n", "peter_seen"];
            refused(run(&[&by_hand[..], &["key6.pub"]].concat()), "_seen")
        }
        State::KrlVersion => krl_version(home, road),
        State::InstalledList => {
            let ran = run(&[&FETCH[..], &["last-night.krl"]].concat());
            let held = ran.code == Some(2) && ran.stdout.contains("older than");
            Probed { held, ran }
        }
        State::KnownVersion => known_version(home, road),
        State::InstalledKnown => {
            let ran = run(&[&FETCH_KNOWN[..], &["last-night.known"]].concat());
            let held = ran.code == Some(2) && ran.stdout.contains("older than");
            Probed { held, ran }
        }
        State::FollowedKey => {
            let ran = run(&[&FOLLOW[..], &["forged.krl"]].concat());
            let held = ran.code == Some(2) && ran.stdout.contains("took over");
            Probed { held, ran }
        }
        State::SignedHead => signed_head(home, road),
        State::KeptHead => kept_head(home, sign(&["key7.pub"])),
        State::PendingRevocations => {
            let (ran, held) = office.still_revokes(of_office);
            Probed { ran, held }
        }
        State::MirrorVersion => {
            let (ran, held) = office.next_version(of_office);
            Probed { ran, held }
        }
        State::LedgerKeys => refused(sign(&["second_key.pub"]), "a ledger key is never certified"),
    }
}

/// A new certificate has a serial above all that were given out.
fn next_serial(home: &Home, ran: Ran) -> Probed {
    let serials = home.admin.ledger();
    let serial = serials.last().and_then(|entry| entry["serial"].as_u64());
    let held = ran.code == Some(0) && serial > Some(home.serial);
    Probed { held, ran }
}

/// A request that was used gives nothing, or with `--resume` the same certificate again.
fn request(home: &Home, road: &Road) -> Probed {
    let before = home.admin.ledger().len();
    let ran = home.run(road, &["sign", "used.req"]);
    let again = ran.code == Some(0) && road.of_sign.contains(&"--resume");
    let held =
        home.admin.ledger().len() == before && (again || ran.stderr.contains("was used before"));
    Probed { held, ran }
}

/// Every next list revokes the key ID.
fn key_id(home: &Home, road: &Road) -> Probed {
    let ran = home.run(road, &["krl", "--out", "next.krl"]);
    let shown = home.run(road, &["krl", "show", "next.krl"]);
    let held = ran.code == Some(0) && shown.stdout.contains("stolen");
    Probed { held, ran }
}

fn krl_version(home: &Home, road: &Road) -> Probed {
    let ran = home.run(road, &["krl", "--out", "next.krl", "--json"]);
    let made: Option<Value> = serde_json::from_str(&ran.stdout).ok();
    let version = made.and_then(|made| made["version"].as_u64());
    let held = ran.code == Some(0) && version > Some(home.version);
    Probed { held, ran }
}

/// The next list of what is known is a newer one, and made of no older ledger. It takes the place of the one that
/// was published, which it counts up from where both are of one second.
fn known_version(home: &Home, road: &Road) -> Probed {
    let known = ["known", "--ca", "users", "--out", "users.known", "--json"];
    let ran = home.run(road, &known);
    let made: Option<Value> = serde_json::from_str(&ran.stdout).ok();
    let version = made.and_then(|made| made["version"].as_u64());
    let held = ran.code == Some(0) && version > Some(home.known);
    Probed { held, ran }
}

/// The next signed head is over a ledger that extends the one that was signed before.
fn signed_head(home: &Home, road: &Road) -> Probed {
    let ran = home.run(road, &["ledger", "checkpoint"]);
    let against = ["--against", "head.txt", "--signer", "ledger_key.pub"];
    let verified = home.run(road, &[&["ledger", "verify"][..], &against].concat());
    let held = ran.code == Some(0) && verified.code == Some(0);
    Probed { held, ran }
}

/// The head that is kept goes on with each certificate.
fn kept_head(home: &Home, ran: Ran) -> Probed {
    let shown = home.admin.punchmark.run(&["ledger", "head", "show"]).ok();
    let entries = shown
        .stdout
        .lines()
        .nth(1)
        .and_then(|line| line.parse().ok());
    let kept = home.kept_entries();
    let held = ran.code == Some(0) && kept.is_some() && kept == entries;
    Probed { held, ran }
}
