//! `punchmark revoke`: certificates and keys are no longer to be taken, for good.

mod list;
mod mirror;
mod named;
mod preview;
mod wide;

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;

use self::named::Named;
use self::preview::{end_of, print};
use self::wide::{Wide, refuse_unattended_end};
use super::base::advice::ledger::empty_ledger;
use super::base::base_name;
use super::base::context::Context;
use super::base::failure::{Advised, Exit, Failure};
use super::base::known_requester::unknown_requester;
use super::base::known_role::require_known_role;
use super::base::ledger_ca::ca_named;
use super::base::pending;
use super::base::revoked;
use super::base::terminal::{ask, confirm_typed, hint, say, somebody_is_there, warn};
use crate::attestation::Family;
use crate::config::{self, Config};
use crate::ledger::{Barred, Ca, Ledger, Revocation, Revoked};
use crate::revocation::{CaHit, Caught, Meant, NamingError, RevokeError, Selector, catch};

/// Revoke certificates or keys, for good; `krl` then makes the list for servers
///
/// Says first what is caught. A key that was revoked is never certified again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Revoke {
    /// The CA, by name; may be left out where there is one only, and where keys are named
    #[arg(short = 's', long, value_name = "CA")]
    ca: Option<String>,

    #[command(flatten)]
    named: Named,

    /// Why, for the ledger
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        allow_hyphen_values = true,
        value_parser = short_reason
    )]
    reason: String,

    /// On a mirror: the key of a revoker, who signs the revocation, as for ssh-keygen -Y sign
    #[arg(long, value_name = "FILE")]
    revoker_key: Option<PathBuf>,

    /// Say what would be caught, and record nothing
    #[arg(long)]
    dry_run: bool,

    /// List all that was revoked, why and by whom, and since which KRL servers can know it
    #[arg(
        long,
        conflicts_with_all = ["ca", "serial", "key_id", "certificate", "key", "fingerprint",
            "principal", "role", "card", "requester", "issued_before", "reason", "dry_run",
            "revoker_key"]
    )]
    list: bool,
}

impl Revoke {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if self.list {
            return list::print(context);
        }
        let config = context.config()?;
        let looked = pending::seen(&config.ledger(), context.ledger_to_read(&config)?)?;
        let revoker = self.revoker(&looked)?;
        let suffixes = base_name::suffixes(&looked, Some(&config))?;
        let selectors = self.named.selectors(&suffixes)?;
        for role in self.named.roles() {
            require_known_role(role, Some(&config), &looked)?;
        }
        self.warn_of_unknown(&config, &looked)?;
        let ca = the_ca(looked.cas()?, self.ca.as_deref(), &selectors)?;
        let meant = Meant {
            ca: ca.as_ref(),
            selectors: &selectors,
            families: &families(&config)?,
        };
        let shown = self.caught(&looked, meant)?;
        if revoker.is_some() {
            mirror::refuse_beyond(&shown.all, &looked)?;
            mirror::warn_of_registrars(&shown.all, &looked)?;
        }
        drop(looked);
        let more = self.more(&suffixes, &shown.wide);
        print(context, ca.as_ref(), &shown.all, &more)?;
        if let Some(before) = &shown.all.before {
            tell_of_before(context, before);
            return Ok(Exit::Done);
        }
        if self.dry_run {
            return Ok(Exit::Done);
        }
        confirm(context, &shown)?;
        if let Some(revoker) = revoker {
            let mirror = pending::hold(&config)?.mirror;
            let caught = self.caught(&mirror, meant)?.no_worse_than(&shown)?;
            mirror::refuse_beyond(&caught, &mirror)?;
            if let Some(before) = &caught.before {
                tell_of_before(context, before);
                return Ok(Exit::Done);
            }
            drop(mirror);
            let (revoked, barred) = entries(caught, &self.reason);
            return revoker.record((revoked, barred), &config, context);
        }
        let mut ledger = context.ledger_after_asking(&config)?;
        let caught = self.caught(&ledger, meant)?.no_worse_than(&shown)?;
        if let Some(before) = &caught.before {
            tell_of_before(context, before);
            return Ok(Exit::Done);
        }
        record(&mut ledger, caught, &self.reason)?;
        if context.talks() {
            let list = pending::when_servers_know(&ledger, ca.as_ref().map(Ca::name))?;
            say(&format!("revoked; {list}"));
        }
        Ok(Exit::Done)
    }

    /// Who never asked can be barred all the same, so a name that nobody knows is no fault.
    fn warn_of_unknown(&self, config: &Config, ledger: &Ledger) -> Result<(), Failure> {
        for name in self.named.requesters() {
            if let Some(unknown) = unknown_requester(name, Some(config), ledger)? {
                warn(&unknown.words);
                hint(&unknown.hint);
            }
        }
        Ok(())
    }

    fn caught(&self, ledger: &Ledger, meant: Meant<'_>) -> Result<Shown, Failure> {
        let all = catch(ledger, meant)?;
        let wide = wide::ranges(&self.named.serial, meant.ca, ledger, &all)?;
        Ok(Shown { all, wide })
    }

    /// Which names are meant by a base name, and how much a range takes in.
    fn more(&self, suffixes: &BTreeSet<String>, wide: &[Wide]) -> Vec<String> {
        let names = self.named.principals(suffixes).into_iter();
        let with_suffixes = names.filter(|names| names.len() > 1).map(|names| {
            let list = names.join(", ");
            format!("principals {list} (--exact: the first alone)")
        });
        let wide = wide.iter().map(|wide| wide.words.clone());
        with_suffixes.chain(wide).collect()
    }
}

/// What is caught, as a person is shown it and then asked.
struct Shown {
    all: Caught,
    /// The ranges that want a typed yes.
    wide: Vec<Wide>,
}

impl Shown {
    /// What is caught once nobody else can write. Certificates that were signed while a person was
    /// asked are meant, too; what wants a word typed is not, unless it was asked for.
    fn no_worse_than(self, shown: &Self) -> Result<Caught, Failure> {
        let more_cas = self.all.cas.len() > shown.all.cas.len();
        if more_cas || self.wide.len() > shown.wide.len() {
            return Err(Failure::new(CHANGED).hint(LOOK_AGAIN));
        }
        Ok(self.all)
    }
}

/// A person at a terminal is asked before anything is recorded. What takes in most of a CA, or
/// serials that it has yet to give out, wants a typed yes, which `--yes` does not answer; a
/// script that named it meant it, unless it would end the CA.
fn confirm(context: &Context, shown: &Shown) -> Result<(), Failure> {
    let wide = &shown.wide;
    if wide.is_empty() || !somebody_is_there() {
        refuse_unattended_end(wide)?;
        context.confirm_or_go_on("Revoke this for good?")?;
    } else {
        let words: Vec<_> = wide.iter().map(|wide| wide.words.as_str()).collect();
        confirm_typed(&format!(
            "{}.\nAll of that is revoked for good.",
            words.join("\n")
        ))?;
    }
    let mut cas = shown.all.cas.iter();
    cas.try_for_each(|hit| confirm_the_end_of(context, hit))
}

/// Nothing is recorded twice.
fn tell_of_before(context: &Context, before: &[Revocation]) {
    if !context.talks() {
        return;
    }
    if before.is_empty() {
        say("all of this was barred before; nothing is recorded");
    }
    for revocation in before {
        say(&format!(
            "was revoked before, {}",
            revoked::before(revocation)
        ));
    }
}

/// The families of cards that count beside those that the ledger knows: Yubico's, whose roots
/// every version of this program holds, and those that the config trusts.
fn families(config: &Config) -> Result<BTreeSet<String>, Failure> {
    let trusted = config.attestation_roots()?.families();
    let families = trusted.into_iter().chain([Family::Yubico]);
    Ok(families.map(|family| family.to_string()).collect())
}

/// A reason is read by people, and travels with a bundle that has little room.
fn short_reason(text: &str) -> Result<String, String> {
    if text.len() <= LONGEST_REASON {
        return Ok(text.to_owned());
    }
    Err(format!(
        "it has {} bytes, and {LONGEST_REASON} is the most",
        text.len()
    ))
}

fn record(ledger: &mut Ledger, caught: Caught, reason: &str) -> Result<(), Failure> {
    let (revoked, barred) = entries(caught, reason);
    Ok(ledger.revoke_and_bar(revoked, barred, config::now())?)
}

/// What the ledger is to have of it.
fn entries(caught: Caught, reason: &str) -> (Option<Revoked>, Option<Barred>) {
    let (bars, revokes) = (!caught.bars_nobody(), !caught.revoked.is_empty());
    let (keyboard, reason) = (config::keyboard(), reason.to_owned());
    let barred = bars.then(|| Barred {
        reason: reason.clone(),
        keyboard: keyboard.clone(),
        ..caught.barred
    });
    let revoked = revokes.then_some(Revoked {
        reason,
        keyboard,
        ..caught.revoked
    });
    (revoked, barred)
}

/// The one that was named, or whose certificate is, or the only one there is. Keys alone are
/// a matter of every CA.
fn the_ca(
    mut cas: Vec<Ca>,
    name: Option<&str>,
    selectors: &[Selector],
) -> Result<Option<Ca>, Failure> {
    if let Some(name) = name {
        return ca_named(&cas, name).map(Some);
    }
    if cas.len() < 2 {
        return cas.pop().map(Some).ok_or_else(empty_ledger);
    }
    if Named::is_of_keys_alone(selectors) {
        return Ok(None);
    }
    let mut signed_by = selectors.iter().filter_map(|selector| match selector {
        Selector::Certificate(certificate) => Some(certificate.ca_key()),
        _ => None,
    });
    let ca = signed_by.next();
    let ca = ca.and_then(|key| cas.into_iter().find(|ca| ca.added().public_key == key));
    ca.map(Some)
        .ok_or_else(|| Failure::usage("the ledger has several CAs: name one with --ca"))
}

/// Wants the CA's name typed, which no option answers in advance: from then on no server takes
/// any certificate of that CA, and it signs no more.
fn confirm_the_end_of(context: &Context, hit: &CaHit) -> Result<(), Failure> {
    let ca = &hit.ca;
    // Whoever reads what is caught has read it above.
    let statement = if context.talks() {
        String::new()
    } else {
        format!("{}\n", end_of(hit))
    };
    let question = format!("{statement}Type the CA's name to revoke it: ");
    match ask(&question)? {
        Some(answer) if answer == *ca => Ok(()),
        Some(_) => Err(Failure::new(format!(
            "stopped, since the answer was not {ca:?}"
        ))),
        None => Err(Failure::new(format!("{}; nothing is revoked", end_of(hit)))
            .hint("a CA is revoked by a person at a terminal, who types its name")),
    }
}

impl Advised for RevokeError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Naming(error) => error.hint(),
            _ => None,
        }
    }
}

impl Advised for NamingError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Key { fingerprint, .. } => Some(format!(
                "revoke it by its SHA-256, which has the same effect: --fingerprint {fingerprint}"
            )),
            Self::KeyId => Some(
                "revoke the certificate by its key: --fingerprint, or --key with a file".to_owned(),
            ),
            _ => None,
        }
    }
}

const CHANGED: &str = "the ledger went on while you were asked, and more would end than you were shown; \
                       nothing is revoked";
const LOOK_AGAIN: &str = "run it again, and see what is caught now";

const LONGEST_REASON: usize = 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark revoke --serial 42 --reason 'laptop lost'
  punchmark revoke --key peter.pub --reason 'key copied' --dry-run
  punchmark revoke --ca users --requester peter --reason 'left the team'
  punchmark revoke --ca users --principal peter --reason 'account closed'
  punchmark revoke --card 12345678 --reason 'YubiKey lost'
  punchmark revoke --key peter.pub --reason 'key copied' --revoker-key anna.pub
  punchmark revoke --list";
