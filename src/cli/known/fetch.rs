//! `punchmark known fetch`: what a CA's ledger knows, for the logins of a server.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::base::arguments::span;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::signed_list::{AgesOfList, Beside, FetchArguments, ToldList};
use crate::config::read_bytes;
use crate::krl::{KRL_BYTES_MAX, Krl};
use crate::server::access::{KnownHeader, KnownList};
use crate::server::fetch::SignedList;

/// Take the signed list of the certificates that a CA's ledger knows, for accounts of `@known`
///
/// It lies beside the access list as CA.known, by the name that `@ca` has for the CA. SOURCE.sig
/// beside the source must be its signature by the ledger key. Whatever goes wrong, the list that is
/// there stays. Prints one line for monitoring, and exits with 0 if all is well, 1 (warning) if the
/// list could not be fetched or is getting old, and 2 (critical) if what was fetched is not
/// believed, or the list is too old or missing.
///
/// FILE.mark beside the list keeps the highest version and the highest head of the CA's
/// ledger that were seen here: no older list is taken, also where the list is gone.
///
/// Where another ledger key took over from that of --signer, SOURCE.keys leads to it by the word
/// of both. It is followed once, and the old key signs no list for this server any more.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Fetch {
    #[command(flatten)]
    fetch: FetchArguments,

    /// The KRL of this machine: a ledger key that it revokes signs nothing here
    #[arg(long, value_name = "FILE")]
    krl: Option<PathBuf>,

    /// Warn of a list that was made longer ago than this
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = span)]
    warn_after: u64,

    /// Call a list that was made longer ago than this critical
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = span)]
    critical_after: u64,
}

impl Fetch {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let ages = AgesOfList {
            warn_after: self.warn_after,
            critical_after: self.critical_after,
        };
        let krl = self.krl.as_ref().map(|path| {
            let bytes = read_bytes(path, KRL_BYTES_MAX).in_file(path)?;
            let krl = Krl::from_bytes(&bytes).in_file(path)?;
            Ok::<_, Failure>(krl.revoked_keys())
        });
        let beside = Beside {
            revoked: krl.transpose()?.unwrap_or_default(),
        };
        self.fetch.run::<KnownList>(ages, beside, context)
    }
}

impl ToldList for KnownList {
    /// What runs inside a login reads it by its group, and nobody else has to.
    const MODE: u32 = 0o640;

    fn holds(&self) -> String {
        let header = self.header();
        format!(
            "knows {}, {} for emergencies",
            header.known(),
            header.emergency()
        )
    }

    fn fields(list: Option<&Self>) -> Vec<(&'static str, Value)> {
        let header = list.map(Self::header);
        vec![
            ("known", json!(header.map(KnownHeader::known))),
            ("emergency", json!(header.map(KnownHeader::emergency))),
        ]
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark known fetch https://ca.example.org/users.known --out /etc/ssh/access/users.known \\
    --signer /etc/ssh/ledger.pub --krl /etc/ssh/revoked.krl
  punchmark known fetch /mnt/ca/users.known --out users.known --signer ledger.pub \\
    --warn-after 10m --critical-after 30m";
