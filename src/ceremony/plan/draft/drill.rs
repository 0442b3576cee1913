//! What a new plan of kind `drill` says beside the CAs that it is about.

/// When the next one is.
pub(super) const NEXT: &str = "
[drill] # `device` of [[known-ca]] is the one with the copy that is tried; nothing is issued, and nothing changes
next-due = \"@\" # when the next drill is due, as 2027-12-01T00:00Z: `doctor` and `ca show` say when it is overdue
";
