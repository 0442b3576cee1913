//! What was found in a log, said as it is found, and counted.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;

use serde_json::json;
use ssh_key::Fingerprint;

use super::super::log_time;
use crate::certificate::explain::{key_id_in_quotes, utc};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::{hint, product, product_object, say};
use crate::cli::base::words;
use crate::config;
use crate::reconcile::lines::{Line, Seen};
use crate::reconcile::log::{Deed, LineError, Use};
use crate::reconcile::{Accounts, Finding, Reconciler};

/// A report of logs that are read one after another.
pub(super) struct Report<'c> {
    context: &'c Context,
    reconciler: &'c Reconciler<'c>,
    accounts: &'c Accounts,
    counts: Counts,
    place: Place,
    /// What was said already.
    said: HashMap<Said, Finding>,
    /// What sshd took so far; the line that says what became of it tells more.
    taken: BTreeMap<Certificate, Taken>,
}

/// A certificate, as every line names it: CA, serial and key ID.
type Certificate = ([u8; 32], u64, Vec<u8>);

/// A certificate and the account it was used for: each is said once.
type Said = (Certificate, Option<[u8; 32]>, String);

/// A finding that waits for the line that says more, and where it was met.
struct Taken {
    place: Place,
    seen: Seen,
    finding: Finding,
}

/// Where a line stands.
#[derive(Clone)]
struct Place {
    /// The log, where there are several.
    log: Option<String>,
    line: u64,
}

/// What was counted; each certificate once, lines each time.
#[derive(Default)]
struct Counts {
    of_sshd: u64,
    logins: u64,
    other_cas: u64,
    unknown: u64,
    wrong: u64,
    unreadable: u64,
    without_time: u64,
    imitated: u64,
    is_anybodys: bool,
}

impl<'c> Report<'c> {
    pub(super) fn new(
        context: &'c Context,
        reconciler: &'c Reconciler<'c>,
        accounts: &'c Accounts,
    ) -> Self {
        Self {
            context,
            reconciler,
            accounts,
            counts: Counts::default(),
            place: Place { log: None, line: 0 },
            said: HashMap::new(),
            taken: BTreeMap::new(),
        }
    }

    /// Begins with the first line of a log.
    pub(super) fn begin(&mut self, log: Option<&Path>) {
        self.place = Place {
            log: log.map(words::path),
            line: 0,
        };
    }

    pub(super) fn take(&mut self, line: Line) -> Result<(), Failure> {
        self.place.line += 1;
        self.take_last(line)
    }

    /// Takes what the last line left open.
    pub(super) fn take_last(&mut self, line: Line) -> Result<(), Failure> {
        if !matches!(line, Line::Nothing | Line::Imitated | Line::Quoted(..)) {
            self.counts.of_sshd += 1;
        }
        match line {
            Line::Nothing | Line::OfSshd => Ok(()),
            Line::Imitated => self.imitated(),
            Line::Unreadable(error) => self.unreadable(error),
            Line::Quoted(error, keys) if keys.iter().any(|key| self.reconciler.has_ca(key)) => {
                self.unreadable(error)
            }
            Line::Quoted(..) => Ok(()),
            Line::Names(seen) => self.names(&seen),
        }
    }

    fn names(&mut self, seen: &Seen) -> Result<(), Failure> {
        let named = &seen.named;
        if named.deed == Deed::LetIn {
            self.counts.logins += 1;
        }
        let time = log_time::read(&seen.stamp, config::now(), &config::time_zone);
        let finding = self.reconciler.look_up(named, time, self.accounts)?;
        if finding == Finding::OtherCa {
            self.counts.other_cas += u64::from(named.deed == Deed::LetIn);
            return Ok(());
        }
        // Without a time, nobody can say whether it was valid then.
        if time.is_none() && named.deed == Deed::LetIn {
            self.counts.without_time += 1;
        }
        let certificate = (named.ca, named.serial, named.key_id.clone());
        if named.deed != Deed::Took {
            self.taken.remove(&certificate);
            return self.found(&self.place.clone(), seen, finding);
        }
        if finding != Finding::Known && self.taken.len() < MOST_SAID {
            let (place, seen) = (self.place.clone(), seen.clone());
            self.taken.entry(certificate).or_insert(Taken {
                place,
                seen,
                finding,
            });
        }
        Ok(())
    }

    /// Says what was found, unless it was said.
    fn found(&mut self, place: &Place, seen: &Seen, finding: Finding) -> Result<(), Failure> {
        let named = &seen.named;
        let account = named.account_name().unwrap_or_default().to_owned();
        let certificate = (named.ca, named.serial, named.key_id.clone());
        let said = (certificate, named.key, account);
        let is_said = self.said.get(&said) == Some(&finding);
        if finding == Finding::Known || is_said || self.said.len() >= MOST_SAID {
            return Ok(());
        }
        match finding {
            Finding::Unknown(_) => self.counts.unknown += 1,
            _ => self.counts.wrong += 1,
        }
        self.counts.is_anybodys |= !seen.is_sshd_for_sure;
        self.say(place, seen, &finding)?;
        self.said.insert(said, finding);
        Ok(())
    }

    fn say(&self, place: &Place, seen: &Seen, finding: &Finding) -> Result<(), Failure> {
        let named = &seen.named;
        let ca = self.reconciler.ca_of(named).map_or("", |ca| ca.name());
        let (word, why) = in_words(finding);
        let key_id = String::from_utf8_lossy(&named.key_id);
        let key = named.key.map(|key| Fingerprint::Sha256(key).to_string());
        if self.context.json() {
            let value = json!({
                "log": place.log, "line": place.line, "finding": word, "why": why, "ca": ca,
                "serial": named.serial, "key-id": key_id, "key": key, "account": named.account,
                "let-in": named.deed != Deed::Refused,
                "written-by-sshd": seen.is_sshd_for_sure,
            });
            return product_object(value);
        }
        product(&format!(
            "{place}: {word}: serial {} of {ca}, key ID {}{}, {}: {why}",
            named.serial,
            key_id_in_quotes(&named.key_id),
            key.map_or(String::new(), |key| format!(", key {key}")),
            deed(named),
        ))
    }

    fn unreadable(&mut self, error: LineError) -> Result<(), Failure> {
        self.counts.unreadable += 1;
        let Place { log, line } = &self.place;
        if self.context.json() {
            product_object(json!({
                "log": log, "line": line, "finding": "unreadable", "why": error.to_string(),
            }))
        } else {
            product(&format!(
                "{}: it is about a certificate, but {error}",
                self.place
            ))
        }
    }

    /// Somebody on the server writes in sshd's name. That opens no door, and is said.
    fn imitated(&mut self) -> Result<(), Failure> {
        self.counts.imitated += 1;
        let Place { log, line } = &self.place;
        if self.context.json() {
            product_object(json!({ "log": log, "line": line, "finding": "imitated" }))
        } else {
            product(&format!(
                "{}: another program wrote this in sshd's name",
                self.place
            ))
        }
    }

    /// Says what was counted, and whether all is in order.
    pub(super) fn finish(mut self, may_be_quiet: bool) -> Result<Exit, Failure> {
        for (_, taken) in std::mem::take(&mut self.taken) {
            self.found(&taken.place, &taken.seen, taken.finding)?;
        }
        let counts = &self.counts;
        if counts.of_sshd == 0 && !may_be_quiet {
            return Err(
                Failure::new("no line of sshd was recognised in the log").hint(
                    "is it the log of sshd, and one that is in use? --may-be-quiet takes one in \
                 which nothing happened",
                ),
            );
        }
        if self.context.talks() {
            counts.say();
        }
        Ok(match counts.unknown + counts.wrong + counts.unreadable {
            0 => Exit::Done,
            _ => Exit::Failed,
        })
    }
}

impl Counts {
    fn say(&self) {
        say(&format!(
            "{} of sshd, {} by certificate, {} by other CAs; {} unknown, {} used when they should \
             not be, {} unreadable",
            words::number_of(self.of_sshd, "line"),
            words::number_of(self.logins, "login"),
            self.other_cas,
            words::number_of(self.unknown, "certificate"),
            self.wrong,
            words::number_of(self.unreadable, "line")
        ));
        if self.without_time > 0 {
            say(&format!(
                "not checked: whether {} no time that can be read",
                match self.without_time {
                    1 => "1 use was within the validity, since its line has".to_owned(),
                    uses => format!("{uses} uses were within the validity, since their lines have"),
                }
            ));
        }
        if self.imitated > 0 {
            say(&format!(
                "{} in sshd's name {} not sshd's",
                words::number_of(self.imitated, "line"),
                if self.imitated == 1 { "is" } else { "are" }
            ));
        }
        if self.is_anybodys {
            hint(
                "any local user can write such lines; `journalctl -o json` shows which are sshd's",
            );
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(log) = &self.log {
            write!(f, "{log} ")?;
        }
        write!(f, "line {}", self.line)
    }
}

fn deed(named: &Use) -> String {
    match (named.account.is_empty(), named.deed) {
        (false, Deed::Refused) => format!("refused to {}", named.account),
        (false, _) => named.account.clone(),
        (true, Deed::Refused) => "refused".to_owned(),
        (true, _) => "taken".to_owned(),
    }
}

fn in_words(finding: &Finding) -> (&'static str, String) {
    match finding {
        Finding::Unknown(why) => ("unknown", why.as_str().to_owned()),
        Finding::Revoked(since) => ("revoked", format!("it was revoked {}", utc(*since))),
        Finding::OutsideValidity => ("expired", "it was used outside of its validity".to_owned()),
        Finding::OtherAccount => (
            "account",
            "the account is none of its principals in the ledger (--account ACCOUNT=PRINCIPAL)"
                .to_owned(),
        ),
        Finding::OtherCa => ("other CA", String::new()),
        Finding::Known => ("known", String::new()),
    }
}

/// So many certificates are told apart; a log with more that are unknown has said enough.
const MOST_SAID: usize = 100_000;
