//! A bundle, and an item of one: what is read has one encoding, and nothing is believed unsigned.

#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::bundle::{Header, Item, Opened};

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
});
