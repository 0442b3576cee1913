//! Who has a name by an identity provider's word: bound beforehand, or freed again.

use clap::Args;
use serde_json::json;

use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{product, product_object};
use crate::config::{self, Config, refuse_reserved};
use crate::ledger::{Binding, Ledger, LoginBound};
use crate::login::LoginSubject;
use crate::login::names::HeldBy;
use crate::request::RequesterName;

/// Whom an identity provider means.
#[derive(Debug, Args)]
pub(super) struct Subject {
    /// The identity provider, by its URL, exactly as its tokens have it
    #[arg(long, value_name = "URL", requires = "subject",
        conflicts_with_all = ["key", "card", "registrar", "revoker"])]
    issuer: Option<String>,

    /// Whom it means, by the claim `sub` of its tokens
    #[arg(long, value_name = "SUB", requires = "issuer")]
    subject: Option<String>,
}

/// Who is to have a name.
#[derive(Debug, Args)]
pub(super) struct ToBind {
    /// The requester's name, as roles have it
    #[arg(value_name = "NAME", value_parser = str::parse::<RequesterName>)]
    name: RequesterName,

    /// The identity provider, by its URL, exactly as its tokens have it
    #[arg(long, value_name = "URL")]
    issuer: String,

    /// Whom it means, by the claim `sub` of its tokens
    #[arg(long, value_name = "SUB")]
    subject: String,

    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl ToBind {
    pub(super) fn run(
        self,
        context: &Context,
        config: &Config,
        ledger: &mut Ledger,
    ) -> Result<(), Failure> {
        refuse_reserved(&self.name, config)?;
        let subject = LoginSubject {
            issuer: self.issuer,
            subject: self.subject,
        };
        let now = config::now();
        let known = ledger.known_of_name(&subject, &self.name, now)?;
        if known
            .holders
            .iter()
            .any(|holder| holder.by == HeldBy::Removed)
        {
            let words = format!(
                "certificates of the `{}` before are neither over nor revoked",
                self.name
            );
            return Err(Failure::new(words).hint(format!(
                "revoke them one by one (`punchmark ledger list --requester {0}` names them; `punchmark revoke --serial N`), or wait \
                 for their end. `revoke --requester {0}` would bar the name for good",
                self.name
            )));
        }
        let bound = bound(&self.name, &subject, Binding::ByAdmin);
        let words = format!("{} is {}", self.name, whom(&bound));
        let object = json_of(&bound, "bound");
        if self.dry_run {
            ledger.check_binding(&bound)?;
            return context.tell_plan(&format!("recorded would be: {words}"), object);
        }
        ledger.bind_login(bound, now)?;
        context.tell(&words, object)
    }
}

impl Subject {
    /// Ends a binding, where one is named; none where that isn't asked.
    pub(super) fn end(
        &self,
        name: &RequesterName,
        is_dry: bool,
        ledger: &mut Ledger,
        context: &Context,
    ) -> Option<Result<(), Failure>> {
        let (issuer, subject) = (self.issuer.clone()?, self.subject.clone()?);
        let subject = LoginSubject { issuer, subject };
        Some(end(name, &subject, is_dry, ledger, context))
    }
}

fn end(
    name: &RequesterName,
    subject: &LoginSubject,
    is_dry: bool,
    ledger: &mut Ledger,
    context: &Context,
) -> Result<(), Failure> {
    let ended = bound(name, subject, Binding::Ended);
    let words = whom(&ended);
    let object = json_of(&ended, "removed");
    if is_dry {
        ledger.check_binding(&ended)?;
        return context.tell_plan(&format!("{name} would no longer be {words}"), object);
    }
    ledger.bind_login(ended, config::now())?;
    context.tell(&format!("{name} is no longer {words}"), object)
}

pub(super) fn list(context: &Context, ledger: &Ledger) -> Result<(), Failure> {
    for (time, bound) in ledger.bound_logins()? {
        let is_barred = ledger.requester_is_barred(&bound.name)?;
        let subject = LoginSubject {
            issuer: bound.issuer.clone(),
            subject: bound.subject.clone(),
        };
        let end = match ledger.bound_to(&subject)? {
            _ if is_barred => Some("BARRED"),
            None => Some("UNCONFIRMED"),
            Some(_) => None,
        };
        if context.json() {
            product_object(json!({
                "requester": bound.name, "issuer": bound.issuer, "subject": bound.subject,
                "added": time, "by": bound.keyboard, "first-login": bound.became == Binding::FirstLogin,
                "ended": end.map(str::to_lowercase),
            }))?;
        } else {
            let end = end.map_or(String::new(), |end| format!(", {end}"));
            product(&format!("{:20}{}{end}", bound.name, whom(&bound)))?;
        }
    }
    Ok(())
}

fn bound(name: &RequesterName, subject: &LoginSubject, became: Binding) -> LoginBound {
    LoginBound {
        name: name.to_string(),
        issuer: subject.issuer.clone(),
        subject: subject.subject.clone(),
        became,
        keyboard: config::keyboard(),
    }
}

fn whom(bound: &LoginBound) -> String {
    format!("{} of {}", bound.subject, bound.issuer)
}

fn json_of(bound: &LoginBound, state: &str) -> serde_json::Value {
    json!({ "requester": bound.name, "issuer": bound.issuer, "subject": bound.subject,
        "state": state })
}
