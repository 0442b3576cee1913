//! What a new plan says of shares, where custodians hold them.

use super::super::Kind;
use super::super::reader::TO_FILL_IN;
use crate::secret::share::Quorum;

/// `[custody]`, in which who holds each share, and its envelope, are left open.
pub(super) fn table(kind: Kind, quorum: Quorum) -> String {
    let open = vec![format!("\"{TO_FILL_IN}\""); usize::from(quorum.shares())].join(", ");
    let given_out = if kind.finds_ledger() { BEFORE } else { HERE };
    let rotate = if kind.finds_ledger() { ROTATE } else { "" };
    format!("{CUSTODY}{rotate}")
        .replace("@given-out", given_out)
        .replace("@needed", &quorum.threshold().to_string())
        .replace("@shares", &quorum.shares().to_string())
        .replace("@open", &open)
}

/// How a device has its secrets by the shares.
pub(super) fn pins(kind: Kind) -> &'static str {
    if kind.finds_ledger() { OPENED } else { SET }
}

const CUSTODY: &str = "
[custody] # @given-out: @needed of @shares open the devices, and no less
threshold  = @needed
custodians = [@open] # who holds share 1, share 2 and so on: persons with that role
envelopes  = [@open] # the numbers of the envelopes that they go into, in the same order
";
/// What is left out at first.
const ROTATE: &str = "\
# rotate   = false # the devices keep their secrets: whoever saw a PIN of this ceremony can use it
";
const HERE: &str = "a secret is made, and split into shares";
const BEFORE: &str = "shares that an earlier ceremony gave out";
/// Secrets that follow from shares, and are set in the ceremony.
const SET: &str = "\
pins         = \"shares\" # they follow from the shares of [custody], and are set here; nobody sees them
";
/// Secrets that follow from shares, and were set before.
const OPENED: &str = "\
pins         = \"shares\" # set by an earlier ceremony: it opens when the shares of [custody] are typed
";
