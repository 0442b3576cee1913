//! The rehearsal of a plan: a plan of its own, drawn from it, for tokens that are thrown away.
//!
//! Pure. What is drawn has the same people, devices, keys and steps; each name that it makes says
//! what it is, and none is a name of the plan. Since it is drawn by rule, whoever has both plans can
//! draw it again: a rehearsal of another plan, or one that was edited, shows.

mod drawing;
mod found;
#[cfg(test)]
mod tests;

use toml::Table;

use super::instant::Instant;
use super::plan::{Device, Hardware, Pins, Plan, PlanFaults};
use super::transcript::{Transcript, TranscriptError};
use super::verdict::{VerdictFault, judge};
use crate::config::CaName;
use crate::signer::yubikey::Firmware;
use crate::wire::words;

use drawing::Drawing;
pub use found::Found;
pub(super) use found::wrapped;

/// What a rehearsal is held on, instead of what the plan names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// When it may begin, and by when it must have ended.
    pub window: (Instant, Instant),
    /// The module of the throw-away tokens, and its SHA-256; none where there are cards alone.
    pub module: Option<(String, [u8; 32])>,
    /// What stands for each device, in the order of the plan's.
    pub props: Vec<Prop>,
    /// Where the files of the plan's roots of attestation are, in its order; none where there is no
    /// card.
    pub roots: Vec<String>,
    /// What it finds, where the plan works on what is there; none where it begins with nothing.
    pub found: Option<Found>,
}

/// What stands for a device of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prop {
    /// A throw-away token, by its serial number.
    Token(String),
    /// A spare card that is named for it.
    Card {
        /// The serial number that is printed on it.
        serial: u32,
        /// Its firmware.
        firmware: Firmware,
    },
}

/// A rehearsal that was held, of the plan that it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rehearsed {
    /// The value of its transcript.
    pub transcript: [u8; 32],
}

/// Why there is no rehearsal, or none of this plan.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RehearsalError {
    /// A rehearsal is drawn from a plan, not from another rehearsal.
    #[error("this is the plan of a rehearsal itself")]
    OfRehearsal,
    /// A CA that is made for a rehearsal has one wrapped key.
    #[error("the plan has several wrapped keys of CA `{0}`, and a rehearsal makes one of each CA")]
    Wrapped(CaName),
    /// What it finds is not as much as the plan has.
    #[error("what was made for the rehearsal is not what the plan finds")]
    Unlike,
    /// A card has the secrets of an earlier ceremony, and a spare one has none.
    #[error("a spare card can't stand for `{0}`, which shares open since an earlier ceremony")]
    SharedCard(String),
    /// Something of the plan would be touched.
    #[error("{what} {name:?} is one of the plan, which a rehearsal leaves alone")]
    Production {
        /// What it is.
        what: &'static str,
        /// How it is called.
        name: String,
    },
    /// A card for a device that is none.
    #[error("`{0}` is no YubiKey in the plan, and a card can't stand for it")]
    NoCard(String),
    /// Not as many tokens and cards as the plan has devices.
    #[error("{found} tokens and cards for {wanted} devices")]
    Props {
        /// How many the plan has.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// The plan can't be read.
    #[error(transparent)]
    Plan(#[from] PlanFaults),
    /// The plan of the rehearsal is none.
    #[error("the plan that is drawn for the rehearsal: {}", listed(.0))]
    Own(PlanFaults),
    /// It is one of another plan.
    #[error("it is no rehearsal of this plan")]
    OtherPlan,
    /// It is not the one that is drawn from the plan.
    #[error("the plan of the rehearsal is not what is drawn from this plan: it was changed")]
    Changed,
    /// Its transcript is not whole.
    #[error("the transcript of the rehearsal is not whole")]
    Transcript(#[from] TranscriptError),
    /// Its transcript is not one that ended well.
    #[error("the rehearsal was not held to its end as planned")]
    Verdict(#[from] VerdictFault),
}

/// Draws the plan of a rehearsal.
///
/// # Errors
/// [`RehearsalError`]: a plan with faults, or a stage that is the plan's own.
pub fn draw(plan: &[u8], stage: &Stage) -> Result<String, RehearsalError> {
    let read = Plan::parse(plan)?;
    if read.rehearsal_of.is_some() {
        return Err(RehearsalError::OfRehearsal);
    }
    Found::fits(stage.found.as_ref(), &read)?;
    leaves_alone(&read, stage)?;
    // It was read as TOML a moment ago.
    let text = String::from_utf8_lossy(plan);
    let mut table: Table = toml::from_str(&text).unwrap_or_default();
    let drawing = Drawing { plan: &read, stage };
    drawing.all(&mut table);
    let drawn = format!("{HEAD}{table}");
    Plan::parse(drawn.as_bytes()).map_err(RehearsalError::Own)?;
    Ok(drawn)
}

/// Whether a rehearsal could be drawn from a plan, on tokens alone: its names are longer than the plan's.
///
/// # Errors
/// [`RehearsalError`], as [`draw`].
pub fn can_be_rehearsed(plan: &[u8]) -> Result<(), RehearsalError> {
    let read = Plan::parse(plan)?;
    let tokens = (1..=read.devices.len()).map(|number| Prop::Token(format!("throw-away {number}")));
    let stage = Stage {
        window: read.window,
        module: Some((NO_MODULE.to_owned(), [0; 32])),
        props: tokens.collect(),
        roots: Vec::new(),
        found: Found::sketched(&read),
    };
    draw(plan, &stage).map(drop)
}

fn listed(faults: &PlanFaults) -> String {
    let all: Vec<_> = faults.all().iter().map(ToString::to_string).collect();
    all.join("; ")
}

/// The label of the throw-away token for a device of the plan.
#[must_use]
pub fn token_label(device: &str) -> String {
    // PKCS#11 has room for 32 bytes.
    let mut label = format!("{MARK} {device}");
    while label.len() > LABEL_BYTES {
        label.pop();
    }
    label
}

impl Rehearsed {
    /// Holds a rehearsal against the plan: drawn from it, and held to its end.
    ///
    /// # Errors
    /// [`RehearsalError`], the first thing that is wrong.
    pub fn check(plan: &[u8], own: &[u8], transcript: &[u8]) -> Result<Self, RehearsalError> {
        let rehearsal = Plan::parse(own).map_err(RehearsalError::Own)?;
        if rehearsal.rehearsal_of != Some(Plan::parse(plan)?.sha256) {
            return Err(RehearsalError::OtherPlan);
        }
        let stage = Stage::of(&rehearsal).ok_or(RehearsalError::Changed)?;
        if draw(plan, &stage)?.as_bytes() != own {
            return Err(RehearsalError::Changed);
        }
        let transcript = Transcript::parse(transcript)?;
        judge(&rehearsal, &transcript)?;
        let transcript = transcript.value();
        Ok(Self { transcript })
    }

    /// The words of its transcript.
    #[must_use]
    pub fn words(&self) -> String {
        words(&self.transcript)
    }
}

impl Stage {
    /// What a rehearsal says that it is held on.
    fn of(rehearsal: &Plan) -> Option<Self> {
        let modules = rehearsal.modules.iter();
        let mut modules =
            modules.map(|module| Some((module.path.to_str()?.to_owned(), module.sha256)));
        let props = rehearsal
            .devices
            .iter()
            .map(|device| match &device.hardware {
                Hardware::Token(token) => Prop::Token(token.serial.clone()),
                &Hardware::YubiKey { serial, firmware } => Prop::Card { serial, firmware },
            });
        let roots = rehearsal.roots.iter();
        let roots = roots.map(|root| Some(root.path.to_str()?.to_owned()));
        Some(Self {
            window: rehearsal.window,
            module: modules.next().flatten(),
            props: props.collect(),
            roots: roots.collect::<Option<_>>()?,
            found: Found::of(rehearsal),
        })
    }

    fn has_cards(&self) -> bool {
        self.props
            .iter()
            .any(|prop| matches!(prop, Prop::Card { .. }))
    }
}

fn leaves_alone(plan: &Plan, stage: &Stage) -> Result<(), RehearsalError> {
    let (wanted, found) = (plan.devices.len(), stage.props.len());
    if wanted != found {
        return Err(RehearsalError::Props { wanted, found });
    }
    for (device, prop) in plan.devices.iter().zip(&stage.props) {
        let is_card = matches!(prop, Prop::Card { .. });
        if is_card && matches!(device.hardware, Hardware::Token(_)) {
            return Err(RehearsalError::NoCard(device.name.clone()));
        }
        if is_card && plan.ledger.is_some() && device.pins == Pins::Shares {
            return Err(RehearsalError::SharedCard(device.name.clone()));
        }
        if device_serials(plan).contains(&prop.serial()) {
            return Err(RehearsalError::Production {
                what: "the serial number",
                name: prop.serial(),
            });
        }
        let label = token_label(&device.name);
        if !is_card && device_labels(plan).contains(&label) {
            return Err(RehearsalError::Production {
                what: "the token",
                name: label,
            });
        }
    }
    Ok(())
}

impl Prop {
    fn serial(&self) -> String {
        match self {
            Self::Token(serial) => serial.clone(),
            Self::Card { serial, .. } => serial.to_string(),
        }
    }
}

fn device_serials(plan: &Plan) -> Vec<String> {
    plan.devices.iter().map(Device::serial).collect()
}

fn device_labels(plan: &Plan) -> Vec<String> {
    let label = |device: &Device| match &device.hardware {
        Hardware::Token(token) => Some(token.label.clone()),
        Hardware::YubiKey { .. } => None,
    };
    plan.devices.iter().filter_map(label).collect()
}

/// What each name of a rehearsal begins with.
pub const MARK: &str = "REHEARSAL";
/// The config of a rehearsal, from its own folder.
pub const CONFIG: &str = "ca/punchmark.toml";
/// Where the medium is that its bundles come in on, from its own folder.
pub const MEDIUM: &str = "medium";
/// Where its transcript and outputs go, from its own folder.
pub const FOLDER: &str = "ceremony";
const LABEL_BYTES: usize = 32;
/// Where a module would be that nobody loads.
const NO_MODULE: &str = "/throw-away.so";
const HEAD: &str = "\
# The plan of a REHEARSAL, drawn by `punchmark ceremony rehearse`. Nothing that it makes counts, and
# nothing in it may be changed.

";
