//! `punchmark attestation roots distrust`: what leads to a root proves nothing any more.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;
use ssh_key::PublicKey;

use super::super::base::context::Context;
use super::super::base::failure::{Exit, Failure};
use super::super::base::terminal::{
    confirm_typed, product, product_object, say, somebody_is_there, warn,
};
use crate::attestation::{RootFingerprint, Roots};
use crate::cli::base::words::number_of;
use crate::config;
use crate::ledger::{Ledger, Revoked, RootDistrusted};
use crate::revocation::{LivesOn, is_known_root, lives_on};

/// Believe what leads to a root no more, whatever a config says
///
/// For good, and for every CA of the ledger. Lists first what lives on it: certificates that
/// were issued on its word, and cards that are enrolled by it, which prove nothing from then on.
/// A hash that no root known here has takes a typed yes at a terminal.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Distrust {
    /// The SHA-256 of the certificate, as `attestation roots list` prints it, behind SHA256:
    #[arg(value_name = "SHA256:…")]
    root: RootFingerprint,

    /// Why, for the ledger
    #[arg(
        long,
        value_name = "WORDS",
        default_value = "",
        allow_hyphen_values = true
    )]
    reason: String,

    /// Revoke the certificates that live on it too
    #[arg(long)]
    revoke: bool,

    /// Say what lives on it, and record nothing
    #[arg(long)]
    dry_run: bool,
}

impl Distrust {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let looked = context.ledger_to_look(&config)?;
        let trusted = config.attestation_roots()?;
        self.refuse_unknown(&looked, &trusted)?;
        let lives = lives_on(&looked, &trusted, self.root)?;
        print(context, &lives)?;
        if self.dry_run {
            return Ok(Exit::Done);
        }
        drop(looked);
        context.confirm_or_go_on("Distrust this root for good?")?;
        let mut ledger = context.ledger_after_asking(&config)?;
        let distrusted = RootDistrusted {
            root: self.root.0,
            reason: self.reason.clone(),
            keyboard: config::keyboard(),
        };
        let revoked = if self.revoke {
            // What was signed on its word while a person was asked is meant, too.
            self.revoked(&ledger, &lives_on(&ledger, &trusted, self.root)?)?
        } else {
            Vec::new()
        };
        ledger.distrust_root(distrusted, revoked, config::now())?;
        if context.talks() {
            say(&format!(
                "what leads to {} proves nothing from now on",
                self.root
            ));
        }
        Ok(Exit::Done)
    }

    /// A typo would be kept for good, and the root that was meant would stay trusted.
    fn refuse_unknown(&self, ledger: &Ledger, trusted: &Roots) -> Result<(), Failure> {
        if is_known_root(ledger, trusted, self.root)? {
            return Ok(());
        }
        if self.dry_run {
            warn(UNKNOWN);
            return Ok(());
        }
        if somebody_is_there() {
            return confirm_typed(&format!("{UNKNOWN}: {}", self.root));
        }
        Err(Failure::new(UNKNOWN).hint(UNKNOWN_HINT))
    }

    /// Serials are a CA's own, so that each CA has an entry of its own.
    fn revoked(&self, ledger: &Ledger, lives: &LivesOn) -> Result<Vec<Revoked>, Failure> {
        let mut of_cas: BTreeMap<&str, Vec<(u64, u64)>> = BTreeMap::new();
        for hit in &lives.certificates {
            let serials = of_cas.entry(&hit.ca).or_default();
            serials.push((hit.serial, hit.serial));
        }
        let mut all = Vec::new();
        for ca in ledger.cas()? {
            let Some(serials) = of_cas.remove(ca.name()) else {
                continue;
            };
            all.push(Revoked {
                ca: PublicKey::from(ca.public_key().clone()).to_bytes()?,
                serials,
                reason: self.reason.clone(),
                keyboard: config::keyboard(),
                ..Revoked::default()
            });
        }
        Ok(all)
    }
}

fn print(context: &Context, lives: &LivesOn) -> Result<(), Failure> {
    let names: Vec<_> = lives.enrolments.iter().map(|added| &added.name).collect();
    if context.json() {
        let told = json!({ "certificates": lives.certificates, "requesters": names });
        return product_object(told);
    }
    if !context.talks() {
        return Ok(());
    }
    product(&format!(
        "live on it: {}, {}",
        number_of(lives.certificates.len(), "certificate"),
        number_of(names.len(), "enrolled card")
    ))?;
    for hit in &lives.certificates {
        product(&format!(
            "  {} {:>6}  {}  \"{}\"  {}",
            hit.ca,
            hit.serial,
            hit.principals.join(","),
            hit.key_id,
            hit.validity
        ))?;
    }
    for name in names {
        product(&format!("  a card of {name}"))?;
    }
    Ok(())
}

const UNKNOWN: &str = "no root known here (the config's, the program's, or in the ledger's \
                       evidence) has this hash";
const UNKNOWN_HINT: &str = "compare it with `punchmark attestation roots list`; one that is still \
                            to be distrusted takes a typed yes at a terminal";

const EXAMPLES: &str = "\
Examples:
  punchmark attestation roots distrust SHA256:5C26… --dry-run
  punchmark attestation roots distrust SHA256:5C26… --revoke --reason 'maker broken into'";
