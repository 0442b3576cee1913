//! Whether a key is fit to be somebody's.

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::Signatures;
use super::fault::Fault;
use super::finding::Findings;
use crate::certificate::Subject;
use crate::certificate::subject::check_quickly;

/// Whether nobody but its holder has the private half of a key, as far as that is seen. Version
/// 0.1.0 didn't look.
///
/// Of an RSA modulus some is seen after milliseconds alone, which many keys of a ledger add up
/// to minutes: that is looked at where signatures are checked too, and of CAs' keys always.
pub(super) fn check_fit(
    found: &mut Findings,
    signatures: Signatures,
    whose: &'static str,
    blob: &[u8],
) {
    let Ok(key) = PublicKey::from_bytes(blob) else {
        found.since_format_4(Fault::NoKey(whose));
        return;
    };
    let key = key.key_data();
    let fit = match (signatures, key) {
        (Signatures::Skip, KeyData::Rsa(_)) => {
            found.modulus_left();
            check_quickly(key)
        }
        _ => Subject::try_from(key.clone()).map(drop),
    };
    if let Err(why) = fit {
        found.since_format_4(Fault::Unfit { whose, why });
    }
}
