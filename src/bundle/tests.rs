//! A bundle as it travels, and every hand that was on it.

use ssh_key::{Algorithm, HashAlg, PrivateKey, SshSig};

use super::*;
use crate::certificate::Kind;
use crate::ledger::checkpoint::Checkpoint;
use crate::request::{Content, Target};

pub(super) fn key(seed: u8) -> PrivateKey {
    let pair = ssh_key::private::Ed25519Keypair::from_seed(&[seed; 32]);
    PrivateKey::from(pair)
}

pub(super) fn item(seed: u8, claimed: Option<&str>) -> Item {
    let subject = key(seed).public_key().key_data().clone();
    Item {
        place: format!("/home/ole/{seed}-cert.pub").into(),
        wish: Wish::Key(Box::new(Content {
            target: Target::of(&subject),
            subject: subject.try_into().unwrap(),
            comment: "a comment".parse().unwrap(),
            role: "engineer".parse().unwrap(),
            kind: Kind::User,
            principals: None,
            validity: None,
            options: vec!["no-pty".to_owned()],
            key_id: None,
            claimed: claimed.map(|name| name.parse().unwrap()),
            reason: None,
            created: 1_800_000_000,
            id: [seed; 16],
            challenge: None,
            evidence: Vec::new(),
        })),
    }
}

/// The header of a bundle with two items.
pub(crate) fn header() -> Header {
    drawn().1
}

fn drawn() -> (Draft, Header) {
    let mut draft = Draft::default();
    for seed in [11, 12] {
        draft.add(&item(seed, Some("peter"))).unwrap();
    }
    let against = Checkpoint {
        origin: "punchmark.ledger/00".to_owned(),
        size: 7,
        root: [4; 32],
    };
    let registrar = Registrar {
        name: "ole".parse().unwrap(),
        key: key(1).public_key().to_bytes().unwrap(),
    };
    let header = draft.header(([5; 16], [6; 32]), 1_800_000_000, against, registrar);
    (draft, header)
}

fn signed(header: &Header, by: u8, namespace: &str) -> SshSig {
    let bytes = header.to_bytes().unwrap();
    SshSig::sign(&key(by), namespace, HashAlg::Sha512, &bytes).unwrap()
}

fn bundle() -> Vec<u8> {
    let (draft, header) = drawn();
    draft
        .to_bytes(&header, &signed(&header, 1, NAMESPACE))
        .unwrap()
}

fn read(bytes: &[u8]) -> Result<(Header, Vec<Item>), BundleError> {
    let length = u64::try_from(bytes.len()).unwrap();
    let opened = Opened::read(bytes, length)?;
    let header = opened.header().clone();
    Ok((header, opened.items().collect::<Result<_, _>>()?))
}

#[test]
fn what_is_read_is_what_was_asked() {
    assert_eq!(key(1).algorithm(), Algorithm::Ed25519);
    let (header, items) = read(&bundle()).unwrap();
    assert_eq!(header, super::tests::header());
    let places: Vec<_> = items.iter().map(|item| item.place.clone()).collect();
    assert_eq!(
        places,
        ["/home/ole/11-cert.pub", "/home/ole/12-cert.pub"].map(std::path::PathBuf::from)
    );
    let ids: Vec<_> = items.iter().map(|item| item.content().id).collect();
    assert_eq!(ids, [[11; 16], [12; 16]]);
}

#[test]
fn a_bundle_of_which_one_byte_was_changed_is_refused() {
    let whole = bundle();
    for at in 0..whole.len() {
        for hand in [1, 0x80] {
            let mut changed = whole.clone();
            changed[at] ^= hand;
            assert!(read(&changed).is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_bundle_that_is_cut_or_longer_is_refused() {
    let whole = bundle();
    for length in 0..whole.len() {
        let cut = read(&whole[..length]);
        let is_cut = matches!(
            cut,
            Err(BundleError::Version
                | BundleError::Header(_)
                | BundleError::Field(_)
                | BundleError::Length { .. }
                | BundleError::Read(_))
        );
        assert!(is_cut, "cut to {length}: {:?}", cut.err());
    }
    let longer = [whole.as_slice(), b"\0"].concat();
    assert!(matches!(read(&longer), Err(BundleError::Length { .. })));
    // Whoever says that it is as long as the header says gives no more than the items.
    let length = u64::try_from(whole.len()).unwrap();
    let items = Opened::read(longer.as_slice(), length).unwrap().items();
    assert_eq!(items.count(), 2);
}

#[test]
fn items_that_were_dropped_doubled_or_swapped_are_not_those_that_were_signed() {
    let (_, header) = drawn();
    let signature = signed(&header, 1, NAMESPACE);
    for seeds in [&[11][..], &[11, 12, 12], &[12, 11], &[11, 11]] {
        let mut draft = Draft::default();
        for seed in seeds {
            draft.add(&item(*seed, Some("peter"))).unwrap();
        }
        let error = read(&draft.to_bytes(&header, &signature).unwrap()).unwrap_err();
        assert!(
            matches!(error, BundleError::Items | BundleError::Length { .. }),
            "{seeds:?}: {error}"
        );
    }
}

#[test]
fn a_signature_counts_for_a_bundle_of_its_key_alone() {
    let (draft, header) = drawn();
    let with = |signature: &SshSig| read(&draft.to_bytes(&header, signature).unwrap()).unwrap_err();
    let other = with(&signed(&header, 2, NAMESPACE));
    assert!(
        matches!(other, BundleError::Signature(DetachedError::OtherKey)),
        "{other}"
    );
    let namespace = with(&signed(&header, 1, "file"));
    assert!(
        matches!(namespace, BundleError::Signature(DetachedError::Form)),
        "{namespace}"
    );
    let later = Header {
        made: 1_900_000_000,
        ..header.clone()
    };
    let later = with(&signed(&later, 1, NAMESPACE));
    assert!(matches!(later, BundleError::Signature(_)), "{later}");
}

#[test]
fn a_key_of_nobody_is_no_item() {
    let bytes = item(3, None).to_bytes().unwrap();
    assert!(matches!(Item::from_bytes(&bytes), Err(ItemError::Nobody)));
    let mut odd = item(3, Some("peter")).to_bytes().unwrap();
    odd[0] = 9;
    assert!(matches!(Item::from_bytes(&odd), Err(ItemError::Kind(9))));
}

#[test]
fn what_a_header_announces_is_held_against_its_limits_before_anything_is_read() {
    let (draft, header) = drawn();
    let announce = |header: Header| {
        let signature = signed(&header, 1, NAMESPACE);
        read(&draft.to_bytes(&header, &signature).unwrap()).unwrap_err()
    };
    let many = announce(Header {
        items: MOST_ITEMS + 1,
        ..header.clone()
    });
    assert!(matches!(many, BundleError::TooMany(_)), "{many}");
    let none = announce(Header {
        items: 0,
        ..header.clone()
    });
    assert!(matches!(none, BundleError::Items), "{none}");
    let large = announce(Header {
        bytes: u64::MAX,
        ..header.clone()
    });
    assert!(matches!(large, BundleError::TooLarge { .. }), "{large}");
    let long = [&u32::MAX.to_be_bytes()[..], &[0; 64]].concat();
    assert!(matches!(
        read(&long),
        Err(BundleError::TooLarge { part: "header", .. })
    ));
}

#[test]
fn what_has_no_room_waits_for_the_next_bundle_and_the_oldest_go_first() {
    let revocation = |number: u32, length: usize| (number.to_be_bytes().repeat(length), vec![0; 8]);
    // By number: a bundle has room for a thousand.
    let mut header = header();
    let waiting: Vec<_> = (0..1003).map(|number| revocation(number, 1)).collect();
    assert_eq!(header.carry(waiting.clone()).unwrap(), 3);
    assert_eq!(header.pending, waiting[..1000]);
    // By length: the header is read, and one more would be too many.
    let mut header = super::tests::header();
    let waiting: Vec<_> = (0..8).map(|number| revocation(number, 50_000)).collect();
    let left = header.carry(waiting.clone()).unwrap();
    assert_eq!(header.pending, waiting[..5]);
    assert_eq!(left, 3);
    assert!(header.to_bytes().unwrap().len() <= 1024 * 1024);
    header.pending.push(waiting[5].clone());
    assert!(header.to_bytes().unwrap().len() > 1024 * 1024);
    // A later one that is short overtakes none.
    let mut header = super::tests::header();
    let waiting = vec![revocation(1, 300_000), revocation(2, 1)];
    assert_eq!(header.carry(waiting).unwrap(), 2);
}
