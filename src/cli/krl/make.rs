//! `punchmark krl --ca … --out FILE`: the KRL of all that the ledger has revoked.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::file::{KRL_MODE, beside_file, signature_file, target};
use super::preview;
use crate::cli::base::advice::ledger::not_in_ledger;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, At, Exit, Failure};
use crate::cli::base::ledger_key;
use crate::cli::base::private_key::PassphraseFile;
use crate::cli::base::terminal::{product_object, say, warn};
use crate::config::{self, Config, LedgerKeyPlace};
use crate::krl::rollover::{Rollovers, RolloversError};
use crate::krl::{Header, Krl, ListHead, ListName};
use crate::ledger::key::LedgerKey;
use crate::ledger::{Ca, KrlMade, LISTS, Ledger, ListSigned};
use crate::output;
use crate::revocation::{KrlError, Prune, PublishedState, krl};

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

    /// Names the list, which `krl fetch` holds the next one to [default: the CAs that --ca names]
    #[arg(long, value_name = "WORDS")]
    comment: Option<String>,

    /// The key that signs it beside, into FILE.sig [default: the config's ledger-key]
    #[arg(long, value_name = "KEY")]
    ledger_key: Option<OsString>,

    #[command(flatten)]
    passphrase: PassphraseFile,

    /// Sign nothing, although the config has a ledger key
    #[arg(long, conflicts_with = "ledger_key")]
    unsigned: bool,

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
        // Beside the name that was given, which may be a link: who fetches knows that one.
        let rollovers_file = target(&beside_file(out, ".keys"))?;
        let (beside, target) = (target(&signature_file(out))?, target(out)?);
        let config = context.config()?;
        let mut ledger = context.ledger(&config)?;
        let cas = self.cas(&ledger)?;
        output::check(&target).at("cannot write")?;
        if self.dry_run {
            let now = config::now();
            let list = krl(&ledger, &cas, self.header(&ledger, now)?, self.prune(now))?;
            let length = list.to_bytes().at("no KRL would be written")?.len();
            return preview::print(context, out, &list, length);
        }
        let key = self.key(context, &config, &ledger.cas()?)?;
        if let Some((place, key)) = &key {
            ledger_key::signs(&mut ledger, key.public_key(), place, LISTS)?;
        }
        ledger_key::complete(&mut ledger, &config)?;
        let key = key.map(|(_, key)| key);
        let now = config::now();
        let abandoned = ledger.close_abandoned(now)?;
        let list = krl(&ledger, &cas, self.header(&ledger, now)?, self.prune(now))?;
        let bytes = list.to_bytes().at("no KRL was written")?;
        let signer = key.as_ref().map(|key| ledger_key::blob(key.public_key()));
        let signer = signer.transpose()?;
        let state = PublishedState::of(&ledger, list.header().version, &bytes)?;
        let state = state.to_text().at("the state beside the KRL")?;
        let (signature, of_state) = match key {
            Some(mut key) => (
                Some(key.sign_krl(&bytes)?),
                Some(key.sign_krl(state.as_bytes())?),
            ),
            None => (None, None),
        };
        record(&mut ledger, &list, &bytes, signer.unwrap_or_default(), now)?;
        let rollovers = Rollovers::of(ledger.rollovers()?).at("the rollovers beside the KRL")?;
        if signature.is_some() {
            write_rollovers(&rollovers_file, &rollovers)?;
        }
        write(
            &target,
            &bytes,
            signature.as_deref().map(|text| (&*beside, text)),
        )?;
        write_state(out, &state, of_state.as_deref())?;
        let signed = signature.is_some();
        self.tell(context, &list, bytes.len(), abandoned, signed)?;
        tell_of_signature(context, &beside, signed);
        if signed && context.talks() && !rollovers.is_empty() {
            say(&format!(
                "  {} leads them from an earlier ledger key to this one: publish it too",
                rollovers_file.display()
            ));
        }
        Ok(Exit::Done)
    }

    /// Opened before the ledger takes a version number for the KRL.
    fn key(
        &self,
        context: &Context,
        config: &Config,
        cas: &[Ca],
    ) -> Result<Option<(LedgerKeyPlace, LedgerKey)>, Failure> {
        if self.unsigned {
            return Ok(None);
        }
        let place = ledger_key::place(self.ledger_key.as_ref(), config)?;
        let open = |place| {
            let key = ledger_key::open_with(context, &place, cas, &self.passphrase)?;
            Ok((place, key))
        };
        place.map(open).transpose()
    }

    fn cas(&self, ledger: &Ledger) -> Result<Vec<Ca>, Failure> {
        let all = ledger.cas()?;
        if self.ca.is_empty() {
            return Ok(all);
        }
        let find = |name: &String| all.iter().find(|ca| ca.name() == name).cloned();
        let missing = |name: &String| not_in_ledger(name);
        let names = self.ca.iter();
        names
            .map(|name| find(name).ok_or_else(|| missing(name)))
            .collect()
    }

    /// The version moves forward even if an older ledger was put back.
    fn header(&self, ledger: &Ledger, now: u64) -> Result<Header, Failure> {
        let after_last = ledger.last_krl_version()?.unwrap_or(0).saturating_add(1);
        let name = ListName {
            name: self.comment(),
            head: ledger.checkpoint()?.map(|head| ListHead {
                origin: head.origin,
                size: head.size,
                root: head.root,
            }),
        };
        let comment = name.to_comment();
        Ok(Header {
            version: after_last.max(now),
            generated: now,
            comment: comment.map_err(|_nul| Failure::usage("a comment has no NUL"))?,
            ..Header::default()
        })
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
        list: &Krl,
        bytes: usize,
        abandoned: usize,
        signed: bool,
    ) -> Result<(), Failure> {
        let version = list.header().version;
        let out = self.out.as_deref().unwrap_or(Path::new("")).display();
        if context.json() {
            let value = json!({
                "version": version, "file": out.to_string(), "bytes": bytes,
                "abandoned-reservations": abandoned, "signed": signed,
            });
            product_object(value)?;
        } else if context.talks() {
            say(&format!("wrote {out}: version {version}, {bytes} bytes"));
        }
        Ok(())
    }
}

fn tell_of_signature(context: &Context, beside: &Path, signed: bool) {
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

fn record(
    ledger: &mut Ledger,
    list: &Krl,
    bytes: &[u8],
    signer: Vec<u8>,
    now: u64,
) -> Result<(), Failure> {
    let head = ListName::of_comment(&list.header().comment).head;
    let made = KrlMade {
        version: list.header().version,
        sha256: Sha256::digest(bytes).into(),
        keyboard: config::keyboard(),
        list: head.map(|head| ListSigned {
            signer,
            size: head.size,
            root: head.root,
        }),
    };
    Ok(ledger.record_krl(made, now)?)
}

/// The state lies beside the name that was given, as the signature does. It holds names of
/// people, and no server needs it: its owner alone reads it.
fn write_state(out: &Path, state: &str, signature: Option<&str>) -> Result<(), Failure> {
    let file = beside_file(out, ".state");
    let mut staged = vec![output::stage(&file, state.as_bytes(), STATE_MODE).at("cannot write")?];
    if let Some(signature) = signature {
        let beside = output::stage(&signature_file(&file), signature.as_bytes(), STATE_MODE);
        staged.push(beside.at("cannot write")?);
    }
    let released: Result<(), _> = output::release(staged).into_iter().collect();
    released.at("cannot write")
}

/// The rollovers that lead from a key that a server was given to the one that signs. They stand
/// there before a list by a new key does: whoever sees that one finds the way to it.
fn write_rollovers(file: &Path, rollovers: &Rollovers) -> Result<(), Failure> {
    output::write(file, rollovers.to_string().as_bytes(), KRL_MODE).at("cannot write")
}

/// Both are on disk before either has its name; the list comes first, since a server that
/// reads it here shall know it soonest. Between the two, and after a crash there, the pair
/// does not match: whoever fetches it keeps what it has, until this command runs again.
fn write(target: &Path, krl: &[u8], signature: Option<(&Path, &str)>) -> Result<(), Failure> {
    let mut staged = vec![output::stage(target, krl, KRL_MODE).at("cannot write")?];
    if let Some((beside, signature)) = signature {
        let signature = output::stage(beside, signature.as_bytes(), KRL_MODE);
        staged.push(signature.at("cannot write")?);
    }
    let released: Result<(), _> = output::release(staged).into_iter().collect();
    released.at("cannot write")
}

const STATE_MODE: u32 = 0o600;

impl Advised for KrlError {}

impl Advised for RolloversError {}

/// How long an expired certificate stays in the list, in seconds: clocks of servers are wrong by up to a day.
const MARGIN: u64 = 86_400;
