//! What a new plan of kind `restore` puts in the place of what.

/// Why, and what is lost.
pub(super) const LOST: &str = "
[restore] # `device` of [[known-ca]] is the one with the copy, which takes the place of what is lost
reason = \"@\" # why, for the ledger: \"the safe was flooded\"

[[lost]] # a place of the key that is lost or broken; the ledger calls it missing for good
ca      = \"users\"
locator = \"@\" # as `punchmark ca show users --json` has it
missing = \"@\" # where it was seen last, and who looked
";
