//! The keys that a new plan of kind `create` makes.

use super::{DraftDevices, named, numbered};

/// A CA in the token, or in each card one; and the ledger key.
pub(super) fn keys(devices: &DraftDevices) -> String {
    let ca = |table: &str, at: usize| {
        let table = named(&format!("\n{table}"), &numbered("root", at));
        table.replace("@ca", &numbered("users", at))
    };
    let DraftDevices::YubiKeys(count) = devices else {
        return ca(CA_IN_TOKEN, 1) + &ca(LEDGER_KEY_IN_TOKEN, 1);
    };
    // The second one is the copy that the first can't have.
    let beside = |at| match at {
        1 => "",
        _ => BESIDE,
    };
    let cas = (1..=*count).map(|at| ca(CA_IN_YUBIKEY, at) + beside(at));
    cas.chain([ca(LEDGER_KEY_IN_YUBIKEY, 1)]).collect()
}

/// The CA that takes the place of `users`: in the token, or in the last of the cards.
pub(super) fn key_beside(devices: &DraftDevices) -> String {
    let (table, device) = match devices {
        DraftDevices::Token(_) => (CA_IN_TOKEN, "root".to_owned()),
        DraftDevices::YubiKeys(count) => (CA_IN_YUBIKEY, numbered("root", *count)),
    };
    named(&format!("\n{table}"), &device).replace("@ca", "users2")
}

/// The first drill, which is left out at first: its day is its people's.
pub(super) const DRILL: &str = "
# [drill] # what was never read back is no backup: `doctor` and `ca show` say when a drill is overdue
# next-due = \"2027-12-01T00:00Z\" # the day of the first
";
const BESIDE: &str =
    "beside       = \"users\" # trusted with it from the first day: what a copy would be for\n";
/// A CA whose key a token makes.
const CA_IN_TOKEN: &str = "\
[[ca]] # a key to be made; a second table for a CA of hosts
name         = \"@ca\"
certificates = \"user\" # or \"host\"
algorithm    = \"p256\" # p384, p521, rsa2048, rsa3072, rsa4096, ed25519
device       = \"@name\"
label        = \"@ca\"
copies       = \"none\" # lost with its device: then a new CA is made, which servers must be told; or \"wrapped\",
# with copy-device = \"spare\": a second token of this plan, and then the key was extractable for good; or
# \"in-memory\", with copy-devices = [\"spare\"]: no device made the key, and whoever read the memory has it; or
# \"components\", with [components] below: wrapped into a file by a key that people hold in components; the key
# was extractable for good, and is brought into a spare token from there
";
/// Who holds the components, which is left out at first.
pub(super) const COMPONENTS: &str = "
# [components] # with copies = \"components\": of the key that it is wrapped by; as in [custody]
# threshold  = 2 # how many of them are needed: at least 2, and fewer than there are
# custodians = [\"?\", \"?\", \"?\"] # persons with that role
# envelopes  = [\"?\", \"?\", \"?\"] # the numbers of the envelopes that the components go into
# medium     = \"?\" # what is written on the new medium that the wrapped key goes onto
# folder     = \"/media/stick\" # where it is mounted
# new-bag    = \"?\" # the number of the bag that it goes into, where no component is
";
/// A ledger key that a token makes.
const LEDGER_KEY_IN_TOKEN: &str = "\
[ledger-key] # signs the heads of the ledger, its lists, and the transcript; never a certificate; best in another
# device than a CA's key: whoever loses that one signs lists still
algorithm = \"p256\" # or ed25519
device    = \"@name\"
label     = \"ledger\"
";
/// A CA whose key a YubiKey makes.
const CA_IN_YUBIKEY: &str = "\
[[ca]] # a key to be made
name         = \"@ca\"
certificates = \"user\" # or \"host\"
algorithm    = \"p256\" # p384, rsa2048; from firmware 5.7 rsa3072, rsa4096, ed25519
device       = \"@name\"
slot         = \"9c\"
pin-policy   = \"once\" # or \"always\": for each signature
touch-policy = \"always\" # \"cached\" for 15 seconds, \"never\"
copies       = \"none\" # or \"in-memory\", with copy-devices = [\"root2\"]: one key in several cards, which NONE CAN ATTEST
";
/// A ledger key that a YubiKey makes.
const LEDGER_KEY_IN_YUBIKEY: &str = "\
[ledger-key] # signs the heads of the ledger, its lists, and the transcript; never a certificate; best in another
# device than a CA's key: whoever loses that one signs lists still
algorithm    = \"p256\" # or ed25519
device       = \"@name\"
slot         = \"9d\"
pin-policy   = \"once\"
touch-policy = \"never\"
";
