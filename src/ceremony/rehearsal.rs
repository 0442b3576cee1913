//! The rehearsal of a plan: a plan of its own, drawn from it, for tokens that are thrown away.
//!
//! Pure. What is drawn has the same people, devices, keys and steps; each name that it makes says
//! what it is, and none is a name of the plan. Since it is drawn by rule, whoever has both plans can
//! draw it again: a rehearsal of another plan, or one that was edited, shows.

#[cfg(test)]
mod tests;

use toml::{Table, Value};

use super::instant::Instant;
use super::plan::{Device, Hardware, Plan, PlanFaults, Task};
use super::transcript::{Transcript, TranscriptError};
use super::verdict::{VerdictFault, judge};
use crate::signer::yubikey::Firmware;
use crate::wire::{hex, words};

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
    #[error("the plan of the rehearsal")]
    Own(#[source] PlanFaults),
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
    match &read.task {
        // It begins with nothing, as its rehearsal does.
        Task::Create(_) => {}
    }
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

/// One plan that becomes another, key by key.
struct Drawing<'a> {
    plan: &'a Plan,
    stage: &'a Stage,
}

impl Drawing<'_> {
    fn all(&self, table: &mut Table) {
        put(table, "purpose", format!("{MARK}: {}", self.plan.purpose));
        put(table, "config", CONFIG);
        put(table, "folder", FOLDER);
        put(table, "last", "none");
        put(table, "rehearsal-of", hex(&self.plan.sha256));
        table.insert("requires-rehearsal".to_owned(), false.into());
        if let Some(window) = inner(table, "window") {
            put(window, "from", self.stage.window.0.to_string());
            put(window, "until", self.stage.window.1.to_string());
        }
        self.module(table);
        for (device, prop) in each(table, "device").zip(&self.stage.props) {
            self.device(device, prop);
        }
        for ca in each(table, "ca") {
            self.in_token(ca, "name");
            mark(ca, "name", "rehearsal-");
            mark(ca, "beside", "rehearsal-");
            mark(ca, "label", LABELLED);
        }
        if let Some(key) = inner(table, "ledger-key") {
            self.in_token(key, "device");
            mark(key, "label", LABELLED);
        }
        if self.stage.has_cards() {
            for (root, path) in each(table, "attestation-root").zip(&self.stage.roots) {
                put(root, "path", path.as_str());
            }
        } else {
            table.remove("attestation-root");
        }
        // Shares open cards; a token's PIN is shown when the rehearsal begins.
        let of_shares =
            |device: &mut Table| device.get("pins").and_then(Value::as_str) == Some("shares");
        if !each(table, "device").any(of_shares) {
            table.remove("custody");
        }
    }

    fn module(&self, table: &mut Table) {
        table.remove("module");
        if let Some((path, sha256)) = &self.stage.module {
            let mut module = Table::new();
            put(&mut module, "path", path.as_str());
            put(&mut module, "sha256", hex(sha256));
            table.insert("module".to_owned(), Value::Array(vec![module.into()]));
        }
    }

    fn device(&self, device: &mut Table, prop: &Prop) {
        match prop {
            Prop::Token(serial) => self.token(device, serial),
            Prop::Card { serial, firmware } => {
                put(device, "yubikey", serial.to_string());
                put(device, "firmware", firmware.to_string());
            }
        }
        for seal in ["bag", "new-bag", "pin-envelope", "puk-envelope"] {
            mark(device, seal, LABELLED);
        }
    }

    fn token(&self, device: &mut Table, serial: &str) {
        let name = device.get("name").and_then(Value::as_str);
        let label = token_label(name.unwrap_or_default());
        let module = self.stage.module.as_ref().map(|(path, _)| path.as_str());
        put(device, "module", module.unwrap_or_default());
        put(device, "token", label);
        // A token stands in for a card. Its PIN is shown when the rehearsal begins.
        for of_card in ["yubikey", "firmware", "puk-envelope"] {
            device.remove(of_card);
        }
        put(device, "pins", "are-set");
        device
            .entry("pin-envelope")
            .or_insert_with(|| Value::String(NO_ENVELOPE.to_owned()));
        put(device, "serial", serial);
    }

    /// What a card makes in a slot, a token that stands for it makes under a label, which is named
    /// after another key.
    fn in_token(&self, key: &mut Table, named_after: &str) {
        let device = key.get("device").and_then(Value::as_str);
        let at = self
            .plan
            .devices
            .iter()
            .position(|one| Some(one.name.as_str()) == device);
        let prop = at.and_then(|at| self.stage.props.get(at));
        if matches!(prop, Some(Prop::Token(_))) && key.remove("slot").is_some() {
            key.remove("pin-policy");
            key.remove("touch-policy");
            let name = key.get(named_after).and_then(Value::as_str);
            let label = format!("{} key", name.unwrap_or_default());
            put(key, "label", label);
        }
    }
}

fn put(table: &mut Table, key: &str, text: impl Into<String>) {
    table.insert(key.to_owned(), Value::String(text.into()));
}

/// Puts the mark of a rehearsal before a text.
fn mark(table: &mut Table, key: &str, before: &str) {
    if let Some(Value::String(text)) = table.get_mut(key) {
        text.insert_str(0, before);
    }
}

fn inner<'t>(table: &'t mut Table, key: &str) -> Option<&'t mut Table> {
    table.get_mut(key)?.as_table_mut()
}

fn each<'t>(table: &'t mut Table, key: &str) -> impl Iterator<Item = &'t mut Table> {
    let tables = table.get_mut(key).and_then(Value::as_array_mut);
    tables.into_iter().flatten().filter_map(Value::as_table_mut)
}

/// What each name of a rehearsal begins with.
pub const MARK: &str = "REHEARSAL";
const LABELLED: &str = "REHEARSAL ";
/// The config of a rehearsal, from its own folder.
pub const CONFIG: &str = "ca/punchmark.toml";
/// Where its transcript and outputs go, from its own folder.
pub const FOLDER: &str = "ceremony";
/// Where the plan has shares and no PIN on paper.
const NO_ENVELOPE: &str = "PIN";
const LABEL_BYTES: usize = 32;
const HEAD: &str = "\
# The plan of a REHEARSAL, drawn by `punchmark ceremony rehearse`. Nothing that it makes counts, and
# nothing in it may be changed.

";
