//! `punchmark ca rollover`: how far one CA took the place of another, and what blocks the next stage.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use ssh_key::HashAlg;

use super::{utc, when};
use crate::ca::{Block, Rollover, RolloverError, ServersSay};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Failure, Kind};
use crate::cli::base::fleet_files::{reports, servers, servers_say};
use crate::cli::base::ledger_ca::ca_named;
use crate::cli::base::published::Published;
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::number_of;
use crate::config::{self, Config};
use crate::ledger::{Ca, Ledger, Purpose, Revoked, Stage};

/// Show how far a new CA took the place of an old one, and go on to the next stage
///
/// SSH has no cross-signing: for a while servers trust a file with both CAs (for a host CA: clients,
/// by two lines of known_hosts). The stages are: made, trusted, switched, ended, revoked, destroyed.
/// Each is recorded in the ledger by --next, which refuses it while something blocks it. What is to
/// be done, other commands do; they are named.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RolloverOf {
    /// The CA that goes
    #[arg(value_name = "CA")]
    old: String,

    /// The CA that comes
    #[arg(long, value_name = "CA")]
    to: String,

    /// The names of all servers, one a line: one without a report, or with one older than seven
    /// days, is not known to trust anything
    #[arg(long, value_name = "FILE")]
    servers: Option<PathBuf>,

    /// Reports of `punchmark doctor sshd --json`, or folders of them; may be given several times
    #[arg(long, value_name = "REPORTS", requires = "servers")]
    reports: Vec<PathBuf>,

    /// The list that servers get, with its signature in FILE.sig: where there is a mirror, it shows
    /// that the old CA is revoked
    #[arg(long, value_name = "FILE")]
    krl: Option<PathBuf>,

    /// Record the next stage, unless something blocks it
    #[arg(long)]
    next: bool,

    /// With --next: go on although somebody is locked out; the ledger keeps who
    #[arg(long, requires = "next")]
    yes_lock_out: bool,

    /// With --next: say whether it would be recorded, and record nothing
    #[arg(long, requires = "next")]
    dry_run: bool,
}

impl RolloverOf {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let config = context.config()?;
        let looked = if self.next {
            context.ledger_to_look(&config)?
        } else {
            Ledger::open_to_read(&config.ledger())?
        };
        let cas = looked.cas()?;
        let new = ca_named(&cas, &self.to);
        let new = new.map_err(|failure| failure.hint(self.made_by()))?;
        let pair = (ca_named(&cas, &self.old)?, new);
        let servers = ServersSay {
            list_revokes: self.list_revokes(&pair.0, &looked)?,
            ..self.servers(&pair)?
        };
        let rollover = look(&config, &looked, &pair, &servers)?;
        drop(looked);
        if !self.next {
            return self.show(context, &rollover, &servers);
        }
        if context.talks() {
            self.show(context, &rollover, &servers)?;
        }
        if self.dry_run {
            return self.foretell(context, &rollover);
        }
        let mut ledger = context.ledger_after_asking(&config)?;
        let rollover = look(&config, &ledger, &pair, &servers)?;
        let stage = rollover.go_on(
            &mut ledger,
            self.yes_lock_out,
            &config::keyboard(),
            config::now(),
        )?;
        let words = format!(
            "recorded: {} takes the place of {}, stage {}",
            self.to,
            self.old,
            stage.as_str()
        );
        let after = look(&config, &ledger, &pair, &servers)?;
        context.tell(&words, json(&after, &servers))
    }

    /// How the CA is made that is to come.
    fn made_by(&self) -> String {
        format!("if it is still to be made: punchmark init {}", self.to)
    }

    /// Whether the list that was shown, signed by a key that the ledger knows, revokes this CA's key.
    fn list_revokes(&self, old: &Ca, ledger: &Ledger) -> Result<Option<bool>, Failure> {
        let Some(file) = &self.krl else {
            return Ok(None);
        };
        let list = Published::read(file, None, ledger)?;
        let key = old.public_key().fingerprint(HashAlg::Sha256).sha256();
        let revoked = list.revoked();
        let mut keys = revoked.iter().flat_map(Revoked::key_hashes);
        Ok(Some(keys.any(|one| Some(one) == key)))
    }

    /// What the reports say of both CAs; host CAs are trusted by clients, who send none.
    fn servers(&self, (old, new): &(Ca, Ca)) -> Result<ServersSay, Failure> {
        let Some(list) = &self.servers else {
            return Ok(ServersSay::default());
        };
        if new.added().purpose == Purpose::Host {
            return Err(Failure::usage(
                "a host CA is trusted by clients, and servers' reports say nothing of them",
            ));
        }
        Ok(servers_say(
            &servers(list)?,
            &reports(&self.reports)?,
            (old, new),
        ))
    }

    fn show(
        &self,
        context: &Context,
        rollover: &Rollover,
        servers: &ServersSay,
    ) -> Result<(), Failure> {
        if context.json() {
            return product_object(json(rollover, servers));
        }
        product(&format!("{} takes the place of {}", self.to, self.old))?;
        for stage in Stage::ALL {
            product(&line(rollover, stage))?;
        }
        if let Some(last) = &rollover.retirement.living.last {
            product(&format!(
                "the last certificate of {} is serial {}, {:?}, {}",
                self.old,
                last.serial,
                last.key_id,
                when(last.valid_before)
            ))?;
        }
        if let Some(listed) = servers.listed {
            product(&format!(
                "{} listed, {} not known to take certificates of {}",
                number_of(listed, "server"),
                servers.without_new.len(),
                self.to
            ))?;
        }
        if let Some(next) = rollover.next {
            product(&format!(
                "next: {}, {}",
                next.as_str(),
                doing(rollover, next)
            ))?;
        }
        for Block { why, locks_out } in &rollover.blocks {
            let word = if *locks_out { "locked out" } else { "blocked" };
            product(&format!("  {word}: {why}"))?;
        }
        for not in &rollover.not_known {
            product(&format!("  not known: {not}"))?;
        }
        Ok(())
    }

    fn foretell(&self, context: &Context, rollover: &Rollover) -> Result<(), Failure> {
        let blocks = rollover.blocks.iter();
        let hard = blocks
            .filter(|block| !(block.locks_out && self.yes_lock_out))
            .count();
        let words = match (rollover.next, hard) {
            (None, _) => "every stage was reached".to_owned(),
            (Some(next), 0) => format!("stage {} would be recorded", next.as_str()),
            (Some(next), _) => format!("stage {} would be refused", next.as_str()),
        };
        context.tell_plan(&words, json(rollover, &ServersSay::default()))
    }
}

fn look(
    config: &Config,
    ledger: &Ledger,
    (old, new): &(Ca, Ca),
    servers: &ServersSay,
) -> Result<Rollover, Failure> {
    Ok(Rollover::of(
        config,
        ledger,
        (old, new),
        servers,
        config::now(),
    )?)
}

fn line(rollover: &Rollover, stage: Stage) -> String {
    let mut reached = rollover.reached.iter();
    let reached = reached.find(|(_, reached)| reached.stage == stage);
    let state = match reached {
        Some((time, reached)) if reached.word.is_empty() => utc(*time),
        Some((time, reached)) => format!("{}, {}", utc(*time), reached.word),
        None if rollover.next == Some(stage) => "next".to_owned(),
        None => "-".to_owned(),
    };
    format!("  {:10} {state}", stage.as_str())
}

/// What is to be done for a stage.
fn doing(rollover: &Rollover, stage: Stage) -> String {
    let (old, new) = (rollover.old.name(), rollover.new.name());
    match (stage, rollover.is_for_hosts()) {
        (Stage::Made, _) => format!("hand the key out: punchmark ca export {new}"),
        (Stage::Trusted, false) => format!(
            "give each server a file with both: punchmark ca export {old} {new} --format trusted-user-ca-keys; \
             and name both in the access list"
        ),
        (Stage::Trusted, true) => {
            format!("give clients both lines: punchmark ca export {old} {new} --format known-hosts")
        }
        (Stage::Switched, false) => format!("let each role of the config sign by {new}"),
        (Stage::Switched, true) => {
            format!("let each role sign by {new}, and give each server its new certificate")
        }
        (Stage::Ended, _)
            if rollover.retirement.retired.is_some() && rollover.blocks.is_empty() =>
        {
            format!("{old} is retired, and nothing blocks it: record it by --next")
        }
        (Stage::Ended, _) => {
            format!("retire it, and wait for its last certificate: punchmark ca retire {old}")
        }
        (Stage::Revoked, false) => format!(
            "take {old} out of every trust file and access list, revoke its key (punchmark ca retire {old}), and \
             give servers the KRL"
        ),
        (Stage::Revoked, true) => format!(
            "revoke its key (punchmark ca retire {old}), and give clients its `@revoked` line"
        ),
        (Stage::Destroyed, _) => {
            format!("destroy each copy of its key: punchmark ca destroy-copy {old}")
        }
    }
}

fn json(rollover: &Rollover, servers: &ServersSay) -> Value {
    let reached = rollover.reached.iter().map(|(time, reached)| {
        json!({ "stage": reached.stage, "time": time, "word": reached.word,
            "keyboard": reached.keyboard })
    });
    let blocks = rollover
        .blocks
        .iter()
        .map(|block| json!({ "why": block.why, "locks-out": block.locks_out }));
    let of = |servers: &[(String, String)]| -> Vec<Value> {
        let each = servers.iter();
        each.map(|(server, why)| json!({ "server": server, "why": why }))
            .collect()
    };
    let living = &rollover.retirement.living;
    json!({
        "old": rollover.old.name(),
        "new": rollover.new.name(),
        "reached": reached.collect::<Vec<_>>(),
        "next": rollover.next,
        "blocks": blocks.collect::<Vec<_>>(),
        "not-known": rollover.not_known,
        "servers": servers.listed,
        "lagging": of(&servers.without_new),
        "trusting-old": of(&servers.with_old),
        "valid": living.valid,
        "last": living.last.as_ref().map(|last| json!({
            "serial": last.serial, "key-id": last.key_id, "valid-before": last.valid_before,
        })),
    })
}

impl Advised for RolloverError {
    fn kind(&self) -> Kind {
        match self {
            Self::Unfit { .. } => Kind::Usage,
            Self::Blocked { .. } => Kind::Refused,
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) => error.hint(),
            Self::Blocked { blocks, .. } if blocks.iter().all(|block| block.locks_out) => Some(
                "to go on all the same, and have the ledger keep who is locked out: --yes-lock-out"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ca rollover users --to users2
  punchmark ca rollover users --to users2 --servers servers.txt --reports reports/ --next
  punchmark ca rollover hosts --to hosts2 --next --yes-lock-out";
