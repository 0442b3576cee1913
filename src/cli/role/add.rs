//! `punchmark role add`: one more role in the config, like one that is known.

use std::os::unix::fs::MetadataExt;

use clap::Args;
use serde_json::json;

use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure, Kind};
use crate::cli::base::similar::did_you_mean;
use crate::cli::base::terminal::{product, product_object, say, warn};
use crate::config::{CaName, Config, EditError, RoleTemplate, with_role};
use crate::ledger::Purpose;
use crate::output;
use crate::policy::pattern::RequesterPattern;
use crate::policy::{Role, RoleTable};
use crate::request::RoleName;

/// Add a role to the config, like another role or a template
///
/// The table is put at the end of the config; all that stands there stays as it is, comments too.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Add {
    /// Name of the new role
    #[arg(value_name = "NAME", value_parser = str::parse::<RoleName>)]
    name: RoleName,

    /// A role of the config, or a template: engineer, production, host, automation, emergency
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<RoleName>)]
    like: RoleName,

    /// The CA that signs [default: that of the other role, else the only one of its kind]
    #[arg(long, short = 's', value_name = "CA")]
    ca: Option<String>,

    /// Who may ask, a name or a pattern; may be given several times [default: nobody for a
    /// template, else who may ask by the other role]
    #[arg(long, value_name = "NAME")]
    requester: Vec<String>,

    /// Show what would be added, and change nothing
    #[arg(long)]
    dry_run: bool,
}

impl Add {
    pub(super) fn run(&self, context: &Context, config: &Config) -> Result<Exit, Failure> {
        let fields = self.fields(config)?;
        let text = with_role(config, &self.name, &fields).map_err(|error| self.cannot(error))?;
        let added = format!("[role.{}]\n{fields}", self.name);
        if !self.dry_run {
            write(config, &text)?;
        }
        self.tell(context, config, &added)?;
        self.warn_of_oddities(config, &text)?;
        Ok(Exit::Done)
    }

    /// Every fault of the command line at once.
    fn fields(&self, config: &Config) -> Result<String, Failure> {
        let requesters = self.requester.iter().map(|name| {
            let pattern = RequesterPattern::try_from(name.clone());
            pattern.map_err(|error| Failure::of(Kind::Usage, error).at("--requester"))
        });
        let requesters: Vec<_> = requesters.collect::<Result<_, _>>()?;
        if let Some(name) = &self.ca {
            config.ca(name)?;
        }
        let is_like = |role: &&Role| *role.name() == self.like && !role.name().is_operator();
        let known = config.policy().roles().find(is_like);
        match (known, RoleTemplate::of(self.like.as_str())) {
            (Some(role), _) => self.copied(role, requesters),
            (None, Some(template)) => self.filled_in(config, template),
            (None, None) => Err(self.like_nothing(config)),
        }
    }

    /// What the other role allows, but for what was said.
    fn copied(&self, role: &Role, requesters: Vec<RequesterPattern>) -> Result<String, Failure> {
        let mut table: RoleTable = role.table().clone();
        if let Some(ca) = &self.ca {
            table.ca = Some(ca.clone());
        }
        if !requesters.is_empty() {
            table.requesters = Some(requesters);
        }
        // It is the other role's.
        table.description = None;
        lines(&table)
    }

    fn filled_in(&self, config: &Config, template: RoleTemplate) -> Result<String, Failure> {
        let ca = match &self.ca {
            Some(ca) => ca.clone(),
            None => only_ca(config, template.purpose)?.to_string(),
        };
        Ok(template.fields(&ca, &self.requester))
    }

    fn like_nothing(&self, config: &Config) -> Failure {
        let roles = config.policy().roles();
        let roles = roles.filter(|role| !role.name().is_operator());
        let mut names: Vec<_> = roles.map(|role| role.name().as_str()).collect();
        names.extend(RoleTemplate::ALL.map(|template| template.name));
        names.sort_unstable();
        names.dedup();
        let like = self.like.as_str();
        let words = format!(
            "no role or template `{like}`; there is `{}`",
            names.join("`, `")
        );
        let failure = Failure::usage(words);
        match did_you_mean(like, names) {
            Some(question) => failure.hint(question),
            None => failure,
        }
    }

    fn cannot(&self, error: EditError) -> Failure {
        match error {
            EditError::RoleTaken(_) => Failure::of(Kind::Usage, error)
                .hint(format!("`punchmark role show {}` shows it", self.name)),
            other => other.into(),
        }
    }

    fn tell(&self, context: &Context, config: &Config, added: &str) -> Result<(), Failure> {
        let file = config.path().display().to_string();
        if context.json() {
            return product_object(json!({
                "role": self.name,
                "config": file,
                "added": added,
                "written": !self.dry_run,
            }));
        }
        for line in added.lines() {
            product(&format!("+ {line}"))?;
        }
        if context.talks() {
            say(&if self.dry_run {
                format!("nothing was changed; without --dry-run this is added to {file}")
            } else {
                format!(
                    "added to {file}; `punchmark role try {}` tries it",
                    self.name
                )
            });
        }
        Ok(())
    }

    fn warn_of_oddities(&self, config: &Config, text: &str) -> Result<(), Failure> {
        let with = Config::of_text(config.path(), text)?;
        let found = with.oddities().into_iter();
        let found = found.filter(|finding| finding.role.as_ref() == Some(&self.name));
        found.for_each(|finding| warn(&format!("role {}: {}", self.name, finding.oddity)));
        Ok(())
    }
}

/// The fields of a role, a line each; those that are tables inline, as people write them.
fn lines(table: &RoleTable) -> Result<String, Failure> {
    let fields = toml::Table::try_from(table);
    let fields = fields.map_err(|error| Failure::of(Kind::Failed, error))?;
    Ok(fields
        .iter()
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect())
}

/// The one CA that signs what such a role is for.
fn only_ca(config: &Config, purpose: Purpose) -> Result<&CaName, Failure> {
    let signs = |kind: Purpose| kind == purpose || kind == Purpose::Both;
    let mut fitting = config.cas().filter(|(_, ca)| signs(ca.certificates));
    match (fitting.next(), fitting.next()) {
        (Some((name, _)), None) => Ok(name),
        (None, _) => Err(Failure::usage(format!(
            "no CA of the config signs {purpose} certificates"
        ))
        .hint("make one with `punchmark init`, or name another with --ca")),
        (Some((first, _)), Some((second, _))) => Err(Failure::usage(format!(
            "which CA signs: `{first}`, `{second}` or another?"
        ))
        .hint(format!("name it: --ca {first}"))),
    }
}

/// Puts the text in the config's place, whole, with its mode and group.
fn write(config: &Config, text: &str) -> Result<(), Failure> {
    let path = config.path().canonicalize().in_file(config.path())?;
    let there = path.metadata().in_file(&path)?;
    let staged = output::stage(&path, text.as_bytes(), there.mode() & 0o777)?;
    output::give_to_group(&staged, there.gid())?;
    let released: Result<(), _> = output::release(vec![staged]).into_iter().collect();
    Ok(released?)
}

const EXAMPLES: &str = "\
Examples:
  punchmark role add engineer --like engineer --requester peter --requester erik
  punchmark role add backup --like automation --ca users --dry-run
  punchmark role add night-shift --like engineer --requester '*@example.org'";
