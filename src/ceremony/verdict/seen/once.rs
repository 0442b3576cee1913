//! What a step tells is told once; a run that goes on goes through the whole step again, and finds it as it was.

use super::Seen;
use crate::ceremony::conduct::{SECRET_CHECK, SHARES};
use crate::ceremony::facts::{
    CLOCKS, COMPONENTS, COMPONENTS_CHECK, LEDGER_BEFORE, SECRET_ABOUT_TO_BE, SECRET_IS_SET,
};
use crate::ceremony::steps::{Act, Step};
use crate::ceremony::verdict::VerdictFault;

/// What was told of one thing before, and what is told of it now.
struct Again<'a> {
    act: Act,
    name: &'a str,
    before: &'a str,
    now: &'a str,
    /// Whether one run tells both.
    is_one_run: bool,
}

impl Seen {
    pub(super) fn fact_told(
        &mut self,
        step: &Step,
        line: u64,
        (name, value): (&str, &str),
    ) -> Result<(), VerdictFault> {
        if let Some((at, before)) = self.facts.get(name) {
            let again = Again {
                act: step.act,
                name,
                before,
                now: value,
                is_one_run: self.told.contains(name),
            };
            if !again.is_as_a_run_tells_it() {
                return Err(told_twice(line, name, *at));
            }
            if again.is_to_be_known() {
                self.told_again.push(format!(
                    "line {line}: {name} is told again behind a start of the program, and was {before:?} in line {at}"
                ));
            }
        }
        self.told.insert(name.to_owned());
        let told = (line, value.to_owned());
        self.facts.insert(name.to_owned(), told);
        Ok(())
    }

    pub(super) fn file_told(
        &mut self,
        step: &Step,
        line: u64,
        (name, sha256): (&str, &str),
    ) -> Result<(), VerdictFault> {
        if let Some((at, before)) = self.files.get(name) {
            let is_one_run = self.told.contains(name);
            // Another test certificate is built where another item comes first by then, which is told before.
            let is_of_another = || {
                let of = name.strip_suffix(TESTED);
                let told = of.and_then(|of| self.facts.get(&format!("{TEST_CERTIFICATE}{of}")));
                told.is_some_and(|(told, _)| told > at)
            };
            let is_as_a_run_writes_it = match step.act {
                Act::SignBundle(_) if name.ends_with(TESTED) => is_of_another(),
                Act::SignBundle(_) => !is_one_run,
                Act::ShowBundle(_)
                | Act::TestCertificate(_)
                | Act::TestEmergency(_)
                | Act::List => !is_one_run,
                _ => !is_one_run && before == sha256,
            };
            if !is_as_a_run_writes_it {
                return Err(told_twice(line, name, *at));
            }
            if before != sha256 {
                self.told_again.push(format!(
                    "line {line}: {name} was written again, otherwise than in line {at}"
                ));
            }
        }
        self.told.insert(name.to_owned());
        let told = (line, sha256.to_owned());
        self.files.insert(name.to_owned(), told);
        Ok(())
    }

    /// What was told again otherwise, for the account.
    pub(in crate::ceremony::verdict) fn told_again(&self) -> &[String] {
        &self.told_again
    }
}

impl Again<'_> {
    fn is_as_a_run_tells_it(&self) -> bool {
        let is_same = self.before == self.now;
        let is_set = self.before == SECRET_ABOUT_TO_BE && self.now == SECRET_IS_SET;
        match self.act {
            // A token doesn't tell which secret it has: that it is about to get one stands before that it has it.
            Act::Pins(_) => is_set || !self.is_one_run && is_same && self.now != SECRET_ABOUT_TO_BE,
            // Behind the first certificate, and behind all of them.
            Act::SignBundle(_) => !self.is_one_run || is_same,
            _ => !self.is_one_run && (is_same || self.may_be_otherwise()),
        }
    }

    /// Whether a run that goes on may find it otherwise: what people do or decide again, and what others changed since.
    fn may_be_otherwise(&self) -> bool {
        match self.act {
            Act::Clocks
            | Act::Machine
            | Act::Devices
            | Act::MediumIn
            | Act::MediumOut
            | Act::ShowBundle(_)
            | Act::TestCertificate(_)
            | Act::SignBundle(_)
            | Act::Copies
            | Act::Lost
            | Act::Places
            | Act::List
            | Act::TryCopy(_) => true,
            Act::Ledger => self.name == LEDGER_BEFORE,
            Act::Shares | Act::OpenAgain => [SHARES, SECRET_CHECK].contains(&self.name),
            Act::Components | Act::OpenComponents => {
                [COMPONENTS, COMPONENTS_CHECK].contains(&self.name)
            }
            Act::TestKey(_) => self.name.starts_with(TEST_SIGNATURE),
            _ => false,
        }
    }

    /// Clocks are told of elsewhere, and no two signatures are the same.
    fn is_to_be_known(&self) -> bool {
        let is_quiet = self.name == CLOCKS
            || self.name.starts_with(TEST_SIGNATURE)
            || self.before == SECRET_ABOUT_TO_BE;
        self.before != self.now && !is_quiet
    }
}

fn told_twice(line: u64, name: &str, before: u64) -> VerdictFault {
    VerdictFault::ToldTwice {
        line,
        name: name.to_owned(),
        before,
    }
}

/// How the facts of test signatures and test certificates begin, and how the files of these end.
const TEST_SIGNATURE: &str = "test signature ";
const TEST_CERTIFICATE: &str = "test certificate ";
const TESTED: &str = ".test-cert.pub";
