//! `punchmark bundle make`: requests and plain keys become one file, which a registrar signs.

mod enrolments;
mod wishes;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use clap::Args;
use serde_json::json;
use ssh_key::{HashAlg, PublicKey};

use crate::batch::{Batch, HowFar, Resume, SerialPlan, Subjects};
use crate::bundle::{Became, Draft, Enrolment, Header, Made, NAMESPACE, Opened, Registrar};
use crate::cli::base::advice::ledger::empty_ledger;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure, Kind};
use crate::cli::base::faults::Faults;
use crate::cli::base::interrupt::on_signal;
use crate::cli::base::issuing::books;
use crate::cli::base::pending;
use crate::cli::base::progress::{Failures, Progress, style};
use crate::cli::base::terminal::{say, warn};
use crate::cli::base::words::number_of;
use crate::config::{self, Config, SubjectFile};
use crate::issue::{Bundled, Judge};
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::{Credential, DutiesSet, KnownBundle, Ledger};
use crate::output;
use crate::request::{RoleName, by_ssh_keygen, random_id};

use crate::bundle::only_ca;
use crate::wire::{hex, words};
use enrolments::enrolments;
use wishes::{Wanted, absolute, wanted};

/// Put requests, and keys of a manifest, into one file for an offline CA
///
/// All of it is decided as the CA would, by the config and the ledger that are here; whatever is
/// refused is told, and no bundle is made. The registrar's key signs, who must be enrolled as one:
/// whose the keys are that nobody is enrolled with, the registrar says, for the registrar's roles.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Make {
    /// The registrar's key, as for ssh-keygen -Y sign: a public key whose private half is in an
    /// ssh-agent, or a private key file, also of a security key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// The bundle; there must be no such file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,

    /// Plain keys, with what is asked for each: a manifest, as `sign` reads it
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,

    /// The role of manifest lines that name none
    #[arg(long, value_name = "ROLE", requires = "manifest", value_parser = str::parse::<RoleName>)]
    role: Option<RoleName>,

    /// The lines of the manifest are hosts
    #[arg(short = 'h', requires = "manifest")]
    host: bool,

    /// Say whose a key is from now on: NAME=KEY.pub, or NAME=SERIAL of a YubiKey; never your own. May
    /// be given several times
    #[arg(long, value_name = "NAME=KEY")]
    enroll: Vec<String>,

    /// Requests; without any, the bundle carries what else there is to be carried
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// What a bundle carries beside what is asked: revocations that wait for the ledger.
struct Carries {
    signed: Vec<(Vec<u8>, Vec<u8>)>,
    list_version: u64,
    /// The bundles that the ledger took.
    taken: Vec<KnownBundle>,
    enrolments: Vec<Enrolment>,
}

/// The head that it is made against, and what it carries, of one moment.
fn against(config: &Config) -> Result<(Checkpoint, Carries), Failure> {
    let ledger = Ledger::open_to_read(&config.ledger())?;
    let (ledger, signed, outside) = if ledger.is_mirror() {
        let held = pending::hold(config)?;
        let signed = held.open.into_iter().map(|(_, signed, by)| (signed, by));
        (held.mirror, signed.collect(), held.pending.list_version())
    } else {
        (ledger, Vec::new(), 0)
    };
    let highest = ledger.last_krl_version()?.unwrap_or(0);
    let head = ledger.checkpoint()?.ok_or_else(empty_ledger)?;
    let list_version = highest.max(outside);
    Ok((
        head,
        Carries {
            signed,
            list_version,
            taken: ledger.bundles()?,
            enrolments: Vec::new(),
        },
    ))
}

/// Who makes a bundle, by the ledger.
struct Signer {
    registrar: Registrar,
    duties: DutiesSet,
}

impl Make {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let ledger = Ledger::open_to_read(&config.ledger())?;
        let ledger = if ledger.is_mirror() {
            pending::hold(&config)?.mirror
        } else {
            ledger
        };
        let mut faults = Faults::default();
        faults.note(self.refuse_to_replace());
        let signer = faults.note(self.signer(&ledger));
        let wanted = faults.note(wanted(&self, &config));
        let of = signer.as_ref().map(|signer| &signer.registrar.name);
        let enrolments = faults.note(enrolments(&self.enroll, of, &config, &ledger));
        let ((signer, wanted), enrolments) = faults.or(signer.zip(wanted).zip(enrolments))?;
        if !wanted.is_empty() {
            let failures = decide(&wanted, ledger, &signer, &config, context)?;
            if failures != Failures::None {
                say(REFUSED);
                return Ok(failures.exit());
            }
        }
        let mut made = Made::hold(&config.ledger())?;
        let (head, mut carries) = against(&config)?;
        carries.enrolments = enrolments;
        let last = made.last(&carries.taken);
        let against = (head, carries);
        let (header, bytes, waiting) = self.signed(&wanted, signer.registrar, against, last)?;
        // Kept here too, until its answer is held against it.
        output::write(&Made::kept(&config.ledger(), &header.id), &bytes, MODE)?;
        // Listed before it goes out: an answer must never come to a bundle that is not known here.
        made.begin(&header, &absolute(&self.out)?)?;
        output::write(&self.out, &bytes, MODE)?;
        made.note(&header.id, Became::Open, config::now())?;
        self.tell(&header, waiting, context)?;
        Ok(Exit::Done)
    }

    fn refuse_to_replace(&self) -> Result<(), Failure> {
        if self.out.symlink_metadata().is_ok() {
            let words = format!("{} is there already", self.out.display());
            return Err(
                Failure::new(words).hint("a bundle replaces no file: name another with --out")
            );
        }
        Ok(())
    }

    /// Whose key it is that signs, and for what that counts.
    fn signer(&self, ledger: &Ledger) -> Result<Signer, Failure> {
        let subject = SubjectFile::read(&self.key).in_file(&self.key)?;
        let key = PublicKey::from(subject.key).to_bytes()?;
        let nobody = || Failure::new("the key that is to sign is enrolled for nobody").hint(ENROL);
        let hash = PublicKey::from_bytes(&key)?
            .fingerprint(HashAlg::Sha256)
            .sha256();
        if hash.is_some_and(|hash| ledger.key_is_revoked(&hash).unwrap_or(true)) {
            return Err(Failure::of(
                Kind::Refused,
                "the key that is to sign was revoked",
            ));
        }
        let name = ledger.requester_of(&Credential::Key(key.clone()))?;
        let name = name.ok_or_else(nobody)?;
        let duties = ledger.duties()?.remove(&name);
        let duties = duties.filter(|duties| !duties.registrar.is_empty());
        let duties =
            duties.ok_or_else(|| Failure::new(format!("{name} is no registrar")).hint(ENROL))?;
        let name = name.parse().at("the registrar's name")?;
        let registrar = Registrar { name, key };
        Ok(Signer { registrar, duties })
    }

    /// The signed bundle, read back as whoever gets it will; and how many revocations wait for the next one.
    fn signed(
        &self,
        wanted: &[Wanted],
        registrar: Registrar,
        (against, pending): (Checkpoint, Carries),
        before: [u8; 32],
    ) -> Result<(Header, Vec<u8>, usize), Failure> {
        let mut draft = Draft::default();
        for wanted in wanted {
            draft.add(&wanted.item)?;
        }
        let id = random_id().at("no random numbers")?;
        let mut header = draft.header((id, before), config::now(), against, registrar);
        header.list_version = pending.list_version;
        header.enrolments = pending.enrolments;
        let waiting = header.carry(pending.signed)?;
        let signature = by_ssh_keygen(&header.to_bytes()?, NAMESPACE, &self.key)?;
        let bytes = draft.to_bytes(&header, &signature)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let opened = Opened::read(bytes.as_slice(), length)?;
        opened.items().try_for_each(|item| item.map(drop))?;
        Ok((header, bytes, waiting))
    }

    fn tell(&self, header: &Header, waiting: usize, context: &Context) -> Result<(), Failure> {
        if waiting > 0 {
            let words = number_of(waiting, "pending revocation");
            warn(&format!(
                "{words} had no room in it: the next bundle carries more"
            ));
        }
        let hash = header.hash()?;
        let asked = number_of(header.items, "certificate");
        let out = self.out.display();
        let said = format!(
            "{out} asks for {asked}\n  bundle    {}\n  against   {} entries of {}\n  SHA-256   {}\n  words     {}",
            hex(&header.id),
            header.against.size,
            header.against.origin,
            hex(&hash),
            words(&hash)
        );
        let object = json!({
            "bundle": out.to_string(), "id": hex(&header.id), "items": header.items,
            "sha256": hex(&hash), "words": words(&hash), "before": hex(&header.before),
            "registrar": header.registrar.name.as_str(), "made": header.made,
            "origin": header.against.origin, "size": header.against.size,
            "revocations": header.pending.len(), "waiting": waiting,
        });
        context.tell(&said, object)
    }
}

/// Decides all that is wanted, as the CA would; tells what is refused.
fn decide(
    wanted: &[Wanted],
    ledger: Ledger,
    signer: &Signer,
    config: &Config,
    context: &Context,
) -> Result<Failures, Failure> {
    let roles = wanted.iter().map(|wanted| &wanted.item.content().role);
    let name = only_ca(roles, config)?;
    let known = context.known_ca(config, &ledger, &name)?;
    let books = books(config, &ledger, context)?;
    let mut rulebook = books.rulebook(config);
    rulebook.bundle = Some(Bundled {
        registrar: signer.duties.clone(),
        made: config::now(),
    });
    let judge = Judge::new(rulebook, &known.agreed, &ledger)?;
    let interrupted = on_signal().unwrap_or_default();
    let progress = Arc::new(Progress::new(style(context.json(), context.talks(), None)));
    let told = Arc::clone(&progress);
    let batch = Batch {
        judge: &judge,
        ask: None,
        vouched: None,
        witnessed: None,
        serials: SerialPlan::Automatic,
        resume: Resume::No,
        clock: config::now,
        decided: None,
        interrupted: &interrupted,
        report: Arc::new(move |report| told.tell(report)),
    };
    let named = wanted.iter().map(|wanted| wanted.named.clone()).collect();
    let ledger = Arc::new(Mutex::new(ledger));
    let looked = batch.look(&ledger, Subjects::Named(named), HowFar::All);
    looked.end();
    Ok(progress.finish())
}

/// Whoever carries it need not keep it secret: it holds public keys and names.
const MODE: u32 = 0o644;
const REFUSED: &str = "no bundle was made: take out what is refused; without any request, what is pending travels alone";
const ENROL: &str = "where the CA is: punchmark requester add NAME --key FILE --registrar ROLE";

const EXAMPLES: &str = "\
Examples:
  punchmark bundle make --key ole.pub --out monday.bundle requests/*.req
  punchmark bundle make --key ole.pub --out monday.bundle --manifest people.csv";
