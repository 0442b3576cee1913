//! `punchmark host status`: how long the host certificates last, in one line for monitoring.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::certificate::length;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::monitoring::State;
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::number_of;
use crate::config;
use crate::server::host::{Standing, standings};
use crate::server::sshd::{CONFIG, PROGRAM, Sshd};

/// Say in one line how long the certificates last that this sshd shows
///
/// For monitoring: exits with 0 (OK); 1 (WARNING) where less than a third of a certificate's
/// time is left; 2 (CRITICAL) where one is over, missing, of another key, or sshd shows none;
/// 3 (UNKNOWN) where sshd could not be asked.
#[derive(Debug, Args)]
pub(crate) struct HostStatus {
    /// The sshd whose host keys are meant
    #[arg(long, value_name = "FILE", default_value = PROGRAM)]
    sshd: PathBuf,

    /// The configuration that it reads
    #[arg(long, value_name = "FILE", default_value = CONFIG)]
    sshd_config: PathBuf,
}

impl HostStatus {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let now = config::now();
        let (state, words, all) = match self.standings(now) {
            Ok(all) if all.is_empty() => (
                State::Critical,
                "sshd shows no host certificate".into(),
                all,
            ),
            Ok(all) => {
                let (state, words) = judge(&all, now);
                (state, words, all)
            }
            Err(failure) => (State::Unknown, failure.words(), Vec::new()),
        };
        if context.json() {
            let list: Vec<_> = all.iter().map(json_of).collect();
            let value = json!({
                "state": state.word().to_lowercase(), "words": words, "certificates": list,
            });
            product_object(value)?;
        } else {
            product(&format!("{}: {words}", state.word()).replace('\n', " "))?;
        }
        Ok(state.exit())
    }

    fn standings(&self, now: u64) -> Result<Vec<Standing>, Failure> {
        let settings = Sshd::new(&self.sshd, &self.sshd_config).base_settings()?;
        Ok(standings(&settings, now)?)
    }
}

/// The worst of all, and the words for it.
fn judge(all: &[Standing], now: u64) -> (State, String) {
    let worst = all.iter().map(|one| judge_one(one, now));
    let worst = worst.max_by_key(|(state, left, _)| (*state, std::cmp::Reverse(*left)));
    let Some((state, _, words)) = worst else {
        return (State::Critical, "sshd shows no host certificate".to_owned());
    };
    (
        state,
        format!("{}; {words}", number_of(all.len(), "host certificate")),
    )
}

/// The state, the seconds that are left, and the words.
fn judge_one(one: &Standing, now: u64) -> (State, u64, String) {
    let path = one.path.display();
    match &one.valid {
        Err(missing) => {
            let words = crate::cli::base::words::chain(missing);
            (State::Critical, 0, format!("{path}: {words}"))
        }
        Ok((_, u64::MAX)) => (State::Ok, u64::MAX, format!("{path} is valid forever")),
        Ok((from, to)) => {
            let (left, whole) = (to.saturating_sub(now), to.saturating_sub(*from));
            let state = if left.saturating_mul(3) < whole {
                State::Warning
            } else {
                State::Ok
            };
            (state, left, format!("{path} ends in {}", length(left)))
        }
    }
}

fn json_of(one: &Standing) -> Value {
    let (from, to) = one.valid.as_ref().ok().copied().unzip();
    let error = one
        .valid
        .as_ref()
        .err()
        .map(|missing| crate::cli::base::words::chain(missing));
    json!({
        "file": one.path.display().to_string(), "valid-after": from, "valid-before": to,
        "error": error,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::host::Missing;

    const NOW: u64 = 1_000;

    fn standing(valid: Result<(u64, u64), Missing>) -> Standing {
        Standing {
            path: "/k-cert.pub".into(),
            valid,
        }
    }

    #[test]
    fn less_than_a_third_of_the_time_is_a_warning_and_the_worst_is_told() {
        for (from, to, state) in [
            (700, 1_600, State::Ok),
            (700, 1_150, State::Ok),
            (700, 1_149, State::Warning),
            (0, u64::MAX, State::Ok),
        ] {
            assert_eq!(
                judge(&[standing(Ok((from, to)))], NOW).0,
                state,
                "{from} {to}"
            );
        }
        let all = [
            standing(Ok((0, 9_000))),
            standing(Err(Missing::NotNamed)),
            standing(Ok((0, 1_001))),
        ];
        let (state, words) = judge(&all, NOW);
        assert_eq!(state, State::Critical);
        assert_eq!(
            words,
            "3 host certificates; /k-cert.pub: sshd isn't told of it"
        );
        assert_eq!(judge(&[], NOW).0, State::Critical);
    }
}
