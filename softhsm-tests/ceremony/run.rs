//! A ceremony at a real terminal: held, cut short, gone on with.

use super::room::{Room, date, with_window, words_of};
use crate::harness::token::PIN;

#[test]
fn two_people_make_a_ca_and_its_ledger_at_a_terminal() {
    let room = Room::new("2");
    let (shown, code) = room.hold(room.start());
    assert_eq!(code, 0, "{shown}");
    let (words, _head) = words_of(&shown);
    assert_eq!(words.split(' ').count(), 32);
    assert_eq!(room.objects("privkey", "users"), 1);
    assert_eq!(room.objects("privkey", "ledger"), 1);
}
