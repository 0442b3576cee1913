//! `punchmark bundle accept`: an answer is checked, the mirror goes on by it, and each certificate goes
//! where its request was.
//!
//! First all of it is checked; then the mirror takes the frames, one after the other; then the certificates are
//! filed; last the bundle counts as accepted. A run that is cut off anywhere is done again by the same command.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::batch::CERTIFICATE_MODE;
use crate::bundle::{
    AcceptError, Answer, Answered, Became, Carried, Made, MadeError, check_again, check_answer,
    check_entries, own_file,
};
use crate::certificate::certificate_line;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure, Kind};
use crate::cli::base::list_base;
use crate::cli::base::pending;
use crate::cli::base::terminal::{complain, hint, product_object, say};
use crate::cli::base::words::{chain, number_of, path};
use crate::config::{self, Config, SubjectFile, read_limited};
use crate::file::open;
use crate::ledger::Mirror;
use crate::ledger::checkpoint::Checkpoint;
use crate::output::{self, Staged};
use crate::wire::{RawCertificate, hex};

/// Take the answer to a bundle: the mirror goes on, and certificates go where their requests were
///
/// The head must be signed by a ledger key that the mirror knows, or that took over from one; its entries must
/// go on from the mirror; each certificate must be signed by its CA, stand in these entries, and be what its
/// request asked for. Nothing is taken before all of that holds. Answers are accepted in the order of their
/// bundles; a second time changes nothing. By the answer to a bundle that was made beside another mirror, this one
/// goes on, and nothing is filed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Accept {
    /// The answer
    #[arg(value_name = "FILE")]
    answer: PathBuf,

    /// The bundle that it answers [default: as it was kept when it was made]
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,

    /// The public key of who signed the head, if the mirror can't know it yet
    #[arg(long, value_name = "FILE")]
    signer: Option<PathBuf>,

    /// Check all of it, say what would be taken, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What became of the certificates.
#[derive(Default)]
struct Filed {
    new: u64,
    there: u64,
    refused: u64,
    failed: u64,
    waiting: Vec<(u64, Staged)>,
}

impl Accept {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let mirror = config.ledger_place().open_mirror();
        let mut mirror = mirror.map_err(pending::of_mirror)?;
        let mut made = Made::hold(&config.ledger())?;
        let answer = self.read(&config)?;
        let id = answer.header().id;
        let is_ours = made.of(&id).is_some();
        if !is_ours && self.bundle.is_none() {
            return self.follow(&config, (&mut mirror, &answer), context);
        }
        let before = if is_ours {
            may_be_accepted(&made, &answer)?
        } else {
            Became::Open
        };
        let kept = Made::kept(&config.ledger(), &id);
        let bundle = self.bundle.clone().unwrap_or_else(|| kept.clone());
        if before == Became::Accepted && !bundle.exists() {
            check_again(&answer, &mirror, &self.trusted()?)?;
            let words = format!("bundle {} was accepted before; nothing changed", hex(&id));
            let object = json!({ "bundle": hex(&id), "state": "accepted-before" });
            context.tell(&words, object)?;
            return Ok(Exit::Done);
        }
        let carried = Carried::copy_unread(&bundle, &config)?;
        if carried.header.hash()? != answer.header().sha256 {
            return Err(Failure::new("is not the bundle that was answered").at(path(&bundle)));
        }
        let trusted = self.trusted()?;
        let checked = check_answer(&answer, &mirror, &trusted, carried.items()?);
        let head = checked.map_err(|error| match error {
            AcceptError::Bundle(error) => Failure::from(error).at(path(&bundle)),
            error => error.into(),
        })?;
        if self.dry_run {
            return foretell(&answer, &head, context);
        }
        let new = extend(&mut mirror, &answer, &config)?;
        keep_base(&config, &mirror, &answer, &head)?;
        let filed = file_all(&answer, &carried, context)?;
        if filed.failed > 0 {
            let failed = number_of(filed.failed, "certificate");
            let words = format!("{failed} could not be written");
            return Err(Failure::new(words).hint("mend that; the same command goes on"));
        }
        if is_ours && before != Became::Accepted {
            made.note(&id, Became::Accepted, config::now())?;
        }
        // What stays is in nobody's way: it answers to no open bundle.
        let _gone = std::fs::remove_file(kept);
        tell(&filed, (&head, new), &hex(&id), context)?;
        Ok(if filed.refused > 0 {
            Exit::Refused
        } else {
            Exit::Done
        })
    }

    /// Takes the entries of an answer to a bundle that was made beside another mirror, or beside this one before
    /// it was lost: the mirror goes on, and nothing is filed.
    fn follow(
        &self,
        config: &Config,
        (mirror, answer): (&mut Mirror, &Answer),
        context: &Context,
    ) -> Result<Exit, Failure> {
        let id = answer.header().id;
        let stranger = MadeError::Unknown(id).to_string();
        let checked = check_entries(answer, mirror, &self.trusted()?);
        let head = checked.map_err(|error| Failure::from(error).at(stranger.clone()))?;
        if self.dry_run {
            return foretell(answer, &head, context);
        }
        let new = extend(mirror, answer, config)?;
        keep_base(config, mirror, answer, &head)?;
        let entries = number_of(head.size, "entry");
        let said = match new {
            0 => format!("{stranger}; the mirror has its {entries}, and nothing changed"),
            new => format!(
                "{stranger}: the mirror goes on by {} to {entries}, and no certificate is filed",
                number_of(new, "new entry")
            ),
        };
        let object = json!({ "bundle": hex(&id), "state": "followed", "new-entries": new,
            "entries": head.size });
        context.tell(&said, object)?;
        if context.talks() && answer.header().items > 0 {
            hint("with the bundle beside it, its certificates are filed too: --bundle FILE");
        }
        Ok(Exit::Done)
    }

    fn read(&self, config: &Config) -> Result<Answer, Failure> {
        let file = open(&self.answer).in_file(&self.answer)?;
        let length = file.metadata().in_file(&self.answer)?.len();
        Answer::copy(file, length, own_file(config)?).in_file(&self.answer)
    }

    fn trusted(&self) -> Result<Vec<ssh_key::public::KeyData>, Failure> {
        let signer = self.signer.iter();
        let keys = signer.map(|file| Ok(SubjectFile::read(file).in_file(file)?.key));
        keys.collect()
    }
}

/// Whether it is the turn of this bundle, and what became of it before.
fn may_be_accepted(made: &Made, answer: &Answer) -> Result<Became, Failure> {
    let header = answer.header();
    let all = made.all();
    let place = all.iter().position(|one| one.id == header.id);
    let place = place.ok_or(MadeError::Unknown(header.id))?;
    let (before, after) = all.split_at(place);
    let refuse = |words: String| Failure::of(Kind::Refused, words);
    let (this, later) = after.split_first().ok_or(MadeError::Unknown(header.id))?;
    if this.sha256 != header.sha256 {
        return Err(refuse(
            "it answers another bundle than the one that was made".to_owned(),
        ));
    }
    if this.became == Became::Void {
        return Err(refuse(format!(
            "bundle {} was declared void",
            hex(&this.id)
        )));
    }
    if later.iter().any(|one| one.became == Became::Accepted) {
        return Err(refuse(
            "it is older than an answer that was accepted already".to_owned(),
        ));
    }
    if let Some(open) = before.iter().find(|one| one.became == Became::Open) {
        let id = hex(&open.id);
        return Err(refuse(format!("bundle {id} was made before it, and has no answer yet")).hint(
            "accept that one first; or, if it is lost, declare it void on both sides: punchmark bundle void ID",
        ));
    }
    Ok(this.became)
}

fn foretell(answer: &Answer, head: &Checkpoint, context: &Context) -> Result<Exit, Failure> {
    let (mut issued, mut refused) = (0_u64, 0_u64);
    answer.each_item::<Failure>(&mut |_number, answered| {
        match answered {
            Answered::Certificate(_) => issued += 1,
            Answered::Refused(_) => refused += 1,
        }
        Ok(())
    })?;
    let id = hex(&answer.header().id);
    let words = format!(
        "bundle {id}: the mirror would have {}; it brings {}, and refuses {}",
        number_of(head.size, "entry"),
        number_of(issued, "certificate"),
        number_of(refused, "request"),
    );
    let object = json!({ "bundle": id, "entries": head.size, "certificates": issued,
        "refused": refused });
    context.tell_plan(&words, object)?;
    Ok(Exit::Done)
}

/// Gives how many entries came to the mirror.
fn extend(mirror: &mut Mirror, answer: &Answer, config: &Config) -> Result<u64, Failure> {
    // A list is made of what the mirror had before, or of all that it has then.
    let _no_list_meanwhile = pending::hold_alone(config, mirror.ledger())?;
    let before = mirror.ledger().size();
    for frame in answer.frames()? {
        mirror.extend(frame?)?;
    }
    Ok(mirror.ledger().size().saturating_sub(before))
}

/// Keeps the base of lists, unless the mirror took a later head meanwhile.
fn keep_base(
    config: &Config,
    mirror: &Mirror,
    answer: &Answer,
    head: &Checkpoint,
) -> Result<(), Failure> {
    match answer.base()? {
        Some(base) if mirror.ledger().checkpoint()?.as_ref() == Some(head) => {
            list_base::keep(config, &base)
        }
        _ => Ok(()),
    }
}

/// Files each certificate where its request was, many at a time; what is there as it should be stays.
fn file_all(answer: &Answer, carried: &Carried, context: &Context) -> Result<Filed, Failure> {
    let mut filed = Filed::default();
    let mut items = carried.items()?;
    answer.each_item::<Failure>(&mut |number, answered| {
        let item = items.next().transpose()?;
        let Some(item) = item else { return Ok(()) };
        match answered {
            Answered::Refused(why) => filed.refuse(number, &item.place, &why, context)?,
            Answered::Certificate(blob) => {
                let certificate = RawCertificate::from_blob(&blob);
                let certificate = certificate.map_err(|error| Failure::new(error.to_string()))?;
                let comment = item.content().comment.to_string();
                let line = format!("{}\n", certificate_line(&certificate, &comment));
                filed.put(number, &item.place, &line, context)?;
            }
        }
        Ok(())
    })?;
    filed.release(context)?;
    Ok(filed)
}

impl Filed {
    fn put(
        &mut self,
        number: u64,
        place: &Path,
        line: &str,
        context: &Context,
    ) -> Result<(), Failure> {
        if read_limited(place, LARGEST).is_ok_and(|there| there == line) {
            self.there += 1;
            return Ok(());
        }
        match output::stage(place, line.as_bytes(), CERTIFICATE_MODE) {
            Ok(staged) => self.waiting.push((number, staged)),
            Err(error) => self.fail(number, &error),
        }
        if self.waiting.len() >= AT_ONCE {
            self.release(context)?;
        }
        Ok(())
    }

    fn release(&mut self, context: &Context) -> Result<(), Failure> {
        let (numbers, staged): (Vec<u64>, Vec<Staged>) = self.waiting.drain(..).unzip();
        for (number, written) in numbers.into_iter().zip(output::release(staged)) {
            match written {
                Ok(()) => {
                    self.new += 1;
                    if context.json() {
                        product_object(json!({ "item": number, "state": "filed" }))?;
                    }
                }
                Err(error) => self.fail(number, &error),
            }
        }
        Ok(())
    }

    fn fail(&mut self, number: u64, error: &output::OutputError) {
        self.failed += 1;
        complain(
            &format!("item {number}: {}", chain(error)),
            &[],
            Kind::Failed,
        );
    }

    fn refuse(
        &mut self,
        number: u64,
        place: &Path,
        why: &str,
        context: &Context,
    ) -> Result<(), Failure> {
        self.refused += 1;
        let place = path(place);
        if context.json() {
            return product_object(
                json!({ "item": number, "state": "refused", "place": place, "why": why }),
            );
        }
        if context.talks() {
            say(&format!("item {number}, {place}: {why}"));
        }
        Ok(())
    }
}

fn tell(
    filed: &Filed,
    (head, new): (&Checkpoint, u64),
    id: &str,
    context: &Context,
) -> Result<(), Failure> {
    let entries = number_of(head.size, "entry");
    let nothing_new = if filed.new == 0 && new == 0 {
        "; nothing changed"
    } else {
        ""
    };
    let said = format!(
        "bundle {id} is answered: {} filed, {} there already, {} refused; the mirror has {entries}{}",
        number_of(filed.new, "certificate"),
        filed.there,
        filed.refused,
        nothing_new
    );
    let object = json!({ "bundle": id, "state": "accepted", "filed": filed.new,
        "there-already": filed.there, "refused": filed.refused, "entries": head.size });
    context.tell(&said, object)
}

/// The line of the largest certificate, 64 KiB, with room for its comment.
const LARGEST: u64 = 256 * 1024;
/// So many files are made durable together.
const AT_ONCE: usize = 256;

const EXAMPLES: &str = "\
Examples:
  punchmark bundle accept /media/stick/monday.bundle.answer
  punchmark bundle accept --bundle monday.bundle monday.answer";
