//! What a new plan of kind `compromise` shuts out, and who gets in before.

use super::named;
use crate::ceremony::instant::Instant;

/// The servers, and who opens them between these times.
pub(super) fn tables((from, until): (Instant, Instant)) -> String {
    let emergency = EMERGENCY
        .replace("@from", &from.to_string())
        .replace("@until", &until.to_string());
    named(COMPROMISE, "root") + &named(&emergency, "root")
}

const COMPROMISE: &str = "
[compromise]
reason  = \"@\" # why, for the ledger: \"the token was stolen on 2026-11-26\"
servers = [\"@\"] # every server that must not be lost
reports = \"reports\" # what `punchmark doctor sshd --json` says on each, in files of this folder; they come in during
# the ceremony, when the servers have the new file
# list-name = \"users\" # what `krl fetch` on servers knows the list by, where it isn't the names of all CAs until now
";
const EMERGENCY: &str = "
[[emergency]] # who opens the servers by the new CA before the old key is shut out
name       = \"@\"
key        = \"@\" # their public key: \"ssh-ed25519 AAAA… anna\"
role       = \"@\" # a role of the config, with the new CA as its `ca`
key-id     = \"@\" # what servers write into their logs, as the role makes it: \"anna, emergency\" where it says nothing else
principals = [\"@\"]
options    = [\"permit-pty\"] # as `ssh-keygen -O` has them, and no others; the role has to allow them
from       = \"@from\"
until      = \"@until\"

# [[lost]] # what a thief may have: a device, a wrapped key, or components of what that was wrapped by
# ca      = \"users\"
# locator = \"blob:…\" # as `punchmark ca show users --json` has it
# missing = \"not in the safe on 2026-11-26, Anna and Bob looked\"
";
