//! One thing that sshd asks on the way.

use std::path::PathBuf;

use super::attempt::Attempt;

/// One thing that sshd asks, and what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is asked, as a name that programs may look for.
    pub name: &'static str,
    /// What comes of it.
    pub verdict: Verdict,
    /// What was found, in words.
    pub words: String,
    /// The line of sshd's configuration, or of a file that it names.
    pub place: Option<(PathBuf, usize)>,
    /// What would let the login pass, where it was refused.
    pub remedy: Option<String>,
}

/// What comes of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// sshd goes on.
    Passed,
    /// sshd lets nobody in.
    Refused,
    /// It can't be known from here.
    Unknown,
}

impl Step {
    pub(super) fn passed(name: &'static str, words: impl Into<String>) -> Self {
        Self::of(name, Verdict::Passed, words.into())
    }

    pub(super) fn refused(name: &'static str, words: impl Into<String>) -> Self {
        Self::of(name, Verdict::Refused, words.into())
    }

    pub(super) fn unknown(name: &'static str, words: impl Into<String>) -> Self {
        Self::of(name, Verdict::Unknown, words.into())
    }

    fn of(name: &'static str, verdict: Verdict, words: String) -> Self {
        Self {
            name,
            verdict,
            words,
            place: None,
            remedy: None,
        }
    }

    /// Adds the way out.
    pub(super) fn mend(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Points at a line of a file.
    pub(super) fn at(mut self, file: impl Into<PathBuf>, line: usize) -> Self {
        self.place = Some((file.into(), line));
        self
    }

    /// Points at the line of sshd's configuration that sets a keyword.
    pub(super) fn by(mut self, attempt: &Attempt<'_>, keyword: &str) -> Self {
        let value = attempt.settings.all(keyword).next();
        if let Some(line) = attempt.files.place(keyword, value) {
            self.place = Some((line.file.clone(), line.number));
        }
        self
    }
}
