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
use crate::wire::{hex, words};

/// What a rehearsal is held on, instead of what the plan names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// When it may begin, and by when it must have ended.
    pub window: (Instant, Instant),
    /// The module of the throw-away tokens, and its SHA-256.
    pub module: (String, [u8; 32]),
    /// Their serial numbers, in the order of the plan's devices.
    pub serials: Vec<String>,
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
    /// Not as many tokens as the plan has devices.
    #[error("{found} tokens for {wanted} devices")]
    Tokens {
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
        let module = rehearsal.modules.first()?;
        let serials = rehearsal.devices.iter().map(Device::serial);
        Some(Self {
            window: rehearsal.window,
            module: (module.path.to_str()?.to_owned(), module.sha256),
            serials: serials.collect(),
        })
    }
}

fn leaves_alone(plan: &Plan, stage: &Stage) -> Result<(), RehearsalError> {
    let (wanted, found) = (plan.devices.len(), stage.serials.len());
    if wanted != found {
        return Err(RehearsalError::Tokens { wanted, found });
    }
    for (device, serial) in plan.devices.iter().zip(&stage.serials) {
        let label = token_label(&device.name);
        for (what, name, of_plan) in [
            ("the serial number", serial, &device_serials(plan)),
            ("the token", &label, &device_labels(plan)),
        ] {
            if of_plan.contains(name) {
                let name = name.clone();
                return Err(RehearsalError::Production { what, name });
            }
        }
    }
    Ok(())
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
        let (path, sha256) = &self.stage.module;
        let mut module = Table::new();
        put(&mut module, "path", path.as_str());
        put(&mut module, "sha256", hex(sha256));
        table.insert("module".to_owned(), Value::Array(vec![module.into()]));
        for (device, serial) in each(table, "device").zip(&self.stage.serials) {
            self.device(device, serial);
        }
        for ca in each(table, "ca") {
            in_token(ca, "name");
            mark(ca, "name", "rehearsal-");
            mark(ca, "beside", "rehearsal-");
            mark(ca, "label", LABELLED);
        }
        if let Some(key) = inner(table, "ledger-key") {
            in_token(key, "device");
            mark(key, "label", LABELLED);
        }
        table.remove("attestation-root");
        table.remove("custody");
    }

    fn device(&self, device: &mut Table, serial: &str) {
        let name = device.get("name").and_then(Value::as_str);
        let label = token_label(name.unwrap_or_default());
        put(device, "module", self.stage.module.0.as_str());
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
        for seal in ["bag", "new-bag", "pin-envelope"] {
            mark(device, seal, LABELLED);
        }
    }
}

fn put(table: &mut Table, key: &str, text: impl Into<String>) {
    table.insert(key.to_owned(), Value::String(text.into()));
}

/// What a card makes in a slot, a token makes under a label, which is named after another key.
fn in_token(key: &mut Table, named_after: &str) {
    if key.remove("slot").is_some() {
        key.remove("pin-policy");
        key.remove("touch-policy");
        let name = key.get(named_after).and_then(Value::as_str);
        let label = format!("{} key", name.unwrap_or_default());
        put(key, "label", label);
    }
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
