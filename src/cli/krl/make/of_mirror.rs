//! The list of a mirror: what its ledger revoked and what is pending, by a version above every other.

use std::path::Path;

use ssh_key::public::KeyData;

use super::super::preview;
use super::made::{Made, Places};
use super::{Make, tell_of_signature};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::ledger_key;
use crate::cli::base::list_base::Delegated;
use crate::cli::base::pending;
use crate::config::{self, Config};
use crate::krl::Krl;
use crate::krl::rollover::Rollovers;
use crate::ledger::{Ca, Ledger};
use crate::revocation::{ListMade, Pending, Prune, krl_with};

impl Make {
    /// Its version is on disk before anybody has the list, as the ledger has it elsewhere.
    pub(super) fn of_mirror(
        &self,
        mirror: &Ledger,
        cas: &[Ca],
        (config, places): (&Config, &Places),
        context: &Context,
    ) -> Result<Exit, Failure> {
        let key = self.key.open(context, Some(config), &mirror.cas()?)?;
        let mut key = key.map(|(_, key)| key);
        let now = config::now();
        let signer = key.as_ref().map(|key| key.public_key());
        let delegated = self.delegated(mirror, config, signer, now)?;
        let mut pending = pending::hold(config, mirror)?;
        let list = self.list_of_mirror((mirror, &pending), cas, delegated.as_ref(), now)?;
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
        let known = self.known(mirror, cas, now)?;
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
            return Err(
                Failure::new("the mirror does not know this key as one that signs lists").hint(
                    "where the ledger is: punchmark ledger delegate-lists --key FILE --until TIME",
                ),
            );
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
        let open = pending.open(mirror)?.into_iter();
        let revoked = open.filter_map(|(one, ..)| Some((one.made, one.revoked.clone()?)));
        let header = self.header(mirror, pending.list_version(), now)?;
        let made = delegated.map_or(now, |by| by.base.krl().header().generated.min(now));
        let prune: Prune = self.prune(made);
        let list = krl_with(mirror, cas, header, prune, revoked.collect())?;
        if let Some(by) = delegated {
            by.base.hold(&list)?;
        }
        Ok(list)
    }
}
