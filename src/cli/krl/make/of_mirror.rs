//! The list of a mirror: what its ledger revoked and what is pending, by a version above every other.

use std::path::Path;

use ssh_key::public::KeyData;

use super::super::preview;
use super::{Make, tell_of_signature};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::ledger_key;
use crate::cli::base::list_base::Delegated;
use crate::cli::base::made_list::{Made, Places};
use crate::cli::base::pending;
use crate::config::{self, Config};
use crate::krl::Krl;
use crate::krl::rollover::Rollovers;
use crate::ledger::{Ca, Ledger};
use crate::revocation::{ListMade, Pending, Prune, krl};

impl Make {
    /// Its version is on disk before anybody has the list, as the ledger has it elsewhere. Whoever is asked for a
    /// passphrase or a PIN is asked before the mirror is read: others accept answers and revoke meanwhile.
    pub(super) fn of_mirror(
        &self,
        looked: Ledger,
        (config, places): (&Config, &Places),
        context: &Context,
    ) -> Result<Exit, Failure> {
        let key = self.key.open(context, Some(config), &looked.cas()?)?;
        drop(looked);
        let mut key = key.map(|(_, key)| key);
        let held = pending::hold(config)?;
        let (mirror, mut pending) = (&held.mirror, held.pending);
        let (now, cas) = (config::now(), self.cas(mirror)?);
        let signer = key.as_ref().map(|key| key.public_key());
        let delegated = self.delegated(mirror, config, signer, now)?;
        let list = self.list_of_mirror((mirror, &pending), &cas, delegated.as_ref(), now)?;
        if self.dry_run {
            let length = list.to_bytes().at("no KRL would be written")?.len();
            let out = self.out.as_deref().unwrap_or(Path::new(""));
            return preview::print(context, out, &list, length);
        }
        let made = Made::of(mirror, list, key.as_mut())?;
        let noted = ListMade {
            version: made.version(),
            size: mirror.size(),
        };
        pending.note_list(noted, &made.sha256())?;
        let rollovers = Rollovers::of(mirror.rollovers()?).at("the rollovers beside the KRL")?;
        if let (Some(delegated), Some(out)) = (&delegated, &self.out) {
            delegated.write(out)?;
        }
        made.write(places, &rollovers)?;
        let known = self.known(mirror, &cas, now)?;
        for file in &known {
            file.write(mirror, key.as_mut(), delegated.as_ref())?;
        }
        self.tell(context, &made, 0, &known)?;
        tell_of_signature(context, places, made.is_signed());
        Ok(Exit::Done)
    }

    /// By what the key signs lists: it must be known for them, by itself or by the word of a ledger key.
    fn delegated(
        &self,
        mirror: &Ledger,
        config: &Config,
        signer: Option<&KeyData>,
        now: u64,
    ) -> Result<Option<Delegated>, Failure> {
        let Some(signer) = signer else {
            return Ok(None);
        };
        let delegated = Delegated::of(mirror, config, signer, now)?;
        if !ledger_key::signs_lists(mirror, signer)? {
            return Err(not_for_lists(mirror.is_ledger_key(signer)?));
        }
        if delegated.is_some() && !self.ca.is_empty() {
            return Err(
                Failure::usage("a list by a delegated key is about all CAs").hint(
                    "servers hold it to what the ledger revoked of all of them: leave out --ca",
                ),
            );
        }
        Ok(delegated)
    }

    /// What was over when the base was made stands in no list by a delegated key where it is pruned, and
    /// what was over since then stays: servers hold the list to the base.
    fn list_of_mirror(
        &self,
        (mirror, pending): (&Ledger, &Pending),
        cas: &[Ca],
        delegated: Option<&Delegated>,
        now: u64,
    ) -> Result<Krl, Failure> {
        let header = self.header(mirror, pending.list_version(), now)?;
        let made = delegated.map_or(now, |by| by.base.krl().header().generated.min(now));
        let prune: Prune = self.prune(made);
        let list = krl(mirror, cas, header, prune)?;
        if let Some(by) = delegated {
            by.base.hold(&list)?;
        }
        Ok(list)
    }
}

/// Why no server that takes lists from the mirror would take one by this key.
fn not_for_lists(is_known: bool) -> Failure {
    let words = if is_known {
        "this key signs no lists, or no more: it was recorded for something else, handed over, or was revoked"
    } else {
        "the mirror does not know this key as one that signs lists"
    };
    Failure::new(words)
        .hint("where the ledger is: punchmark ledger delegate-lists --key FILE --until TIME")
}
