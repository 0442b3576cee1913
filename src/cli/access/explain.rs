//! `punchmark access explain`: why somebody gets in, or doesn't.

use std::path::Path;

use base64ct::{Base64, Encoding};
use clap::Args;
use serde_json::json;

use super::list::{OfList, moment};
use super::table;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::product;
use crate::file::read_limited;
use crate::server::access::review::{Book, can};
use crate::server::access::{
    Asking, Decision, Entry, Host, List, NoneKnown, Outcome, Presented, Query, decide,
};
use crate::wire::RawCertificate;
use crate::wire::certificate::OptionValue;

/// Say which line lets somebody in, and which others would, or why nobody gets in
///
/// Without --user and --host, all lines of each principal are listed.
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

    /// A principal, or a certificate's file, whose name ends in .pub
    #[arg(value_name = "PRINCIPAL|CERTIFICATE")]
    who: String,
}

impl Explain {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let text = self.list.read()?;
        let list = self.list.parse(&text)?;
        let certificate = match self.who.strip_suffix(".pub") {
            Some(_) => Some(read_certificate(Path::new(&self.who))?),
            None => None,
        };
        let principals: Vec<&str> = match &certificate {
            Some((_, presented)) => presented.principals().iter().map(String::as_str).collect(),
            None => vec![&self.who],
        };
        let (Some(user), Some(host)) = (&self.user, &self.host) else {
            let book = Book::new(&list);
            let ways = principals
                .iter()
                .flat_map(|name| can(&book, name, &self.list.moment(&list)));
            table::print(context, &ways.collect::<Vec<_>>())?;
            return Ok(Exit::Done);
        };
        let query = Query::new(principals, user, Host::parse(host)?)?;
        let presented = certificate.as_ref().map(|(_, presented)| presented);
        let decision = decide(
            list.header(),
            list.entries().iter().copied(),
            &Asking {
                certificate: presented,
                query: &query,
                moment: &self.list.moment(&list),
                known: &NoneKnown,
            },
        )
        .map_err(|doubt| Failure::new(doubt.to_string()))?;
        let raw = certificate.as_ref().map(|(raw, _)| raw);
        let cautions = raw
            .map(|raw| cautions(raw, &list, &decision))
            .unwrap_or_default();
        tell(context, &list, &decision, &cautions)?;
        match decision.outcome {
            Outcome::Line { .. } if cautions.is_empty() => Ok(Exit::Done),
            _ => Ok(Exit::Failed),
        }
    }
}

fn tell(
    context: &Context,
    list: &List<'_>,
    decision: &Decision,
    cautions: &[String],
) -> Result<(), Failure> {
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
            "line": line, "joined": joined, "printed": printed, "why_not": why, "also_fit": others,
            "stale": decision.stale.map(|stale| stale.to_string()), "sshd": cautions,
        });
        return product(&object.to_string());
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
        Outcome::Nothing(why) => product(&format!("nobody gets in: {why}"))?,
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
    cautions
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
    if let Outcome::Line { line, joined, .. } = &decision.outcome {
        lines.retain(|other| other != line && !joined.contains(other));
    }
    lines
}

fn shown(list: &List<'_>, line: u64) -> String {
    let found = entry(list, line);
    found.map_or_else(String::new, |entry| {
        let words = [
            entry.principals(),
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

/// What sshd looks at beside the list, as far as the certificate alone tells.
fn cautions(raw: &RawCertificate, list: &List<'_>, decision: &Decision) -> Vec<String> {
    let mut found = Vec::new();
    let now = moment().now;
    if now < raw.valid_after() {
        found.push("the certificate is not valid yet".to_owned());
    }
    if now >= raw.valid_before() {
        found.push("the certificate has expired".to_owned());
    }
    for option in raw.critical() {
        if !CRITICAL
            .iter()
            .any(|known| known.as_bytes() == option.name())
        {
            let name = String::from_utf8_lossy(option.name());
            found.push(format!(
                "critical option {name} of the certificate is not known to sshd"
            ));
        }
    }
    if let Outcome::Line { line, .. } = decision.outcome
        && let Some(command) = entry(list, line).and_then(|entry| entry.options().command())
        && let Some(forced) = forced_command(raw)
        && forced != command.replace("\\\"", "\"").as_bytes()
    {
        found.push("the certificate's force-command is another than the line's command".to_owned());
    }
    found
}

fn forced_command(raw: &RawCertificate) -> Option<&[u8]> {
    let option = raw
        .critical()
        .iter()
        .find(|option| option.name() == b"force-command")?;
    match option.value() {
        OptionValue::Value(command) => Some(command),
        OptionValue::Flag | OptionValue::Opaque => None,
    }
}

fn read_certificate(path: &Path) -> Result<(RawCertificate, Presented), Failure> {
    let text = read_limited(path, CERTIFICATE_BYTES_MAX).in_file(path)?;
    let encoded = text.split_ascii_whitespace().nth(1).unwrap_or_default();
    let presented = Presented::from_base64(encoded).in_file(path)?;
    // It was decoded once already.
    let blob = Base64::decode_vec(encoded).unwrap_or_default();
    let raw = RawCertificate::from_blob(&blob).map_err(|error| Failure::new(error.to_string()))?;
    Ok((raw, presented))
}

const CRITICAL: [&str; 3] = ["force-command", "source-address", "verify-required"];
const CERTIFICATE_BYTES_MAX: u64 = 128 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark access explain --list access.list peter_physical
  punchmark access explain --list access.list --user www --host web1 peter_physical
  punchmark access explain --list access.list --user www --host web1+production peter-cert.pub

It exits with 1 if nobody would get in.";
