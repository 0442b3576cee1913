//! The night in which a CA's key was stolen, practised.

use std::fs;

use super::{
    REHEARSE, assert_counts_whole, of_ca, rehearse, rehearsed, wants_one, who_rehearsed, words,
};
use crate::ceremony::compromise::{self, OUTPUTS, report_in, who_lock_out};
use crate::ceremony::people::People;
use crate::ceremony::room::{Room, killed_within, words_of};
use crate::harness::keygen;
use crate::harness::punchmark::BINARY;
use crate::harness::sshd::{Configuration, Sshd};

fn room() -> Room {
    wants_one(compromise::room())
}

/// The witness goes on without the servers.
pub(super) fn locks_out(people: &mut People) {
    let servers = "let somebody in by a certificate of the new CA";
    let instead = (servers.to_owned(), "yes, lock out".to_owned());
    people.instead.push(instead);
}

#[test]
fn the_night_is_practised_on_what_is_made_for_it_and_the_ceremony_wants_its_words() {
    let room = room();
    let before = of_ca(&room);
    let (shown, code) = rehearse(&room, |_| {});
    assert_eq!(code, 1, "{shown}");
    for words in ["stage `trusted` is blocked", "web1: it sent no report"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // A server that is there for practice lets in whom the plan has, under a name that no other has.
    let path = |name: &str| room.account.path(&format!("rehearsal/{name}"));
    fs::copy(
        path("ceremony/emergency-1-cert.pub"),
        room.account.path("erik-cert.pub"),
    )
    .unwrap();
    let both = path("ceremony/rehearsal-users2-trusted.pub");
    let sshd = Sshd::start(&Configuration::users(&both, &["rehearsal-peter"]));
    sshd.login(&room.account.path("erik")).ok();
    drop(sshd);
    for server in ["web1", "web2"] {
        let keys = [
            "rehearsal/ca/rehearsal-users.pub",
            "rehearsal/ceremony/rehearsal-users2.pub",
        ];
        report_in(&room, "rehearsal/reports", server, &keys);
    }
    let (shown, code) = rehearse(&room, |_| {});
    assert!(shown.contains("all 2 trust both"), "{shown}");
    words(&shown, code);
    // Nothing of the CA was touched, and nothing of it is told.
    assert_eq!(of_ca(&room), before);
    assert_eq!(room.objects("privkey", "users2"), 0);
    let transcript = fs::read_to_string(path("ceremony/transcript.jsonl")).unwrap();
    let print = keygen::fingerprint(&room.account.path("ca/users.pub"));
    for own in [room.serial.as_str(), &print] {
        assert!(!transcript.contains(own), "{own}: {transcript}");
    }
    assert!(
        transcript.contains("made for this rehearsal"),
        "{transcript}"
    );
    let paper = fs::read_to_string(path("paper.html")).unwrap();
    assert!(paper.contains("Made for this REHEARSAL: the ledger"));

    let run = ["--pin-file", "pin", "ceremony", "run", "plan.toml"];
    let run = [&run[..], &["--rehearsal", "rehearsal"]].concat();
    let mut people = who_rehearsed(&room, who_lock_out(&room));
    let (shown, code) = people.hold(room.started_by(BINARY, &run));
    assert_eq!(code, 0, "{shown}");
    let words = words_of(&shown).0;
    room.verify_with(&words, &OUTPUTS, &["--rehearsal", "rehearsal"])
        .ok();
    room.verify(&words, &OUTPUTS)
        .exits(1)
        .says("the rehearsal that the plan requires was not given");
}

#[test]
fn a_rehearsal_of_the_night_counts_whole_or_not_at_all() {
    let room = room();
    let (shown, code) = rehearse(&room, locks_out);
    words(&shown, code);
    assert_counts_whole(&room);
    // A ledger of a CA is none that was made for it.
    let own = room.account.path("rehearsal/ceremony/punchmark.ledger");
    fs::copy(room.account.path("first/punchmark.ledger"), own).unwrap();
    super::check(&room).exits(1).says("ledger");
}

#[test]
fn killed_at_every_write_the_rehearsal_of_the_night_comes_to_its_end() {
    let room = room();
    killed_within(24, 12, &REHEARSE, |arguments| {
        rehearsed(&room, ("strace", arguments), locks_out)
    });
    super::check(&room).ok();
}
