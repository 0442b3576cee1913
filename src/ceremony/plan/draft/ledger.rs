//! The ledger and the CAs that a new plan finds.

use super::{DraftDevices, named};

/// The head that the ledger goes on from, and the CA whose key is in the first device.
pub(super) fn found(devices: &DraftDevices) -> String {
    let device = match devices {
        DraftDevices::Token(_) => "a token",
        DraftDevices::YubiKeys(_) => "a card",
    };
    named(FOUND, "root").replace("@device", device)
}

const FOUND: &str = "
[ledger] # the head that was signed last: the three lines of head.txt, or of `punchmark ledger head show`
name = \"@\"
size = \"@\" # a number without quotes
root = \"@\"

[[known-ca]] # a CA that this is about
name        = \"users\"
fingerprint = \"@\" # of its key, as its key card has it: SHA256:…
device      = \"@name\" # which holds its key; left out where it is in no device of the room
";
