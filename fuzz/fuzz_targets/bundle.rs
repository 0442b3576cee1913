//! A bundle and its answer, and an item of each: what is read has one encoding, and nothing is believed unsigned.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::bundle::{Answer, AnswerError, AnswerHeader, Answered, Header, Item, Opened};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(item) = Item::from_bytes(bytes) {
        assert_eq!(item.to_bytes().unwrap(), bytes);
    }
    if let Ok(header) = Header::from_bytes(bytes) {
        assert_eq!(header.to_bytes().unwrap(), bytes);
    }
    let length = u64::try_from(bytes.len()).unwrap();
    if let Ok(opened) = Opened::read(bytes, length) {
        let items = opened.header().items;
        let read = opened.items().take_while(Result::is_ok).count();
        assert!(u64::try_from(read).unwrap() <= items);
    }
    let _header = AnswerHeader::from_bytes(bytes);
    let _item = Answered::from_bytes(bytes);
    let own = tempfile::tempfile().unwrap();
    if let Ok(answer) = Answer::copy(bytes, length, own) {
        let _items = answer.each_item::<AnswerError>(&mut |_, _| Ok(()));
        if let Ok(frames) = answer.frames() {
            let read = frames.take_while(Result::is_ok).count();
            assert!(u64::try_from(read).unwrap() <= answer.header().frames);
        }
    }
});
