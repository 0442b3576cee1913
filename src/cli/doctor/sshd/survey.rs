//! `--survey`: every key that still opens this server, in words and as JSON.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::certificate::length;
use crate::cli::base::failure::{Advised, At, Failure};
use crate::cli::base::words::number_of;
use crate::config::read_limited;
use crate::server::account::Account;
use crate::server::doctor::settings_for;
use crate::server::sshd::{ConfigFiles, Sshd};
use crate::server::survey::{Key, Survey, Usage, UsageError};

/// What is asked of a survey.
#[derive(Debug, Args)]
pub(super) struct SurveyArguments {
    /// List every key that opens this server too: whose, how old, when last used. What it
    /// prints is personal
    #[arg(long)]
    pub(super) survey: bool,

    /// Names of people who left, one a line: keys whose comment has one are told
    #[arg(long, value_name = "FILE", requires = "survey")]
    people: Option<PathBuf>,

    /// Don't read logs for the last use of each key
    #[arg(long, requires = "survey", conflicts_with = "log")]
    no_usage: bool,

    /// A log of sshd's to read, in place of the journal and of /var/log
    #[arg(long, value_name = "FILE", requires = "survey")]
    log: Vec<PathBuf>,
}

/// A survey, and who left.
pub(super) struct Surveyed {
    survey: Survey,
    people: Vec<String>,
    logs: Option<Vec<String>>,
    now: u64,
}

impl SurveyArguments {
    pub(super) fn make(&self, sshd: &Sshd, address: &str, now: u64) -> Result<Surveyed, Failure> {
        let people = match &self.people {
            None => Vec::new(),
            Some(file) => {
                let text = read_limited(file, BYTES_MAX).in_file(file)?;
                let names = text.lines().map(str::trim);
                let names = names.filter(|name| !name.is_empty() && !name.starts_with('#'));
                names.map(str::to_owned).collect()
            }
        };
        let usage = self.usage(now)?;
        let files = ConfigFiles::read(sshd.config()).in_file(sshd.config())?;
        let base = sshd.base_settings()?;
        let mut survey = Survey::default();
        // Also accounts whose shell turns people away: a tunnel needs no shell.
        for account in Account::all()? {
            let settings = settings_for(sshd, &account.name, address, &files, &base)?;
            survey.add(&account, &settings, &usage);
        }
        Ok(Surveyed {
            survey,
            people,
            logs: (!self.no_usage).then_some(usage.read),
            now,
        })
    }

    fn usage(&self, now: u64) -> Result<Usage, Failure> {
        if self.no_usage {
            return Ok(Usage::default());
        }
        if self.log.is_empty() {
            return Ok(Usage::of_this_machine(now));
        }
        let mut usage = Usage::default();
        for log in &self.log {
            usage.file(log, now)?;
        }
        Ok(usage)
    }
}

impl Surveyed {
    /// A line a key, then what is odd about them all.
    pub(super) fn words(&self) -> Vec<String> {
        let keys = &self.survey.keys;
        let mut words = vec![PERSONAL.to_owned(), self.read()];
        words.extend(keys.iter().map(|key| self.line(key)));
        for (fingerprint, accounts) in self.survey.shared() {
            let accounts = accounts.join(", ");
            words.push(format!("{fingerprint} opens several accounts: {accounts}"));
        }
        for key in self.survey.of_people(&self.people) {
            let (account, comment) = (&key.account, &key.comment);
            words.push(format!(
                "{account}: {comment} left, and the key still opens it"
            ));
        }
        words.extend(
            self.survey
                .unread
                .iter()
                .map(|one| format!("not read: {one}")),
        );
        words
    }

    fn read(&self) -> String {
        let keys = number_of(self.survey.keys.len(), "key");
        match &self.logs {
            None => format!("{keys}; the last use was not looked for"),
            Some(logs) if logs.is_empty() => {
                format!("{keys}; no log was found, so no last use is known")
            }
            Some(logs) => format!("{keys}; last use by {}", logs.join(", ")),
        }
    }

    fn line(&self, key: &Key) -> String {
        let ago = |time: u64| format!("{} ago", length(self.now.saturating_sub(time)));
        let kind = if key.is_authority { "CA " } else { "" };
        let changed = key
            .file_changed
            .map_or_else(String::new, |time| format!(", file changed {}", ago(time)));
        let used = match (key.used, &self.logs) {
            (Some(time), _) => format!(", used {}", ago(time)),
            (None, Some(_)) => ", no use in the log".to_owned(),
            (None, None) => String::new(),
        };
        let weak = key
            .weak
            .as_ref()
            .map_or_else(String::new, |why| format!(", weak: {why}"));
        let options = match key.options.as_str() {
            "" => String::new(),
            options => format!(", with {options}"),
        };
        let (file, line) = (key.file.display(), key.line);
        format!(
            "{}: {kind}{} {} {}, {file} line {line}{options}{changed}{used}{weak}",
            key.account, key.kind, key.fingerprint, key.comment
        )
    }

    pub(super) fn json(&self) -> Value {
        let left: Vec<_> = self.survey.of_people(&self.people).collect();
        let keys = self.survey.keys.iter().map(|key| {
            json!({
                "account": key.account, "file": key.file.display().to_string(), "line": key.line,
                "ca": key.is_authority, "type": key.kind, "fingerprint": key.fingerprint,
                "comment": key.comment, "options": key.options,
                "file-changed": key.file_changed, "used": key.used, "weak": key.weak,
                "left": left.contains(&key),
            })
        });
        json!({
            "personal": PERSONAL, "keys": keys.collect::<Vec<_>>(),
            "shared": self.survey.shared(), "not-read": self.survey.unread, "logs": self.logs,
        })
    }
}

impl Advised for UsageError {}

const PERSONAL: &str = "This names people's keys, their comments and when each was used last: \
    keep it as you keep other personal data, and no longer than you need it";

/// No list of people is this long.
const BYTES_MAX: u64 = 1 << 20;
