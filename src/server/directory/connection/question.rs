//! One search request, and all that comes as its answer.

use ldap3::controls::{Control, ControlType, PagedResults};
use ldap3::{Ldap, LdapError, LdapResult, Scope, SearchStream};

use super::super::ask::{Answer, AskError};
use super::super::entry::Entry;
use super::tree;

/// Why a question got no answer; what ended the connection is known elsewhere.
pub(super) enum Fault {
    Ask(AskError),
    Ldap(LdapError),
}

impl From<LdapError> for Fault {
    fn from(error: LdapError) -> Self {
        Self::Ldap(error)
    }
}

/// A search that is one request.
pub(super) struct Question {
    ldap: Ldap,
    base: String,
    scope: Scope,
    filter: String,
    attributes: Vec<String>,
    pub(super) page: Option<PagedResults>,
}

/// A request that was sent.
pub(super) struct Search(SearchStream<'static, String, Vec<String>>);

/// All that came as an answer to one request.
pub(super) struct Reply {
    pub(super) entries: Vec<Entry>,
    referrals: Vec<String>,
    pub(super) answer: Answer,
    /// Where the next page begins.
    pub(super) cookie: Option<Vec<u8>>,
}

impl Question {
    pub(super) fn new(
        ldap: &Ldap,
        base: &str,
        scope: Scope,
        filter: &str,
        attributes: &[&str],
    ) -> Self {
        Self {
            ldap: ldap.clone(),
            base: base.to_owned(),
            scope,
            filter: filter.to_owned(),
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
            page: None,
        }
    }

    /// Sends the request.
    pub(super) async fn begin(mut self) -> Result<Search, Fault> {
        if let Some(page) = self.page {
            self.ldap.with_controls(page);
        }
        let begun =
            self.ldap
                .streaming_search(&self.base, self.scope, &self.filter, self.attributes);
        Ok(Search(begun.await?))
    }
}

impl Search {
    /// Waits for all that comes.
    pub(super) async fn reply(mut self) -> Result<Reply, Fault> {
        let Self(stream) = &mut self;
        let (mut entries, mut referrals) = (Vec::new(), Vec::new());
        while let Some(item) = stream.next().await? {
            if item.is_ref() {
                referrals.extend(ldap3::parse_refs(item.0));
            } else {
                let entry = tree::entry(item.0);
                entries.push(entry.ok_or_else(|| Fault::Ask(AskError::malformed(NO_ENTRY)))?);
            }
        }
        let mut result = stream.finish().await;
        referrals.append(&mut result.refs);
        Ok(Reply {
            entries,
            referrals,
            answer: answer(&result),
            cookie: cookie(&result.ctrls),
        })
    }
}

impl Reply {
    /// The answer, if it is whole.
    pub(super) fn whole(self) -> Result<Self, AskError> {
        if self.answer.code != 0 {
            return Err(not_whole(self.answer, self.referrals));
        }
        // A part of the entries is elsewhere.
        if !self.referrals.is_empty() {
            return Err(AskError::Referral(self.referrals));
        }
        Ok(self)
    }
}

/// The error that any answer but success is.
fn not_whole(answer: Answer, referrals: Vec<String>) -> AskError {
    match answer.code {
        REFERRAL => AskError::Referral(referrals),
        TIME_LIMIT | SIZE_LIMIT | ADMIN_LIMIT => AskError::Part(answer),
        _ => AskError::Refused(answer),
    }
}

/// What the server says of an operation.
pub(super) fn answer(result: &LdapResult) -> Answer {
    Answer {
        code: result.rc,
        words: result.text.clone(),
    }
}

fn cookie(controls: &[Control]) -> Option<Vec<u8>> {
    let paged = controls.iter().find_map(|control| match control {
        Control(Some(ControlType::PagedResults), raw) => Some(raw),
        _ => None,
    });
    paged.map(|raw| raw.parse::<PagedResults>().cookie)
}

const NO_ENTRY: &str = "something else where an entry should be";
/// `noSuchObject` (RFC 4511, section 4.1.9): an entry that isn't there.
pub(super) const NO_SUCH_OBJECT: u32 = 32;
const TIME_LIMIT: u32 = 3;
const SIZE_LIMIT: u32 = 4;
const REFERRAL: u32 = 10;
const ADMIN_LIMIT: u32 = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_an_answer_and_a_referral_are_no_answers() {
        let error = |code| {
            let words = "go away\0".to_owned();
            let referrals = vec!["ldap://elsewhere".to_owned()];
            not_whole(Answer { code, words }, referrals).to_string()
        };
        assert_eq!(
            error(SIZE_LIMIT),
            "the server gives only a part of the answer: sizeLimitExceeded (4), go away"
        );
        assert_eq!(
            error(REFERRAL),
            "the server refers to another one: ldap://elsewhere"
        );
        assert_eq!(
            error(4711),
            "the server refuses: another code (4711), go away"
        );
    }
}
