//! The lists that a server makes itself, with the config's ledger key.

use std::error::Error;

use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::known_list::KnownFile;
use crate::cli::base::ledger_key;
use crate::cli::base::made_list::{KRL_MODE, Made, Places, header};
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::signed_head;
use crate::config::{self, Config, LedgerKeyPlace, ServeConfig, ServeLists};
use crate::krl::rollover::Rollovers;
use crate::ledger::key::LedgerKey;
use crate::ledger::{Ca, LISTS, Ledger, Purpose};
use crate::output;
use crate::revocation::{Prune, krl};
use crate::secret::AskPin;
use crate::server::access::file_name;
use crate::service::Publish;

/// The key that signs, and where all goes.
struct Publisher {
    lists: ServeLists,
    place: LedgerKeyPlace,
    key: LedgerKey,
}

/// What makes the lists; none where the config doesn't say how often. Opens the ledger key, and makes the folder.
pub(super) fn publish(
    (config, serve): (&Config, &ServeConfig),
    ledger: &Ledger,
    (passphrase, pins): (&PassphraseFile, &mut dyn AskPin),
    context: &Context,
) -> Result<Option<Publish>, Failure> {
    let makes = |lists: &&ServeLists| lists.every.is_some();
    let lists = serve.lists.as_ref().filter(makes);
    let (Some(lists), Some(place)) = (lists.cloned(), config.ledger_key()) else {
        return Ok(None);
    };
    if ledger.has_mirror()? {
        return Err(Failure::new(OF_A_MIRROR).hint("leave `every` out of `krl` in [serve]"));
    }
    let by = (passphrase, pins);
    let key = ledger_key::open_with(context, &place, &ledger.cas()?, by)?;
    std::fs::create_dir_all(&lists.folder).in_file(&lists.folder)?;
    Places::of(&lists.krl())?.check()?;
    let mut publisher = Publisher { lists, place, key };
    Ok(Some(Box::new(move |ledger| publisher.make(ledger))))
}

impl Publisher {
    fn make(&mut self, ledger: &mut Ledger) -> Result<String, Box<dyn Error>> {
        let version = self.lists(ledger).map_err(|failure| failure.words())?;
        // Without a newer head the lists are as good as with one.
        let head = match self.head(ledger) {
            Ok(size) => format!("signed the head of {size} entries"),
            Err(failure) => format!("signed no head: {}", failure.words()),
        };
        Ok(format!("made KRL {version}, and {head}"))
    }

    /// The KRL of all CAs, which the ledger has before anybody else, and what it knows of each CA of users.
    fn lists(&mut self, ledger: &mut Ledger) -> Result<u64, Failure> {
        let now = config::now();
        ledger_key::signs(ledger, self.key.public_key(), &self.place, LISTS)?;
        let cas = ledger.cas()?;
        let header = header(ledger, 0, String::new(), now)?;
        let list = krl(ledger, &cas, header, Prune::Nothing)?;
        let made = Made::of(ledger, list, Some(&mut self.key))?;
        ledger.record_krl(made.to_entry(), now)?;
        let rollovers = Rollovers::of(ledger.rollovers()?).at("the rollovers beside the KRL")?;
        made.write(&Places::of(&self.lists.krl())?, &rollovers)?;
        let is_of_users = |ca: &&Ca| ca.added().purpose == Purpose::User;
        for ca in cas.iter().filter(is_of_users) {
            let out = self.lists.folder.join(file_name(ca.name()));
            let known = KnownFile::make(ledger, ca, &out, now)?;
            known.write(ledger, Some(&mut self.key), None)?;
        }
        Ok(made.version())
    }

    fn head(&mut self, ledger: &mut Ledger) -> Result<u64, Failure> {
        let (head, note) = signed_head::sign(ledger, &mut self.key, &self.place)?;
        let file = self.lists.checkpoint();
        output::write(&file, note.as_bytes(), KRL_MODE).at("cannot write")?;
        Ok(head.size)
    }
}

const OF_A_MIRROR: &str = "this ledger has a mirror, whose lists servers get: one that is made here would take back what was \
     revoked there and did not come in yet";
