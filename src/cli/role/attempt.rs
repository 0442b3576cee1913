//! `punchmark role try`: what a role would decide, and why.

mod spine;

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use ssh_key::public::KeyData;

use crate::attestation::Proof;
use crate::cli::base::ask::AskArguments;
use crate::cli::base::context::Context;
use crate::cli::base::decided::{description, rows};
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::cli::base::roots::believed;
use crate::cli::base::terminal::{hint, product, product_object, say, warn};
use crate::config::{self, Config, Given};
use crate::issue::intake;
use crate::ledger::Purpose;
use crate::policy::role::Permit;
use crate::policy::{CaFacts, Decided, Refusals, Role, Rules, StorageShown, decide};
use crate::request::{KnownBy, Request, RequestFile, Requester, RequesterName, RoleName};

/// A request, by the flags of `sign`.
#[derive(Debug, Args)]
pub(super) struct Attempt {
    /// The role, by name
    #[arg(value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    role: RoleName,

    /// The CA [default: the role's, or the only one there is]
    #[arg(short = 's', long, value_name = "CA")]
    ca: Option<String>,

    #[command(flatten)]
    asked: AskArguments,

    /// Public key file, or a request, which says itself what it asks
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Attempt {
    pub(super) fn run(self, context: &Context, config: &Config) -> Result<Exit, Failure> {
        let role = config.role(&self.role)?;
        let name = self.ca_name(config, role)?;
        let (given, _) = Given::read(&self.file).in_file(&self.file)?;
        if let Given::Request(file) = &given {
            self.fits(file)?;
        }
        if config.ledger().exists() {
            return self.as_sign_would(context, config, &name, given);
        }
        if context.talks() {
            say(NO_LEDGER);
        }
        self.by_config_alone(context, config, &name, given)
    }

    /// Whether the request asks for the role that is tried, and says itself what it asks.
    fn fits(&self, file: &RequestFile) -> Result<(), Failure> {
        let asked = &file.content().role;
        if *asked != self.role {
            let words = format!("the request asks for role `{asked}`, not `{}`", self.role);
            return Err(Failure::usage(words));
        }
        if self.asked.says_something() {
            return Err(Failure::usage(REQUEST_SAYS));
        }
        Ok(())
    }

    /// Decides by the config, where nothing was ever signed or enrolled.
    fn by_config_alone(
        &self,
        context: &Context,
        config: &Config,
        name: &str,
        given: Given,
    ) -> Result<Exit, Failure> {
        let (request, requester, mut proofs, unbelieved) = match given {
            Given::Key(subject, _) => self.by_flags(subject)?,
            Given::Request(file) => self.by_file(&file, config)?,
        };
        let statement = self.asked.statement()?;
        let keys = config.cas().map(|(name, ca)| {
            let key = config.public_key(ca)?;
            Ok((name.to_string(), key.key_data().clone()))
        });
        let keys = keys.collect::<Result<Vec<_>, Failure>>()?;
        let witnessed = |words| Proof::witnessed(request.subject.clone(), words);
        proofs.extend(statement.map(witnessed));
        let ca = config.ca(name)?;
        let public_key = config.public_key(ca)?;
        let rules = Rules {
            role: config.role(&self.role)?,
            suffixes: config.policy().suffixes(),
            ca: CaFacts {
                name,
                public_key: public_key.key_data(),
                signs_users: ca.certificates != Purpose::Host,
                signs_hosts: ca.certificates != Purpose::User,
                ca_keys: &keys,
            },
        };
        let shown = StorageShown {
            proofs: &proofs,
            unbelieved: unbelieved.as_deref(),
        };
        match decide(&request, &requester, shown, &rules, config::now()) {
            Ok(decided) => allowed(context, name, &decided, None),
            Err(refusals) => refuse(context, &refusals),
        }
    }

    fn by_flags(&self, subject: KeyData) -> Result<Asking, Failure> {
        let ask = self.asked.ask(self.role.clone())?;
        let requester = self.asked.requester(&self.role)?;
        Ok((Request { subject, ask }, requester, Vec::new(), None))
    }

    /// Asks by what a request file says, as if its claimed name were known.
    fn by_file(&self, file: &RequestFile, config: &Config) -> Result<Asking, Failure> {
        let content = file.content();
        let used = file
            .possession()
            .at("the request does not prove that its maker holds the key")?;
        let (proof, unbelieved) = intake::proof(content, used, &believed(config)?)?;
        let named = self.asked.vouched_for().or(content.claimed.as_ref());
        let requester = match named {
            Some(name) => Requester::known(name.clone(), KnownBy::Vouch),
            None => return Err(Failure::usage(NOBODY)),
        };
        let request = intake::request(content, config::now())?;
        Ok((request, requester, proof.into_iter().collect(), unbelieved))
    }

    fn ca_name(&self, config: &Config, role: &Role) -> Result<String, Failure> {
        if let (Some(name), _) | (None, Permit::Only(name)) = (self.ca.as_deref(), role.ca()) {
            return Ok(name.to_owned());
        }
        let mut cas = config.cas();
        match (cas.next(), cas.next()) {
            (Some((only, _)), None) => Ok(only.to_string()),
            _ => Err(Failure::usage(format!(
                "role `{}` names no CA; name one with -s",
                role.name()
            ))),
        }
    }
}

/// What is asked, by whom, what is proved, and why evidence that lacks a root proves nothing.
type Asking = (Request, Requester, Vec<Proof>, Option<String>);

/// Prints what would be signed; with a name, only if it is theirs, which nobody vouched for yet.
fn allowed(
    context: &Context,
    ca: &str,
    decided: &Decided,
    only_if: Option<&RequesterName>,
) -> Result<Exit, Failure> {
    let exit = match only_if {
        Some(_) => Exit::Refused,
        None => Exit::Done,
    };
    if context.json() {
        product_object(json_of(ca, decided, only_if))?;
        return Ok(exit);
    }
    let (role, requester) = (decided.role(), decided.requester());
    product(&match only_if {
        None => format!("role {role} would sign with {ca} for {requester}:"),
        Some(_) => format!(
            "role {role} would sign with {ca}, if {requester} is who asks (only claimed: sign \
             will want --requester {requester}, or an enrolment):"
        ),
    })?;
    let config = context.config_if_there()?;
    if let Some(description) = description(config.as_ref(), role) {
        product(&format!("  {:12}{description}", "role is for"))?;
    }
    for (label, value) in rows(decided) {
        product(&format!("  {label:12}{value}"))?;
    }
    for warning in decided.warnings() {
        warn(&warning.to_string());
    }
    Ok(exit)
}

fn refuse(context: &Context, refusals: &Refusals) -> Result<Exit, Failure> {
    let reasons = refusals.reasons();
    if context.json() {
        let reasons: Vec<_> = reasons
            .iter()
            .map(|reason| json!({ "field": reason.field(), "reason": reason.in_full() }))
            .collect();
        let value = json!({ "role": refusals.role(), "decision": "refused", "reasons": reasons });
        product_object(value)?;
        return Ok(Exit::Refused);
    }
    product(&format!("role {} refuses:", refusals.role()))?;
    for reason in reasons {
        product(&format!("  {:<16}  {}", reason.field(), reason.in_full()))?;
    }
    if let Some(words) = refusals.hint().filter(|_| context.talks()) {
        hint(&words);
    }
    Ok(Exit::Refused)
}

fn json_of(ca: &str, decided: &Decided, only_if: Option<&RequesterName>) -> Value {
    let warnings: Vec<_> = decided.warnings().iter().map(ToString::to_string).collect();
    json!({
        "role": decided.role(), "ca": ca,
        "decision": if only_if.is_some() { "allowed-if-vouched" } else { "allowed" },
        "requester": decided.requester(), "certificate": decided.body(),
        "proof": decided.proof_in_words(), "suffix": decided.suffix(), "warnings": warnings,
    })
}

const REQUEST_SAYS: &str = "a request says itself what it asks: leave -I -n -V -O -h out";
const NOBODY: &str = "the request names nobody: name who asks with --requester NAME";
const NO_LEDGER: &str = "there is no ledger yet: who is enrolled, what is revoked and which \
    requests were used is not known";
