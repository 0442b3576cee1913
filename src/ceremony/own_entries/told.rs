//! An entry of the ledger in the words of a transcript.

use crate::ledger::{Event, Reserved};
use crate::wire::RawCertificate;

/// What an entry says, in a few words.
pub(super) fn told(event: &Event) -> String {
    let (what, of) = match event {
        Event::CaAdded(added) => ("a key became the CA", added.name.as_str()),
        Event::Reserved(reserved) => return reservation(reserved),
        Event::Issued(issued) => {
            return format!("the certificate of entry {} was signed", issued.reserved);
        }
        Event::Failed(failed) => return format!("entry {} was given up", failed.reserved),
        Event::Revoked(revoked) => ("certificates or keys were revoked", revoked.reason.as_str()),
        Event::KrlMade(_) => ("a list of what was revoked was made", ""),
        Event::Resumed(_) => ("an older ledger was put back", ""),
        Event::EvidenceSeen(seen) => ("evidence of a key was believed", seen.kind.as_str()),
        Event::CheckpointSigned(signed) => ("a head was signed by", signed.key.as_str()),
        Event::RequesterAdded(added) => ("somebody was enrolled", added.name.as_str()),
        Event::ChallengeMade(_) => ("a challenge was made", ""),
        Event::ClockCorrected(corrected) => ("the clock was corrected", corrected.reason.as_str()),
        Event::Barred(barred) => ("cards or requesters were barred", barred.reason.as_str()),
        Event::PolicySeen(_) => ("another policy decides", ""),
        Event::RequesterRemoved(removed) => ("somebody is enrolled no more", removed.name.as_str()),
        Event::SuffixesSet(_) => ("suffixes of a CA were set", ""),
        Event::HeadAdopted(_) => ("the ledger was said to be the newest copy", ""),
        Event::HeadPlaces(_) => ("the places of the kept head were set", ""),
        Event::TailCut(_) => ("what a crash left was put aside", ""),
        Event::LedgerKeyAdded(_) => ("a key became a ledger key", ""),
        Event::LedgerKeyRolled(_) => ("a ledger key took over from another", ""),
        Event::LedgerKeyRevoked(revoked) => ("a ledger key was revoked", revoked.reason.as_str()),
        Event::RootDistrusted(root) => {
            ("a root of attestation was distrusted", root.reason.as_str())
        }
        Event::Bound(bound) => ("a token was bound to the ledger", bound.device.as_str()),
        Event::PlaceAllowed(_) => ("a place of the ledger was allowed", ""),
        Event::NotBound(_) => ("a token was not bound to the ledger", ""),
        Event::RequesterNamed(_) => ("the names of a requester were recorded", ""),
        Event::DutiesSet(_) => ("the duties of a requester were recorded", ""),
        Event::CeremonyHeld(_) => ("another ceremony was held", ""),
        Event::BundleTaken(taken) => ("a bundle was taken, made by", taken.registrar.as_str()),
        Event::BundleClosed(_) => ("a bundle was closed", ""),
        Event::PendingTaken(taken) => {
            ("a pending revocation was taken, by", taken.revoker.as_str())
        }
        Event::PendingRefused(refused) => (
            "a pending revocation was refused, by",
            refused.revoker.as_str(),
        ),
        Event::CopyTried(tried) => ("a copy of a key was tried in", tried.holder.as_str()),
        Event::CopySeen(seen) => (
            "something became of a copy of a key in",
            seen.holder.as_str(),
        ),
        Event::LoginBound(bound) => ("a login was bound, or freed, of", bound.name.as_str()),
        Event::LoginSeen(seen) => ("somebody logged in to a server,", seen.name.as_str()),
        Event::CaRetired(retired) => ("a CA was retired", retired.reason.as_str()),
        Event::StageReached(_) => ("a rollover reached a stage", ""),
        Event::SecretsDerived(derived) => ("a device got other secrets", derived.serial.as_str()),
        Event::ListsDelegated(_) => ("the signing of lists was delegated", ""),
    };
    if of.is_empty() {
        return what.to_owned();
    }
    format!("{what} {:?}", cut(of))
}

fn reservation(reserved: &Reserved) -> String {
    let content = RawCertificate::of_to_be_signed(&reserved.to_be_signed);
    let key_id = content.map_or_else(
        |_form| String::new(),
        |content| {
            let key_id = String::from_utf8_lossy(content.key_id()).into_owned();
            format!(", with key ID {:?}", cut(&key_id))
        },
    );
    format!(
        "serial {} was taken for a certificate{key_id}",
        reserved.serial
    )
}

/// A line of a transcript is short.
fn cut(text: &str) -> String {
    text.chars().take(CHARS_TOLD).collect()
}

const CHARS_TOLD: usize = 200;
