//! What is asked for a key: the flags that `sign` and `role try` share.

use clap::Args;

use super::arguments::last_validity;
use super::failure::{At, Failure};
use super::faults::Faults;
use crate::certificate::{KeyId, Kind, Options, OptionsAsked, Principals};
use crate::request::{Ask, KnownBy, Reason, Requester, RequesterName, RoleName};

/// What is asked for every key of a run.
#[derive(Debug, Default, Args)]
pub(crate) struct AskArguments {
    /// Key ID: how servers name the certificate in their logs
    #[arg(short = 'I', value_name = "KEY_ID", allow_hyphen_values = true)]
    key_id: Option<String>,

    /// Names that the certificate is valid for, with commas between, without reserved suffixes
    #[arg(
        short = 'n',
        long = "principal",
        value_name = "PRINCIPALS",
        allow_hyphen_values = true
    )]
    principals: Option<String>,

    /// When it is valid: +8h, 2026-12-01, -5m:+1w, 20261122:20261129Z, always:forever [default:
    /// the role's, or forever]
    #[arg(short = 'V', value_name = "INTERVAL", allow_hyphen_values = true)]
    validity: Vec<String>,

    /// An option: clear, no-pty, force-command=…, source-address=…, critical:…, extension:…
    #[arg(short = 'O', value_name = "OPTION", allow_hyphen_values = true)]
    options: Vec<String>,

    /// Make host certificates
    #[arg(short = 'h')]
    host: bool,

    /// Who asks, for whom you vouch; the ledger keeps the name
    #[arg(long, value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    requester: Option<RequesterName>,

    /// Why it is asked, which an emergency role wants to know
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,

    /// What you saw of the key's making, as proof of its storage; the ledger keeps it
    #[arg(long, value_name = "STATEMENT")]
    witnessed: Option<String>,
}

impl AskArguments {
    /// Parses what is asked, before anything is opened.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn ask(&self, role: RoleName) -> Result<Ask, Failure> {
        let mut faults = Faults::default();
        if role.is_operator() {
            self.note_missing(&mut faults);
        }
        let ask = faults.note(self.ask_of_lines(role));
        faults.or(ask)
    }

    /// The same for the lines of a manifest, which say themselves what is left out here.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn ask_of_lines(&self, role: RoleName) -> Result<Ask, Failure> {
        let kind = if self.host { Kind::Host } else { Kind::User };
        let mut faults = Faults::default();
        if role.is_operator() {
            // Mistakes that only ssh-keygen's own defaults make one are mistakes of the flags.
            faults.note(Options::parse(kind, &self.options).map_err(Failure::from));
        }
        let key_id = self.key_id.as_deref().map(KeyId::parse).transpose();
        let key_id = faults.note(key_id.map_err(Failure::from));
        let principals = self.principals.as_deref();
        let principals = principals.map(|list| Principals::parse(list, kind));
        let principals = faults.note(principals.transpose().map_err(Failure::from));
        let validity = faults.note(last_validity(&self.validity));
        let options = match OptionsAsked::parse(&self.options) {
            Ok(options) => Some(options),
            // Of the operator's, it was said above.
            Err(_) if role.is_operator() => None,
            Err(error) => faults.note(Err(error.into())),
        };
        let reason = faults.note(self.reason());
        let as_asked = self
            .validity
            .last()
            .map_or("always:forever", String::as_str);
        let ask = || {
            Some(Ask {
                role,
                kind,
                key_id: key_id?,
                principals: principals?,
                validity: validity?,
                validity_as_asked: as_asked.to_owned(),
                options: options?,
                reason: reason?,
                serial: None,
            })
        };
        faults.or(ask())
    }

    /// What the operator must say, and no role says for them.
    fn note_missing(&self, faults: &mut Faults) {
        if self.key_id.is_none() {
            faults.add(Failure::usage(NO_KEY_ID));
        }
        if self.principals.is_none() {
            faults.add(Failure::usage(NO_PRINCIPALS).hint(NAME_THEM));
        }
    }

    /// Whether host certificates are asked for, which `-h` does here.
    pub(crate) fn is_for_hosts(&self) -> bool {
        self.host
    }

    /// Whether anything is asked that a request says itself.
    pub(crate) fn says_something(&self) -> bool {
        self.key_id.is_some()
            || self.principals.is_some()
            || !self.validity.is_empty()
            || !self.options.is_empty()
            || self.host
            || self.reason.is_some()
    }

    /// Whether somebody's word is given with the flags.
    pub(crate) fn gives_a_word(&self) -> bool {
        self.requester.is_some() || self.witnessed.is_some()
    }

    /// Who asks: whom the operator vouches for, else the operator. A role is for somebody.
    pub(crate) fn requester(&self, role: &RoleName) -> Result<Requester, Failure> {
        match &self.requester {
            Some(name) => Ok(Requester::known(name.clone(), KnownBy::Vouch)),
            None if role.is_operator() => Ok(Requester::operator()),
            None => Err(Failure::usage(NO_REQUESTER)),
        }
    }

    /// The name that was given with `--requester`.
    pub(crate) fn vouched_for(&self) -> Option<&RequesterName> {
        self.requester.as_ref()
    }

    /// The operator's statement of what was seen, as long as a key ID may be.
    pub(crate) fn statement(&self) -> Result<Option<String>, Failure> {
        let Some(words) = &self.witnessed else {
            return Ok(None);
        };
        match KeyId::parse(words) {
            Ok(words) => Ok(Some(words.as_str().to_owned())),
            Err(error) => {
                let error = error.to_string().replacen("key ID", "the statement", 1);
                Err(Failure::usage(format!("--witnessed: {error}")))
            }
        }
    }

    fn reason(&self) -> Result<Option<Reason>, Failure> {
        let reason = self.reason.as_deref().map(str::parse);
        reason.transpose().at("--reason")
    }
}

const NO_KEY_ID: &str = "no key ID: name the certificate for the servers' logs with -I";
const NO_PRINCIPALS: &str =
    "no principals: a certificate without -n would be valid for any user on old servers";
const NAME_THEM: &str = "add whom it is for: -n peter, or -n peter,root";
const NO_REQUESTER: &str = "a role is for somebody: name who asks with --requester NAME";
