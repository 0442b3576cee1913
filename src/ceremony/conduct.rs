//! Holds a ceremony: asks, acts and writes down, step by step.
//!
//! Nothing is done twice. A step that the transcript calls done is passed over; a key is made in a
//! place that was written down and synced before, so that a run that was killed finds its own key; and
//! what a run left behind without a line for it is looked at before it is made.

mod acts;
mod again;
mod attested;
mod begin;
mod bring;
mod brought;
mod components;
mod compromise;
mod counters;
mod custody;
mod deviations;
mod devices;
mod drill;
mod error;
mod finish;
mod head;
mod in_memory;
mod issue;
mod key_fault;
mod keys;
mod lacks;
mod ledger;
mod opened;
mod outputs;
mod places;
mod restore;
mod retire;
mod rollover;
mod secrets;
mod shares;
mod sheets;
mod shown;
mod sign;
mod tested;
mod token_pins;
mod window;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::plan::Plan;
use super::record::Record;
use super::room::{Guard, Room};
use super::steps::{Act, Ask, Step, Wanted, is_same, missing, steps};
use super::transcript::{Event, Transcript};
use crate::attestation::Roots;
use crate::config::{Config, Place};
use crate::secret::AskPin;
use crate::secret::share::Share;

pub(super) use attested::{LEDGER_KEY_NAME, attestation_of};
pub(super) use custody::check_of;
pub use error::ConductError;
pub use finish::{CEREMONY_NAMESPACE, HEAD_FILE, Held, LEDGER_FILE, SIGNATURE_FILE};
pub(super) use in_memory::in_memory_fact;
pub use key_fault::KeyFault;
pub(super) use keys::copy_fact;
pub(super) use outputs::SIGNATURE_OF_LIST;
use secrets::OnPaper;
pub(super) use secrets::SECRETS_ARE_SET;
use shares::Shared;
pub(super) use shares::{SECRET_CHECK, SHARES, in_words};
pub(super) use sign::{MEDIUM_AFTER, MEDIUM_BEFORE, decided_fact, signed_fact};
pub(super) use tested::{
    AS_TESTED, NOTHING, compared_fact, read_back_fact, tested_fact, tested_item,
};
pub(super) use token_pins::self_name;

/// What a ceremony is held with.
pub struct Setting<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its folder, from which its paths are meant.
    pub folder: &'a Path,
    /// The program that runs.
    pub program: &'a Path,
    /// Its name and version.
    pub version: String,
    /// Who is at the keyboard, by the system's word.
    pub keyboard: String,
    /// The value of the transcript of its rehearsal, where one was held.
    pub rehearsal: Option<[u8; 32]>,
    /// Whose word is taken for where a key was born.
    pub roots: Roots,
}

/// A ceremony under way.
struct Conduct<'a> {
    setting: &'a Setting<'a>,
    plan: &'a Plan,
    place: Place,
    folder: PathBuf,
    record: Record,
    room: &'a mut dyn Room,
    pins: Guard<'a>,
    on_paper: OnPaper,
    shared: Option<Shared>,
    /// The key that CA keys are wrapped by, while the run knows it.
    wrapping: Option<Shared>,
    /// Shares that were typed off their sheets, until they are put together.
    typed_again: Vec<Share>,
    /// What the clock that nobody sets showed when the machine's clock showed this.
    clocks_began: (Duration, u64),
}

/// Holds the ceremony of a plan, or goes on with it where a run was cut short.
///
/// # Errors
/// [`ConductError`]; whatever was done by then is in the transcript, and the next run goes on there.
pub fn conduct(
    setting: &Setting<'_>,
    room: &mut dyn Room,
    pins: &mut dyn AskPin,
) -> Result<Held, ConductError> {
    let plan = setting.plan;
    let place = Place::find(Some(&setting.folder.join(&plan.config)))?;
    let folder = setting.folder.join(&plan.folder);
    is_no_folder_of_the_ca(&folder, &place)?;
    let clocks_began = (room.unset_clock(), room.now());
    let mut conduct = Conduct {
        setting,
        plan,
        place,
        record: Record::open(&folder)?,
        folder,
        room,
        pins: Guard::new(pins),
        on_paper: OnPaper::default(),
        shared: None,
        wrapping: None,
        typed_again: Vec::new(),
        clocks_began,
    };
    conduct.begin()?;
    conduct.looks_again()?;
    for step in steps(plan) {
        if !conduct.transcript().is_done(&step.name) && !conduct.transcript().has_ended() {
            conduct.step_to_its_end(&step)?;
        }
    }
    conduct.finish()
}

impl Conduct<'_> {
    fn transcript(&self) -> &Transcript {
        self.record.transcript()
    }

    /// Writes a line, in the window of the plan or behind one that says why not.
    fn write(&mut self, event: Event) -> Result<(), ConductError> {
        self.clock_was_not_set()?;
        self.in_window_or_late()?;
        let now = self.room.now();
        Ok(self.record.write(now, event)?)
    }

    /// The config of the CA, where it is there by now.
    fn config(&self) -> Result<Option<Config>, ConductError> {
        Ok(self.place.read_if_there()?)
    }

    /// Goes through a step, and through it anew where people ask for that.
    fn step_to_its_end(&mut self, step: &Step) -> Result<(), ConductError> {
        loop {
            match self.step(step) {
                Err(ConductError::Anew(why)) => self.anew(&why)?,
                ended => return ended,
            }
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), ConductError> {
        self.room.show("");
        self.room
            .show(&format!("== {} ({}) ==", step.name, step.actor));
        self.room.show(&step.say);
        self.show_again(step)?;
        for ask in &step.asks {
            if ask
                .wanted
                .is_asked(&missing(&steps(self.plan), self.transcript()))
            {
                if ask.wanted == Wanted::ComponentAgain(0) {
                    self.wrapped_keys_are_there()?;
                }
                self.ask(step, ask)?;
            }
        }
        if step.needs_open_devices() {
            self.looks_again()?;
            self.open_by_shares()?;
        }
        match step.act {
            Act::Nothing | Act::End => {}
            Act::Clocks => self.clocks(step)?,
            Act::Rehearsal => self.rehearsal(step)?,
            Act::Machine => self.machine(step)?,
            Act::Devices => self.devices(step)?,
            Act::Ledger => self.ledger_before(step)?,
            Act::CanWrap => self.can_wrap(step)?,
            Act::Shares => self.all_sets(step)?,
            Act::Components => self.all_components(step)?,
            Act::OpenComponents => self.open_components(step)?,
            Act::Bring(number) => self.bring(step, number)?,
            Act::OpenAgain => self.open_again(step)?,
            Act::Pins(number) => self.give_secrets(step, number)?,
            Act::Key(number) => self.key(step, number)?,
            Act::LedgerKey => self.ledger_key(step)?,
            Act::Custody => self.record_custody(step)?,
            Act::MediumIn => self.medium_in(step)?,
            Act::ShowBundle(number) => self.show_bundle(step, number)?,
            Act::TestCertificate(number) => self.test_certificate(step, number)?,
            Act::SignBundle(number) => self.sign_bundle(step, number)?,
            Act::MediumOut => self.medium_out(step)?,
            Act::List => self.list(step)?,
            Act::Lines => self.lines(step)?,
            Act::Copies => self.copies(step)?,
            Act::Retire(number) => self.retire_ca(step, number)?,
            Act::EndCopy(number) => self.end_copy(step, number)?,
            Act::StageMade => self.stage_made(step)?,
            Act::Lost => self.lost(step)?,
            Act::TestKey(number) => self.test_key(step, number)?,
            Act::TakePlace(number) => self.take_place(step, number)?,
            Act::TryCopy(number) => self.try_copy(step, number)?,
            Act::FirstDrill => self.first_drill(step)?,
            Act::TestEmergency(number) => self.test_emergency(step, number)?,
            Act::Emergency(number) => self.emergency(step, number)?,
            Act::StageTrusted => self.stage_trusted(step)?,
            Act::ShutOut => self.shut_out(step)?,
            Act::Places => self.places_of_old(step)?,
            Act::Counters => self.counters(step)?,
        }
        self.write(Event::Done {
            step: step.name.clone(),
        })?;
        // The words of the end are shown when all of it is signed.
        if step.act != Act::End {
            let words = if self.is_all_there(step) {
                format!("done: {}", step.expect)
            } else {
                "noted, with what is MISSING".to_owned()
            };
            self.room.show(&words);
        }
        Ok(())
    }

    /// Asks until the answer is the wanted one.
    fn ask(&mut self, step: &Step, ask: &Ask) -> Result<(), ConductError> {
        match ask.wanted {
            Wanted::Secret { device, kind } => {
                return self.typed_back(step, ask, device, kind);
            }
            Wanted::Before { device, kind } => return self.come_with(step, ask, (device, kind)),
            Wanted::Share(number) => return self.share(step, ask, number),
            Wanted::ShareAgain(number) | Wanted::ComponentAgain(number) => {
                return self.share_again(step, ask, number);
            }
            Wanted::Component(number) => return self.component(step, ask, number),
            _ => {}
        }
        let mut is_told = false;
        loop {
            let question = format!("{}: {}\n> ", ask.who, ask.question);
            let answer = self.room.ask(&question).map_err(ConductError::Ask)?;
            if answer == DEVIATION {
                is_told |= self.deviation(step, &ask.who)?;
                continue;
            }
            if is_told && self.is_other_number(step, ask, &answer)? {
                return self.answered(step, ask, answer);
            }
            // What the plan itself says is no secret, though a PIN be part of it.
            let is_of_plan = matches!(
                ask.wanted,
                Wanted::Text(_)
                    | Wanted::Number(_)
                    | Wanted::AnyOf(_)
                    | Wanted::OrMissing(_)
                    | Wanted::Paper(_)
            );
            if ask.wanted.takes(&answer) && (is_of_plan || !self.pins.is_in(&answer)) {
                self.note_missing(step, ask, &answer)?;
                return self.answered(step, ask, answer);
            }
            // Its text is not kept: it could be a PIN that was typed in the wrong place.
            self.write(Event::OtherAnswer {
                step: step.name.clone(),
                ask: ask.name.clone(),
                by: ask.who.clone(),
            })?;
            self.room.show(&match &ask.wanted {
                Wanted::Paper(words) if is_more(&answer, words) => format!(
                    "That is more than the first {} words. Again, those alone.",
                    words.split(' ').count()
                ),
                Wanted::Paper(words) => format!(
                    "Word {} is another one than that of the plan. Again, the words alone; or type ! to write down what \
                     is otherwise.",
                    other_word(&answer, words)
                ),
                _ => OTHERWISE.to_owned(),
            });
        }
    }

    fn answered(&mut self, step: &Step, ask: &Ask, answer: String) -> Result<(), ConductError> {
        self.write(Event::Answer {
            step: step.name.clone(),
            ask: ask.name.clone(),
            by: ask.who.clone(),
            answer,
        })
    }

    fn fact(&mut self, step: &Step, name: &str, value: &str) -> Result<(), ConductError> {
        self.room.show(&format!("   {name}: {value}"));
        self.write_fact(step, name, value)
    }

    /// A fact that was shown otherwise.
    fn write_fact(&mut self, step: &Step, name: &str, value: &str) -> Result<(), ConductError> {
        self.write(Event::Fact {
            step: step.name.clone(),
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// Whether somebody went on reading behind what is wanted.
fn is_more(answer: &str, words: &str) -> bool {
    answer.split_whitespace().count() > words.split(' ').count()
}

/// The first word that is not the wanted one, from 1; where it says nothing, that word is on the paper.
fn other_word(answer: &str, words: &str) -> usize {
    let typed = answer.split_whitespace();
    let same = typed
        .zip(words.split(' '))
        .take_while(|(typed, word)| is_same(typed, word));
    same.count() + 1
}

const OTHERWISE: &str =
    "That is not what was wanted. Again; or type ! to write down what is otherwise.";

/// What a ceremony makes is for others to read, and a copy of the ledger would take the place of the ledger.
fn is_no_folder_of_the_ca(folder: &Path, place: &Place) -> Result<(), ConductError> {
    let of_config = place.path().parent().unwrap_or(Path::new("/"));
    let (own, its) = (folder.canonicalize(), of_config.canonicalize());
    let is_same = folder == of_config || own.is_ok_and(|own| its.is_ok_and(|its| own == its));
    if is_same {
        return Err(ConductError::FolderOfCa(folder.to_owned()));
    }
    Ok(())
}

/// The name of the step that looks at the devices.
const DEVICES_STEP: &str = "devices";
/// What is typed in the place of an answer to write down what is otherwise.
const DEVIATION: &str = "!";
/// Keys are made by the tokens, of their own randomness; ours is for ids and salts.
pub(super) const RANDOM: &str = "keys: the token's own; ids and salts: getrandom(2)";
