//! `punchmark ca suffixes`: what a CA reserves for good, and what lives under it.

use clap::Args;
use serde_json::json;

use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Failure};
use crate::cli::base::ledger_ca::ca_named;
use crate::cli::base::terminal::{confirm_typed, product, product_object};
use crate::config::{self, Config};
use crate::ledger::{
    Ca, Ledger, Purpose, State, SuffixDifference, SuffixSet, SuffixesError, recorded_form,
};
use crate::wire::certificate::RawCertificate;

/// Show the suffixes that a CA reserves, and record what the config changed in them
///
/// A suffix is a promise to every server, so it is recorded in the ledger: the CA alone writes
/// it, by proof, and no config can take that back. A class may ask for more, or be ended; what
/// lives under it stays valid until it expires or is revoked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SuffixesOf {
    /// Name of the CA [default: all that sign users' keys]
    #[arg(value_name = "CA")]
    name: Option<String>,

    /// Record the suffixes of the config for it: new ones, stricter ones, and as ended those
    /// that the config lacks; asks for a typed yes
    #[arg(long, requires = "name")]
    record: bool,

    /// With --record, say what would be recorded, and record nothing
    #[arg(long, requires = "record")]
    dry_run: bool,
}

/// One recorded suffix, and what lives under it.
struct Lives {
    set: SuffixSet,
    valid: u64,
}

impl SuffixesOf {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let config = context.config()?;
        match &self.name {
            Some(name) if self.record => record(context, &config, name, self.dry_run),
            name => show(context, &config, name.as_deref()),
        }
    }
}

fn show(context: &Context, config: &Config, name: Option<&str>) -> Result<(), Failure> {
    let ledger = Ledger::open_to_read(&config.ledger())?;
    let all = ledger.cas()?;
    if let Some(name) = name {
        ca_named(&all, name)?;
    }
    let meant = all.iter().filter(|ca| {
        let by_name = name.is_none_or(|name| ca.name() == name);
        by_name && ca.added().purpose != Purpose::Host
    });
    for ca in meant {
        let lives = lives(&ledger, ca, config::now())?;
        let differences = ledger.compare_suffixes(ca, config.policy().suffixes())?;
        if context.json() {
            product_object(json(ca, &lives, &differences))?;
        } else {
            print(ca, &lives, &differences)?;
        }
    }
    Ok(())
}

fn print(ca: &Ca, lives: &[Lives], differences: &[SuffixDifference]) -> Result<(), Failure> {
    let none = if lives.is_empty() {
        "none is reserved"
    } else {
        ""
    };
    product(format!("{}: {none}", ca.name()).trim_end())?;
    for Lives { set, valid } in lives {
        let ended = if set.ended != 0 { ", ended" } else { "" };
        product(&format!(
            "  {:16} class {}{ended}, {}; {}",
            set.suffix,
            set.class,
            least(set),
            count(*valid)
        ))?;
    }
    for difference in differences {
        product(&format!("  differs: {difference}"))?;
    }
    Ok(())
}

fn record(context: &Context, config: &Config, name: &str, dry_run: bool) -> Result<(), Failure> {
    let looked = context.ledger_to_look(config)?;
    let ca = ca_named(&looked.cas()?, name)?;
    if ca.added().purpose == Purpose::Host {
        return Err(Failure::new(format!(
            "CA `{name}` signs hosts, and reserves no suffix"
        )));
    }
    let differences = looked.compare_suffixes(&ca, config.policy().suffixes())?;
    if differences.is_empty() {
        return context.tell(
            "the config says what is recorded: there is nothing to change",
            json!({ "ca": name, "recorded": [] }),
        );
    }
    let mut question = format!("For CA `{name}`, recorded for good:");
    for difference in &differences {
        question.push_str(&format!("\n  {difference}{}", becomes(difference)));
    }
    for Lives { set, valid } in lives(&looked, &ca, config::now())? {
        question.push_str(&format!("\n  now under {}: {}", set.suffix, count(valid)));
    }
    let new = with_ended(&looked, &ca, recorded_form(config.policy().suffixes())?)?;
    drop(looked);
    let recorded: Vec<_> = differences.iter().map(ToString::to_string).collect();
    let object = json!({ "ca": name, "recorded": recorded });
    if dry_run {
        return context.tell_plan(&question, object);
    }
    confirm_typed(&question)?;
    let mut ledger = context.ledger_again(config, &ca)?;
    ledger.set_suffixes(&ca, new, config::keyboard(), config::now())?;
    context.tell(&format!("recorded for CA {name}"), object)
}

/// What is recorded and no longer in the config stays reserved, and is given no more.
fn with_ended(
    ledger: &Ledger,
    ca: &Ca,
    mut new: Vec<SuffixSet>,
) -> Result<Vec<SuffixSet>, Failure> {
    let recorded = ledger.suffixes(ca)?.map(|set| set.suffixes);
    for old in recorded.unwrap_or_default() {
        if !new.iter().any(|class| class.suffix == old.suffix) {
            new.push(SuffixSet { ended: 1, ..old });
        }
    }
    Ok(new)
}

fn becomes(difference: &SuffixDifference) -> &'static str {
    match difference {
        SuffixDifference::Missing { .. } => ": ended, and never written by hand again",
        SuffixDifference::New { .. } => ": reserved, and never written by hand again",
        SuffixDifference::Stricter { .. } => ": asks for more from now on",
        SuffixDifference::Weaker { .. } | SuffixDifference::Ended { .. } => {
            ": which cannot be recorded"
        }
    }
}

/// How many certificates that are valid now have a principal of each suffix.
fn lives(ledger: &Ledger, ca: &Ca, now: u64) -> Result<Vec<Lives>, Failure> {
    let sets = ledger.suffixes(ca)?.map(|set| set.suffixes);
    let mut lives: Vec<_> = sets
        .unwrap_or_default()
        .into_iter()
        .map(|set| Lives { set, valid: 0 })
        .collect();
    ledger.each_record(&mut |record| {
        let State::Issued(blob) = &record.state else {
            return;
        };
        let Ok(certificate) = RawCertificate::from_blob(blob) else {
            return;
        };
        if record.reserved.ca != ca.position() || certificate.valid_before() <= now {
            return;
        }
        for one in &mut lives {
            let suffix = one.set.suffix.as_bytes();
            let mut names = certificate.principals().iter();
            one.valid += u64::from(names.any(|name| name.ends_with(suffix)));
        }
    })?;
    Ok(lives)
}

fn least(set: &SuffixSet) -> String {
    if set.proof == "null" {
        return "no proof".to_owned();
    }
    format!("proof {}", set.proof)
}

fn count(valid: u64) -> String {
    match valid {
        1 => "1 valid certificate".to_owned(),
        valid => format!("{valid} valid certificates"),
    }
}

fn json(ca: &Ca, lives: &[Lives], differences: &[SuffixDifference]) -> serde_json::Value {
    let suffixes = lives.iter().map(|Lives { set, valid }| {
        json!({
            "suffix": set.suffix, "class": set.class, "ended": set.ended != 0, "valid": valid,
            "proof": serde_json::from_str::<serde_json::Value>(&set.proof).unwrap_or_default(),
        })
    });
    let differences = differences.iter().map(ToString::to_string);
    json!({
        "ca": ca.name(),
        "suffixes": suffixes.collect::<Vec<_>>(),
        "differs": differences.collect::<Vec<_>>(),
    })
}

impl Advised for SuffixesError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TakenOff { .. } | Self::Weaker { .. } | Self::Ended { .. } => {
                "servers know this suffix for what it stood for; give the new class a suffix of its \
                 own"
                    .to_owned()
            }
            _ => return None,
        })
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark ca suffixes
  punchmark ca suffixes users --record";
