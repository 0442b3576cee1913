//! `punchmark access publish`: a list that was reviewed becomes one that servers take.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::compile::compile;
use super::directory::{Bar, OfDirectory, objects, tell};
use super::lint::{findings, line};
use super::list::{moment, parse, read};
use super::signed::{Key, PUBLISHED_MODE, SIGNATURE_ENDING, beside};
use crate::cli::base::arguments::span;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::warn;
use crate::cli::base::words::number_of;
use crate::config;
use crate::output;
use crate::server::access::login::FRESH_ENDING;
use crate::server::access::{Header, List, Refresh};
use crate::server::directory::ResolvedGroup;
use crate::server::publication::{
    FRESH_NAMESPACE, Loss, Signatures, SignedRefresh, Stamp, losses, stamped,
};

/// Stamp a list with its version and sign it, for servers to take
///
/// FILE is what people write and review. --out is what servers take: the same text with `@version`
/// (Unix time, always greater than before), its signature in OUT.sig, and its index. Groups that a
/// directory service (LDAP) holds get their members; whatever isn't whole there ends it. It
/// stops at what `access lint` finds, and where half of the lines, a whole group or the last way
/// into root is gone since the last time.
///
/// With --refresh, nothing is changed: the key of the list's `@fresh` says in OUT.fresh that nothing newer is
/// there, so that servers don't take the list for a stale one.
#[derive(Debug, Args)]
#[command(after_help = examples())]
pub(crate) struct Publish {
    /// The list as people wrote it
    #[arg(value_name = "FILE", required_unless_present = "refresh")]
    list: Option<PathBuf>,

    /// The list that servers take; replaced whole
    #[arg(long, value_name = "OUT", required = true)]
    out: PathBuf,

    #[command(flatten)]
    key: Key,

    /// Publish although half of the lines, a group or the last way into root is gone
    #[arg(long)]
    shrinks: bool,

    /// Publish in spite of what `access lint` finds
    #[arg(long)]
    despite_findings: bool,

    /// Hosts that take the list first: names, patterns, +tags, with commas between them
    #[arg(long, value_name = "HOSTS", requires = "wait")]
    canary: Option<String>,

    /// How long the others wait for the canaries
    #[arg(long = "for", value_name = "TIME", value_parser = span, requires = "canary")]
    wait: Option<u64>,

    #[command(flatten)]
    directory: OfDirectory,

    /// Leave groups of a directory service to servers, each of which asks by `access sync --resolve`
    #[arg(long)]
    unresolved: bool,

    /// Say what would be published, and sign and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Say by the key of `@fresh` that nothing newer is there
    #[arg(long, conflicts_with_all = ["list", "shrinks", "despite_findings", "canary", "unresolved", "dry_run"])]
    refresh: bool,
}

impl Publish {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match &self.list {
            Some(list) if !self.refresh => self.publish(context, list),
            _ => self.say_fresh(context),
        }
    }

    fn publish(&self, context: &Context, path: &Path) -> Result<Exit, Failure> {
        let text = read(path)?;
        let list = parse(path, &text)?;
        let text = String::from_utf8_lossy(&text);
        if self.unresolved || list.header().unresolved().is_none() {
            self.lint(context, &list)?;
            return self.publish_as_it_is(context, path, &text, &list, &[]);
        }
        let found = self.directory.resolve(&text, &list, Bar::of(context))?;
        tell(context, &found.groups);
        let list = parse(path, found.text.as_bytes())?;
        self.lint(context, &list)?;
        self.publish_as_it_is(context, path, &found.text, &list, &found.groups)
    }

    /// Stamps a text, signs it and writes it.
    fn publish_as_it_is(
        &self,
        context: &Context,
        path: &Path,
        text: &str,
        list: &List<'_>,
        groups: &[ResolvedGroup],
    ) -> Result<Exit, Failure> {
        let before = if self.out.exists() {
            read(&self.out)?
        } else {
            Vec::new()
        };
        let before = List::parse(&before).ok();
        let stamp = self.stamp(list, before.as_ref())?;
        let stamped = stamped(text, &stamp);
        // What it makes of the stamp, a server has to understand.
        parse(path, stamped.as_bytes())?;
        let (out, lines) = (self.out.display().to_string(), list.entries().len());
        let version = stamp.version;
        let object = json!({
            "list": out, "version": version, "lines": lines, "groups": objects(groups),
        });
        if self.dry_run {
            let lines = number_of(lines, "line");
            let words = format!("{out} would be version {version}, {lines}");
            context.tell_plan(&words, object)?;
            return Ok(Exit::Done);
        }
        let mut signatures = Signatures::default();
        signatures.add(self.key.sign_list(stamped.as_bytes())?);
        self.write(stamped.as_bytes(), &signatures)?;
        compile(&self.out)?;
        let lines = number_of(lines, "line");
        let words = format!("{out} is version {version}, {lines}, signed by one key");
        context.tell(&words, object)?;
        Ok(Exit::Done)
    }

    fn lint(&self, context: &Context, list: &List<'_>) -> Result<(), Failure> {
        let findings = findings(context, list)?;
        for finding in &findings {
            warn(&line(finding));
        }
        if findings.is_empty() || self.despite_findings {
            return Ok(());
        }
        Err(Failure::new("not published, since there are findings")
            .hint("mend them, or publish all the same with --despite-findings"))
    }

    /// The lines that the list gets, behind the list that was published before.
    fn stamp(&self, list: &List<'_>, before: Option<&List<'_>>) -> Result<Stamp, Failure> {
        let version = |list: &List<'_>| list.header().version();
        let earlier = before.and_then(version).max(version(list));
        let next = earlier.map_or(0, |earlier| earlier.saturating_add(1));
        let lost = before.map(|before| losses(before, list, None, &moment()));
        let lost = lost.unwrap_or_default();
        if !lost.is_empty() && !self.shrinks {
            let words: Vec<_> = lost.iter().map(Loss::to_string).collect();
            return Err(Failure::new(format!("not published: {}", words.join("; ")))
                .hint("if that is meant, say so with --shrinks; servers take it then"));
        }
        // Servers that still have an older list must take this step too.
        let shrinks = if lost.is_empty() {
            before.and_then(|before| before.header().shrinks())
        } else {
            before.and_then(version)
        };
        let hosts = self.canary.as_ref().map(|hosts| hosts.replace(',', " "));
        Ok(Stamp {
            version: config::now().max(next),
            shrinks,
            canary: self.wait.zip(hosts),
        })
    }

    fn write(&self, list: &[u8], signatures: &Signatures) -> Result<(), Failure> {
        let armour = signatures
            .to_armour()
            .at("the signature cannot be encoded")?;
        let signature = beside(&self.out, SIGNATURE_ENDING);
        let staged = [
            output::stage(&signature, armour.as_bytes(), PUBLISHED_MODE),
            output::stage(&self.out, list, PUBLISHED_MODE),
        ];
        let staged: Result<Vec<_>, _> = staged.into_iter().collect();
        let released: Result<(), _> = output::release(staged?).into_iter().collect();
        Ok(released?)
    }

    fn say_fresh(&self, context: &Context) -> Result<Exit, Failure> {
        let bytes = read(&self.out)?;
        let list = parse(&self.out, &bytes)?;
        let refresh = Refresh {
            sha256: Sha256::digest(&bytes).into(),
            version: version_to_refresh(list.header())?,
            time: config::now(),
        };
        let signature = self
            .key
            .signature(refresh.to_string().as_bytes(), FRESH_NAMESPACE)?;
        let signed = SignedRefresh::new(refresh, signature);
        let checked = signed.check(list.header(), refresh.time);
        checked.map_err(|error| {
            Failure::new(error.to_string()).hint("sign with the key that `@fresh` names")
        })?;
        let text = signed.to_text().at("the signature cannot be encoded")?;
        let path = beside(&self.out, FRESH_ENDING);
        output::write(&path, text.as_bytes(), PUBLISHED_MODE)?;
        let (path, version) = (path.display().to_string(), refresh.version);
        context.tell(
            &format!("{path} says that nothing is newer than version {version}"),
            json!({ "refresh": path, "version": version }),
        )?;
        Ok(Exit::Done)
    }
}

fn version_to_refresh(header: &Header) -> Result<u64, Failure> {
    if header.fresh().is_none() {
        return Err(Failure::new("the list names no key that may say so")
            .hint("name one in it: @fresh SHA256:…, and publish it"));
    }
    let none = || Failure::new("the list was never published: it has no `@version`");
    header.version().ok_or_else(none)
}

fn examples() -> String {
    format!("{EXAMPLES}\n\n{}", super::directory::SETTINGS_EXAMPLE)
}

const EXAMPLES: &str = "\
Examples:
  punchmark access publish access.list --out /srv/access/access.list --key ~/.ssh/id_ed25519.pub
  punchmark access publish access.list --out /srv/access/access.list --key admin_sk.pub \\
    --canary +canary --for 1h
  punchmark access publish access.list --out /srv/access/access.list --key admin_sk.pub \\
    --directory /etc/punchmark/directory.toml
  punchmark access publish --refresh --out /srv/access/access.list --key /etc/punchmark/fresh";
