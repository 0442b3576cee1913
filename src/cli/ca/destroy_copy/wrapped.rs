//! The end of what is in no device: a wrapped key, and the components of the key that it was wrapped by.

use serde_json::{Value, json};

use super::{DestroyCopy, confirm_end};
use crate::ca::WrappedEnding;
use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::{confirm_typed, hint};
use crate::config;
use crate::ledger::{Became, CopySeen};

impl DestroyCopy {
    pub(super) fn end_wrapped(&self, context: &Context) -> Result<(), Failure> {
        self.missing_has_words()?;
        if self.by_hand.as_ref().is_some_and(String::is_empty) {
            return Err(Failure::usage(
                "--by-hand wants words: how it was destroyed, and who saw it",
            ));
        }
        let place = context.place()?;
        let ending = WrappedEnding {
            ca: &self.name,
            name: &self.device,
            keyboard: config::keyboard(),
            time: config::now(),
        };
        let seen = ending.look(&place)?;
        if let Some(file) = &self.file {
            ending.look_at_file(&seen, file)?;
        }
        let would = self.would(&seen)?;
        if self.dry_run {
            return context.tell_plan(&would, self.seen_as_json(&seen, None));
        }
        context.check_clock(&place)?;
        let holder = &seen.holder;
        let (ended, words) = if let Some(words) = &self.missing {
            confirm_typed(&format!(
                "{holder} is missing: whoever finds what opens the key of CA {} can sign.\n\
                 The ledger keeps that for good.",
                self.name
            ))?;
            (
                ending.miss(&place, words)?,
                format!("{holder} is recorded as missing"),
            )
        } else if let Some(words) = &self.by_hand {
            confirm_typed(&format!("{holder} was destroyed by hand: {words}."))?;
            let ended = ending.by_hand(&place, words, &self.reason)?;
            (ended, format!("{holder} is recorded as destroyed by hand"))
        } else if let Some(file) = &self.file {
            let is_gone = format!("{} is overwritten and removed, for good.", file.display());
            confirm_end(context, &would, &is_gone)?;
            let ended = ending.overwrite(&place, file, &self.reason)?;
            let words = format!(
                "the wrapped key of CA {} is gone: {}",
                self.name, ended.word
            );
            (ended, words)
        } else {
            return Err(no_way());
        };
        context.tell(&words, self.seen_as_json(&ended, Some(&ended.word)))?;
        if self.file.is_some() && context.talks() {
            hint("flash memory may keep what was overwritten: destroy the medium too");
        }
        Ok(())
    }

    /// What would become of it.
    fn would(&self, seen: &CopySeen) -> Result<String, Failure> {
        let holder = &seen.holder;
        match (&self.missing, &self.by_hand, &self.file) {
            (Some(_), _, _) => Ok(format!("{holder} would be recorded as missing")),
            (_, Some(_), _) => Ok(format!("{holder} would be recorded as destroyed by hand")),
            (_, _, Some(file)) => Ok(format!(
                "{} would be overwritten and removed",
                file.display()
            )),
            _ => Err(no_way()),
        }
    }

    fn seen_as_json(&self, seen: &CopySeen, how: Option<&str>) -> Value {
        let became = match (&self.missing, seen.became) {
            (Some(_), _) => Became::Missing,
            _ => Became::Destroyed,
        };
        json!({
            "ca": self.name.as_str(),
            "device": seen.device,
            "holder": seen.holder,
            "became": became,
            "how": how,
            "in-config": false,
        })
    }
}

fn no_way() -> Failure {
    let words = "what is in no device is given by its file, or by words";
    Failure::usage(words).hint("--file FILE, --by-hand WORDS or --missing WORDS")
}
