//! What became of a fetch, and how old the list is that sshd reads now: as a line for
//! people and monitoring, as JSON, and as an exit code.

use std::path::Path;

use serde_json::json;

use crate::certificate::length;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure, Kind};
use crate::cli::base::monitoring::State;
use crate::cli::base::terminal::{hint, product, product_object};
use crate::cli::base::words::path;
use crate::krl::Krl;
use crate::server::fetch::{Shrunk, count};

/// What became of a fetch.
pub(super) struct Report<'a> {
    pub(super) out: &'a Path,
    /// The time now, in Unix seconds.
    pub(super) now: u64,
    /// The age in seconds from which a list is a warning.
    pub(super) warn_after: u64,
    /// The age in seconds from which a list is too old.
    pub(super) critical_after: u64,
    pub(super) what: What,
    /// The ledger key that took over and was followed by this fetch.
    pub(super) followed: Option<String>,
}

/// What the fetch did with the list that sshd reads.
pub(super) enum What {
    /// The list that is there is the newest one.
    Unchanged(Krl),
    /// The list is another one now.
    Replaced(Krl, Option<Shrunk>),
    /// The list that is there stays, if it is one.
    Kept(Option<Krl>, Failure),
}

impl Report<'_> {
    pub(super) fn tell(&self, context: &Context) -> Result<Exit, Failure> {
        let state = self.state();
        if context.json() {
            product_object(self.json(state))?
        } else {
            product(&format!("{}: {}", state.word(), self.words()))?
        }
        if let What::Kept(_, failure) = &self.what
            && context.talks()
        {
            failure.hints().iter().for_each(|words| hint(words));
        }
        Ok(state.exit())
    }

    fn state(&self) -> State {
        let by_age = match self.krl().map(|krl| self.age(krl)) {
            None => State::Critical,
            Some(Ok(age)) if age > self.critical_after => State::Critical,
            Some(Ok(age)) if age > self.warn_after => State::Warning,
            Some(Ok(_)) => State::Ok,
            Some(Err(_ahead)) => State::Warning,
        };
        by_age.max(match &self.what {
            What::Kept(_, failure) if failure.kind() == Kind::Critical => State::Critical,
            What::Kept(..) | What::Replaced(_, Some(_)) => State::Warning,
            What::Unchanged(_) | What::Replaced(_, None) => State::Ok,
        })
    }

    fn krl(&self) -> Option<&Krl> {
        match &self.what {
            What::Unchanged(krl) | What::Replaced(krl, _) => Some(krl),
            What::Kept(krl, _) => krl.as_ref(),
        }
    }

    /// How long ago a list was made in seconds; or how far ahead that is, if it is more than
    /// clocks may differ by.
    fn age(&self, krl: &Krl) -> Result<u64, u64> {
        let made = krl.header().generated;
        match made.checked_sub(self.now) {
            Some(ahead) if ahead > CLOCKS_DIFFER_BY => Err(ahead),
            _ => Ok(self.now.saturating_sub(made)),
        }
    }

    fn words(&self) -> String {
        let list = self
            .krl()
            .map_or("no list".to_owned(), |krl| self.list(krl));
        let what = match &self.what {
            What::Unchanged(_) => "unchanged".to_owned(),
            What::Replaced(_, None) => "replaced".to_owned(),
            What::Replaced(_, Some(shrunk)) => format!(
                "replaced, and {} of {} revocations are gone",
                shrunk.gone, shrunk.before
            ),
            What::Kept(_, failure) => format!("kept, since {}", failure.words()),
        };
        let followed = match &self.followed {
            Some(key) => format!(", and {key} took over as the key that signs"),
            None => String::new(),
        };
        format!("{}: {list}: {what}{followed}", path(self.out)).replace('\n', " ")
    }

    fn list(&self, krl: &Krl) -> String {
        let age = match self.age(krl) {
            Ok(age) => format!("{} ago", length(age)),
            Err(ahead) => format!("{} in the future", length(ahead)),
        };
        let (version, count) = (krl.header().version, count(krl));
        format!("version {version}, made {age}, revokes {count}")
    }

    fn json(&self, state: State) -> serde_json::Value {
        let (what, fault) = match &self.what {
            What::Unchanged(_) => ("unchanged", None),
            What::Replaced(..) => ("replaced", None),
            What::Kept(_, failure) => ("kept", Some(failure.words())),
        };
        let gone = match &self.what {
            What::Replaced(_, shrunk) => shrunk.map(|shrunk| shrunk.gone),
            _ => None,
        };
        json!({
            "state": state.word().to_lowercase(), "list": what, "error": fault, "gone": gone,
            "file": self.out.display().to_string(),
            "version": self.krl().map(|krl| krl.header().version),
            "generated": self.krl().map(|krl| krl.header().generated),
            "revocations": self.krl().map(count), "followed": self.followed,
        })
    }
}

/// By how many seconds the clocks of CA and server may differ.
const CLOCKS_DIFFER_BY: u64 = 3_600;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::krl::{Header, Revocations};

    const NOW: u64 = 1_795_000_000;

    fn krl(age: i64) -> Krl {
        let header = Header {
            version: 7,
            generated: NOW.saturating_add_signed(-age),
            ..Header::default()
        };
        Krl::new(header, Revocations::default())
    }

    fn report(what: What) -> (State, String) {
        let report = Report {
            out: Path::new("r.krl"),
            now: NOW,
            warn_after: 100,
            critical_after: 200,
            what,
            followed: None,
        };
        (report.state(), report.words())
    }

    #[test]
    fn a_list_grows_old_in_two_steps() {
        for (age, state) in [
            (0, State::Ok),
            (100, State::Ok),
            (101, State::Warning),
            (200, State::Warning),
            (201, State::Critical),
            (-3_600, State::Ok),
            (-3_601, State::Warning),
        ] {
            assert_eq!(report(What::Unchanged(krl(age))).0, state, "{age}");
            assert_eq!(report(What::Replaced(krl(age), None)).0, state, "{age}");
        }
    }

    #[test]
    fn a_fetch_that_failed_is_critical_without_a_list_or_with_an_old_one() {
        let kept = |krl| What::Kept(krl, Failure::new("the road is closed"));
        assert_eq!(report(kept(Some(krl(5)))).0, State::Warning);
        assert_eq!(report(kept(Some(krl(500)))).0, State::Critical);
        assert_eq!(report(kept(None)).0, State::Critical);
    }

    #[test]
    fn the_line_says_what_is_there_and_what_became_of_the_fetch() {
        let shrunk = Shrunk { gone: 5, before: 9 };
        let (state, words) = report(What::Replaced(krl(60), Some(shrunk)));
        assert_eq!(state, State::Warning);
        assert_eq!(
            words,
            "r.krl: version 7, made 1 minute ago, revokes 0: \
             replaced, and 5 of 9 revocations are gone"
        );
        let (_, words) = report(What::Kept(None, Failure::new("the road is closed")));
        assert_eq!(words, "r.krl: no list: kept, since the road is closed");
    }
}
