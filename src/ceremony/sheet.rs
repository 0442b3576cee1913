//! The sheet of one secret, for one person: what a printer gets.

mod postscript;
#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

use super::plan::{Components, Custody, Device, Plan};
use crate::secret::{Pin, SecretKind};
use crate::wire::{QrError, hex};

use postscript::Page;

/// A sheet of one secret. It is in memory alone, and wiped behind the printer.
pub(super) struct Sheet<'s> {
    title: String,
    rows: Vec<(&'static str, String)>,
    secret: &'s Pin,
    form: Form,
    is_rehearsal: bool,
}

/// What a secret looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Digits.
    Pin,
    /// Words, which are numbered.
    Share,
}

/// What of a plan would stand on a printed sheet with a question mark in the place of a letter: the fonts that every
/// printer has know those of Western Europe alone (Latin-1). Nothing where no sheet is printed.
#[must_use]
pub fn not_in_print(plan: &Plan) -> Vec<&str> {
    if plan.printer.is_none() {
        return Vec::new();
    }
    let people = plan.people.all.iter().map(|person| &person.name);
    let devices = plan.devices.iter().map(|device| &device.name);
    let medium = plan.components.iter().map(|one| &one.medium);
    let words = [&plan.purpose, &plan.place].into_iter();
    let words = words.chain(people).chain(devices).chain(medium);
    words
        .filter(|text| text.chars().any(|c| u32::from(c) > LATIN_1))
        .map(String::as_str)
        .collect()
}

impl<'s> Sheet<'s> {
    /// Of a share, by its place in the plan.
    pub(super) fn share(plan: &Plan, custody: &Custody, number: usize, secret: &'s Pin) -> Self {
        Self::of_set(plan, custody, ("Share", "the devices"), (number, secret))
    }

    /// Of a component of the key that CA keys are wrapped by.
    pub(super) fn component(
        plan: &Plan,
        components: &Components,
        number: usize,
        secret: &'s Pin,
    ) -> Self {
        let what = format!("the wrapped keys on medium {:?}", components.medium);
        Self::of_set(
            plan,
            &components.custody,
            ("Component", &what),
            (number, secret),
        )
    }

    fn of_set(
        plan: &Plan,
        custody: &Custody,
        (name, opens): (&str, &str),
        (number, secret): (usize, &'s Pin),
    ) -> Self {
        let (needed, all) = (custody.quorum.threshold(), custody.quorum.shares());
        let holder = custody.holders.get(number);
        let (who, envelope) = holder.map_or_else(Default::default, |holder| {
            (holder.name.clone(), holder.envelope.clone())
        });
        let mut sheet = Self::of(plan, Form::Share, secret);
        sheet.title = format!("{name} {} of {all}", number + 1);
        sheet.rows.splice(
            0..0,
            [
                ("For", format!("{who} alone")),
                (
                    "Opens",
                    format!("{opens}, with {needed} of {all} {}s", name.to_lowercase()),
                ),
                ("Envelope", envelope),
            ],
        );
        sheet
    }

    /// Of a PIN, PUK or SO PIN.
    pub(super) fn secret(
        plan: &Plan,
        (device, kind): (&Device, SecretKind),
        who: &str,
        secret: &'s Pin,
    ) -> Self {
        let envelope = match kind {
            SecretKind::Puk | SecretKind::SoPin => &device.unlock_envelope,
            _ => &device.pin_envelope,
        };
        let mut sheet = Self::of(plan, Form::Pin, secret);
        sheet.title = kind.to_string();
        sheet.rows.splice(
            0..0,
            [
                ("For", format!("{who} alone")),
                ("Opens", format!("{}: {}", device.name, device.words())),
                ("Envelope", envelope.clone().unwrap_or_default()),
            ],
        );
        sheet
    }

    /// Of a share that is given out between ceremonies, when a custodian leaves.
    pub(super) fn new_share(
        who: &str,
        (number, all, needed): (usize, usize, u8),
        generation: u32,
        secret: &'s Pin,
    ) -> Self {
        Self {
            title: format!("Share {number} of {all}"),
            rows: vec![
                ("For", format!("{who} alone")),
                (
                    "Opens",
                    format!("the devices, with {needed} of {all} shares"),
                ),
                ("Generation", generation.to_string()),
            ],
            secret,
            form: Form::Share,
            is_rehearsal: false,
        }
    }

    fn of(plan: &Plan, form: Form, secret: &'s Pin) -> Self {
        Self {
            title: String::new(),
            rows: vec![
                (
                    "Ceremony",
                    format!("{}: {}", plan.kind().as_str(), plan.purpose),
                ),
                ("Place", plan.place.clone()),
                ("Plan, SHA-256", hex(&plan.sha256)),
                (WORDS, plan.words()),
            ],
            secret,
            form,
            is_rehearsal: plan.rehearsal_of.is_some(),
        }
    }

    /// The sheet in PostScript.
    ///
    /// # Errors
    /// [`QrError`].
    pub(super) fn postscript(&self) -> Result<Zeroizing<String>, QrError> {
        let mut page = Page::new(self.is_rehearsal);
        page.title(&self.title);
        for (name, says) in &self.rows {
            page.row(name, says, if *name == WORDS { 6 } else { 2 });
        }
        // As it is typed: lines are for the eye.
        let typed = Zeroizing::new(self.secret.expose().replace('\n', " "));
        match self.form {
            Form::Pin => page.digits(&typed),
            Form::Share => page.words(&typed),
        }
        page.code(&typed)?;
        let boxes: &[&str] = match self.form {
            Form::Pin => &["Initials", "Number on the seal", "Date"],
            Form::Share => &[
                "Initials",
                "Number on the seal",
                "Date",
                "Generation",
                "Counter at first",
            ],
        };
        page.boxes(boxes);
        page.note(
            "Into its envelope, and sealed, before the next sheet is printed. Nobody copies it.",
        );
        Ok(page.end())
    }
}

/// The last letter of Latin-1.
const LATIN_1: u32 = 0xff;
/// What is longer than any other row.
const WORDS: &str = "Plan, words";
