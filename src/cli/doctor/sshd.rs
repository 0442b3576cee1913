//! `punchmark doctor sshd`: what is wrong with this machine's sshd.

mod report;
mod survey;

use std::path::PathBuf;

use clap::Args;

use self::report::Report;
use self::survey::SurveyArguments;
use crate::certificate::subject::fingerprint;
use crate::cli::base::arguments::span;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::cli::base::monitoring::State;
use crate::cli::base::terminal::{hint, product, product_object};
use crate::config::{self, SubjectFile};
use crate::server::account::AccountError;
use crate::server::doctor::{Ages, LookError, Question, beside_hardware, examine, look};
use crate::server::sshd::{CONFIG, PROGRAM, Sshd};

/// Say what is wrong with this machine's sshd, and which doors stand open beside the list
///
/// Asks `sshd -T -C` for each account, reads the files that it names, and judges both. Run it
/// as root: sshd reads its host keys before it answers.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorSshd {
    /// An account that somebody is to get into; may be given several times
    #[arg(long, value_name = "USER")]
    user: Vec<String>,

    /// The address that comes, which Match blocks may look at
    #[arg(long, value_name = "ADDRESS", default_value = "192.0.2.1")]
    from: std::net::IpAddr,

    /// The public key file of a user CA that this server should trust; any other is told
    #[arg(long, value_name = "FILE")]
    expect_ca: Vec<PathBuf>,

    /// Warn of a KRL that was made longer ago than this
    #[arg(long, value_name = "TIME", default_value = "2d", value_parser = span)]
    warn_after: u64,

    /// Call a KRL that was made longer ago than this critical
    #[arg(long, value_name = "TIME", default_value = "1w", value_parser = span)]
    critical_after: u64,

    /// A suffix that the CA writes for keys in hardware alone; may be given several times
    #[arg(long, value_name = "SUFFIX", default_value = "_physical")]
    hardware: Vec<String>,

    #[command(flatten)]
    survey: SurveyArguments,

    /// Write the report as JSON to a file that nobody else can read, too
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// The sshd to ask
    #[arg(long, value_name = "FILE", default_value = PROGRAM)]
    sshd: PathBuf,

    /// The configuration that it reads
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    sshd_config: PathBuf,
}

impl DoctorSshd {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.report() {
            Ok(report) => report.tell(context, self.out.as_deref()),
            Err(failure) => unknown(context, &failure),
        }
    }

    fn report(&self) -> Result<Report, Failure> {
        let sshd = Sshd::new(&self.sshd, &self.sshd_config);
        let question = self.question()?;
        let server = look(&sshd, &question)?;
        let diagnosis = examine(&server)?;
        let survey = self
            .survey
            .survey
            .then(|| self.survey.make(&sshd, &question.address, question.now));
        let beside_hardware = beside_hardware(&server, &diagnosis, &self.hardware);
        Ok(Report {
            beside_hardware,
            hardware: self.hardware.clone(),
            server,
            diagnosis,
            survey: survey.transpose()?,
        })
    }

    fn question(&self) -> Result<Question, Failure> {
        let cas = self.expect_ca.iter().map(|file| {
            let read = SubjectFile::read(file).in_file(file)?;
            Ok(fingerprint(&read.key))
        });
        Ok(Question {
            users: self.user.clone(),
            address: self.from.to_string(),
            expected_cas: cas.collect::<Result<_, Failure>>()?,
            ages: Ages {
                warn: self.warn_after,
                critical: self.critical_after,
            },
            now: config::now(),
            zone: config::time_zone,
        })
    }
}

/// What could not be looked at is neither well nor ill.
pub(super) fn unknown(context: &Context, failure: &Failure) -> Result<Exit, Failure> {
    let state = State::Unknown;
    if context.json() {
        let value = serde_json::json!({
            "punchmark-doctor": 1, "state": "unknown", "error": failure.words(),
            "host": report::host(), "time": config::now(),
        });
        product_object(value)?;
    } else {
        product(&format!("{}: {}", state.word(), failure.words()))?;
        failure.hints().iter().for_each(|words| hint(words));
    }
    Ok(state.exit())
}

impl Advised for AccountError {}

impl Advised for LookError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Sshd(error) => error.hint(),
            Self::NoAccount(_) => Some("name accounts of this machine with --user".to_owned()),
            _ => None,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark doctor sshd
  punchmark doctor sshd --user root --user www --expect-ca /etc/ssh/users.pub
  punchmark doctor sshd --survey --out web1.json";
