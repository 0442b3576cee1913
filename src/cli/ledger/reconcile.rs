//! `punchmark ledger reconcile`: certificates that a server saw and the ledger doesn't know.

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _};

use clap::Args;
use serde_json::json;
use ssh_key::Fingerprint;

use super::log_time;
use crate::certificate::explain::utc;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::{product, say};
use crate::config;
use crate::ledger::SqliteLedger;
use crate::reconcile::log::{self, Login};
use crate::reconcile::{Finding, Reconciler};

/// Reads a server's log from stdin.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Reconcile {}

/// What was counted, each certificate once.
#[derive(Default)]
struct Counts {
    logins: u64,
    other_cas: u64,
    unknown: u64,
    unreadable: u64,
    wrong: u64,
}

impl Reconcile {
    pub(super) fn run(self, context: &Context, ledger: &SqliteLedger) -> Result<Exit, Failure> {
        let reconciler = Reconciler::new(ledger)?;
        let mut run = Run {
            context,
            reconciler,
            counts: Counts::default(),
            said: HashMap::new(),
        };
        let mut input = io::stdin().lock();
        let mut line = Vec::new();
        let mut number = 0;
        while next_line(&mut input, &mut line).at("stdin")? {
            number += 1;
            run.line(number, &String::from_utf8_lossy(&line))?;
        }
        run.finish()
    }
}

struct Run<'c> {
    context: &'c Context,
    reconciler: Reconciler<'c>,
    counts: Counts,
    /// What was said of a certificate already, by CA, serial and key.
    said: HashMap<([u8; 32], u64, [u8; 32]), Finding>,
}

impl Run<'_> {
    fn line(&mut self, number: u64, line: &str) -> Result<(), Failure> {
        match log::read(line) {
            None => Ok(()),
            Some(Ok(login)) => self.login(number, &login),
            Some(Err(error)) => {
                self.counts.logins += 1;
                self.counts.unreadable += 1;
                match self.context.json() {
                    true => product(
                        &json!({ "line": number, "finding": "unreadable", "why": error.to_string() })
                            .to_string(),
                    ),
                    false => product(&format!(
                        "line {number}: a certificate was accepted, but {error}"
                    )),
                }
            }
        }
    }

    fn login(&mut self, number: u64, login: &Login<'_>) -> Result<(), Failure> {
        self.counts.logins += 1;
        let time = log_time::read(login.prefix, config::now(), &config::time_zone);
        let finding = self.reconciler.look_up(login, time)?;
        match finding {
            Finding::OtherCa => self.counts.other_cas += 1,
            Finding::Known => {}
            _ => {
                let key = (login.ca, login.serial, login.key);
                if self.said.len() < MOST_SAID
                    && self.said.insert(key, finding.clone()) != Some(finding.clone())
                {
                    match finding {
                        Finding::Unknown(_) => self.counts.unknown += 1,
                        _ => self.counts.wrong += 1,
                    }
                    self.say(number, login, &finding)?;
                }
            }
        }
        Ok(())
    }

    fn say(&self, number: u64, login: &Login<'_>, finding: &Finding) -> Result<(), Failure> {
        let ca = self.reconciler.ca_of(login).map_or("", |ca| ca.name());
        let (word, why) = words(finding);
        let key_id = String::from_utf8_lossy(&login.key_id);
        let key = Fingerprint::Sha256(login.key).to_string();
        if self.context.json() {
            let value = json!({
                "line": number, "finding": word, "why": why, "ca": ca, "serial": login.serial,
                "key-id": key_id, "key": key, "account": login.account,
            });
            return product(&value.to_string());
        }
        product(&format!(
            "line {number}: {word}: serial {} of {ca}, key ID {key_id:?}, key {key}, {}: {why}",
            login.serial, login.account
        ))
    }

    fn finish(self) -> Result<Exit, Failure> {
        let counts = self.counts;
        if self.context.talks() {
            say(&format!(
                "{} logins by certificate, {} by other CAs; {} certificates unknown, \
                 {} used when they should not be, {} lines unreadable",
                counts.logins, counts.other_cas, counts.unknown, counts.wrong, counts.unreadable
            ));
        }
        Ok(match counts.unknown + counts.unreadable {
            0 => Exit::Done,
            _ => Exit::Failed,
        })
    }
}

fn words(finding: &Finding) -> (&'static str, String) {
    match finding {
        Finding::Unknown(why) => ("unknown", why.as_str().to_owned()),
        Finding::Revoked(since) => ("revoked", format!("it was revoked {}", utc(*since))),
        Finding::OutsideValidity => ("expired", "it was used outside of its validity".to_owned()),
        Finding::OtherCa => ("other CA", String::new()),
        Finding::Known => ("known", String::new()),
    }
}

/// Reads a line, up to the length that sshd writes and more; what is beyond is dropped.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = input.by_ref().take(LONGEST).read_until(b'\n', line)?;
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if read > 0 {
        input.skip_until(b'\n')?;
    }
    Ok(read > 0)
}

/// sshd writes at most 1,024 bytes, four times as many where all are escaped.
const LONGEST: u64 = 8192;
/// So many certificates are told apart; a log with more that are unknown has said enough.
const MOST_SAID: usize = 100_000;

const EXAMPLES: &str = "\
Examples:
  punchmark ledger reconcile < /var/log/auth.log
  journalctl -u ssh -o short-iso | punchmark ledger reconcile --json";
