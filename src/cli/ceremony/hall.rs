//! Where a rehearsal is held: its folder, with tokens, config, plan and paper.

mod found;

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::plan_file::{self, program, sha256};
use super::rehearsal_folder::plan_in;
use crate::ceremony::{
    Asked, Device, Found, Hardware, Instant, Plan, Prop, REHEARSAL_CONFIG, REHEARSAL_MEDIUM,
    RootFile, Stage, draw, html, token_label,
};
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::terminal::say;
use crate::cli::base::throwaway_token::{self, pin_in, random_pin};
use crate::config;
use crate::output;
use crate::secret::AskPin;
use crate::signer;
use crate::wire::hex;

/// Where a rehearsal is held.
pub(super) struct Hall {
    /// The folder, whole.
    pub(super) folder: PathBuf,
}

impl Hall {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn conf(&self) -> PathBuf {
        self.path("softhsm2.conf")
    }

    /// Refuses the folders of the ceremony itself, and what holds them.
    pub(super) fn is_none_of(&self, plan: &Plan, beside: &Path) -> Result<(), Failure> {
        let config = real(&beside.join(&plan.config))?;
        let outputs = real(&beside.join(&plan.folder))?;
        let holds = |place: &Path| place.starts_with(&self.folder);
        let ledgers = config.parent().is_some_and(|folder| folder == self.folder);
        // Below the folder of the ledger too, unless the plan lies below it itself.
        let plans = real(beside)?;
        let of_config = config.parent().filter(|folder| !plans.starts_with(folder));
        let is_below = of_config.is_some_and(|folder| self.folder.starts_with(folder))
            || self.folder.starts_with(&outputs);
        if ledgers || is_below || holds(&config) || holds(&outputs) {
            let refused = Failure::new("is a folder of the ceremony itself, or holds one");
            return Err(refused
                .at(self.folder.display().to_string())
                .hint("name another one with --folder"));
        }
        Ok(())
    }

    /// The folder with what SoftHSM reads: made, or found as a rehearsal of this plan left it.
    pub(super) fn open(&self, plan: &Plan) -> Result<(), Failure> {
        if self.folder.exists() && !self.folder.is_dir() {
            return Err(self.taken("is no folder"));
        }
        let own = plan_in(&self.folder);
        if own.exists() {
            let of = plan_file::read(&own)?.rehearsal_of;
            return if of == Some(plan.sha256) {
                Ok(())
            } else {
                Err(self.taken("has the rehearsal of another plan"))
            };
        }
        let tokens = self.tokens_of(plan);
        if self.conf().exists() {
            // What lies beside another's file is nothing that a rehearsal made, and is thrown away by nobody.
            let there = config::read_limited(&self.conf(), LARGEST_CONF);
            return if there.is_ok_and(|there| there == tokens) {
                Ok(())
            } else {
                Err(self.taken("has a softhsm2.conf that no rehearsal of this plan wrote"))
            };
        }
        private(&self.folder)?;
        let mut entries = self.folder.read_dir().in_file(&self.folder)?;
        if entries.next().is_some() {
            return Err(self.taken("is not empty"));
        }
        Ok(output::create(&self.conf(), tokens.as_bytes(), PRIVATE)?)
    }

    /// What SoftHSM reads, which also says whose folder it is: the first file of it, and of no other.
    fn tokens_of(&self, plan: &Plan) -> String {
        let tokens = throwaway_token::conf(&self.path("tokens"));
        format!(
            "# THE TOKENS OF A REHEARSAL of the plan {}\n{tokens}",
            hex(&plan.sha256)
        )
    }

    fn taken(&self, words: &str) -> Failure {
        Failure::new(words)
            .at(self.folder.display().to_string())
            .hint("name a new one with --folder")
    }

    /// Never comes back, but for a failure.
    pub(super) fn started_anew(&self) -> Failure {
        let mut arguments = std::env::args_os();
        let mut again = Command::new(program());
        again.arg0(arguments.next().unwrap_or_default());
        again.args(arguments).env(CONF, self.conf());
        Failure::new(again.exec().to_string()).at("this program could not be started anew")
    }

    /// Whether SoftHSM has the tokens of this rehearsal before it, and no other.
    pub(super) fn is_in_sight(&self) -> bool {
        std::env::var_os(CONF).as_deref() == Some(self.conf().as_os_str())
    }

    /// Tokens, config, what the plan finds, paper, and at last the plan: what is there with it is whole.
    /// Returns whether tokens were taken away again.
    pub(super) fn furnish(
        &self,
        (of, plan): (&Path, &Plan),
        module: &Path,
        cards: &[u32],
        pins: &mut dyn AskPin,
    ) -> Result<bool, Failure> {
        let own = plan_in(&self.folder);
        if own.exists() {
            return Ok(false);
        }
        // What a run that was killed left of it.
        self.throw_away("tokens")?;
        self.throw_away("ca")?;
        self.throw_away(REHEARSAL_MEDIUM)?;
        let bytes = plan_file::bytes(of)?;
        let mut stage = self.stage((of, plan), module, cards)?;
        private(&self.path("ca"))?;
        if stage.found.is_some() {
            let sketch = Plan::parse(draw(&bytes, &stage)?.as_bytes())?;
            let asked = asked((of, plan))?;
            stage.found = Some(self.find(&sketch, asked, module, pins)?);
        } else {
            self.begin_config("")?;
        }
        let drawn = draw(&bytes, &stage)?;
        let paper = html(&Plan::parse(drawn.as_bytes())?);
        output::write(&self.path("paper.html"), paper.as_bytes(), PRIVATE)?;
        output::create(&own, drawn.as_bytes(), PRIVATE)?;
        Ok(stage.found.is_some())
    }

    fn stage(
        &self,
        (of, plan): (&Path, &Plan),
        module: &Path,
        cards: &[u32],
    ) -> Result<Stage, Failure> {
        let name = module
            .to_str()
            .ok_or_else(|| Failure::new("the module's path is no text"))?;
        let hash = sha256(module)?;
        let props = self.props(plan, module, spare(cards)?)?;
        let has_token = props.iter().any(|prop| matches!(prop, Prop::Token(_)));
        Ok(Stage {
            window: window(),
            module: has_token.then(|| (name.to_owned(), hash)),
            roots: if cards.is_empty() {
                Vec::new()
            } else {
                roots(of, plan)?
            },
            props,
            found: Found::sketched(plan),
        })
    }

    fn begin_config(&self, roles: &str) -> Result<(), Failure> {
        let text = format!("{BEGUN}{roles}");
        let config = self.path(REHEARSAL_CONFIG);
        Ok(output::write(&config, text.as_bytes(), PRIVATE)?)
    }

    fn throw_away(&self, name: &str) -> Result<(), Failure> {
        let folder = self.path(name);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).in_file(&folder)?;
        }
        Ok(())
    }

    /// A card for each YubiKey as long as there are any, else a token.
    fn props(&self, plan: &Plan, module: &Path, cards: Vec<Prop>) -> Result<Vec<Prop>, Failure> {
        private(&self.path("tokens"))?;
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

    pub(super) fn tell(&self) -> Result<(), Failure> {
        say("This is a REHEARSAL. Nothing that it makes counts.");
        let paper = self.path("paper.html");
        say(&format!("its paper, to be printed: {}", paper.display()));
        let pin = pin_in(&self.path("pin"))?;
        say(&format!("the PIN of its tokens, which is no secret: {pin}"));
        for (what, file) in [("shares", self.shares()), ("components", self.components())] {
            if file.exists() {
                let words = format!("the {what} of its custodians, which are none either");
                say(&format!("{words}: {}", file.display()));
            }
        }
        Ok(())
    }
}

/// What the bundles of the plan ask for.
fn asked((of, plan): (&Path, &Plan)) -> Result<Asked, Failure> {
    let whole = real(of)?;
    Ok(Asked::of(plan, whole.parent().unwrap_or(Path::new("/")))?)
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
pub(super) fn real(path: &Path) -> Result<PathBuf, Failure> {
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

const CONF: &str = "SOFTHSM2_CONF";
/// Two lines, of which one has a path.
const LARGEST_CONF: u64 = 16 * 1024;
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
