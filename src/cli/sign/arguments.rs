//! What the arguments of `sign` say, before anything is opened: all that is wrong at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Sign;
use super::named::{Resolved, resolve};
use crate::batch::SerialPlan;
use crate::certificate::Serial;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{At, Failure};
use crate::cli::base::faults::Faults;
use crate::cli::base::words::path;
use crate::config::{Config, Given, certificate_beside};
use crate::request::{Ask, Requester, RoleName};

/// What is asked for every key of the run.
pub(super) struct Told {
    /// What is asked for plain keys; nothing where there are requests alone.
    pub(super) ask: Option<Ask>,
    pub(super) requester: Requester,
    pub(super) witnessed: Option<String>,
    pub(super) serials: SerialPlan,
}

impl Sign {
    /// Looks at all arguments, and at the config for what it says of them. The CA is none where
    /// a request is to name it.
    ///
    /// # Errors
    /// All that is wrong, as one failure.
    pub(super) fn look_at_arguments(
        &self,
        context: &Context,
    ) -> Result<(Told, Config, Option<String>), Failure> {
        let mut faults = Faults::default();
        let asked = faults.note(self.asked_for_keys());
        let witnessed = faults.note(self.asked.statement());
        let serials = faults.note(self.serials());
        faults.note(context.refuse_two_on_stdin(self.reads_stdin()));
        faults.note(self.refuse_to_vouch_for_a_list());
        faults.note(self.check_files());
        let role = match &asked {
            Some((Some(ask), _)) => ask.role.clone(),
            _ => self.role.clone().unwrap_or_else(RoleName::operator),
        };
        let resolved = faults.note(resolve(self.ca.as_deref(), &role, context));
        let name = match &resolved {
            Some((_, Resolved::Ca(name))) => Some(name.clone()),
            Some((_, Resolved::NotNamed)) if !self.a_request_may_name_it() => {
                faults.add(Failure::usage(NO_CA));
                None
            }
            _ => None,
        };
        let all = || {
            let (ask, requester) = asked?;
            let told = Told {
                ask,
                requester,
                witnessed: witnessed?,
                serials: serials?,
            };
            Some((told, resolved?.0, name))
        };
        faults.or(all())
    }

    /// Whether the CA may stand in the role of a request that nobody read yet.
    fn a_request_may_name_it(&self) -> bool {
        self.reads_stdin()
            || self.manifest.is_some()
            || self.files.first().is_some_and(|file| is_request(file))
    }

    /// What is asked for plain keys, and by whom; nothing where there are requests alone,
    /// which say it themselves.
    fn asked_for_keys(&self) -> Result<(Option<Ask>, Requester), Failure> {
        if self.manifest.is_some() {
            let role = self.role.clone().unwrap_or_else(RoleName::operator);
            let ask = self.asked.ask_of_lines(role)?;
            return Ok((Some(ask), Requester::operator()));
        }
        if !self.requests_alone() {
            let role = self.role.clone().unwrap_or_else(RoleName::operator);
            let mut faults = Faults::default();
            let requester = faults.note(self.asked.requester(&role));
            let ask = faults.note(self.asked.ask(role));
            return faults.or(Some(ask).zip(requester));
        }
        if self.role.is_some() || self.asked.says_something() {
            Err(Failure::usage(REQUESTS_SAY))
        } else {
            Ok((None, Requester::operator()))
        }
    }

    /// Whether every file that is named is a request; of a list or stdin, whether nothing
    /// is said for keys.
    fn requests_alone(&self) -> bool {
        let unseen = self.reads_stdin() || self.files_from.is_some();
        if unseen {
            self.role.is_none() && !self.asked.says_something()
        } else {
            !self.files.is_empty() && self.files.iter().all(|file| is_request(file))
        }
    }

    /// The serials that the last `-z` names; those before it must be right all the same.
    fn serials(&self) -> Result<SerialPlan, Failure> {
        let mut plan = SerialPlan::Automatic;
        for text in &self.serial {
            plan = self.serial_plan(text)?;
        }
        Ok(plan)
    }

    fn serial_plan(&self, text: &str) -> Result<SerialPlan, Failure> {
        let (number, counting) = match text.strip_prefix('+') {
            Some(number) => (number, true),
            None => (text, false),
        };
        let serial: Serial = number.parse().at(format!("serial {text:?}"))?;
        let keys = u64::try_from(self.files.len()).unwrap_or(u64::MAX);
        let last = serial.number().checked_add(keys.saturating_sub(1));
        if counting && last.is_none() {
            Err(Failure::usage(format!(
                "{keys} keys from serial {serial} on need more serials than there are"
            )))
        } else if counting {
            Ok(SerialPlan::CountingFrom(serial))
        } else if keys > 1 {
            Err(one_for_several(serial, keys))
        } else {
            Ok(SerialPlan::Single(serial))
        }
    }

    /// Refuses files that cannot stand beside one another, before any is read.
    fn check_files(&self) -> Result<(), Failure> {
        match self.files.as_slice() {
            [] if self.manifest.is_some() => Ok(()),
            [] if self.files_from.is_none() && self.asked.is_for_hosts() => {
                Err(Failure::usage(NO_KEY).hint("-h asks for host certificates; help is --help"))
            }
            [] if self.files_from.is_none() => Err(Failure::usage(NO_KEY)),
            [file] if file == Path::new("-") && self.resume => Err(Failure::usage(
                "--resume is for files: what stdin gave before is not known",
            )),
            [file] if file == Path::new("-") => Ok(()),
            files if files.iter().any(|file| file == Path::new("-")) => {
                Err(Failure::usage("- stands for one key, alone"))
            }
            files => refuse_twice(files),
        }
    }
}

/// A plain serial is for one key.
pub(super) fn one_for_several(serial: Serial, keys: u64) -> Failure {
    Failure::usage(format!(
        "serial {serial} was given for {keys} keys; -z +{serial} counts up from it"
    ))
}

/// Refuses two files whose certificates would have one place: the first would be lost.
fn refuse_twice(files: &[PathBuf]) -> Result<(), Failure> {
    let mut places = BTreeMap::new();
    for file in files {
        let place = certificate_beside(file);
        let whole = std::path::absolute(&place).unwrap_or_else(|_| place.clone());
        if let Some(before) = places.insert(whole, file) {
            return Err(Failure::usage(format!(
                "{} and {} have one place for their certificates, {}",
                path(before),
                path(file),
                path(&place)
            ))
            .hint("name each key once"));
        }
    }
    Ok(())
}

/// By its name, else by what is in it.
pub(super) fn is_request(file: &Path) -> bool {
    let named = file.extension().is_some_and(|extension| extension == "req");
    named || matches!(Given::read(file), Ok((Given::Request(_), _)))
}

const NO_CA: &str = "which CA shall sign? name it with -s";
const REQUESTS_SAY: &str =
    "a request says itself what it asks: leave --role and -I -n -V -O -h out";
const NO_KEY: &str =
    "no key to sign: name public key files, or - for stdin, or --files-from, or --manifest";
