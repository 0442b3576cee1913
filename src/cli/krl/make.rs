//! `punchmark krl --ca … --out FILE`: the KRL of all that the ledger has revoked.

use std::ffi::CString;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::KrlFailure;
use crate::cli::context::Context;
use crate::cli::failure::{Exit, Failure};
use crate::cli::terminal::{product, say};
use crate::config;
use crate::krl::{Header, Krl};
use crate::ledger::{Ca, KrlMade, Ledger as _, SqliteLedger};
use crate::output;
use crate::revocation::{Prune, krl};

/// What the KRL is about, and where it goes.
#[derive(Debug, Args)]
pub(super) struct Make {
    /// CA whose certificates it is about; may be given several times [default: all]
    #[arg(long, value_name = "CA")]
    ca: Vec<String>,

    /// The file to write, for RevokedKeys of sshd_config; replaced whole
    #[arg(long, value_name = "FILE", required = true)]
    out: Option<PathBuf>,

    /// Leave out certificates that expired more than a day ago
    #[arg(long)]
    prune: bool,

    /// Anything, for people
    #[arg(long, value_name = "WORDS", default_value = "")]
    comment: String,
}

impl Make {
    /// The ledger records the KRL before the file is there, so that no version is ever
    /// used twice.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Some(out) = &self.out else {
            return Err(Failure::Usage("--out FILE is missing".to_owned()));
        };
        let config = context.config()?;
        let mut ledger = context.ledger(&config)?;
        let cas = self.cas(&ledger)?;
        output::check(out).map_err(Failure::Write)?;
        let now = config::now();
        let abandoned = ledger.close_abandoned(now)?;
        let list = krl(&ledger, &cas, self.header(&ledger, now)?, self.prune(now))?;
        let bytes = list.to_bytes().map_err(KrlFailure::TooLong)?;
        let made = KrlMade {
            version: list.header().version,
            sha256: Sha256::digest(&bytes).into(),
            keyboard: config::keyboard(),
        };
        ledger.record_krl(made, now)?;
        output::write(out, &bytes, 0o644).map_err(Failure::Write)?;
        self.tell(context, &list, bytes.len(), abandoned)
    }

    fn cas(&self, ledger: &SqliteLedger) -> Result<Vec<Ca>, Failure> {
        let all = ledger.cas()?;
        if self.ca.is_empty() {
            return Ok(all);
        }
        let find = |name: &String| all.iter().find(|ca| ca.name() == name).cloned();
        let missing = |name: &String| Failure::NotInLedger(name.clone());
        let names = self.ca.iter();
        names
            .map(|name| find(name).ok_or_else(|| missing(name)))
            .collect()
    }

    /// The version moves forward even if an older ledger was put back.
    fn header(&self, ledger: &SqliteLedger, now: u64) -> Result<Header, Failure> {
        let after_last = ledger.last_krl_version()?.unwrap_or(0).saturating_add(1);
        let comment = CString::new(self.comment.as_bytes());
        Ok(Header {
            version: after_last.max(now),
            generated: now,
            comment: comment.map_err(|_nul| Failure::Usage("a comment has no NUL".to_owned()))?,
            ..Header::default()
        })
    }

    fn prune(&self, now: u64) -> Prune {
        match self.prune {
            true => Prune::ExpiredBefore(now.saturating_sub(MARGIN)),
            false => Prune::Nothing,
        }
    }

    fn tell(
        &self,
        context: &Context,
        list: &Krl,
        bytes: usize,
        abandoned: usize,
    ) -> Result<Exit, Failure> {
        let version = list.header().version;
        if context.json() {
            let value = json!({
                "version": version, "file": self.out.as_deref().map(Path::to_string_lossy), "bytes": bytes,
                "abandoned-reservations": abandoned,
            });
            product(&value.to_string())?;
        } else if context.talks() {
            let out = self.out.as_deref().unwrap_or(Path::new(""));
            say(&format!(
                "wrote {}: version {version}, {bytes} bytes",
                out.display()
            ));
            say("  copy it to each server, to a temporary name first, then rename it there");
        }
        Ok(Exit::Done)
    }
}

/// For clocks that are wrong by up to a day.
const MARGIN: u64 = 86_400;
