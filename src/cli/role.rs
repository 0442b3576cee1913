//! `punchmark role`: what the config allows, without a token.

mod add;
mod attempt;

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use serde_json::json;

use super::base::config_text::config_or_each_fault;
use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::terminal::{product, product_object, say};
use crate::config::Config;
use crate::policy::role::{Permit, Storage};
use crate::policy::{Role as PolicyRole, RoleTable};
use crate::request::RoleName;

/// Read the config's roles, add some, and try requests on them
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Role {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the roles, the built-in `operator` among them
    List,
    /// Show a role as the config has it
    Show(One),
    /// Say what in suffixes and roles is allowed or forbidden, and hardly meant
    Lint,
    Add(add::Add),
    /// Decide about a request, and explain; signs nothing, and needs no token
    Try(Box<attempt::Attempt>),
}

/// One role.
#[derive(Debug, Args)]
struct One {
    /// The role, by name
    #[arg(value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    role: RoleName,
}

impl Role {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = match self.command {
            Command::Lint => config_or_each_fault(context)?,
            _ => context.config()?,
        };
        match self.command {
            Command::List => list(context, &config),
            Command::Show(one) => show(context, config.role(&one.role)?),
            Command::Lint => print_findings(context, &config),
            Command::Add(add) => add.run(context, &config),
            Command::Try(attempt) => attempt.run(context, &config),
        }
    }
}

fn list(context: &Context, config: &Config) -> Result<Exit, Failure> {
    let roles = config.policy().roles();
    if context.json() {
        let roles: Vec<_> = roles.map(PolicyRole::shown).collect();
        product_object(json!({ "roles": roles }))?;
        return Ok(Exit::Done);
    }
    for role in roles {
        product(&line(role))?;
    }
    Ok(Exit::Done)
}

fn line(role: &PolicyRole) -> String {
    let longest = match role.lifetime() {
        Permit::Anything => "any lifetime".to_owned(),
        Permit::Nothing => "no lifetime".to_owned(),
        Permit::Only(lifetime) => {
            format!("at most {}", crate::certificate::length(lifetime.longest()))
        }
    };
    let description = role.description().map(|words| format!(": {words}"));
    format!(
        "{:<16}  {:<10}  {:<8}  {longest:<18}  asked by {}; for {}{}",
        role.name().as_str(),
        words(role.ca().map(|ca| vec![ca])),
        storage(role),
        words(role.askers()),
        words(role.principals().map(<[_]>::to_vec)),
        description.unwrap_or_default(),
    )
}

fn words<T: ToString>(permit: Permit<Vec<T>>) -> String {
    match permit {
        Permit::Anything => "any".to_owned(),
        Permit::Nothing => "none".to_owned(),
        Permit::Only(only) if only.is_empty() => "none".to_owned(),
        Permit::Only(only) => {
            let words: Vec<_> = only.iter().map(ToString::to_string).collect();
            words.join(", ")
        }
    }
}

fn storage(role: &PolicyRole) -> &'static str {
    match role.storage() {
        None => "none",
        Some(Storage::Mark) => "mark",
        Some(Storage::Require) => "require",
        Some(Storage::Ignore) => "ignore",
        Some(Storage::MarkProved) => "proved",
    }
}

/// Prints a role as it would stand in the config, each field in its place.
fn show(context: &Context, role: &PolicyRole) -> Result<Exit, Failure> {
    if context.json() {
        product_object(role.shown())?;
        return Ok(Exit::Done);
    }
    let table: BTreeMap<&str, BTreeMap<&str, &RoleTable>> =
        [("role", [(role.name().as_str(), role.table())].into())].into();
    let text = toml::to_string(&table).map_err(|_unwritable| {
        // Every value came from TOML, or is built in.
        Failure::usage(format!(
            "role `{}` cannot be shown; try --json",
            role.name()
        ))
    })?;
    product(text.trim_end())?;
    let absent = if role.name().is_operator() {
        "what is absent is as it is built in: whatever the flags say"
    } else {
        "what is absent is not allowed"
    };
    if context.talks() {
        say(absent);
    }
    Ok(Exit::Done)
}

fn print_findings(context: &Context, config: &Config) -> Result<Exit, Failure> {
    let findings = config.oddities();
    for finding in &findings {
        let role = finding.role.as_ref().map(RoleName::as_str);
        let words = finding.oddity.to_string();
        match (context.json(), role) {
            (true, _) => product_object(json!({ "role": role, "finding": words }))?,
            (false, None) => product(&format!("suffixes: {words}"))?,
            (false, Some(role)) => product(&format!("role {role}: {words}"))?,
        }
    }
    if findings.is_empty() {
        Ok(Exit::Done)
    } else {
        Ok(Exit::Failed)
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark role list
  punchmark role show engineer
  punchmark role lint
  punchmark role add engineer --like engineer --requester peter
  punchmark role try engineer --requester peter -V +8h peter.pub

lint exits with 1 if it found anything, try with 3 if the role refuses.";
