//! `punchmark doctor fleet`: the reports of many servers beside each other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::expect::trusted;
use crate::certificate::length;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::fleet_files::{reports_one_by_one, servers};
use crate::cli::base::monitoring::State;
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::number_of;
use crate::config;
use crate::krl::ListHead;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Audit, Auditor, Signatures};
use crate::server::fleet::{Expectation, Member, Report, judge};

/// Say which servers lag, trust a key that nobody should, or saw a ledger that isn't ours
///
/// REPORTS are files of `punchmark doctor sshd --json`, or folders of them. Exits with 0 if
/// nothing is wrong with any server, 1 if one lags, 2 if one trusts what it should not or saw
/// another ledger, 3 if a report can't be read.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorFleet {
    /// Reports, or folders of them
    #[arg(value_name = "REPORTS", required = true)]
    reports: Vec<PathBuf>,

    /// The names of all servers, one a line: one without a report, or with one older than
    /// seven days, lags
    #[arg(long, value_name = "FILE")]
    servers: Option<PathBuf>,

    /// What every server should trust, and nothing else: public keys, a line each, as
    /// TrustedUserCAKeys has them; or TOML with a table `user-cas` of fingerprints
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,

    /// The CA's ledger, which must extend every head that a server saw
    #[arg(long, value_name = "LEDGER")]
    against: Option<PathBuf>,
}

impl DoctorFleet {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.fleet() {
            Ok(fleet) => fleet.tell(context),
            Err(failure) => super::sshd::unknown(context, &failure),
        }
    }

    fn fleet(&self) -> Result<Fleet, Failure> {
        let (reports, unread) = reports_one_by_one(&self.reports)?;
        let unread = unread.iter().map(Failure::words).collect();
        let expectation = Expectation {
            servers: self
                .servers
                .as_deref()
                .map(servers)
                .transpose()?
                .unwrap_or_default(),
            cas: self
                .expect
                .as_deref()
                .map(trusted)
                .transpose()?
                .unwrap_or_default(),
            now: config::now(),
        };
        let audit = self.against.as_deref().map(audit).transpose()?;
        Ok(Fleet {
            reports,
            unread,
            expectation,
            audit,
        })
    }
}

struct Fleet {
    reports: Vec<Report>,
    /// What is wrong with each report that can't be read: it hides none of the others.
    unread: Vec<String>,
    expectation: Expectation,
    audit: Option<Audit>,
}

impl Fleet {
    fn tell(&self, context: &Context) -> Result<Exit, Failure> {
        let members = judge(&self.reports, &self.expectation, &|head| self.fits(head));
        let state = self.state(&members);
        if context.json() {
            product_object(self.json(state, &members))?;
            return Ok(state.exit());
        }
        let unread = match self.unread.len() {
            0 => String::new(),
            unread => format!(", {} can't be read", number_of(unread, "report")),
        };
        product(&format!("{}: {}{unread}", state.word(), summary(&members)))?;
        for unread in &self.unread {
            product(&format!("unread {unread}"))?;
        }
        for member in &members {
            product(&self.line(member))?;
        }
        for not_checked in self.not_checked() {
            product(&format!("not checked: {not_checked}"))?;
        }
        for line in keys(&members, self.expectation.now) {
            product(&line)?;
        }
        Ok(state.exit())
    }

    fn fits(&self, head: &str) -> Result<(), String> {
        let Some(audit) = &self.audit else {
            return Ok(());
        };
        let Some(head) = ListHead::parse(head) else {
            return Err("the head that it saw is malformed".to_owned());
        };
        let head = Checkpoint {
            origin: head.origin,
            size: head.size,
            root: head.root,
        };
        let extended = audit.replayed.extends(&head);
        extended.map_err(|error| format!("the head that it saw doesn't fit: {error}"))
    }

    /// What was not looked at never reads as fine.
    fn not_checked(&self) -> Vec<&'static str> {
        let servers = self.expectation.servers.is_empty();
        let servers = servers.then_some("whether a server sent no report (--servers FILE)");
        let trust = self.expectation.cas.is_empty();
        let trust = trust.then_some("whether a server trusts what it should (--expect FILE)");
        let heads = self.audit.is_none();
        let heads =
            heads.then_some("whether the ledger extends what servers saw (--against LEDGER)");
        [servers, trust, heads].into_iter().flatten().collect()
    }

    fn line(&self, member: &Member<'_>) -> String {
        let word = match (member.faults.is_empty(), member.lags) {
            (true, _) => "ok",
            (false, true) => "lags",
            (false, false) => "fault",
        };
        let sshd = member.report.and_then(|report| report.sshd.clone());
        let sshd = sshd.map_or_else(String::new, |version| format!(", sshd {version}"));
        let lists = member.report.into_iter().flat_map(|report| &report.revoked);
        let lists: String = lists
            .filter_map(|list| list.version)
            .map(|version| format!(", KRL {version}"))
            .collect();
        let age = member.report.map_or_else(String::new, |report| {
            let age = self.expectation.now.saturating_sub(report.time);
            format!(", {} ago", length(age))
        });
        let mut line = format!("{word:6}{}{sshd}{lists}{age}", member.name);
        for fault in &member.faults {
            line.push_str(&format!("\n      {fault}"));
        }
        line
    }

    fn json(&self, state: State, members: &[Member<'_>]) -> Value {
        let servers = members.iter().map(|member| {
            json!({
                "server": member.name, "lags": member.lags, "faults": member.faults,
                "time": member.report.map(|report| report.time),
                "sshd": member.report.and_then(|report| report.sshd.clone()),
                "cas": member.report.map(|report| &report.cas),
                "doors": member.report.map(|report| &report.doors),
                "known-versions": member.report.map(|report| {
                    report.known.iter().filter_map(|list| list.version).collect::<Vec<_>>()
                }),
                "krl-versions": member.report.map(|report| {
                    report.revoked.iter().filter_map(|list| list.version).collect::<Vec<_>>()
                }),
            })
        });
        let keys = by_key(members).into_iter().map(|(fingerprint, key)| {
            json!({
                "fingerprint": fingerprint, "type": key.kind, "comments": key.comments,
                "servers": key.servers, "used": key.used,
            })
        });
        json!({
            "punchmark-fleet": 1, "state": state.word().to_lowercase(),
            "servers": servers.collect::<Vec<_>>(), "keys": keys.collect::<Vec<_>>(),
            "not-checked": self.not_checked(), "unread": self.unread,
        })
    }
}

impl Fleet {
    /// A report that can't be read may be of a server with any fault.
    fn state(&self, members: &[Member<'_>]) -> State {
        if self.unread.is_empty() {
            return state(members);
        }
        State::Unknown
    }
}

fn state(members: &[Member<'_>]) -> State {
    let worst = members.iter().map(|member| match member.faults.is_empty() {
        true => State::Ok,
        false if only_lags(member) => State::Warning,
        false => State::Critical,
    });
    worst.max().unwrap_or(State::Unknown)
}

/// A fault beside being behind is what somebody must look at.
fn only_lags(member: &Member<'_>) -> bool {
    member.lags
        && !member
            .faults
            .iter()
            .any(|fault| GRAVE.iter().any(|word| fault.contains(word)))
}

fn summary(members: &[Member<'_>]) -> String {
    let lagging = members.iter().filter(|member| member.lags).count();
    let faulty = members
        .iter()
        .filter(|member| !member.faults.is_empty() && !only_lags(member));
    format!(
        "{}: {lagging} behind, {} with a fault",
        number_of(members.len(), "server"),
        faulty.count()
    )
}

/// What a fleet knows of a key.
#[derive(Default)]
struct FleetKey<'r> {
    kind: &'r str,
    comments: Vec<&'r str>,
    servers: Vec<&'r str>,
    used: Option<u64>,
}

fn by_key<'r>(members: &'r [Member<'r>]) -> BTreeMap<&'r str, FleetKey<'r>> {
    let mut all: BTreeMap<&str, FleetKey<'_>> = BTreeMap::new();
    for member in members {
        for key in member.report.into_iter().flat_map(|report| &report.keys) {
            let known = all.entry(&key.fingerprint).or_default();
            known.kind = &key.kind;
            known.used = known.used.max(key.used);
            if !known.comments.contains(&key.comment.as_str()) {
                known.comments.push(&key.comment);
            }
            if !known.servers.contains(&member.name.as_str()) {
                known.servers.push(&member.name);
            }
        }
    }
    all
}

/// How many keys, whose, on how many servers, and when each was used last.
fn keys(members: &[Member<'_>], now: u64) -> Vec<String> {
    let all = by_key(members);
    if all.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![format!(
        "{} these servers:",
        match all.len() {
            1 => "1 key opens".to_owned(),
            keys => format!("{keys} keys open"),
        }
    )];
    for (fingerprint, key) in all {
        let used = key.used.map_or_else(
            || "no use known".to_owned(),
            |time| format!("used {} ago", length(now.saturating_sub(time))),
        );
        let (count, comments) = (key.servers.len(), key.comments.join(", "));
        lines.push(format!(
            "  {} {fingerprint} {comments}: {}, {used}",
            key.kind,
            number_of(count, "server")
        ));
    }
    lines.push(AFTER.to_owned());
    lines
}

/// The ledger as its entries say, replayed: an index could be anybody's.
fn audit(file: &Path) -> Result<Audit, Failure> {
    Ok(Auditor::open(file)?.audit(Signatures::Skip)?)
}

/// Parts of the faults that are more than being behind.
const GRAVE: [&str; 5] = [
    "which it should not",
    "doesn't fit",
    "malformed",
    "critical:",
    "not in the list",
];

const AFTER: &str = "\
what stays when they are replaced by the list: `punchmark access import` makes list lines of \
cert-authority lines and names what it can't carry over";

const EXAMPLES: &str = "\
Examples:
  punchmark doctor fleet reports/ --servers servers.txt
  punchmark doctor fleet reports/ --expect users.pub --against punchmark.ledger";
