//! What a user asks for, in the letters of `sign`.

use clap::Args;

use crate::certificate::{KeyId, Kind, OptionsAsked, Principals};
use crate::cli::failure::Failure;
use crate::config;
use crate::request::{Reason, RequesterName, RoleName, Span, ValidityAsked};

/// What is asked; the role fills in what is not said.
#[derive(Debug, Args)]
pub(super) struct Asked {
    /// The role to ask for, as the CA's admin calls it
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    pub(super) role: RoleName,

    /// Names that the certificate shall be valid for, with commas between
    #[arg(short = 'n', value_name = "PRINCIPALS", allow_hyphen_values = true)]
    principals: Option<String>,

    /// Your own name, as the CA's admin knows it
    #[arg(long, value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    pub(super) requester: Option<RequesterName>,

    /// When it shall be valid: +8h, 20261122:20261129Z
    #[arg(short = 'V', value_name = "INTERVAL", allow_hyphen_values = true)]
    validity: Option<String>,

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
    pub(super) reason: Option<Reason>,
}

impl Asked {
    pub(super) fn kind(&self) -> Kind {
        match self.host {
            true => Kind::Host,
            false => Kind::User,
        }
    }

    pub(super) fn principals(&self) -> Result<Option<Principals>, Failure> {
        let list = self.principals.as_deref();
        Ok(list
            .map(|list| Principals::parse(list, self.kind()))
            .transpose()?)
    }

    pub(super) fn validity(&self) -> Result<Option<Span>, Failure> {
        let text = self.validity.as_deref();
        let parsed = text.map(|text| ValidityAsked::parse(text, config::now(), &config::time_zone));
        Ok(parsed.transpose()?.map(Span::from))
    }

    pub(super) fn key_id(&self) -> Result<Option<KeyId>, Failure> {
        Ok(self.key_id.as_deref().map(KeyId::parse).transpose()?)
    }

    pub(super) fn options(&self) -> Result<Vec<String>, Failure> {
        OptionsAsked::parse(&self.options)?;
        Ok(self.options.clone())
    }
}
