//! `punchmark ca retire`: a CA takes no serial any more, and its key goes into the KRL.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use serde_json::{Value, json};

use super::when;
use crate::ca::{LockOut, Retirement, retire, roles_of};
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::ledger_ca::ca_named;
use crate::cli::base::pending;
use crate::cli::base::terminal::{product, warn};
use crate::cli::base::words::number_of;
use crate::config;

/// End a CA: the ledger reserves no serial for it any more
///
/// What it signed stays valid until it ends. Once no certificate of it is valid, its key is revoked
/// too, so that the next KRL lists it: the same command again does that. There is no way back.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Retire {
    /// Name of the CA
    #[arg(value_name = "CA")]
    name: String,

    /// Why, for the ledger
    #[arg(long, value_name = "WORDS", default_value = "retired", value_parser = NonEmptyStringValueParser::new())]
    reason: String,

    /// Revoke its key although certificates of it are valid: who has one is said, and gets in
    /// nowhere once servers have the KRL
    #[arg(long)]
    yes_lock_out: bool,

    /// Say what would be done, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Retire {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let config = context.config()?;
        let looked = context.ledger_to_look(&config)?;
        let ca = ca_named(&looked.cas()?, &self.name)?;
        let lock_out = if self.yes_lock_out {
            LockOut::Accepted
        } else {
            LockOut::Nobody
        };
        let before = Retirement::of(&looked, &ca, config::now())?;
        drop(looked);
        if context.talks() {
            print(&before)?;
        }
        if before.is_done(lock_out) {
            return context.tell(&nothing_left(&before), json(&before, lock_out));
        }
        for role in roles_of(&config, &self.name) {
            warn(&format!(
                "role {role} of the config still names CA {}",
                self.name
            ));
        }
        let words = plan(&before, lock_out);
        if self.dry_run {
            return context.tell_plan(&words, json(&before, lock_out));
        }
        context.confirm_or_go_on(&format!("{words}. There is no way back. Go on?"))?;
        let mut ledger = context.ledger_after_asking(&config)?;
        let keyboard = config::keyboard();
        let before = retire(
            &mut ledger,
            &ca,
            lock_out,
            (&self.reason, &keyboard),
            config::now(),
        )?;
        let list = pending::when_servers_know(&ledger, Some(&self.name))?;
        context.tell(&done(&before, lock_out, &list), json(&before, lock_out))
    }
}

/// What is still valid, and for whom.
fn print(before: &Retirement) -> Result<(), Failure> {
    let living = &before.living;
    let name = before.ca.name();
    match &living.last {
        None => product(&format!("{name}: no certificate of it counts")),
        Some(last) => product(&format!(
            "{name}: {} valid; the last to end is serial {}, {:?}, {}",
            number_of(living.valid, "certificate"),
            last.serial,
            last.key_id,
            when(last.valid_before)
        )),
    }?;
    for (who, ends) in living.who.iter().take(MOST_NAMES) {
        product(&format!("  {who}, until {}", when(*ends)))?;
    }
    match living.who.len().checked_sub(MOST_NAMES) {
        Some(more) if more > 0 => product(&format!("  and {more} more")),
        _ => Ok(()),
    }
}

fn plan(before: &Retirement, lock_out: LockOut) -> String {
    let name = before.ca.name();
    match (before.retired.is_some(), before.revokes(lock_out)) {
        (false, false) => format!("no serial of CA {name} would be reserved any more"),
        (false, true) => format!(
            "no serial of CA {name} would be reserved any more, and its key would be revoked"
        ),
        (true, _) => format!("the key of CA {name}, which is retired, would be revoked"),
    }
}

fn done(before: &Retirement, lock_out: LockOut, list: &str) -> String {
    let name = before.ca.name();
    if before.revokes(lock_out) {
        return format!("CA {name} is retired, and its key revoked; {list}");
    }
    format!("CA {name} is retired; {}", later(before))
}

fn nothing_left(before: &Retirement) -> String {
    let name = before.ca.name();
    if before.is_revoked {
        return format!("CA {name} is retired, and its key revoked; nothing is recorded");
    }
    format!("CA {name} is retired; {}", later(before))
}

fn later(before: &Retirement) -> String {
    let last = before.living.last.as_ref();
    let ends = last.map_or_else(|| "now".to_owned(), |last| when(last.valid_before));
    format!("its key can be revoked by the same command when the last certificate is over, {ends}")
}

fn json(before: &Retirement, lock_out: LockOut) -> Value {
    let living = &before.living;
    json!({
        "ca": before.ca.name(),
        "retired": true,
        "was-retired": before.retired.is_some(),
        "key-revoked": before.is_revoked || before.revokes(lock_out),
        "valid": living.valid,
        "who": living.who,
        "last": living.last.as_ref().map(|last| json!({
            "serial": last.serial, "key-id": last.key_id, "valid-before": last.valid_before,
        })),
    })
}

/// More names fill a screen and tell nothing more.
const MOST_NAMES: usize = 20;

const EXAMPLES: &str = "\
Examples:
  punchmark ca retire users --dry-run
  punchmark ca retire users --reason 'users2 took over'
  punchmark ca retire users --yes-lock-out --reason 'the key was stolen'";
