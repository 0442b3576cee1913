//! What a run shows while it goes on: a bar on a terminal, lines elsewhere.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::failure::{Advised, Exit, Kind};
use super::terminal::{complain, product, product_object, say, warn};
use super::touch::Touches;
use super::words::{chain, path};
use crate::batch::{BatchError, Report};

/// How much of each key's fate is told, and in which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// A JSON object a line, on stdout.
    Json,
    /// Errors alone.
    Errors,
    /// A line for the one key there is.
    Single,
    /// A line a key.
    Lines,
    /// A bar, and errors above it.
    Bar {
        /// How many keys there are, if that is known.
        keys: Option<u64>,
    },
}

/// Tells of each key of a run, as it comes.
pub(crate) struct Progress {
    style: Style,
    /// Shown from when nobody is asked for anything any more.
    bar: OnceLock<ProgressBar>,
    /// Of how many keys something was told.
    told: AtomicU64,
    /// What decides the exit code.
    failures: Mutex<Failures>,
}

impl Progress {
    pub(crate) fn new(style: Style) -> Self {
        Self {
            style,
            bar: OnceLock::new(),
            told: AtomicU64::new(0),
            failures: Mutex::default(),
        }
    }

    /// Shows the bar, if there is one: a prompt and a bar can't share a line.
    pub(crate) fn start(&self, touches: &Touches) {
        let Style::Bar { keys } = self.style else {
            return;
        };
        let bar = self.bar.get_or_init(|| bar(keys));
        bar.set_position(self.told.load(Ordering::Relaxed));
        touches.show_beside(bar.clone());
    }

    /// Tells of one key.
    pub(crate) fn tell(&self, report: Report<'_>) {
        let about_a_key = !matches!(report, Report::Warned { .. } | Report::DeviceLost { .. });
        if about_a_key {
            self.told.fetch_add(1, Ordering::Relaxed);
            self.bar.get().inspect(|bar| bar.inc(1));
        }
        if let Report::Failed { error, .. } = &report {
            self.note(error.is_refusal());
        }
        match self.style {
            Style::Json => {
                // A closed stdout must not stop certificates from being recorded.
                let _closed = product_object(json(&report));
                self.tell_stderr(&report);
            }
            _ => self.tell_person(&report),
        }
    }

    /// Tells of one key whose certificate goes elsewhere than to a file or to standard output.
    #[cfg(feature = "two-sides")]
    pub(crate) fn signed(&self, file: Option<&Path>, serial: u64) {
        self.told.fetch_add(1, Ordering::Relaxed);
        self.bar.get().inspect(|bar| bar.inc(1));
        let file = file.map_or_else(|| "-".to_owned(), path);
        match self.style {
            Style::Json => {
                let object = json!({ "file": file, "state": "signed", "serial": serial });
                let _closed = product_object(object);
            }
            Style::Single | Style::Lines => say(&format!("signed {file}: serial {serial}")),
            Style::Errors | Style::Bar { .. } => {}
        }
    }

    /// Ends the bar, and tells what failed so far.
    pub(crate) fn finish(&self) -> Failures {
        self.bar.get().inspect(|bar| bar.finish_and_clear());
        *self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every error is on stderr too, as those of other commands are.
    fn tell_stderr(&self, report: &Report<'_>) {
        if let Report::Failed { file, error } = report {
            self.complain(*file, &chain(error), error.hint(), error.kind());
        }
    }

    fn tell_person(&self, report: &Report<'_>) {
        match report {
            Report::Signed {
                output: None, line, ..
            } => {
                let _closed = product(line.trim_end());
            }
            Report::Signed {
                output: Some(output),
                serial,
                resumed,
                ..
            } => {
                let word = if *resumed { "kept" } else { "signed" };
                match self.style {
                    Style::Single => say(&format!("{word} {}", path(output))),
                    Style::Lines => say(&format!("{word} {}: serial {serial}", path(output))),
                    _ => {}
                }
            }
            Report::Failed { file, error } => {
                let is_told = matches!(self.style, Style::Lines | Style::Single);
                let hint = error.hint().filter(|_| is_told);
                self.complain(*file, &chain(error), hint, error.kind());
            }
            Report::Warned { file, warning } => {
                let file = file.map_or("-".to_owned(), path);
                self.beside_the_bar(|| warn(&format!("{file}: {warning}")));
            }
            Report::DeviceLost { device, error } => {
                let error = chain(*error);
                self.beside_the_bar(|| {
                    warn(&format!("{error}; the run goes on without {device}"));
                });
            }
            // They are counted, in one line at the end.
            Report::PassedOver { .. } => {}
            Report::NotTried { file } => {
                let words = "not signed, since the run ended before";
                self.complain(Some(file), words, None, Kind::Failed)
            }
        }
    }

    fn beside_the_bar(&self, say: impl FnOnce()) {
        match self.bar.get() {
            Some(bar) => bar.suspend(say),
            None => say(),
        }
    }

    fn complain(&self, file: Option<&Path>, words: &str, hint: Option<String>, kind: Kind) {
        let words = match file {
            Some(file) => format!("{}: {words}", path(file)),
            None => words.to_owned(),
        };
        let hints: Vec<_> = hint.into_iter().collect();
        self.beside_the_bar(|| complain(&words, &hints, kind));
    }

    fn note(&self, refusal: bool) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        *failures = match (*failures, refusal) {
            (Failures::None | Failures::Refusals, true) => Failures::Refusals,
            _ => Failures::Others,
        };
    }
}

/// What failed in a run over keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Failures {
    #[default]
    None,
    /// Nothing but what policy, or a rule of the ledger, said no to.
    Refusals,
    /// Something else, too.
    Others,
}

impl Failures {
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::None => Exit::Done,
            Self::Refusals => Exit::Refused,
            Self::Others => Exit::Failed,
        }
    }
}

/// The bar, where somebody looks at it and there is more than a glance to see.
pub(crate) fn style(json: bool, talks: bool, keys: Option<u64>) -> Style {
    match (json, talks) {
        (true, _) => Style::Json,
        (_, false) => Style::Errors,
        _ if keys == Some(1) => Style::Single,
        _ if keys.is_none_or(|keys| keys > FEW) && std::io::stderr().is_terminal() => {
            Style::Bar { keys }
        }
        _ => Style::Lines,
    }
}

fn bar(keys: Option<u64>) -> ProgressBar {
    let (bar, template) = match keys {
        Some(keys) => (
            ProgressBar::new(keys),
            "{bar:40} {pos} of {len} keys, {per_sec}, {eta} left",
        ),
        None => (
            ProgressBar::new_spinner(),
            "{spinner} {pos} keys, {per_sec}",
        ),
    };
    let style = ProgressStyle::with_template(template);
    let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    // A message that came between two drawings must not stay unseen while a card waits.
    bar.enable_steady_tick(TICK);
    bar
}

fn json(report: &Report<'_>) -> serde_json::Value {
    match report {
        Report::Signed {
            file,
            output,
            serial,
            line,
            resumed,
        } => json!({
            "file": file.map(words), "output": output.map(words), "serial": serial,
            "state": if *resumed { "kept" } else { "signed" },
            "certificate": line.trim_end(),
        }),
        Report::Failed { file, error } => json!({
            "file": file.map(words), "state": if error.is_refusal() { "refused" } else { "failed" },
            "error": chain(error), "serial": spent(error),
        }),
        Report::Warned { file, warning } => json!({
            "file": file.map(words), "warning": warning.to_string(),
        }),
        Report::DeviceLost { device, error } => json!({
            "device": device, "state": "lost", "error": chain(*error),
        }),
        Report::PassedOver { file } => json!({ "file": words(file), "state": "passed over" }),
        Report::NotTried { file } => json!({ "file": words(file), "state": "not tried" }),
    }
}

/// A path, as far as it is text: JSON knows no other.
fn words(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The serial of a certificate that exists, but could not be written.
fn spent(error: &BatchError) -> Option<u64> {
    match error {
        BatchError::Write { serial, .. } => Some(*serial),
        _ => None,
    }
}

const TICK: Duration = Duration::from_millis(250);
/// Up to so many keys a line each is shorter than a bar.
const FEW: u64 = 10;
