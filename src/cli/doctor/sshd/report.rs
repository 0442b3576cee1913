//! What was found about an sshd: a line for monitoring, then a paragraph a finding; or JSON,
//! which `doctor fleet` reads.

use std::path::Path;

use serde_json::{Value, json};

use super::survey::Surveyed;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::monitoring::State;
use crate::cli::base::object::line;
use crate::cli::base::terminal::{product, product_object};
use crate::output;
use crate::server::doctor::{
    Diagnosis, Finding, KnownSeen, ListState, RevokedList, Server, Severity,
};

/// A server, and what was found.
pub(super) struct Report {
    pub(super) server: Server,
    pub(super) diagnosis: Diagnosis,
    /// Why more than hardware opens the server.
    pub(super) beside_hardware: Vec<String>,
    /// The suffixes that mean hardware.
    pub(super) hardware: Vec<String>,
    pub(super) survey: Option<Surveyed>,
}

impl Report {
    pub(super) fn tell(&self, context: &Context, out: Option<&Path>) -> Result<Exit, Failure> {
        let state = self.state();
        if let Some(out) = out {
            let text = format!("{}\n", line(self.json(state)));
            output::write(out, text.as_bytes(), MODE).at("cannot write")?;
        }
        if context.json() {
            product_object(self.json(state))?;
            return Ok(state.exit());
        }
        product(&format!("{}: {}", state.word(), self.summary()))?;
        product(&self.hardware_words())?;
        for finding in &self.diagnosis.findings {
            product(&words(finding))?;
        }
        for line in self.survey.iter().flat_map(Surveyed::words) {
            product(&line)?;
        }
        Ok(state.exit())
    }

    fn state(&self) -> State {
        let worst = self.diagnosis.findings.iter().map(|one| one.severity).max();
        match worst {
            Some(Severity::Critical) => State::Critical,
            Some(Severity::Warning) => State::Warning,
            Some(Severity::Note) | None => State::Ok,
        }
    }

    fn summary(&self) -> String {
        let count = |severity| {
            let findings = self.diagnosis.findings.iter();
            findings.filter(|one| one.severity == severity).count()
        };
        let doors = match self.doors().len() {
            0 => "no door beside certificates is open".to_owned(),
            _ => format!("open beside the list: {}", self.doors().join(", ")),
        };
        format!(
            "sshd {}, {} accounts: {} critical, {} warnings; {doors}",
            self.server.version,
            self.server.accounts.len(),
            count(Severity::Critical),
            count(Severity::Warning),
        )
    }

    fn hardware_words(&self) -> String {
        let suffixes = self.hardware.join(", ");
        let few: Vec<_> = self
            .beside_hardware
            .iter()
            .take(3)
            .map(String::as_str)
            .collect();
        let more = self.beside_hardware.len().saturating_sub(few.len());
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        if few.is_empty() {
            return format!("hardware only: who gets in has a principal that ends in {suffixes}");
        }
        format!("not hardware only: {}{more}", few.join("; "))
    }

    fn list(&self) -> Value {
        let Some(list) = &self.server.list else {
            return Value::Null;
        };
        let facts = list.facts.as_ref().ok();
        json!({
            "file": list.path.display().to_string(), "host": list.host,
            "version": facts.and_then(|facts| facts.version),
            "sha256": facts.map(|facts| &facts.sha256),
            "cas": facts.map(|facts| &facts.cas),
            "accounts": facts.map(|facts| &facts.accounts),
            "known": facts.map(|facts| facts.known.iter().map(known).collect::<Vec<_>>()),
        })
    }

    /// The names of the findings by which somebody gets in without the list.
    fn doors(&self) -> Vec<&'static str> {
        let open = self.diagnosis.findings.iter().filter(|one| one.opens);
        let mut names: Vec<_> = open.map(|one| one.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn json(&self, state: State) -> Value {
        let accounts = self.server.accounts.iter();
        let cas = self.diagnosis.cas.iter().map(|ca| {
            json!({
                "file": ca.file.display().to_string(), "line": ca.line,
                "fingerprint": ca.fingerprint(), "comment": ca.comment,
            })
        });
        json!({
            "punchmark-doctor": 1,
            "state": state.word().to_lowercase(),
            "host": host(),
            "time": self.server.now,
            "sshd": self.server.version.to_string(),
            "accounts": accounts.map(|one| &one.account.name).collect::<Vec<_>>(),
            "doors": self.doors(),
            "hardware-only": self.beside_hardware.is_empty(),
            "beside-hardware": self.beside_hardware,
            "list": self.list(),
            "cas": cas.collect::<Vec<_>>(),
            "revoked-keys": self.diagnosis.revoked.iter().map(list).collect::<Vec<_>>(),
            "survey": self.survey.as_ref().map(Surveyed::json),
            "findings": self.diagnosis.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }
}

/// The machine's own name.
pub(super) fn host() -> String {
    let system = rustix::system::uname();
    system.nodename().to_string_lossy().into_owned()
}

/// A finding as people read it: what, where, for whom, and the way out.
fn words(finding: &Finding) -> String {
    let mut words = format!(
        "{} {}: {}",
        word(finding.severity),
        finding.name,
        finding.fault
    );
    if let Some((file, line)) = &finding.place {
        words.push_str(&format!("\n  at {} line {line}", file.display()));
    }
    if !finding.users.is_empty() {
        words.push_str(&format!("\n  for {}", finding.users.join(", ")));
    }
    words.push_str(&format!("\n  mend: {}", finding.remedy));
    words
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::Warning => "WARNING",
        Severity::Note => "NOTE",
    }
}

fn finding(finding: &Finding) -> Value {
    let (file, line) = finding.place.clone().unzip();
    json!({
        "name": finding.name, "severity": word(finding.severity).to_lowercase(),
        "users": finding.users, "fault": finding.fault, "remedy": finding.remedy,
        "opens": finding.opens, "file": file.map(|file| file.display().to_string()), "line": line,
    })
}

fn list(list: &RevokedList) -> Value {
    let path = list.path.display().to_string();
    match &list.state {
        ListState::Unread(error) => json!({ "file": path, "holds": "unread", "error": error }),
        ListState::Broken(error) => json!({ "file": path, "holds": "broken", "error": error }),
        ListState::Empty => json!({ "file": path, "holds": "nothing" }),
        ListState::Keys(keys) => json!({ "file": path, "holds": "keys", "revokes": keys }),
        ListState::Krl {
            version,
            generated,
            name,
            revokes,
        } => json!({
            "file": path, "holds": "krl", "version": version, "generated": generated,
            "name": name.name, "head": name.head.as_ref().map(ToString::to_string),
            "revokes": revokes,
        }),
    }
}

fn known(seen: &KnownSeen) -> Value {
    let facts = seen.list.as_ref().ok();
    json!({
        "file": seen.path.display().to_string(), "name": seen.ca, "error": seen.list.as_ref().err(),
        "version": facts.map(|facts| facts.version),
        "generated": facts.map(|facts| facts.generated),
        "head": facts.map(|facts| &facts.head), "known": facts.map(|facts| facts.known),
        "emergency": facts.map(|facts| facts.emergency),
    })
}

/// A report with a survey is personal.
const MODE: u32 = 0o600;
