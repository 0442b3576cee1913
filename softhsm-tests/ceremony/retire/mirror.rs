//! A CA that ends where a mirror makes the lists of servers.

use serde_json::Value;

use super::{OUTPUTS, hold, people, ran, room};
use crate::ceremony::room::words_of;
use crate::ceremony::verify::chained;
use crate::harness::process::wait_until;
use crate::harness::{keygen, lock, write};

#[test]
fn where_a_mirror_makes_the_lists_the_list_of_the_room_is_told_to_stay_in() {
    let room = room();
    keygen::make(room.account.home(), "list_key", keygen::ED25519);
    let delegated = ["ledger", "delegate-lists", "--key", "list_key.pub"];
    ran(&room, &[&delegated[..], &["--until", "+52w"]].concat()).ok();
    let (stays, goes) = ("it stays in the room: ", "servers get it first: ");
    let is_last = |question: &str| question.contains("type end");
    assert_eq!(people(&room).hold_until(room.start(), is_last), None);
    let file = room.output("transcript.jsonl");
    wait_until("nobody has the transcript", || !lock::is_held(&file));
    let whole = room.transcript();
    let line = whole
        .lines()
        .find(|line| line.contains("list of the room"))
        .unwrap();
    assert!(line.contains(stays), "{line}");
    // Whoever lets it be told otherwise would have servers lose what is pending on the mirror.
    let event: Value = serde_json::from_str(line).unwrap();
    let value = format!("{goes}the ledger knows no mirror");
    let told = event["event"]["value"].as_str().unwrap().to_owned();
    let other = chained(&whole.replace(&told, &value));
    write(&file, other, 0o644);
    let (shown, code) = hold(&room);
    assert_eq!(code, 0, "{shown}");
    room.verify(&words_of(&shown).0, &OUTPUTS)
        .exits(1)
        .says("list of the room");
}
