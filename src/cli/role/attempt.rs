//! `punchmark role try`: what a role would decide, and why.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::attestation::Proof;
use crate::certificate::Body;
use crate::cli::ask::AskArguments;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::hint::refused;
use crate::cli::sign::facts;
use crate::cli::terminal::{path, product, say, warn};
use crate::config::{self, Config, SubjectFile};
use crate::policy::role::Permit;
use crate::policy::{Decided, Refusals, Role, Rules, decide};
use crate::request::{Request, RoleName};

/// A request, by the flags of `sign`.
#[derive(Debug, Args)]
pub(super) struct Attempt {
    /// The role, by name
    #[arg(value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    role: RoleName,

    /// The CA [default: the role's, or the only one there is]
    #[arg(short = 's', value_name = "CA")]
    ca: Option<String>,

    #[command(flatten)]
    asked: AskArguments,

    /// Public key file
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

impl Attempt {
    pub(super) fn run(self, context: &Context, config: &Config) -> Result<Exit, Failure> {
        let ask = self.asked.ask(self.role.clone())?;
        let requester = self.asked.requester(&self.role)?;
        let statement = self.asked.statement()?;
        let role = config.role(&self.role)?;
        let name = self.ca_name(config, role)?;
        let subject = SubjectFile::read(&self.file).map_err(|source| Failure::Subject {
            path: path(&self.file),
            source,
        })?;
        let keys = config.cas().map(|(name, ca)| {
            let key = config.public_key(ca)?;
            Ok((name.to_string(), key.key_data().clone()))
        });
        let keys = keys.collect::<Result<Vec<_>, Failure>>()?;
        let proof = statement.map(|words| Proof::witnessed(subject.key.clone(), words));
        let rules = Rules {
            role,
            suffixes: config.policy().suffixes(),
            ca: facts(&name, config.ca(&name)?.certificates, &keys),
        };
        let request = Request {
            subject: subject.key,
            ask,
        };
        match decide(
            &request,
            &requester,
            proof.as_slice(),
            &rules,
            config::now(),
        ) {
            Ok(decided) => allowed(context, &name, &decided),
            Err(refusals) => refuse(context, &refusals),
        }
    }

    fn ca_name(&self, config: &Config, role: &Role) -> Result<String, Failure> {
        if let (Some(name), _) | (None, Permit::Only(name)) = (self.ca.as_deref(), role.ca()) {
            return Ok(name.to_owned());
        }
        let mut cas = config.cas();
        match (cas.next(), cas.next()) {
            (Some((only, _)), None) => Ok(only.to_string()),
            _ => Err(Failure::Usage(format!(
                "role `{}` names no CA; name one with -s",
                role.name()
            ))),
        }
    }
}

fn allowed(context: &Context, ca: &str, decided: &Decided) -> Result<Exit, Failure> {
    let body = decided.body();
    if context.json() {
        product(&json_of(ca, decided).to_string())?;
        return Ok(Exit::Done);
    }
    product(&format!(
        "role {} would sign with {ca} for {}:",
        decided.role(),
        decided.requester()
    ))?;
    product(&format!("  key         {}", described(body)))?;
    product(&format!("  key ID      {:?}", body.key_id.as_str()))?;
    product(&format!("  principals  {}", body.principals))?;
    product(&format!("  valid       {}", body.validity))?;
    product(&format!(
        "  critical    {}",
        options(body.options.critical())
    ))?;
    product(&format!(
        "  extensions  {}",
        options(body.options.extensions())
    ))?;
    let suffix = decided.suffix().unwrap_or("none");
    product(&format!(
        "  proof       {}; suffix {suffix}",
        decided.proof_in_words()
    ))?;
    for warning in decided.warnings() {
        warn(&warning.to_string());
    }
    Ok(Exit::Done)
}

fn refuse(context: &Context, refusals: &Refusals) -> Result<Exit, Failure> {
    let reasons = refusals.reasons();
    if context.json() {
        let reasons: Vec<_> = reasons
            .iter()
            .map(|reason| json!({ "field": reason.field(), "reason": reason.in_full() }))
            .collect();
        let value = json!({ "role": refusals.role(), "decision": "refused", "reasons": reasons });
        product(&value.to_string())?;
        return Ok(Exit::Refused);
    }
    product(&format!("role {} refuses:", refusals.role()))?;
    for reason in reasons {
        product(&format!("  {:<16}  {}", reason.field(), reason.in_full()))?;
    }
    if let Some(hint) = refused(refusals).filter(|_| context.talks()) {
        say(&format!("  hint: {hint}"));
    }
    Ok(Exit::Refused)
}

fn json_of(ca: &str, decided: &Decided) -> Value {
    let warnings: Vec<_> = decided.warnings().iter().map(ToString::to_string).collect();
    json!({
        "role": decided.role(), "decision": "allowed", "ca": ca,
        "requester": decided.requester(), "certificate": decided.body(),
        "proof": decided.proof_in_words(), "suffix": decided.suffix(), "warnings": warnings,
    })
}

fn described(body: &Body) -> String {
    format!("{} {}", body.subject.describe(), body.subject.fingerprint())
}

fn options(map: &std::collections::BTreeMap<String, String>) -> String {
    let entry = |(name, value): (&String, &String)| match value.as_str() {
        "" => name.clone(),
        value => format!("{name}={value}"),
    };
    match map.is_empty() {
        true => "(none)".to_owned(),
        false => map.iter().map(entry).collect::<Vec<_>>().join(", "),
    }
}
