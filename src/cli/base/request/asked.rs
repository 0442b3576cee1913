//! What a user asks for, in the letters of `sign`.

use clap::Args;

use super::key::OwnKey;
use crate::certificate::{KeyId, Kind, OptionsAsked, Principals, Subject};
use crate::cli::base::arguments::last_validity;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::faults::Faults;
use crate::config;
use crate::request::{
    Challenge, Content, Reason, RequesterName, RoleName, Span, Target, random_id,
};

/// What is asked; the role fills in what is not said.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// The role to ask for, as the CA's admin calls it
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    pub(crate) role: RoleName,

    /// Names that the certificate shall be valid for, with commas between
    #[arg(short = 'n', value_name = "PRINCIPALS", allow_hyphen_values = true)]
    principals: Option<String>,

    /// When it shall be valid: +8h, 20261122:20261129Z
    #[arg(short = 'V', value_name = "INTERVAL", allow_hyphen_values = true)]
    validity: Vec<String>,

    /// Key ID: how servers name the certificate in their logs
    #[arg(short = 'I', value_name = "KEY_ID", allow_hyphen_values = true)]
    key_id: Option<String>,

    /// An option: clear, no-pty, force-command=…, source-address=…, critical:…, extension:…
    #[arg(short = 'O', value_name = "OPTION", allow_hyphen_values = true)]
    options: Vec<String>,

    /// Ask for a host certificate
    #[arg(short = 'h')]
    host: bool,

    /// Why, where the role wants a reason
    #[arg(long, value_name = "WORDS", value_parser = str::parse::<Reason>)]
    reason: Option<Reason>,
}

/// What a request says beside what is asked.
pub(crate) struct Rest {
    pub(crate) claimed: Option<RequesterName>,
    pub(crate) target: Target,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) evidence: Vec<u8>,
}

impl Asked {
    /// Finds mistakes before a key is made or a PIN is asked for.
    ///
    /// # Errors
    /// What is wrong with the first argument at fault.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let mut faults = Faults::default();
        faults.note(self.principals());
        faults.note(self.validity());
        faults.note(self.options());
        faults.note(self.key_id());
        faults.or_done()
    }

    /// All that a request for this key says, made now.
    pub(crate) fn content(&self, own: &OwnKey, rest: Rest) -> Result<Content, Failure> {
        Ok(Content {
            subject: Subject::try_from(own.key.clone()).at("the key cannot be certified")?,
            comment: own.comment.clone(),
            role: self.role.clone(),
            kind: self.kind(),
            principals: self.principals()?,
            validity: self.validity()?,
            options: self.options()?,
            key_id: self.key_id()?,
            claimed: rest.claimed,
            reason: self.reason.clone(),
            created: config::now(),
            id: random_id().at("no random numbers")?,
            target: rest.target,
            challenge: rest.challenge,
            evidence: rest.evidence,
        })
    }

    fn kind(&self) -> Kind {
        if self.host { Kind::Host } else { Kind::User }
    }

    fn principals(&self) -> Result<Option<Principals>, Failure> {
        let list = self.principals.as_deref();
        Ok(list
            .map(|list| Principals::parse(list, self.kind()))
            .transpose()?)
    }

    fn validity(&self) -> Result<Option<Span>, Failure> {
        let Some(asked) = last_validity(&self.validity)? else {
            return Ok(None);
        };
        match Span::of(asked) {
            Some(span) => Ok(Some(span)),
            None => Err(Failure::usage(NO_BEGIN)),
        }
    }

    fn key_id(&self) -> Result<Option<KeyId>, Failure> {
        Ok(self.key_id.as_deref().map(KeyId::parse).transpose()?)
    }

    fn options(&self) -> Result<Vec<String>, Failure> {
        OptionsAsked::parse(&self.options)?;
        Ok(self.options.clone())
    }
}

const NO_BEGIN: &str =
    "a request asks with -V for a length (+8h) or for both ends (2026-11-26:2026-12-01)";
