//! The bundles of a ceremony and their answers: each certificate against what was asked for, the roles, and
//! the ledger.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use super::Outputs;
use super::brought::Recorded;
use super::table::Table;
use super::told::is_told;
use crate::bundle::{Answer, AnswerError, Answered, BundleError, Item, Opened, fits};
use crate::ceremony::conduct::{signed_fact, tested_fact, tested_item};
use crate::ceremony::facts::{REFUSALS_TOLD, refusals_told, refused_fact, signed_in_words};
use crate::ceremony::plan::{Plan, PlannedBundle};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::file::format::FrameBytes;
use crate::ledger::note::NoteKey;
use crate::ledger::{KnownBundle, Ledger, MirrorError, State};
use crate::wire::chain;
use ssh_key::public::KeyData;

impl Outputs<'_> {
    /// Each bundle is what was reviewed, and its answer what the ledger says of it.
    pub(super) fn bundles(
        &self,
        plan: &Plan,
        ledger: &Ledger,
        (found, end, foreign): (&Checkpoint, &Checkpoint, &BTreeSet<u64>),
        (transcript, key): (&Transcript, &KeyData),
    ) -> Result<(), VerdictFault> {
        let Some(sign) = plan.signing() else {
            return Ok(());
        };
        let mut recorded = Recorded::of(ledger, (found.size, end.size), foreign)?;
        for planned in &sign.bundles {
            let wrong = |what: String| VerdictFault::Bundle {
                file: planned.file.clone(),
                what,
            };
            let known = taken(ledger, planned)?;
            let known = known.filter(|known| known.position > found.size);
            let known = known.ok_or_else(|| {
                wrong("the ledger doesn't say that it was signed in this ceremony".to_owned())
            })?;
            let opened =
                open_bundle(self.path(&planned.file)?).map_err(|error| wrong(chain(&error)))?;
            is_reviewed(opened.header(), planned).map_err(&wrong)?;
            recorded.require(opened.header(), ledger).map_err(&wrong)?;
            let answer = self.answer(planned)?;
            let head = leads_to(&answer, ledger, (planned, key)).map_err(&wrong)?;
            let table = self.table(planned)?;
            let mut table = Table::of(&table);
            let of = (&known, &mut table);
            let signed = answers(&answer, ledger, of, opened.items()).map_err(&wrong)?;
            table.showed_no_more().map_err(&wrong)?;
            let refused = planned.items.saturating_sub(signed);
            let signed_words = signed_in_words(signed, refused);
            is_told(transcript, &signed_fact(planned), &signed_words)?;
            refusals_are_told(transcript, planned, &known)?;
            self.first_is_as_tested(transcript, (planned, signed), &answer)?;
            has_frames(&answer, ledger, &head).map_err(&wrong)?;
        }
        recorded.require_no_more()
    }

    /// The certificate of the tested item says what its test certificate says; none was tested only where none
    /// was signed.
    fn first_is_as_tested(
        &self,
        transcript: &Transcript,
        (planned, signed): (&PlannedBundle, u64),
        answer: &Answer,
    ) -> Result<(), VerdictFault> {
        let tested = transcript.fact(&tested_fact(planned)).and_then(tested_item);
        if signed == 0 {
            return Ok(());
        }
        let tested = tested.unwrap_or_default();
        let wrong = |what: String| VerdictFault::Bundle {
            file: planned.file.clone(),
            what,
        };
        let mut first = None;
        let read = answer.each_item::<AnswerError>(&mut |number, answered| {
            if let (true, Answered::Certificate(blob)) = (number == tested, answered) {
                first = Some(blob);
            }
            Ok(())
        });
        read.map_err(|error| wrong(chain(&error)))?;
        let first = first.ok_or_else(|| {
            wrong("the item that was tested, by the transcript, got no certificate".to_owned())
        })?;
        self.is_as_tested(transcript, &planned.test_certificate(), &first)
    }

    fn answer(&self, planned: &PlannedBundle) -> Result<Answer, VerdictFault> {
        let name = planned.answer();
        let path = self.path(&name)?;
        let unread = |source| super::unread(path, source);
        let file = crate::file::open(path).map_err(unread)?;
        let length = file.metadata().map_err(unread)?.len();
        let own = tempfile::tempfile().map_err(unread)?;
        Answer::copy(file, length, own).map_err(|error| VerdictFault::Bundle {
            file: name,
            what: chain(&error),
        })
    }
}

/// The transcript tells why each item was refused, in the words of the ledger; of very many, of the first.
fn refusals_are_told(
    transcript: &Transcript,
    planned: &PlannedBundle,
    known: &KnownBundle,
) -> Result<(), VerdictFault> {
    let closed = known.closed.as_ref();
    let refused = closed.map(|end| end.refused.as_slice()).unwrap_or_default();
    let told = refusals_told(transcript, planned);
    let wrong = |what: String| VerdictFault::Bundle {
        file: planned.file.clone(),
        what,
    };
    for item in told.keys() {
        let found = refused.binary_search_by_key(item, |(refused, _)| *refused);
        let (_, why) = found.ok().and_then(|at| refused.get(at)).ok_or_else(|| {
            wrong(format!(
                "item {item} is not refused, as the transcript has it"
            ))
        })?;
        is_told(transcript, &refused_fact(planned, *item), why)?;
    }
    if told.len() < refused.len().min(REFUSALS_TOLD) {
        return Err(wrong(
            "the transcript does not tell of each refusal".to_owned(),
        ));
    }
    Ok(())
}

/// The bundle in the ledger, signed to its end.
fn taken(ledger: &Ledger, planned: &PlannedBundle) -> Result<Option<KnownBundle>, VerdictFault> {
    let mut all = ledger.bundles()?.into_iter();
    Ok(all.find(|one| {
        one.taken.id == planned.id
            && one.taken.sha256 == planned.header
            && one.closed.as_ref().is_some_and(|end| end.is_signed != 0)
    }))
}

fn open_bundle(path: &Path) -> Result<Opened<BufReader<File>>, BundleError> {
    let file = crate::file::open(path)?;
    let length = file.metadata()?.len();
    Opened::read(BufReader::new(file), length)
}

fn is_reviewed(header: &crate::bundle::Header, planned: &PlannedBundle) -> Result<(), String> {
    let hash = header.hash().map_err(|error| chain(&error))?;
    let is_it = hash == planned.header && header.id == planned.id && header.items == planned.items;
    if is_it {
        return Ok(());
    }
    Err("it is not the bundle of the plan".to_owned())
}

/// The head of an answer is one of this ledger, signed by the ledger key of the ceremony.
fn leads_to(
    answer: &Answer,
    ledger: &Ledger,
    (planned, key): (&PlannedBundle, &KeyData),
) -> Result<Checkpoint, String> {
    let header = answer.header();
    if header.id != planned.id || header.sha256 != planned.header {
        return Err("its answer answers another bundle".to_owned());
    }
    let told = |error: &dyn std::error::Error| format!("the head of its answer: {}", chain(error));
    let own = ledger.checkpoint().map_err(|error| told(&error))?;
    let origin = own.map(|head| head.origin).unwrap_or_default();
    let key = NoteKey::new(&origin, key).map_err(|error| told(&error))?;
    let text = key.open(&header.head).map_err(|error| told(&error))?;
    let head = Checkpoint::parse(text).map_err(|error| told(&error))?;
    ledger.extends(&head).map_err(|error| told(&error))?;
    Ok(head)
}

/// Each item got the certificate or the refusal of the ledger, and the certificate is what it asked for.
fn answers(
    answer: &Answer,
    ledger: &Ledger,
    (known, table): (&KnownBundle, &mut Table<'_>),
    mut items: impl Iterator<Item = Result<Item, BundleError>>,
) -> Result<u64, String> {
    let mut certificates = 0;
    let refused = known.closed.as_ref().map(|end| end.refused.as_slice());
    let refused = refused.unwrap_or_default();
    let mut fault = None;
    let read = answer.each_item::<AnswerError>(&mut |number, answered| {
        let item = items.next().transpose()?;
        let right = match (item, answered) {
            (None, _) => Err("has more items than the bundle"),
            (Some(item), Answered::Refused(why)) => {
                let found = refused.binary_search_by_key(&number, |(refused, _)| *refused);
                match found.ok().and_then(|at| refused.get(at)) {
                    Some((_, known)) if *known == why => table.showed_refused((number, &item)),
                    _ => Err("its refusal is not the one of the ledger"),
                }
            }
            (Some(item), Answered::Certificate(blob)) => {
                certificates += 1;
                let granted = granted(&item, &blob, ledger, known.position);
                granted.and_then(|()| table.showed((number, &item), &blob))
            }
        };
        if let (Err(what), None) = (right, &fault) {
            fault = Some(format!("item {number} of its answer: {what}"));
        }
        Ok(())
    });
    read.map_err(|error| chain(&error))?;
    match (fault, items.next()) {
        (Some(fault), _) => Err(fault),
        (None, Some(_)) => Err("its answer has fewer items than it".to_owned()),
        (None, None) => Ok(certificates),
    }
}

fn granted(item: &Item, blob: &[u8], ledger: &Ledger, behind: u64) -> Result<(), &'static str> {
    let record = ledger.issued_for(&item.content().id, behind);
    let record = record.map_err(|_unread| "the ledger can't be read")?;
    let record = record.ok_or("its certificate is not in the ledger")?;
    if !matches!(&record.state, State::Issued(there) if there == blob) {
        return Err("its certificate is not the one of the ledger");
    }
    let unread = "the ledger can't be read";
    let cas = ledger.cas().map_err(|_unread| unread)?;
    let ca = cas.iter().find(|ca| ca.position() == record.reserved.ca);
    let ca = ca.ok_or("its certificate is of no CA of the ledger")?;
    let set = ledger.suffixes(ca).map_err(|_unread| unread)?;
    let suffixes = set.into_iter().flat_map(|set| set.suffixes);
    let suffixes: Vec<_> = suffixes.map(|one| one.suffix).collect();
    fits(item, (&record.reserved, record.time), &suffixes, blob)
}

/// The frames of an answer are those of the ledger, up to its head.
fn has_frames(answer: &Answer, ledger: &Ledger, head: &Checkpoint) -> Result<(), String> {
    let mut carried = answer.frames().map_err(|error| chain(&error))?.peekable();
    let Some(first) = carried.peek() else {
        return Err("its answer has no frames".to_owned());
    };
    let first = match first {
        Ok(frame) => frame.first,
        Err(error) => return Err(chain(error)),
    };
    let mut is_same = true;
    let read = ledger.each_frame_behind::<MirrorError>(
        (first.saturating_sub(1), head.size),
        &mut |bytes| {
            let own: Option<FrameBytes> = crate::ledger::file::format::decode(&bytes).ok();
            let there = carried.next().and_then(Result::ok);
            is_same &= own.is_some() && own == there;
            Ok(())
        },
    );
    read.map_err(|error| chain(&error))?;
    if is_same && carried.next().is_none() {
        return Ok(());
    }
    Err("the frames of its answer are not those of the ledger".to_owned())
}
