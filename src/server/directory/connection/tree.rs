//! An entry out of the tree of tags that its bytes are (RFC 4511, section 4.5.2).

use ldap3::asn1::{PL, StructureTag, TagClass};

use super::super::entry::Entry;

/// The entry that a `SearchResultEntry` is; none for any other tree.
pub(super) fn entry(tree: StructureTag) -> Option<Entry> {
    if tree.class != TagClass::Application || tree.id != SEARCH_RESULT_ENTRY {
        return None;
    }
    let [dn, attributes] = parts(tree)?;
    let attributes = branches(attributes)?.into_iter().map(attribute);
    Some(Entry {
        dn: text(dn)?,
        attributes: attributes.collect::<Option<_>>()?,
    })
}

fn attribute(tree: StructureTag) -> Option<(String, Vec<Vec<u8>>)> {
    let [description, values] = parts(tree)?;
    let values = branches(values)?.into_iter().map(bytes);
    Some((text(description)?, values.collect::<Option<_>>()?))
}

fn parts<const N: usize>(tree: StructureTag) -> Option<[StructureTag; N]> {
    branches(tree)?.try_into().ok()
}

fn branches(tree: StructureTag) -> Option<Vec<StructureTag>> {
    match tree.payload {
        PL::C(branches) => Some(branches),
        PL::P(_) => None,
    }
}

fn bytes(tree: StructureTag) -> Option<Vec<u8>> {
    match tree.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

fn text(tree: StructureTag) -> Option<String> {
    String::from_utf8(bytes(tree)?).ok()
}

const SEARCH_RESULT_ENTRY: u64 = 4;

#[cfg(test)]
mod tests {
    use ldap3::asn1::parse_tag;

    use super::*;

    /// An entry `cn=x` with `uid: anna`, in BER.
    const ENTRY: &[u8] = b"\x64\x15\x04\x04cn=x\x30\x0d\x30\x0b\x04\x03uid\x31\x04\x04\x02an";

    #[test]
    fn an_entry_is_read_and_any_other_tree_is_none() {
        let read = |bytes: &[u8]| parse_tag(bytes).ok().and_then(|(_, tree)| entry(tree));
        let found = read(ENTRY).unwrap();
        assert_eq!(found.dn, "cn=x");
        assert_eq!(found.attributes, [("uid".to_owned(), vec![b"an".to_vec()])]);
        // Each byte of it that says what follows, as something else.
        for place in [0, 2, 8, 10, 12, 17] {
            let mut odd = ENTRY.to_vec();
            if let Some(byte) = odd.get_mut(place) {
                *byte ^= 0x20;
            }
            assert_eq!(read(&odd), None, "{place}");
        }
    }
}
