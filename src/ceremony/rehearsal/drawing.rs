//! One plan that becomes another: each name of the real world gives way to one of the rehearsal.

use toml::{Table, Value};

use super::{CONFIG, FOLDER, MARK, MEDIUM, Prop, Stage, token_label};
use crate::ceremony::plan::{OF_REHEARSAL, Plan};
use crate::wire::hex;

/// One plan that becomes another, key by key.
pub(super) struct Drawing<'a> {
    pub(super) plan: &'a Plan,
    pub(super) stage: &'a Stage,
}

impl Drawing<'_> {
    pub(super) fn all(&self, table: &mut Table) {
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
            mark(ca, "name", OF_REHEARSAL);
            mark(ca, "beside", OF_REHEARSAL);
            mark(ca, "label", LABELLED);
        }
        self.found(table);
        if let Some(key) = inner(table, "ledger-key") {
            self.in_token(key, "device");
            mark(key, "label", LABELLED);
        }
        if let Some(components) = inner(table, "components") {
            mark(components, "medium", LABELLED);
            mark(components, "new-bag", LABELLED);
            put(components, "folder", MEDIUM);
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
        // What stands for a device may have nothing that is printed.
        let is_shown = |device: &mut Table| {
            let pins = device.get("pins").and_then(Value::as_str);
            pins == Some("random") || (pins == Some("shares") && !self.plan.kind().finds_ledger())
        };
        // Components that are made are shown on tokens, too.
        let has_sheets = table.contains_key("components") && !self.plan.kind().finds_ledger()
            || each(table, "device").any(is_shown);
        if !has_sheets && let Some(machine) = inner(table, "machine") {
            machine.remove("print");
            machine.remove("print-sha256");
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
        let opened = device.get("pins").and_then(Value::as_str) == Some("shares");
        let name = device.get("name").and_then(Value::as_str);
        let label = token_label(name.unwrap_or_default());
        let module = self.stage.module.as_ref().map(|(path, _)| path.as_str());
        put(device, "module", module.unwrap_or_default());
        put(device, "token", label);
        // A token stands in for a card. Its PIN is shown when the rehearsal begins.
        for of_card in ["yubikey", "firmware", "puk-envelope", "so-pin-envelope"] {
            device.remove(of_card);
        }
        put(device, "serial", serial);
        // What shares open since an earlier ceremony is opened by shares that were made for this one.
        if opened && self.stage.found.is_some() {
            return;
        }
        put(device, "pins", "are-set");
        device
            .entry("pin-envelope")
            .or_insert_with(|| Value::String(NO_ENVELOPE.to_owned()));
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

pub(super) fn put(table: &mut Table, key: &str, text: impl Into<String>) {
    table.insert(key.to_owned(), Value::String(text.into()));
}

/// Puts the mark of a rehearsal before a text.
pub(super) fn mark(table: &mut Table, key: &str, before: &str) {
    if let Some(Value::String(text)) = table.get_mut(key) {
        text.insert_str(0, before);
    }
}

pub(super) fn inner<'t>(table: &'t mut Table, key: &str) -> Option<&'t mut Table> {
    table.get_mut(key)?.as_table_mut()
}

pub(super) fn each<'t>(table: &'t mut Table, key: &str) -> impl Iterator<Item = &'t mut Table> {
    let tables = table.get_mut(key).and_then(Value::as_array_mut);
    tables.into_iter().flatten().filter_map(Value::as_table_mut)
}

pub(super) const LABELLED: &str = "REHEARSAL ";
/// Where the plan has shares and no PIN on paper.
const NO_ENVELOPE: &str = "PIN";
