//! What a new plan says of a ledger and CAs that are there before.

use ssh_key::Fingerprint;

use super::super::reader::TO_FILL_IN;
use super::named;
use crate::ledger::checkpoint::Checkpoint;
use crate::wire::{hex, words};

/// A ledger that is there before, as whoever writes the plan sees it.
pub struct DraftLedger {
    /// Its last ceremony.
    pub last: LastCeremony,
    /// Its head.
    pub head: Checkpoint,
    /// The CAs that the ceremony is about, each with its key.
    pub cas: Vec<(String, Fingerprint)>,
}

/// The last ceremony of a ledger, as far as whoever writes the plan can know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastCeremony {
    /// It had none.
    None,
    /// The value of its transcript.
    Value([u8; 32]),
    /// A mirror learned of a session's bundle by its answer, which was made before that session ended: the paper alone
    /// has the words.
    OnPaper,
}

impl LastCeremony {
    /// What the plan says.
    pub(super) fn text(self) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Value(value) => words(&value),
            Self::OnPaper => TO_FILL_IN.to_owned(),
        }
    }
}

/// `[ledger]` and a `[[known-ca]]` for each CA.
pub(super) fn tables(before: Option<&DraftLedger>) -> String {
    let Some(before) = before else {
        let size = format!("\"{TO_FILL_IN}\" # a number without quotes");
        let open = LEDGER.replace("@size", &size).replace("@root", TO_FILL_IN);
        return named(&format!("\n{open}\n{KNOWN_CA}"), "root")
            .replace("@origin", TO_FILL_IN)
            .replace("@ca", "users")
            .replace("@fingerprint", TO_FILL_IN);
    };
    let head = &before.head;
    let ledger = LEDGER
        .replace("@origin", &head.origin)
        .replace("@size", &head.size.to_string())
        .replace("@root", &hex(&head.root));
    let ca = |(name, fingerprint): &(String, Fingerprint)| {
        named(&format!("\n{KNOWN_CA}"), "root")
            .replace("@ca", name)
            .replace("@fingerprint", &fingerprint.to_string())
    };
    let cas: String = before.cas.iter().map(ca).collect();
    format!("\n{ledger}{cas}")
}

/// The ledger.
const LEDGER: &str = "\
[ledger] # the head that was signed last, which the ledger in the room goes on from: the three lines of
# head.txt, or of `punchmark ledger head show`
name = \"@origin\"
size = @size
root = \"@root\"
";
/// A CA that is there.
const KNOWN_CA: &str = "\
[[known-ca]] # a CA that this is about; without `device` where its key is in no device of the room
name        = \"@ca\"
fingerprint = \"@fingerprint\" # as its key card has it
device      = \"@name\"
";
/// What says that the key of a CA is in the first device.
pub(super) const DEVICE: &str = "device      = \"root\"\n";
