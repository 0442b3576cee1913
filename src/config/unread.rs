//! What a program that serves nothing leaves unread of a config: what `[serve]` and the logins say.

use serde::Deserialize;
use serde::de::IgnoredAny;

/// The `[serve]` table.
pub(super) type ServeTable = IgnoredAny;

/// One `[login.NAME]` table, of which the name alone counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "IgnoredAny")]
pub(super) struct LoginTable;

impl From<IgnoredAny> for LoginTable {
    fn from(_unread: IgnoredAny) -> Self {
        Self
    }
}

impl LoginTable {
    /// Whether such a login tells of groups: it may, and is not called odd.
    #[expect(clippy::unused_self, reason = "as the table that is read says it")]
    pub(super) fn tells(&self) -> bool {
        true
    }

    /// Whether programs log in by it: nobody does here.
    #[expect(clippy::unused_self, reason = "as the table that is read says it")]
    pub(super) fn is_of_programs(&self) -> bool {
        false
    }
}
