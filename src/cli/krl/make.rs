//! `punchmark krl --ca … --out FILE`: the KRL of all that the ledger has revoked.

mod of_mirror;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::preview;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::cli::base::known_list::KnownFile;
use crate::cli::base::ledger_ca::ca_named;
use crate::cli::base::ledger_key::{self, SigningKey};
use crate::cli::base::made_list::{self, Made, Places};
use crate::cli::base::terminal::{hint, product_object, say, warn};
use crate::config::{self, Config, LedgerKeyPlace};
use crate::krl::rollover::Rollovers;
use crate::krl::{Header, Krl};
use crate::ledger::key::LedgerKey;
use crate::ledger::{Ca, LISTS, Ledger, Purpose};
use crate::revocation::{KrlError, Prune, krl};
use crate::server::access::file_name;

/// What the KRL is about, and where it goes.
#[derive(Debug, Args)]
pub(super) struct Make {
    /// CA whose certificates it is about; may be given several times [default: all]
    #[arg(short = 's', long, value_name = "CA")]
    ca: Vec<String>,

    /// The file to write, for RevokedKeys of sshd_config; replaced whole
    #[arg(long, value_name = "FILE", required = true)]
    out: Option<PathBuf>,

    /// Write the certificates that the ledger knows into this folder, too: CA.known for each of these
    /// CAs that certifies users, as `punchmark known` does
    #[arg(long, value_name = "DIR")]
    known: Option<PathBuf>,

    /// Leave out certificates that expired more than a day ago
    #[arg(long)]
    prune: bool,

    /// Names the list, which `krl fetch` holds the next one to [default: the CAs that --ca names]
    #[arg(long, value_name = "WORDS")]
    comment: Option<String>,

    #[command(flatten)]
    key: SigningKey,

    /// Say what the list would hold, and neither write nor record anything
    #[arg(long)]
    dry_run: bool,
}

impl Make {
    /// The ledger records the KRL before the file is there, so that no version is ever
    /// used twice.
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let Some(out) = &self.out else {
            return Err(Failure::usage("--out FILE is missing"));
        };
        let places = Places::of(out)?;
        let config = context.config()?;
        let looked = context.ledger_to_read(&config)?;
        let cas = self.cas(&looked)?;
        places.check()?;
        if looked.is_mirror() {
            return self.of_mirror(looked, (&config, &places), context);
        }
        if looked.has_mirror()? {
            warn(OF_THE_ROOM);
            hint("servers get the lists of the mirror: punchmark krl, there");
        }
        if self.dry_run {
            let list = self.list(&looked, &cas, config::now())?;
            let length = list.to_bytes().at("no KRL would be written")?.len();
            return preview::print(context, out, &list, length);
        }
        // A passphrase or a PIN is asked for here, and others may write meanwhile.
        let key = self.key.open(context, Some(&config), &looked.cas()?)?;
        drop(looked);
        let mut ledger = context.ledger_after_asking(&config)?;
        let cas = self.cas(&ledger)?;
        let mut key = record_key(&mut ledger, &config, key)?;
        let now = config::now();
        let abandoned = ledger.close_abandoned(now)?;
        let made = Made::of(&ledger, self.list(&ledger, &cas, now)?, key.as_mut())?;
        ledger.record_krl(made.to_entry(), now)?;
        let rollovers = Rollovers::of(ledger.rollovers()?).at("the rollovers beside the KRL")?;
        made.write(&places, &rollovers)?;
        let known = self.known(&ledger, &cas, now)?;
        for file in &known {
            file.write(&ledger, key.as_mut(), None)?;
        }
        self.tell(context, &made, abandoned, &known)?;
        tell_of_signature(context, &places, made.is_signed());
        if made.is_signed() && context.talks() && !rollovers.is_empty() {
            say(&format!(
                "  {} leads them from an earlier ledger key to this one: publish it too",
                places.rollovers.display()
            ));
        }
        Ok(Exit::Done)
    }

    fn list(&self, ledger: &Ledger, cas: &[Ca], now: u64) -> Result<Krl, Failure> {
        Ok(krl(
            ledger,
            cas,
            self.header(ledger, 0, now)?,
            self.prune(now),
        )?)
    }

    /// What the ledger knows of each CA of users, at the moment of the KRL.
    fn known(&self, ledger: &Ledger, cas: &[Ca], now: u64) -> Result<Vec<KnownFile>, Failure> {
        let Some(folder) = &self.known else {
            return Ok(Vec::new());
        };
        let users = cas.iter().filter(|ca| ca.added().purpose == Purpose::User);
        users
            .map(|ca| KnownFile::make(ledger, ca, &folder.join(file_name(ca.name())), now))
            .collect()
    }

    fn cas(&self, ledger: &Ledger) -> Result<Vec<Ca>, Failure> {
        let all = ledger.cas()?;
        if self.ca.is_empty() {
            return Ok(all);
        }
        self.ca.iter().map(|name| ca_named(&all, name)).collect()
    }

    fn header(&self, ledger: &Ledger, highest: u64, now: u64) -> Result<Header, Failure> {
        made_list::header(ledger, highest, self.comment(), now)
    }

    /// One list can't stand in for another of the same signer if both have a name.
    fn comment(&self) -> String {
        match &self.comment {
            Some(comment) => comment.clone(),
            None => self.ca.join(" "),
        }
    }

    fn prune(&self, now: u64) -> Prune {
        if self.prune {
            Prune::ExpiredBefore(now.saturating_sub(MARGIN))
        } else {
            Prune::Nothing
        }
    }

    fn tell(
        &self,
        context: &Context,
        made: &Made,
        abandoned: usize,
        known: &[KnownFile],
    ) -> Result<(), Failure> {
        let (version, bytes) = (made.version(), made.bytes.len());
        let out = self.out.as_deref().unwrap_or(Path::new("")).display();
        if context.json() {
            let value = json!({
                "version": version, "file": out.to_string(), "bytes": bytes,
                "abandoned-reservations": abandoned, "signed": made.is_signed(),
                "known": known.iter().map(|file| file.json(Some(made.is_signed()))).collect::<Vec<_>>(),
            });
            product_object(value)?;
        } else if context.talks() {
            say(&format!("wrote {out}: version {version}, {bytes} bytes"));
            for file in known {
                say(&format!("wrote {}: {}", file.out().display(), file.words()));
            }
        }
        Ok(())
    }
}

/// The key that signs the list is recorded before the ledger takes a version number for the KRL,
/// and so are those that the config names.
fn record_key(
    ledger: &mut Ledger,
    config: &Config,
    key: Option<(LedgerKeyPlace, LedgerKey)>,
) -> Result<Option<LedgerKey>, Failure> {
    if let Some((place, key)) = &key {
        ledger_key::signs(ledger, key.public_key(), place, LISTS)?;
    }
    ledger_key::complete(ledger, config)?;
    Ok(key.map(|(_, key)| key))
}

fn tell_of_signature(context: &Context, places: &Places, signed: bool) {
    let beside = &places.signature;
    match signed {
        false if beside.exists() => warn(&format!(
            "{} is of an older list: servers that fetch will refuse the new one",
            beside.display()
        )),
        false if context.talks() => {
            say("  copy it to each server, to a temporary name first, then rename it there");
        }
        true if context.talks() => {
            say(&format!("  signed in {}", beside.display()));
            say("  servers take both with `punchmark krl fetch`");
        }
        _ => {}
    }
}

impl Advised for KrlError {}

const OF_THE_ROOM: &str = "this list stays here: published, it would take back what was revoked on the mirror and did \
     not come in yet";
/// How long an expired certificate stays in the list, in seconds: clocks of servers are wrong by up to a day.
const MARGIN: u64 = 86_400;
