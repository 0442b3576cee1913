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
/// The wrapped key that is brought onto a token, which is left out at first.
pub(super) const BLOB: &str = "
# [components] # where the copy is a wrapped key; then [[known-ca]] has no `device`
# threshold  = 2 # as the plan of its ceremony has them
# custodians = [\"?\", \"?\", \"?\"]
# envelopes  = [\"?\", \"?\", \"?\"] # the numbers of the envelopes that the components go into again
# medium     = \"?\" # what is written on the medium
# folder     = \"/media/stick\" # where it is mounted
# bag        = \"?\" # the number of the bag that it comes in
# new-bag    = \"?\" # and of the bag that it goes into
#
# [[blob]]
# ca     = \"users\"
# file   = \"users.wrapped\"
# sha256 = \"?\" # `punchmark ca show users --json` has it behind blob:
# onto   = \"spare\" # a [[device]] that holds no key of a CA
# label  = \"users\" # the label that the key gets there
";
