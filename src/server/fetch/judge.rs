//! Whether a list may take the place of another.

use sha2::{Digest, Sha256};

use super::delegated::refuse_direct;
use super::list::SignedList;
use super::signers::{Signer, hash, print, unknown};
use super::{DelegationSeen, Expected, Fetched, Leads, Mark, Refusal, SignersSeen};
use crate::krl::ListSignature;

/// Judges the bytes of a list by its signature and by the list that is there; `leads` are what may lead
/// to a signer that is not known yet. A file that is there and is no such list says nothing: nobody
/// gets in by it, or a KRL revokes nothing.
pub(super) fn judge<L: SignedList>(
    bytes: &[u8],
    installed: Option<&[u8]>,
    signature: &ListSignature,
    leads: &Leads,
    expected: &Expected,
) -> Result<Fetched<L>, Refusal> {
    signature.verify(
        L::NAMESPACE,
        bytes,
        std::slice::from_ref(signature.signer()),
    )?;
    let list = L::from_bytes(bytes)?;
    let (signers, delegated) = signers(&list, signature, leads, expected)?;
    let before = installed.and_then(|bytes| L::from_bytes(bytes).ok());
    refuse_other_name(&list, before.as_ref(), expected)?;
    let sha256 = Sha256::digest(bytes).into();
    if expected.accept_version != Some(list.version()) {
        refuse_going_back(&list, &sha256, before.as_ref(), expected)?;
    }
    let unchanged = installed == Some(bytes);
    let before_followed = expected.signers_seen().followed.len();
    Ok(Fetched {
        followed: (signers.followed.get(before_followed..))
            .and_then(<[_]>::last)
            .map(|(_, new)| print(new)),
        mark: Mark::of(&list, sha256, expected.mark.as_ref(), signers, delegated),
        beside: leads.beside(),
        shrunk: before
            .filter(|_| !unchanged)
            .and_then(|before| list.shrunk(&before)),
        bytes: (!unchanged).then(|| bytes.to_vec()),
        list,
    })
}

/// What is known of the keys that sign, behind a list whose signature verified.
fn signers<L: SignedList>(
    list: &L,
    signature: &ListSignature,
    leads: &Leads,
    expected: &Expected,
) -> Result<(SignersSeen, Option<DelegationSeen>), Refusal> {
    let (seen, given) = (expected.signers_seen(), &expected.signers);
    let (signer, head) = (signature.signer(), list.list_name().head);
    let ledger = head.as_ref().map(|head| head.origin.as_str());
    let mut delegated = None;
    let seen = match (seen.signer(given, signer)?, leads) {
        (Signer::Known, _) => {
            refuse_direct(list, signer, expected)?;
            seen
        }
        (Signer::Unknown, Leads::None) => return Err(unknown(signer)),
        (Signer::Unknown, Leads::Rollovers(rollovers)) => {
            let seen = seen.follow(given, signer, rollovers, ledger)?;
            refuse_direct(list, signer, expected)?;
            seen
        }
        (Signer::Unknown, Leads::Delegated(leads)) => {
            let (seen, now) = leads.hold(list, signer, expected)?;
            delegated = Some(now);
            seen
        }
    };
    let mut revoked = list.revoked_keys();
    revoked.extend(&expected.revoked);
    let seen = seen.learn(given, signer, &revoked)?;
    if let Leads::Delegated(leads) = leads {
        seen.refuse_revoked(&hash(&leads.by()?))?;
    }
    Ok((seen, delegated))
}

/// Holds a list against the one that is there, against what was seen before, and against the
/// clock. The one that is there passes, however it came.
fn refuse_going_back<L: SignedList>(
    list: &L,
    sha256: &[u8; 32],
    before: Option<&L>,
    expected: &Expected,
) -> Result<(), Refusal> {
    if let Some(before) = before.filter(|before| *before != list) {
        refuse_older(list, before)?;
    }
    if let Some(mark) = &expected.mark {
        mark.hold(list, sha256)?;
    }
    let version = list.version();
    match version.checked_sub(expected.now.saturating_add(A_DAY)) {
        None | Some(0) => Ok(()),
        Some(_) => Err(Refusal::Ahead {
            version,
            days: version.saturating_sub(expected.now) / A_DAY,
        }),
    }
}

fn refuse_older<L: SignedList>(list: &L, before: &L) -> Result<(), Refusal> {
    let (fetched, installed) = (list.version(), before.version());
    if fetched < installed {
        return Err(Refusal::Older { installed, fetched });
    }
    if fetched == installed {
        return Err(Refusal::SameVersion(installed));
    }
    Ok(())
}

/// A signer may make several lists; one must not stand in for another.
fn refuse_other_name<L: SignedList>(
    list: &L,
    before: Option<&L>,
    expected: &Expected,
) -> Result<(), Refusal> {
    let wanted = expected.name.clone();
    let fetched = list.list_name().name;
    match wanted.or_else(|| before.map(|before| before.list_name().name)) {
        Some(expected) if expected != fetched => Err(Refusal::Name { expected, fetched }),
        _ => Ok(()),
    }
}

/// Versions are Unix seconds where `punchmark krl` makes them; clocks differ by less.
const A_DAY: u64 = 86_400;

#[cfg(test)]
mod tests {
    use ssh_key::private::Ed25519Keypair;
    use ssh_key::public::KeyData;

    use super::*;
    use crate::krl::{Header, KRL_NAMESPACE, Krl, Revocations, SerialRange};
    use crate::ledger::key::LedgerKey;

    fn krl(version: u64, name: &str, serials: u64) -> Vec<u8> {
        let mut revocations = Revocations::default();
        for serial in 1..=serials {
            let serial = SerialRange::one(serial * 2).unwrap();
            revocations.revoke_serials(None, serial);
        }
        let header = Header {
            version,
            comment: std::ffi::CString::new(name).unwrap(),
            ..Header::default()
        };
        Krl::new(header, revocations).to_bytes().unwrap()
    }

    fn pair() -> Ed25519Keypair {
        Ed25519Keypair::from_seed(&[1; 32])
    }

    fn by(signed: &[u8], bytes: &[u8], installed: Option<&[u8]>) -> Result<Fetched<Krl>, Refusal> {
        let mut key = LedgerKey::from_keypair(pair(), &[]).unwrap();
        let signature = key.sign_list(KRL_NAMESPACE, signed).unwrap();
        let expected = Expected {
            signers: vec![KeyData::Ed25519(pair().public)],
            name: None,
            mark: None,
            now: 1_795_000_000,
            revoked: Vec::new(),
            accept_version: None,
            base: None,
        };
        let signature = ListSignature::read(signature.as_bytes()).unwrap();
        judge(bytes, installed, &signature, &Leads::None, &expected)
    }

    fn take(bytes: &[u8], installed: &[u8]) -> Result<Fetched<Krl>, Refusal> {
        by(bytes, bytes, Some(installed))
    }

    #[test]
    fn a_newer_list_is_taken_and_the_same_one_left_alone() {
        let (old, new) = (krl(1, "users", 5), krl(2, "users", 6));
        let fetched = take(&new, &old).unwrap();
        assert_eq!(fetched.bytes, Some(new));
        assert_eq!(fetched.shrunk, None);
        assert_eq!(take(&old, &old).unwrap().bytes, None);
        assert_eq!(by(&old, &old, None).unwrap().bytes, Some(old));
    }

    #[test]
    fn an_older_list_and_another_of_the_same_version_are_refused() {
        let installed = krl(5, "users", 5);
        assert_eq!(
            take(&krl(4, "users", 9), &installed).unwrap_err(),
            Refusal::Older {
                installed: 5,
                fetched: 4
            }
        );
        assert_eq!(
            take(&krl(5, "users", 9), &installed).unwrap_err(),
            Refusal::SameVersion(5)
        );
    }

    #[test]
    fn a_list_of_another_name_is_refused() {
        let error = take(&krl(9, "hosts", 5), &krl(1, "users", 5)).unwrap_err();
        assert_eq!(
            error,
            Refusal::Name {
                expected: "users".into(),
                fetched: "hosts".into()
            }
        );
    }

    #[test]
    fn what_is_signed_and_no_krl_is_refused() {
        for bytes in [b"".as_slice(), b"SSHKRL\n\0", b"<html>"] {
            let error = by(bytes, bytes, None).unwrap_err();
            assert!(matches!(error, Refusal::Krl(_)), "{error}");
        }
    }

    #[test]
    fn a_signature_of_another_list_is_refused_whatever_is_there() {
        let (old, new) = (krl(1, "users", 5), krl(2, "users", 6));
        for installed in [None, Some(old.as_slice()), Some(b"".as_slice())] {
            let error = by(&old, &new, installed).unwrap_err();
            assert!(matches!(error, Refusal::Signature(_)), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_no_krl_is_replaced() {
        for broken in [b"".as_slice(), b"SSHKRL\n\0 and then", b"\xff"] {
            let new = krl(1, "users", 1);
            assert_eq!(take(&new, broken).unwrap().bytes, Some(new));
        }
    }

    #[test]
    fn a_list_that_lost_half_of_what_was_revoked_says_so() {
        let lost = |kept| take(&krl(2, "", kept), &krl(1, "", 10)).unwrap().shrunk;
        assert_eq!(lost(6), None);
        let shrunk = lost(5).unwrap();
        assert_eq!((shrunk.gone, shrunk.before), (5, 10));
    }
}
