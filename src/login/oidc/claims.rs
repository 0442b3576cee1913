//! What a token claims, member by member.

use serde_json::{Map, Value};

/// All claims of a token whose signature was checked.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::login) struct Claims(Map<String, Value>);

/// Why a claim says nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// It isn't there.
    #[error("there is no claim `{0}`")]
    Missing(String),
    /// It is of another form, or longer than is read.
    #[error("claim `{claim}` is not {wanted}")]
    Form {
        /// Which claim.
        claim: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// The provider did not check the address.
    #[error(
        "the provider doesn't say that the e-mail address was verified, so that it names nobody"
    )]
    Unverified,
    /// The name can't be a requester's.
    #[error("claim `{claim}` is no name for a requester")]
    Name {
        /// Which claim.
        claim: String,
        /// Why.
        source: crate::certificate::PrincipalError,
    },
    /// The name is nobody's.
    #[error("`operator` is whoever holds token and PIN, and nobody who logs in")]
    Operator,
    /// The provider leaves out groups where somebody has many.
    #[error(
        "the provider left out the groups, since there are too many: have it send those alone that are \
         assigned to this application"
    )]
    Overage,
    /// The answer is about somebody else.
    #[error("what the provider says of the person is about another one")]
    OtherSubject,
}

impl Claims {
    pub(in crate::login) fn new(claims: Map<String, Value>) -> Self {
        Self(claims)
    }

    /// The claim itself; one that is `null` is not there.
    pub(in crate::login) fn of(&self, claim: &str) -> Option<&Value> {
        self.0.get(claim).filter(|value| !value.is_null())
    }

    /// Whether the claim stands there, be it `null`.
    pub(super) fn has(&self, claim: &str) -> bool {
        self.0.contains_key(claim)
    }

    pub(in crate::login) fn text(&self, claim: &str) -> Result<&str, ClaimError> {
        self.text_if_there(claim)?.ok_or_else(|| missing(claim))
    }

    pub(super) fn text_if_there(&self, claim: &str) -> Result<Option<&str>, ClaimError> {
        let Some(value) = self.of(claim) else {
            return Ok(None);
        };
        let text = value.as_str().filter(|text| is_text(text));
        text.map(Some).ok_or_else(|| form(claim, TEXT))
    }

    /// Seconds since 1970, of which a provider may tell fractions (RFC 7519, 2).
    pub(in crate::login) fn time(&self, claim: &str) -> Result<u64, ClaimError> {
        self.time_if_there(claim)?.ok_or_else(|| missing(claim))
    }

    pub(super) fn time_if_there(&self, claim: &str) -> Result<Option<u64>, ClaimError> {
        let Some(value) = self.of(claim) else {
            return Ok(None);
        };
        let fraction = || format!("{:.0}", value.as_f64()?.floor()).parse().ok();
        let time = value.as_u64().or_else(fraction);
        let time = time.filter(|time| *time <= LATEST);
        time.map(Some).ok_or_else(|| form(claim, "a time"))
    }

    /// Whom it is for: one, or a list.
    pub(in crate::login) fn audience(&self) -> Result<Vec<&str>, ClaimError> {
        match self.of("aud") {
            Some(Value::Array(_)) => self.texts("aud"),
            _ => Ok(vec![self.text("aud")?]),
        }
    }

    /// The subject: ASCII, and not more than 255 characters (OpenID Connect Core, 2).
    pub(super) fn subject(&self) -> Result<String, ClaimError> {
        let subject = self.text("sub")?;
        let is_one = subject.len() <= 255 && subject.bytes().all(|byte| byte.is_ascii_graphic());
        let wanted = "of at most 255 printable ASCII characters";
        is_one
            .then(|| subject.to_owned())
            .ok_or_else(|| form("sub", wanted))
    }

    /// A list of texts; a text alone is none, since what stands in it could be read in two ways.
    pub(super) fn texts(&self, claim: &str) -> Result<Vec<&str>, ClaimError> {
        let list = self.of(claim).ok_or_else(|| missing(claim))?;
        let wrong = || form(claim, "a list of at most 1000 texts");
        let list = list.as_array().filter(|list| list.len() <= LIST_MAX);
        let texts = list.ok_or_else(wrong)?.iter().map(Value::as_str);
        let texts = texts.map(|text| text.filter(|text| is_text(text)));
        texts.collect::<Option<_>>().ok_or_else(wrong)
    }
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && text.len() <= TEXT_MAX && !text.chars().any(char::is_control)
}

fn missing(claim: &str) -> ClaimError {
    ClaimError::Missing(claim.to_owned())
}

fn form(claim: &str, wanted: &'static str) -> ClaimError {
    let claim = claim.to_owned();
    ClaimError::Form { claim, wanted }
}

const TEXT: &str = "a text of at most 2048 bytes, without control characters";
const TEXT_MAX: usize = 2048;
const LIST_MAX: usize = 1000;
/// Of what a number in JSON holds exactly; sums of such times never overflow.
const LATEST: u64 = 1 << 53;
