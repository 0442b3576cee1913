//! People who answer whatever a ceremony asks, and keep what they write onto sheets.

use std::collections::BTreeMap;

use super::room::date;
use crate::harness::printer::{Printer, rendered};
use crate::harness::pty::Pty;

/// What is known to those in the room.
pub(super) struct People {
    /// The answer to a question that has this text.
    pub(super) answers: Vec<(String, String)>,
    /// What is typed in the place of the answer that a question with this text names.
    pub(super) instead: Vec<(String, String)>,
    /// What is typed once in the place of a sheet that a question with this text asks for.
    pub(super) once: Vec<(String, String)>,
    /// What is typed in its place from the second time on.
    pub(super) later: Vec<(String, String)>,
    /// The words of the plan.
    pub(super) words: String,
    /// What was shown to somebody alone, by the question that asks for it; the last one counts.
    pub(super) sheets: BTreeMap<String, String>,
    /// Every secret that was ever shown.
    pub(super) shown: Vec<String>,
    /// Sheets of shares that are given up, where they are not those of `sheets`.
    pub(super) given_up: Option<BTreeMap<String, String>>,
    /// What prints sheets, where the plan has that.
    pub(super) printer: Option<Printer>,
    /// What is typed where it made none: `print`, or `screen`.
    pub(super) without_sheet: &'static str,
    /// How many of its sheets were read.
    read: usize,
}

impl People {
    pub(super) fn of(plan: &str, words: &str) -> Self {
        let mut answers = Vec::new();
        for table in plan.split("\n[[device]]").skip(1) {
            let value = |key: &str| {
                let line = table
                    .lines()
                    .find(|line| line.split(' ').next() == Some(key));
                line.map(|line| line.split('"').nth(1).unwrap().to_owned())
            };
            let name = value("name").unwrap();
            let serial = value("yubikey").or_else(|| value("serial")).unwrap();
            for (question, key) in [
                (format!("the number of the bag of `{name}`"), "bag"),
                (format!("the bag that `{name}` is"), "new-bag"),
                (format!("that the PIN of `{name}`"), "pin-envelope"),
                (format!("that the PUK of `{name}`"), "puk-envelope"),
                (format!("that the SO PIN of `{name}`"), "so-pin-envelope"),
            ] {
                answers.extend(value(key).map(|answer| (question, answer)));
            }
            answers.push((format!("the serial number of `{name}`"), serial));
        }
        Self {
            answers,
            instead: Vec::new(),
            once: Vec::new(),
            later: Vec::new(),
            words: words.to_owned(),
            sheets: BTreeMap::new(),
            shown: Vec::new(),
            given_up: None,
            printer: None,
            without_sheet: "screen",
            read: 0,
        }
    }

    /// A question is answered so at first, and from then on by `missing`.
    pub(super) fn once_then_missing(&mut self, question: &str, first: &str) {
        self.answers
            .insert(0, (question.to_owned(), first.to_owned()));
        self.later.push((question.to_owned(), "missing".to_owned()));
    }

    /// Answers to the end; gives what was shown to all, and the exit code.
    pub(super) fn hold(&mut self, pty: Pty) -> (String, u8) {
        self.hold_until(pty, |_| false).unwrap()
    }

    /// The same; none where a question came that is left unanswered, and the terminal taken away.
    pub(super) fn hold_until(
        &mut self,
        mut pty: Pty,
        mut leaves: impl FnMut(&str) -> bool,
    ) -> Option<(String, u8)> {
        let mut shown = String::new();
        loop {
            let needles = ["\n> ", "PIN for YubiKey ", "PIN for token "];
            let (before, which) = match pty.expect_any_or_end(&needles) {
                Ok(found) => found,
                Err((rest, code)) => return Some((shown + &rest, code)),
            };
            if which != needles[0] {
                let device = pty.expect(": ");
                pty.type_line(&self.pin_of(&device));
                shown += &before;
                continue;
            }
            let question = before.lines().last().unwrap_or_default().trim().to_owned();
            if leaves(&question) {
                return None;
            }
            shown += &before;
            self.assert_no_process_tells();
            let answer = self.answer(&before, &question);
            pty.type_line(&answer);
        }
    }

    /// No process has a secret among its arguments or in its environment.
    #[track_caller]
    fn assert_no_process_tells(&self) {
        let secrets = self.shown.iter();
        let secrets: Vec<_> = secrets
            .map(|secret| secret.split(' ').take(4).collect::<Vec<_>>().join(" "))
            .collect();
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            for file in ["cmdline", "environ"] {
                // Of another account, or gone.
                let Ok(bytes) = std::fs::read(process.path().join(file)) else {
                    continue;
                };
                let text = String::from_utf8_lossy(&bytes).replace('\0', " ");
                let told = secrets.iter().find(|secret| text.contains(secret.as_str()));
                assert_eq!(told, None, "{:?} {file}", process.path());
            }
        }
    }

    /// What stands on the sheet of the device that asks for its PIN.
    fn pin_of(&self, device: &str) -> String {
        let mut serials = self.answers.iter();
        let is_it = |(_, serial): &&(String, String)| device.contains(serial.as_str());
        // A token names its slot, and is the only one in its room.
        let name = match serials.find(is_it) {
            Some((question, _)) => question.split('`').nth(1).unwrap(),
            None => "root",
        };
        let wanted = format!("the PIN of `{name}`");
        let sheet = self.sheets.iter().find(|(what, _)| what.contains(&wanted));
        sheet.unwrap_or_else(|| panic!("{device}")).1.clone()
    }

    /// The share that is asked for; any of them, each once, where a secret is put together again.
    fn share(&mut self, what: &str) -> String {
        if let Some(typed) = self.once_of(what) {
            return typed;
        }
        if let Some(words) = self.sheets.get(what) {
            return words.clone();
        }
        // Nothing came out of the printer.
        if self.printer.is_some() && what.ends_with("off its sheet") {
            return String::new();
        }
        let number = what.split_once('(').unwrap().1.split(' ').next().unwrap();
        let kind = if what.contains("component") {
            "component"
        } else {
            "share"
        };
        let wanted = format!("the 20 words of {kind} {number} ");
        let sheets = match &self.given_up {
            Some(given_up) if what.contains("that is given up") => given_up,
            _ => &self.sheets,
        };
        let sheet = sheets.iter().find(|(what, _)| what.starts_with(&wanted));
        sheet.unwrap_or_else(|| panic!("{what}")).1.clone()
    }

    fn once_of(&mut self, what: &str) -> Option<String> {
        let once = self.once.iter().position(|(of, _)| what.contains(of));
        once.map(|at| self.once.remove(at).1)
    }

    /// Reads the sheets that came since, which are of this question.
    fn read_sheet(&mut self, what: &str) {
        let Some(printer) = &self.printer else { return };
        let sheets = printer.sheets();
        if let Some(newest) = sheets.get(self.read..).and_then(|new| new.last()) {
            let secret = rendered(newest, "a4").code;
            self.shown.push(secret.clone());
            self.sheets.insert(what.to_owned(), secret);
        }
        self.read = sheets.len();
    }

    pub(super) fn answer(&mut self, before: &str, question: &str) -> String {
        if question.contains("to have it printed,") {
            return self.without_sheet.to_owned();
        }
        if let Some((_, what)) = question.split_once(": the ")
            && what.ends_with("off its sheet")
        {
            self.read_sheet(&format!("the {what}"));
        }
        if question.starts_with("Write it down") {
            let alone = before
                .lines()
                .find(|line| line.contains(" alone: "))
                .unwrap();
            let (_, what) = alone.split_once(" alone: ").unwrap();
            let secret: Vec<_> = before
                .lines()
                .filter_map(|line| line.strip_prefix("    "))
                .map(str::trim)
                .collect();
            let secret = secret.join(" ");
            self.shown.push(secret.clone());
            // It is asked for by the sheet that it was written onto.
            let what = what.trim().replace("onto its sheet", "off its sheet");
            self.sheets.insert(what, secret);
            return String::new();
        }
        if question.starts_with("Type it off the paper") {
            let alone = before
                .lines()
                .find(|line| line.contains(" alone: "))
                .unwrap();
            let (_, what) = alone.split_once(" alone: ").unwrap();
            self.read_sheet(what.trim());
            return self.share(what.trim());
        }
        if question.ends_with("press Enter") {
            return self.once_of(question).unwrap_or_default();
        }
        let sheet =
            |(what, secret): (&String, &String)| question.contains(what).then(|| secret.clone());
        if let Some(secret) = self.sheets.iter().find_map(sheet) {
            return secret;
        }
        let (who, asked) = question.split_once(": ").unwrap_or(("", question));
        if asked.contains("type your name") {
            return who.to_owned();
        }
        if asked.contains("words of the plan") {
            let first: Vec<_> = self.words.split(' ').take(8).collect();
            return first.join(" ");
        }
        if asked.contains("the time in UTC") {
            return date("now");
        }
        let mut instead = self.instead.iter();
        if let Some((_, typed)) = instead.find(|(part, _)| asked.contains(part.as_str())) {
            return typed.clone();
        }
        // From the second time on.
        if let Some(at) = self.later.iter().position(|(part, _)| asked.contains(part)) {
            let later = self.later.remove(at);
            self.instead.push(later);
        }
        // Whatever is to be typed as it stands: `type "make users"`.
        if let Some((_, typed)) = asked.split_once("type \"") {
            return typed.trim_end_matches('"').to_owned();
        }
        if let Some((_, typed)) = asked.rsplit_once("; type ") {
            return typed.to_owned();
        }
        let known = self
            .answers
            .iter()
            .find(|(part, _)| asked.contains(part.as_str()));
        known
            .unwrap_or_else(|| panic!("{question}: {before}"))
            .1
            .clone()
    }
}
