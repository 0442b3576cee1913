//! What a new plan of kind `retire` ends.

use super::{DraftDevices, named, numbered};
use crate::secret::share::Quorum;

/// The CA, a copy of its key in each device, and the papers that opened them. Shares may open what stays.
pub(super) fn ends(devices: &DraftDevices, shares: Option<Quorum>) -> String {
    let count = match devices {
        DraftDevices::Token(_) => 1,
        DraftDevices::YubiKeys(count) => *count,
    };
    let copies = (1..=count).map(|at| named(COPY, &numbered("root", at)));
    let papers = (1..=count).map(|at| match shares {
        // The ledger key stays in the first, and the PIN of that is needed on.
        None if at == 1 => SPENT.to_owned(),
        None => named(PAPER, &numbered("root", at)),
        Some(_) if at == 1 => SHARE.to_owned(),
        Some(_) => String::new(),
    });
    [named(RETIRE, "root")]
        .into_iter()
        .chain(copies)
        .chain([MISSING.to_owned()])
        .chain(papers)
        .collect()
}

const RETIRE: &str = "
[retire]
reason   = \"@\"     # why, for the ledger: \"users2 took over\"
lock-out = false   # true: its key is revoked although certificates of it are valid
# list-name = \"users\" # what `krl fetch` on servers knows the list by, where it isn't the names of all CAs

# Every copy of the key that the ledger knows, and no other: `punchmark ca show users --json`.
";
const COPY: &str = "
[[copy]] # destroyed in this device, and read back as gone
ca     = \"users\"
device = \"@name\"
";
const MISSING: &str = "
# [[copy]] # one that nobody finds is named, and stays visible for good
# ca      = \"users\"
# missing = \"not in the safe on 2026-11-26, Anna and Bob looked\"
# locator = \"yubikey:serial=12345679;slot-id=9c\" # as `punchmark ca show users --json` has it

# [[copy]] # a wrapped key: its file is overwritten and removed
# ca      = \"users\"
# locator = \"blob:…\" # as `punchmark ca show users --json` has it
# file    = \"/media/stick/users.wrapped\"

# [[copy]] # what people destroy: components on paper, or a medium that can't be read any more
# ca      = \"users\"
# locator = \"components:…\"
# by-hand = \"all three sheets were shredded\"
";
const PAPER: &str = "
[[paper]] # the sheet of a device in which nothing stays: collected in its envelope, and destroyed. With the number that is
# `pin-envelope` above, no PIN of it is sealed again
what     = \"the PIN of `@name`\"
envelope = \"@\"
";
const SPENT: &str = "
# [[paper]] # a sheet of a device in which nothing stays: collected in its envelope, and destroyed. The PIN of the device that
# has the ledger key is needed on: its sheet goes into `pin-envelope` again
# what     = \"the PIN of `root`\"
# envelope = \"E1\"
";
const SHARE: &str = "
# [[paper]] # a share, where these shares open nothing that stays: collected in its envelope, and destroyed
# what     = \"share 1\"
# envelope = \"S1\"
";
