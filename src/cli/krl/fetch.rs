//! `punchmark krl fetch`: the next KRL of a server, and one line for its monitoring.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::base::arguments::span;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::made_list::KRL_MODE;
use crate::cli::base::signed_list::{AgesOfList, Beside, FetchArguments, ToldList};
use crate::krl::Krl;
use crate::server::fetch::count;

/// Take a signed KRL from a file or a server, for RevokedKeys of this machine's sshd
///
/// SOURCE.sig beside it must be its signature by the ledger key. Whatever goes wrong, the
/// list that is there stays. Prints one line for monitoring, and exits with 0 if all is
/// well, 1 (warning) if the list could not be fetched, is getting old or lost much, and
/// 2 (critical) if what was fetched is not believed, or the list is too old or missing.
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

    /// Warn of a list that was made longer ago than this
    #[arg(long, value_name = "TIME", default_value = "2d", value_parser = span)]
    warn_after: u64,

    /// Call a list that was made longer ago than this critical
    #[arg(long, value_name = "TIME", default_value = "1w", value_parser = span)]
    critical_after: u64,
}

impl Fetch {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let ages = AgesOfList {
            warn_after: self.warn_after,
            critical_after: self.critical_after,
        };
        self.fetch.run::<Krl>(ages, Beside::default(), context)
    }
}

impl ToldList for Krl {
    const MODE: u32 = KRL_MODE;

    fn holds(&self) -> String {
        format!("revokes {}", count(self))
    }

    fn fields(list: Option<&Self>) -> Vec<(&'static str, Value)> {
        vec![("revocations", json!(list.map(count)))]
    }
}

const EXAMPLES: &str = "\
Examples:
  punchmark krl fetch https://ca.example.org/revoked.krl --out /etc/ssh/revoked.krl \\
    --signer /etc/ssh/ledger.pub
  punchmark krl fetch /mnt/ca/revoked.krl --out revoked.krl --signer ledger.pub --warn-after 8h";
