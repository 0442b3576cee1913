//! The lists that a server makes itself, with the config's ledger key.

use std::error::Error;
use std::sync::PoisonError;

use super::receipts::SharedKey;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::known_list::KnownFile;
use crate::cli::base::ledger_key;
use crate::cli::base::made_list::{KRL_MODE, Made, Places, header};
use crate::cli::base::signed_head;
use crate::config::{self, LedgerKeyPlace, ServeConfig, ServeLists};
use crate::krl::rollover::Rollovers;
use crate::ledger::key::LedgerKey;
use crate::ledger::{Ca, LISTS, Ledger, Purpose};
use crate::output;
use crate::revocation::{Prune, krl};
use crate::server::access::file_name;
use crate::service::Publish;

/// The key that signs, and where all goes.
struct Publisher {
    lists: ServeLists,
    place: LedgerKeyPlace,
    key: SharedKey,
}

/// Refuses a server that would make lists, where that is a mirror's business.
pub(super) fn may_make(serve: &ServeConfig, ledger: &Ledger) -> Result<(), Failure> {
    let makes = serve
        .lists
        .as_ref()
        .is_some_and(|lists| lists.every.is_some());
    if makes && ledger.has_mirror()? {
        return Err(Failure::new(OF_A_MIRROR).hint("leave `every` out of `krl` in [serve]"));
    }
    Ok(())
}

/// What makes the lists; none where the config doesn't say how often. Makes the folder.
pub(super) fn publish(
    serve: &ServeConfig,
    key: Option<&(LedgerKeyPlace, SharedKey)>,
) -> Result<Option<Publish>, Failure> {
    let makes = |lists: &&ServeLists| lists.every.is_some();
    let lists = serve.lists.as_ref().filter(makes);
    let (Some(lists), Some((place, key))) = (lists.cloned(), key.cloned()) else {
        return Ok(None);
    };
    std::fs::create_dir_all(&lists.folder).in_file(&lists.folder)?;
    Places::of(&lists.krl())?.check()?;
    let publisher = Publisher { lists, place, key };
    Ok(Some(Box::new(move |ledger| publisher.make(ledger))))
}

impl Publisher {
    fn make(&self, ledger: &mut Ledger) -> Result<String, Box<dyn Error>> {
        let mut key = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        let version = self
            .lists(ledger, &mut key)
            .map_err(|failure| failure.words())?;
        // Without a newer head the lists are as good as with one.
        let head = match self.head(ledger, &mut key) {
            Ok(size) => format!("signed the head of {size} entries"),
            Err(failure) => format!("signed no head: {}", failure.words()),
        };
        Ok(format!("made KRL {version}, and {head}"))
    }

    /// The KRL of all CAs, which the ledger has before anybody else, and what it knows of each CA of users.
    fn lists(&self, ledger: &mut Ledger, key: &mut LedgerKey) -> Result<u64, Failure> {
        let now = config::now();
        ledger_key::signs(ledger, key.public_key(), &self.place, LISTS)?;
        let cas = ledger.cas()?;
        let header = header(ledger, 0, String::new(), now)?;
        let list = krl(ledger, &cas, header, Prune::Nothing)?;
        let made = Made::of(ledger, list, Some(&mut *key))?;
        ledger.record_krl(made.to_entry(), now)?;
        let rollovers = Rollovers::of(ledger.rollovers()?).at("the rollovers beside the KRL")?;
        made.write(&Places::of(&self.lists.krl())?, &rollovers)?;
        let is_of_users = |ca: &&Ca| ca.added().purpose == Purpose::User;
        for ca in cas.iter().filter(is_of_users) {
            let out = self.lists.folder.join(file_name(ca.name()));
            let known = KnownFile::make(ledger, ca, &out, now)?;
            known.write(ledger, Some(&mut *key), None)?;
        }
        Ok(made.version())
    }

    fn head(&self, ledger: &mut Ledger, key: &mut LedgerKey) -> Result<u64, Failure> {
        let (head, note) = signed_head::sign(ledger, &mut *key, &self.place)?;
        let file = self.lists.checkpoint();
        output::write(&file, note.as_bytes(), KRL_MODE).at("cannot write")?;
        Ok(head.size)
    }
}

const OF_A_MIRROR: &str = "this ledger has a mirror, whose lists servers get: one that is made here would take back what was \
     revoked there and did not come in yet";
