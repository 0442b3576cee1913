//! `punchmark ceremony run`: the ceremony itself, step by step at the terminal.

use std::path::{Path, PathBuf};

use clap::Args;

use super::plan_file::{self, program};
use super::rehearsal_folder::read_if_given;
use super::room::Terminal;
use super::roots::roots_of;
use crate::ca::{EstablishError, RolloverError};
use crate::ceremony::{
    ConductError, Held, KeyFault, MediumError, Plan, Rehearsed, Setting, conduct,
};
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Advised, Exit, Failure};
use crate::cli::base::terminal::{product, say};
use crate::config::{self, Place};
use crate::signer::{GenerateError, PlaceError};
use crate::wire::{hex, number_of};

/// Hold the ceremony of a plan: who does what now, what to type, what to compare
///
/// Whatever happens goes into the transcript, in the folder that the plan names, before anything
/// follows from it. A run that was cut short goes on where it stopped, and makes no key twice. Type !
/// in the place of an answer to write down what is otherwise than the plan says.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Run {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// The folder of the rehearsal, where the plan requires one
    #[arg(long, value_name = "DIR")]
    rehearsal: Option<PathBuf>,

    #[command(flatten)]
    asks: AsksForPins,
}

impl Run {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        context.refuse_config("the plan")?;
        let plan = plan_file::read(&self.plan)?;
        if plan.rehearsal_of.is_some() {
            return Err(Failure::new("this is the plan of a rehearsal")
                .hint("give the plan that it was drawn from: `punchmark ceremony rehearse PLAN`"));
        }
        let rehearsal = read_if_given(self.rehearsal.as_ref(), &self.plan)?;
        hold((context, self.asks), &self.plan, &plan, rehearsal)
    }
}

/// Holds the ceremony of the plan at a path, or goes on with it.
pub(super) fn hold(
    (context, asks): (&Context, AsksForPins),
    path: &Path,
    plan: &Plan,
    rehearsal: Option<Rehearsed>,
) -> Result<Exit, Failure> {
    let mut room = Terminal::open()?.ok_or_else(|| Failure::usage(NO_TERMINAL))?;
    let folder = folder(path);
    let place = Place::find(Some(&folder.join(&plan.config)))?;
    context.check_clock(&place)?;
    let setting = Setting {
        plan,
        folder: &folder,
        program: &program(),
        version: format!("punchmark {}", env!("CARGO_PKG_VERSION")),
        keyboard: config::keyboard(),
        rehearsal: rehearsal.map(|held| held.transcript),
        roots: roots_of(plan, &folder, &place)?,
    };
    let held = conduct(&setting, &mut room, &mut context.pins(asks))?;
    tell(&held, plan)?;
    lacks_nothing(&held)
}

/// What the ceremony made is all there, as the transcript has it.
fn lacks_nothing(held: &Held) -> Result<Exit, Failure> {
    if held.lacks.is_empty() {
        return Ok(Exit::Done);
    }
    held.lacks.iter().for_each(|lack| say(lack));
    let folder = held.folder.display();
    let what = number_of(held.lacks.len(), "file");
    Err(Failure::new(format!("{what} in {folder} not as the ceremony made it"))
        .hint("put back what lies in the archive or on the medium that was carried out; nothing else makes it again"))
}

/// The plan's folder, whole: the config names files from its own.
fn folder(plan: &Path) -> PathBuf {
    let whole = std::path::absolute(plan).unwrap_or_else(|_none| plan.to_owned());
    whole.parent().unwrap_or(Path::new("/")).to_owned()
}

/// What is copied onto the paper by hand.
fn tell(held: &Held, plan: &Plan) -> Result<(), Failure> {
    let what = if plan.rehearsal_of.is_some() {
        "REHEARSAL"
    } else {
        "ceremony"
    };
    say("");
    say(&format!(
        "The {what} was held. Copy these words onto the paper by hand:"
    ));
    product(&format!("transcript  {}", hex(&held.transcript)))?;
    product(&format!("words       {}", held.words()))?;
    product(&format!("head        {}", hex(&held.head)))?;
    product(&format!("words       {}", held.head_words()))?;
    say(&format!("what was made lies in {}", held.folder.display()));
    say(
        "next: all seal what the paper says; another machine checks it by `punchmark ceremony verify`, and `punchmark ceremony report` makes the page for the archive",
    );
    plan.people
        .all
        .iter()
        .filter_map(|person| person.signs())
        .for_each(|words| say(&words));
    Ok(())
}

impl Advised for ConductError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Config(error) => return error.hint(),
            Self::Edit(error) => return error.hint(),
            Self::Opening(error) => return error.hint(),
            Self::Generate(GenerateError::Place(
                PlaceError::LabelTaken { .. } | PlaceError::SlotTaken { .. },
            ))
            | Self::Establish(EstablishError::Generate(GenerateError::Place(
                PlaceError::LabelTaken { .. } | PlaceError::SlotTaken { .. },
            ))) => PLACE_TAKEN,
            Self::Generate(error) => return error.hint(),
            Self::Establish(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::OpenLedger(error) => return error.hint(),
            Self::LedgerKey(error) => return error.hint(),
            Self::KnownCa(error) => return error.hint(),
            Self::Setup(error) => return error.hint(),
            Self::Pin(error) => return error.hint(),
            Self::Cards(error) => return error.hint(),
            Self::Custody(error) => return error.hint(),
            Self::KeyPlace(error) => return error.hint(),
            Self::Window { .. } => {
                "set the clock, or have all review a plan with another window; nothing was begun"
            }
            Self::OtherPlan(_) => {
                "a plan is never changed once its ceremony began; give a new one a `folder` of its own"
            }
            Self::Bundle(error) => return error.hint(),
            Self::OpenCa(error) => return error.hint(),
            Self::EndedEarly(error) => {
                let own = error.hint().map(|own| format!("{own}; "));
                return Some(own.unwrap_or_default() + GO_ON);
            }
            Self::TestCertificate(_) | Self::OpenSsh(_) => {
                "stop here and keep everything: sign nothing more with this program until it is known why"
            }
            Self::Emergency(error) => return error.hint(),
            Self::OtherEmergency(_) => {
                "have all review a plan with what the role makes, or write a role that makes what was planned"
            }
            Self::NoRole(_) => {
                "write it into the config before, under [role.NAME]; `punchmark role lint` looks at it"
            }
            Self::Rollover(RolloverError::Blocked { .. }) => SERVERS_FIRST,
            Self::NotSigned(_) => GO_ON,
            Self::Medium(MediumError::Missing(_)) => {
                "look whether it is the right medium, by its label, and where it is mounted; then run this again"
            }
            Self::Medium(_) => {
                "take nothing off it: find out where it was, and have all review a plan for what is there"
            }
            Self::MediumChanged => "keep it: somebody or something wrote on it in this room",
            Self::OtherBundle(_) | Self::BundleOfOtherCa { .. } => {
                "have all review a plan with what `punchmark bundle show` says of it"
            }
            Self::NoConfig => {
                "name its config in the plan: what this ceremony is about was made before"
            }
            Self::OtherLedger(_) => {
                "stop here: this is another ledger, or an older copy; if it is the right one, have all review a plan with its head"
            }
            Self::KeyFault(fault) => return fault.hint(),
            Self::WrapsNot { .. } => {
                "have all review a plan with copies that fit: `copies = \"none\"` with a second CA `beside` it, or \
                 `copies = \"in-memory\"`; or with another token or type of key"
            }
            Self::NoSpare(_) => {
                "take a token that holds nothing, and have all review a plan that names it as `onto`"
            }
            Self::NotWrapped(_) => {
                "`punchmark ca show CA --json` lists wrapped keys, as `blob:…`; have all review a plan with that `sha256`"
            }
            Self::OtherWrapped(_) | Self::Wrapped { .. } => {
                "look whether it is the right medium, by its label and its bag"
            }
            Self::FewComponents(_) => {
                "get the custodians together who have the others, and run this again: nothing was opened"
            }
            Self::OnMedium(_) => {
                "take a new medium: what is on this one may be all there is of another key"
            }
            Self::OtherWrappingKey => {
                "the sheets are of another ceremony: look at the numbers of their envelopes, and run this again"
            }
            Self::OtherCopies(_) => {
                "`punchmark ca show CA --json` lists them; have all review a plan that has an end for each"
            }
            Self::LocksOut { .. } => {
                "wait until they are over; or have all review a plan with `lock-out = true`"
            }
            Self::EndCopy(error) => return error.hint(),
            Self::Rollover(error) => return error.hint(),
            Self::UnknownLedgerKey(_) => "where its device is, run once: punchmark ledger key add",
            Self::Last => {
                "take the words of the last ceremony from its paper, and have all review the plan"
            }
            Self::OtherLedgerKey => {
                "a plan of this kind makes the first key of a ledger: have all review one with a `config` that has none"
            }
            Self::OtherCa(_) => {
                "have all review a plan with another name for the CA, or with another `config`"
            }
            Self::OtherFile { .. } => {
                "stop here: find out why, and have all review a plan for what is there"
            }
            Self::NotAsShown { .. } => {
                "find out who changed config or roles; with those that were shown, run this again: it goes on here"
            }
            Self::NoDevice { .. } => "plug it in, and run this again: it goes on here",
            Self::ExtraDevice { .. } => {
                "take it out of the machine, and run this again: it goes on here"
            }
            Self::NotRehearsed => {
                "rehearse this very plan: `punchmark ceremony rehearse PLAN`; then give its folder with --rehearsal"
            }
            Self::OtherRehearsal => {
                "run this again, with the folder of the rehearsal whose paper you have; it goes on here"
            }
            Self::OtherFirmware { .. } => {
                "if the card is the one that is meant, have all review a plan with its firmware"
            }
            Self::OtherSecret => {
                "take the sheets of this ceremony, and run this again: no device was tried"
            }
            Self::NotSetUp(_) => {
                "set it up with `punchmark setup-card` before; or have a plan reviewed with pins = \"random\""
            }
            Self::NotOfFactory(_) => {
                "take a new card, or reset this one's PIV applet, which takes its keys away, too"
            }
            Self::OldSecret { .. } => {
                "nothing new was shown: look at the paper that the token came with, and run this again; it locks behind a \
                 few wrong tries"
            }
            Self::Ask(_) => "run this again: it goes on here",
            Self::ClockSet(_) => "run this again: it goes on, and the clocks are read anew",
            Self::FolderOfCa(_) => "have all review a plan with a `folder` of its own",
            Self::WrittenTwice(_) => "have all review a plan in which no two outputs have one name",
            Self::Clocks(_) => {
                "set the clock that is wrong, and run this again: the clocks are read anew"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

impl Advised for KeyFault {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::OtherThanLedger { .. } | Self::OtherInDevice { .. } => {
                "stop here: find out whose key this is before anything is signed"
            }
            Self::NotInDevice { .. } => {
                "compare `keys` of the CA in the config with the devices of the plan"
            }
            Self::Evidence(_) | Self::NoEvidence(_) | Self::OtherThanPlanned(_) => {
                "stop here: this may be no card of the maker, or another one than was reviewed"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}

const SERVERS_FIRST: &str = "give these servers the file with both keys, put their reports into the folder, and run this \
    again; what can't be waited for, the witness goes on without by the words that the question names";
const PLACE_TAKEN: &str = "no key was made: find out whose key that is; if nobody needs it, write a deviation, take it away \
    with the device's own tool, and run this again; else have all review a plan with another device or place";
const GO_ON: &str = "run this again: it goes on with the rest, and signs nothing twice";
const NO_TERMINAL: &str = "a ceremony is held by people at a terminal, and there is none";
const EXAMPLES: &str = "\
Examples:
  punchmark ceremony run plan.toml
  punchmark ceremony run plan.toml --rehearsal rehearsal";
