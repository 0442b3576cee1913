//! `punchmark ceremony rehearse`: the steps of a plan on tokens that are thrown away.
//!
//! SoftHSM reads `SOFTHSM2_CONF` when it is started, so that this program starts itself once more, in
//! its own place, with that set to a file of the rehearsal's folder. All other tokens of SoftHSM are
//! out of sight from then on.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Args;

use super::plan_file::{self, program, sha256};
use super::rehearsal_folder::plan_in;
use super::run::hold;
use crate::ceremony::{
    Device, Hardware, Instant, Plan, Prop, REHEARSAL_CONFIG, RehearsalError, RootFile, Stage, draw,
    html, token_label,
};
use crate::cli::base::asks_for_pins::AsksForPins;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Exit, Failure};
use crate::cli::base::terminal::say;
use crate::cli::base::throwaway_token::{self, pin_in, random_pin};
use crate::config;
use crate::output;
use crate::signer;

/// Rehearse a plan: the same steps, on SoftHSM tokens that are made for it and thrown away
///
/// All that it makes lies in one folder and says REHEARSAL: the plan that is drawn from yours, the
/// paper, token and key labels, the CA, whose certificates live an hour at most, and the transcript.
/// No token, label or ledger of the plan is touched. A rehearsal that was cut short goes on.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Rehearse {
    /// The plan
    #[arg(value_name = "PLAN")]
    plan: PathBuf,

    /// The folder, which must be empty, not there yet, or that of this rehearsal [default: rehearsal,
    /// beside the plan]
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,

    /// A spare YubiKey by its serial, as the factory left it, which stands for the next one of the plan;
    /// a card of the plan is refused [default: a token stands for each]
    #[arg(long, value_name = "SERIAL")]
    card: Vec<u32>,

    #[command(flatten)]
    asks: AsksForPins,
}

/// Where a rehearsal is held.
struct Hall {
    /// The folder, whole.
    folder: PathBuf,
}

impl Rehearse {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        context.refuse_config("the plan")?;
        let plan = plan_file::read(&self.plan)?;
        if plan.rehearsal_of.is_some() {
            return Err(RehearsalError::OfRehearsal.into());
        }
        let whole = real(&self.plan)?;
        let beside = whole.parent().unwrap_or(Path::new("/"));
        let folder = match &self.folder {
            Some(folder) => real(folder)?,
            None => beside.join("rehearsal"),
        };
        let hall = Hall { folder };
        hall.is_none_of(&plan, beside)?;
        let module = throwaway_token::softhsm().ok_or_else(no_softhsm)?;
        hall.open(&plan)?;
        if std::env::var_os(CONF).as_deref() != Some(hall.conf().as_os_str()) {
            return Err(hall.started_anew());
        }
        hall.furnish(&self.plan, &plan, &module, &self.card)?;
        hall.tell()?;
        let own = plan_in(&hall.folder);
        hold((context, self.asks), &own, &plan_file::read(&own)?, None)
    }
}

impl Hall {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn conf(&self) -> PathBuf {
        self.path("softhsm2.conf")
    }

    /// Refuses the folders of the ceremony itself, and what holds them.
    fn is_none_of(&self, plan: &Plan, beside: &Path) -> Result<(), Failure> {
        let config = real(&beside.join(&plan.config))?;
        let outputs = real(&beside.join(&plan.folder))?;
        let holds = |place: &Path| place.starts_with(&self.folder);
        let ledgers = config.parent().is_some_and(|folder| folder == self.folder);
        if ledgers || holds(&config) || holds(&outputs) || self.folder.starts_with(&outputs) {
            let refused = Failure::new("is a folder of the ceremony itself, or holds one");
            return Err(refused
                .at(self.folder.display().to_string())
                .hint("name another one with --folder"));
        }
        Ok(())
    }

    /// The folder with what SoftHSM reads: made, or found as a rehearsal of this plan left it.
    fn open(&self, plan: &Plan) -> Result<(), Failure> {
        let own = plan_in(&self.folder);
        if own.exists() {
            let of = plan_file::read(&own)?.rehearsal_of;
            return if of == Some(plan.sha256) {
                Ok(())
            } else {
                Err(self.taken("has the rehearsal of another plan"))
            };
        }
        if self.conf().exists() {
            return Ok(());
        }
        private(&self.folder)?;
        let mut entries = self.folder.read_dir().in_file(&self.folder)?;
        if entries.next().is_some() {
            return Err(self.taken("is not empty"));
        }
        let tokens = throwaway_token::conf(&self.path("tokens"));
        Ok(output::create(&self.conf(), tokens.as_bytes(), PRIVATE)?)
    }

    fn taken(&self, words: &str) -> Failure {
        Failure::new(words)
            .at(self.folder.display().to_string())
            .hint("name a new one with --folder")
    }

    /// Never comes back, but for a failure.
    fn started_anew(&self) -> Failure {
        let mut arguments = std::env::args_os();
        let mut again = Command::new(program());
        again.arg0(arguments.next().unwrap_or_default());
        again.args(arguments).env(CONF, self.conf());
        Failure::new(again.exec().to_string()).at("this program could not be started anew")
    }

    /// Tokens, config, paper, and at last the plan: what is there with it is whole.
    fn furnish(&self, of: &Path, plan: &Plan, module: &Path, cards: &[u32]) -> Result<(), Failure> {
        let own = plan_in(&self.folder);
        if own.exists() {
            return Ok(());
        }
        let name = module
            .to_str()
            .ok_or_else(|| Failure::new("the module's path is no text"))?;
        let hash = sha256(module)?;
        let props = self.props(plan, module, spare(cards)?)?;
        let has_token = props.iter().any(|prop| matches!(prop, Prop::Token(_)));
        let stage = Stage {
            window: window(),
            module: has_token.then(|| (name.to_owned(), hash)),
            roots: if cards.is_empty() {
                Vec::new()
            } else {
                roots(of, plan)?
            },
            props,
        };
        private(&self.path("ca"))?;
        output::write(&self.path(REHEARSAL_CONFIG), BEGUN.as_bytes(), PRIVATE)?;
        let drawn = draw(&plan_file::bytes(of)?, &stage)?;
        let paper = html(&Plan::parse(drawn.as_bytes())?);
        output::write(&self.path("paper.html"), paper.as_bytes(), PRIVATE)?;
        Ok(output::create(&own, drawn.as_bytes(), PRIVATE)?)
    }

    /// A card for each YubiKey as long as there are any, else a token; what a run that was killed left
    /// of those is thrown away first.
    fn props(&self, plan: &Plan, module: &Path, cards: Vec<Prop>) -> Result<Vec<Prop>, Failure> {
        let tokens = self.path("tokens");
        if tokens.exists() {
            std::fs::remove_dir_all(&tokens).in_file(&tokens)?;
        }
        private(&tokens)?;
        let pin = random_pin()?;
        output::write(&self.path("pin"), format!("{pin}\n").as_bytes(), PRIVATE)?;
        let mut cards = cards.into_iter();
        let mut stand_in = |device: &Device| {
            let card = match device.hardware {
                Hardware::YubiKey { .. } => cards.next(),
                Hardware::Token(_) => None,
            };
            match card {
                Some(card) => Ok(card),
                None => {
                    throwaway_token::make(module, &token_label(&device.name), &pin).map(Prop::Token)
                }
            }
        };
        let props = plan.devices.iter().map(&mut stand_in).collect();
        match cards.next() {
            None => props,
            Some(_) => Err(Failure::usage("more --card than the plan has YubiKeys")),
        }
    }

    fn tell(&self) -> Result<(), Failure> {
        say("This is a REHEARSAL. Nothing that it makes counts.");
        let paper = self.path("paper.html");
        say(&format!("its paper, to be printed: {}", paper.display()));
        let pin = pin_in(&self.path("pin"))?;
        say(&format!("the PIN of its tokens, which is no secret: {pin}"));
        Ok(())
    }
}

/// The cards of these serials, which are in a reader.
fn spare(serials: &[u32]) -> Result<Vec<Prop>, Failure> {
    if serials.is_empty() {
        return Ok(Vec::new());
    }
    let there = signer::yubikeys()?;
    let card = |serial: &u32| {
        let found = there.iter().find(|card| card.serial == *serial);
        let found = found.ok_or_else(|| Failure::new(format!("YubiKey {serial} is not there")))?;
        Ok(Prop::Card {
            serial: found.serial,
            firmware: found.firmware,
        })
    };
    serials.iter().map(card).collect()
}

/// Where the files of the plan's roots are: whole, since the plan of a rehearsal lies elsewhere.
fn roots(of: &Path, plan: &Plan) -> Result<Vec<String>, Failure> {
    let whole = real(of)?;
    let folder = whole.parent().unwrap_or(Path::new("/"));
    let path =
        |root: &RootFile| real(&folder.join(&root.path)).map(|path| path.display().to_string());
    plan.roots.iter().map(path).collect()
}

/// From this minute on for a day, so that a rehearsal may be interrupted.
fn window() -> (Instant, Instant) {
    let now = config::now();
    (Instant::of(now), Instant::of(now + DAY))
}

/// A path without links, as far as it is there.
fn real(path: &Path) -> Result<PathBuf, Failure> {
    let whole = std::path::absolute(path).in_file(path)?;
    if whole.display().to_string().chars().any(char::is_control) {
        return Err(Failure::usage("a path with characters that nobody sees"));
    }
    let there = whole.ancestors().find(|ancestor| ancestor.exists());
    let there = there.unwrap_or(Path::new("/"));
    let rest = whole.strip_prefix(there).unwrap_or(Path::new(""));
    let real = there.canonicalize().in_file(there)?;
    // No slash behind a path that is there.
    Ok(rest.components().fold(real, |path, part| path.join(part)))
}

fn private(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).in_file(folder)
}

fn no_softhsm() -> Failure {
    Failure::new("SoftHSM is not installed, whose tokens a rehearsal is held on")
        .hint("install the package softhsm2")
}

const CONF: &str = "SOFTHSM2_CONF";
const DAY: u64 = 86_400;
const PRIVATE: u32 = 0o600;
/// What stands in the config before there is a CA: whatever it signs has ended an hour later, and
/// the heads of its ledger are not among those of the machine.
const BEGUN: &str = "\
# THE CONFIG OF A REHEARSAL.
kept-heads-only = [\"heads\"]
ledger-allow = [\"heads below\"]

[role.operator]
lifetime = { maximum = \"1h\" }
";
const EXAMPLES: &str = "\
Examples:
  punchmark ceremony rehearse plan.toml
  punchmark ceremony rehearse plan.toml --folder /tmp/rehearsal-2
  punchmark ceremony rehearse plan.toml --card 12345678";
