//! `punchmark doctor login`: why a certificate doesn't get in, or that it does.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::sshd::unknown;
use crate::certificate::key_line::read_certificate_line;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::monitoring::State;
use crate::cli::base::terminal::{product, product_object};
use crate::config::{self, read_limited};
use crate::server::account::Account;
use crate::server::doctor::settings_for;
use crate::server::sshd::{CONFIG, ConfigFiles, PROGRAM, Sshd};
use crate::server::walk::{Attempt, Step, Verdict, walk};

/// Walk through sshd's checks for one login, in sshd's order, and name the one that refuses
///
/// Reads what sshd reads, and runs the command for principals as sshd does; nobody logs in. Run
/// it as root on the server. Exits with 0 if nothing refuses, 2 if something does.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorLogin {
    /// The account that is to be entered
    #[arg(long, value_name = "USER", required = true)]
    user: String,

    /// The certificate that is shown
    #[arg(long, value_name = "FILE", required = true)]
    certificate: PathBuf,

    /// The address that comes
    #[arg(long, value_name = "ADDRESS", default_value = "192.0.2.1")]
    from: std::net::IpAddr,

    /// The sshd to ask
    #[arg(long, value_name = "FILE", default_value = PROGRAM)]
    sshd: PathBuf,

    /// The configuration that it reads
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    sshd_config: PathBuf,
}

impl DoctorLogin {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.steps() {
            Ok(steps) => self.tell(context, &steps),
            Err(failure) => unknown(context, &failure),
        }
    }

    fn steps(&self) -> Result<Vec<Step>, Failure> {
        let text = read_limited(&self.certificate, BYTES_MAX).in_file(&self.certificate)?;
        let (certificate, _comment) = read_certificate_line(&text).in_file(&self.certificate)?;
        let sshd = Sshd::new(&self.sshd, &self.sshd_config);
        let files = ConfigFiles::read(&self.sshd_config).in_file(&self.sshd_config)?;
        let base = sshd.base_settings()?;
        let address = self.from.to_string();
        let account = Account::find(&self.user)?;
        let settings = settings_for(&sshd, &self.user, &address, &files, &base)?;
        Ok(walk(&Attempt {
            user: &self.user,
            account: account.as_ref(),
            certificate: &certificate,
            address: &address,
            settings: &settings,
            files: &files,
            version: sshd.version()?,
            now: config::now(),
        }))
    }

    fn tell(&self, context: &Context, steps: &[Step]) -> Result<Exit, Failure> {
        let refused = steps.iter().find(|step| step.verdict == Verdict::Refused);
        let state = match refused {
            Some(_) => State::Critical,
            None => State::Ok,
        };
        if context.json() {
            product_object(self.json(state, steps))?;
            return Ok(state.exit());
        }
        product(&format!("{}: {}", state.word(), self.summary(refused)))?;
        for step in steps {
            product(&words(step))?;
        }
        Ok(state.exit())
    }

    fn summary(&self, refused: Option<&Step>) -> String {
        let who = format!("{} as {}", self.certificate.display(), self.user);
        match refused {
            Some(step) => format!("{who} from {} is refused: {}", self.from, step.words),
            None => format!(
                "{who} from {}: nothing that could be looked at refuses",
                self.from
            ),
        }
    }

    fn json(&self, state: State, steps: &[Step]) -> Value {
        let lets_in = state == State::Ok;
        json!({
            "punchmark-doctor": 1, "state": state.word().to_lowercase(), "user": self.user,
            "certificate": self.certificate.display().to_string(), "from": self.from,
            "refused": !lets_in, "steps": steps.iter().map(step).collect::<Vec<_>>(),
        })
    }
}

/// A step as people read it: what came of it, where, and the way out.
fn words(step: &Step) -> String {
    let mut words = format!("  {:8}{}: {}", verdict(step.verdict), step.name, step.words);
    if let Some((file, line)) = &step.place {
        words.push_str(&format!("\n          at {} line {line}", file.display()));
    }
    if let Some(remedy) = &step.remedy {
        words.push_str(&format!("\n          mend: {remedy}"));
    }
    words
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "ok",
        Verdict::Refused => "refused",
        Verdict::Unknown => "unknown",
    }
}

fn step(step: &Step) -> Value {
    let (file, line) = step.place.clone().unzip();
    json!({
        "name": step.name, "verdict": verdict(step.verdict), "words": step.words,
        "file": file.map(|file| file.display().to_string()), "line": line,
        "remedy": step.remedy,
    })
}

/// More than any certificate takes.
const BYTES_MAX: u64 = 128 << 10;

const EXAMPLES: &str = "\
Examples:
  punchmark doctor login --user root --certificate peter-cert.pub
  punchmark doctor login --user www --certificate peter-cert.pub --from 10.0.0.7";
