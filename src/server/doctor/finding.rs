//! One thing that is wrong, unsafe or not known, and the way to mend it.

use std::path::PathBuf;

use crate::server::sshd::ConfigFiles;

/// How bad a finding is, in the order of monitoring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Somebody gets in by another way than the list, or soon nobody will.
    Warning,
    /// Nobody gets in, or anybody may.
    Critical,
}

/// A finding about a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The finding's name, which programs may look for.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The accounts that it holds for; none if for the whole server.
    pub users: Vec<String>,
    /// What is wrong.
    pub fault: String,
    /// How it is mended.
    pub remedy: String,
    /// Whether it is a way in that no certificate of the list is needed for.
    pub opens: bool,
    /// The line of sshd's configuration that it comes from.
    pub place: Option<(PathBuf, usize)>,
    setting: Option<(&'static str, Option<String>)>,
}

impl Finding {
    /// A finding for the whole server.
    pub(super) fn new(
        severity: Severity,
        name: &'static str,
        fault: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            name,
            severity,
            users: Vec::new(),
            fault: fault.into(),
            remedy: remedy.into(),
            opens: false,
            place: None,
            setting: None,
        }
    }

    /// Says that somebody gets in by it without the list.
    pub(super) fn opening(mut self) -> Self {
        self.opens = true;
        self
    }

    /// Names the setting that it comes from, to find its line.
    pub(super) fn by(mut self, keyword: &'static str, value: Option<&str>) -> Self {
        self.setting = Some((keyword, value.map(str::to_owned)));
        self
    }

    pub(super) fn of_user(mut self, user: &str) -> Self {
        self.users.push(user.to_owned());
        self
    }

    pub(super) fn with_place(mut self, files: &ConfigFiles) -> Self {
        let found = self.setting.as_ref().and_then(|(keyword, value)| {
            let line = files.place(keyword, value.as_deref())?;
            Some((line.file.clone(), line.number))
        });
        self.place = found;
        self
    }
}
