//! A published list, as the entries that an older ledger takes over from it.

use crate::krl::{Authority, Krl};
use crate::ledger::Revoked;

/// What a list revokes, in the form of the ledger: one revocation a CA, one for the keys.
///
/// A list of ours names keys by blob or by SHA-256, and key IDs are text. Fingerprints by SHA-1
/// and key IDs of other bytes, which only lists of other makers have, can't be recorded and are
/// counted.
pub struct OfList {
    /// The revocations.
    pub revoked: Vec<Revoked>,
    /// How many things can't be recorded.
    pub left_out: usize,
}

impl OfList {
    /// What `krl` revokes.
    #[must_use]
    pub fn new(krl: &Krl, keyboard: &str) -> Self {
        let reason = format!("taken over from KRL version {}", krl.header().version);
        let one = || Revoked {
            reason: reason.clone(),
            keyboard: keyboard.to_owned(),
            ..Revoked::default()
        };
        let authorities = krl.authorities().map(|authority| Revoked {
            ca: authority
                .ca()
                .map_or_else(Vec::new, |ca| ca.as_blob().to_vec()),
            serials: serials(authority),
            key_ids: key_ids(authority),
            ..one()
        });
        let keys = Revoked {
            keys: krl.keys().iter().map(<[u8]>::to_vec).collect(),
            sha256s: krl.sha256s().to_vec(),
            ..one()
        };
        Self {
            revoked: authorities
                .chain([keys])
                .filter(|revoked| !revoked.is_empty())
                .collect(),
            left_out: krl.sha1s().len() + krl.authorities().map(no_text).sum::<usize>(),
        }
    }
}

fn serials(authority: &Authority) -> Vec<(u64, u64)> {
    let ranges = authority.serials().ranges();
    ranges.map(|range| (range.first(), range.last())).collect()
}

fn key_ids(authority: &Authority) -> Vec<String> {
    let ids = authority.key_ids().iter();
    ids.filter_map(|id| String::from_utf8(id.to_vec()).ok())
        .collect()
}

fn no_text(authority: &Authority) -> usize {
    authority.key_ids().iter().len() - key_ids(authority).len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::krl::{Header, Revocations, SerialRange};

    #[test]
    fn everything_that_a_list_revokes_is_taken_over_or_counted() {
        let mut revocations = Revocations::default();
        revocations.revoke_serials(None, SerialRange::new(4, 9).unwrap());
        revocations.revoke_key_id(None, c"peter, laptop");
        revocations.revoke_key_id(None, c"\xff");
        revocations.revoke_sha256([7; 32]);
        revocations.revoke_sha1([8; 20]);
        let header = Header {
            version: 12,
            ..Header::default()
        };
        let over = OfList::new(&Krl::new(header, revocations), "tester");
        let [of_any, keys] = over.revoked.as_slice() else {
            panic!("{:?}", over.revoked);
        };
        assert_eq!(of_any.serials, [(4, 9)]);
        assert_eq!(of_any.key_ids, ["peter, laptop"]);
        assert!(of_any.ca.is_empty());
        assert_eq!(of_any.reason, "taken over from KRL version 12");
        assert_eq!(keys.sha256s, [[7; 32]]);
        assert_eq!(over.left_out, 2);
    }
}
