//! `punchmark access explain`: why somebody gets in, or doesn't.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::certificate::Certificate;
use super::known::{self, KnownBeside};
use super::list::OfList;
use super::table;
use crate::certificate::length;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{product, product_object};
use crate::config;
use crate::server::access::review::{Book, can};
use crate::server::access::{
    Asking, Decision, Entry, Host, List, Outcome, Purpose, Query, Why, decide,
};

/// Say which line lets somebody in, and which others would, or why nobody gets in
///
/// Without --user and --host, all lines of each principal are listed. Of a certificate, what else
/// sshd looks at is said too: its CA, type, validity and options, and a KRL.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Explain {
    #[command(flatten)]
    list: OfList,

    /// The account
    #[arg(long, requires = "host")]
    user: Option<String>,

    /// The server: its name, and its tags behind `+`
    #[arg(long, value_name = "NAME[+TAG...]", requires = "user")]
    host: Option<String>,

    /// A KRL to hold a certificate against, such as the server's RevokedKeys
    #[arg(long, value_name = "FILE")]
    krl: Option<PathBuf>,

    /// A principal, or a certificate's file, whose name ends in .pub
    #[arg(value_name = "PRINCIPAL|CERTIFICATE")]
    who: String,
}

impl Explain {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = self.list.read()?;
        let list = self.list.parse(&text)?;
        let certificate = self.certificate()?;
        let principals: Vec<&str> = match &certificate {
            Some(certificate) => {
                let principals = certificate.presented().principals().iter();
                principals.map(String::as_str).collect()
            }
            None => vec![&self.who],
        };
        let (Some(user), Some(host)) = (&self.user, &self.host) else {
            let book = Book::new(&list);
            let moment = self.list.moment_of_review(&list);
            let ways = principals.iter().flat_map(|name| can(&book, name, &moment));
            table::print(context, &ways.collect::<Vec<_>>())?;
            if !context.json() {
                tell_certificate(certificate.as_ref(), &list)?;
            }
            return Ok(Exit::Done);
        };
        let query = Query::new(principals, user, Host::parse(host)?)?;
        let decision = decide(
            list.header(),
            list.entries().iter().copied(),
            &Asking {
                certificate: certificate.as_ref().map(Certificate::presented),
                query: &query,
                moment: &self.list.moment_of_login(&list),
                known: &KnownBeside::read(self.list.path(), list.header()),
            },
        )
        .map_err(|doubt| Failure::new(doubt.to_string()))?;
        let refusals = refusals(certificate.as_ref(), &list, &decision);
        let asked = Asked {
            certificate: certificate.as_ref(),
            known_within: list.header().known_within(user),
        };
        tell(context, &list, &decision, &asked, &refusals)?;
        match decision.outcome {
            Outcome::Line { .. } if refusals.is_empty() => Ok(Exit::Done),
            _ => Ok(Exit::Failed),
        }
    }

    fn certificate(&self) -> Result<Option<Certificate>, Failure> {
        if self.who.ends_with(".pub") {
            return Certificate::read(Path::new(&self.who), self.krl.as_deref()).map(Some);
        }
        if self.krl.is_some() {
            return Err(Failure::usage("a KRL says nothing of a principal alone")
                .hint("name a certificate's file, whose name ends in .pub"));
        }
        Ok(None)
    }
}

fn refusals(
    certificate: Option<&Certificate>,
    list: &List<'_>,
    decision: &Decision,
) -> Vec<String> {
    let Some(certificate) = certificate else {
        return Vec::new();
    };
    let command = match decision.outcome {
        Outcome::Line { line, .. } => entry(list, line).and_then(|entry| entry.options().command()),
        Outcome::Nothing(_) => None,
    };
    certificate.refusals(command, config::now())
}

fn tell_certificate(certificate: Option<&Certificate>, list: &List<'_>) -> Result<(), Failure> {
    let rows = certificate.map(|certificate| certificate.rows(list.header()));
    for (label, value) in rows.unwrap_or_default() {
        product(&format!("  {label:12}{value}"))?;
    }
    Ok(())
}

/// Who was asked about.
struct Asked<'a> {
    certificate: Option<&'a Certificate>,
    /// How old what the ledgers know may be for the account, in seconds.
    known_within: Option<u64>,
}

impl Asked<'_> {
    /// What `@known` says to it; none where the account asks for nothing.
    fn known_words(&self, decision: &Decision) -> Option<String> {
        let seconds = self.known_within?;
        let words = match decision.standing {
            Some(standing) => known::words(standing),
            None => "only with a certificate that the ledger of its CA knows",
        };
        Some(format!("{words} (@known, {})", length(seconds)))
    }
}

fn tell(
    context: &Context,
    list: &List<'_>,
    decision: &Decision,
    asked: &Asked<'_>,
    refusals: &[String],
) -> Result<(), Failure> {
    let certificate = asked.certificate;
    let others: Vec<u64> = others(decision);
    if context.json() {
        let (line, joined, printed, why) = match &decision.outcome {
            Outcome::Line {
                line,
                joined,
                printed,
                ..
            } => (Some(line), joined.clone(), Some(printed), None),
            Outcome::Nothing(why) => (None, Vec::new(), None, Some(why.to_string())),
        };
        let object = json!({
            "line": line, "joined": joined, "printed": printed, "why-not": why, "also-fit": others,
            "known-within": asked.known_within, "known": decision.standing.map(known::word),
            "stale": decision.stale.map(|stale| stale.to_string()), "sshd": refusals,
            "certificate": certificate.map(|certificate| certificate.json(list.header())),
        });
        return product_object(object);
    }
    match &decision.outcome {
        Outcome::Line {
            line,
            joined,
            principal,
            printed,
        } => {
            product(&format!(
                "line {line} lets in {principal}: {}",
                shown(list, *line)
            ))?;
            for line in joined {
                product(&format!(
                    "  joined with line {line}: {}",
                    shown(list, *line)
                ))?;
            }
            product(&format!("  printed for sshd: {printed}"))?;
        }
        Outcome::Nothing(why) => {
            product(&format!("nobody gets in: {why}"))?;
            if let Some(line) = named(why) {
                product(&format!("  line {line}: {}", shown(list, line)))?;
            }
        }
    }
    for line in others {
        product(&format!(
            "  line {line} fits too, and doesn't count: {}",
            shown(list, line)
        ))?;
    }
    if let Some(stale) = decision.stale {
        product(&format!("  {stale}"))?;
    }
    if let Some(words) = asked.known_words(decision) {
        product(&format!("  {words}"))?;
    }
    tell_certificate(certificate, list)?;
    refusals
        .iter()
        .try_for_each(|words| product(&format!("  sshd refuses: {words}")))
}

/// The lines that fit, without those that the answer names.
fn others(decision: &Decision) -> Vec<u64> {
    let mut lines: Vec<_> = decision
        .fitting
        .iter()
        .map(|fitting| fitting.line)
        .collect();
    match &decision.outcome {
        Outcome::Line { line, joined, .. } => {
            lines.retain(|other| other != line && !joined.contains(other));
        }
        Outcome::Nothing(why) => lines.retain(|other| Some(*other) != named(why)),
    }
    lines
}

/// The line that keeps out.
fn named(why: &Why) -> Option<u64> {
    match why {
        Why::Denied { line, .. } | Why::Expired { line } => Some(*line),
        _ => None,
    }
}

fn shown(list: &List<'_>, line: u64) -> String {
    let found = entry(list, line);
    found.map_or_else(String::new, |entry| {
        let not = match entry.purpose() {
            Purpose::Denial => "!",
            Purpose::Grant => "",
        };
        let principals = format!("{not}{}", entry.principals());
        let words = [
            principals.as_str(),
            entry.users(),
            entry.hosts(),
            entry.options().as_str(),
        ];
        words.join(" ").trim_end().to_owned()
    })
}

fn entry<'l>(list: &'l List<'_>, line: u64) -> Option<&'l Entry<'l>> {
    let mut entries = list.entries().iter();
    entries
        .find(|(number, _)| *number == line)
        .map(|(_, entry)| entry)
}

const EXAMPLES: &str = "\
Examples:
  punchmark access explain --list access.list peter_physical
  punchmark access explain --list access.list --user www --host web1 peter_physical
  punchmark access explain --list access.list --user www --host web1+production peter-cert.pub
  punchmark access explain --user www --host web1 --krl /etc/ssh/revoked.krl peter-cert.pub

It exits with 1 if nobody would get in.";
