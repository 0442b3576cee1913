//! What became of a fetch, and how old the list is that sshd reads now: as a line for
//! people and monitoring, as JSON, and as an exit code.

use std::path::Path;

use serde_json::json;

use super::{AgesOfList, ToldList};
use crate::certificate::length;
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::fetching::{state_of, tell};
use crate::cli::base::monitoring::State;
use crate::cli::base::words::path;
use crate::server::fetch::{Shrunk, SignedList};

/// What became of a fetch.
pub(super) struct Report<'a, L> {
    pub(super) out: &'a Path,
    /// The time now, in Unix seconds.
    pub(super) now: u64,
    pub(super) ages: AgesOfList,
    pub(super) what: What<L>,
    /// The ledger key that took over and was followed by this fetch.
    pub(super) followed: Option<String>,
    /// Whether nothing was written, and this is what would be there.
    pub(super) dry_run: bool,
}

/// What the fetch did with the list that sshd reads.
pub(super) enum What<L> {
    /// The list that is there is the newest one.
    Unchanged(L),
    /// The list is another one now.
    Replaced(L, Option<Shrunk>),
    /// The list that is there stays, if it is one.
    Kept(Option<L>, Failure),
}

impl<L: ToldList> Report<'_, L> {
    pub(super) fn tell(&self, context: &Context) -> Result<Exit, Failure> {
        let state = self.state();
        let kept = match &self.what {
            What::Kept(_, failure) => Some(failure),
            What::Unchanged(_) | What::Replaced(..) => None,
        };
        tell(context, state, &self.words(), self.json(state), kept)
    }

    fn state(&self) -> State {
        let by_age = match self.list().map(|list| self.age(list)) {
            None => State::Critical,
            Some(Ok(age)) if age > self.ages.critical_after => State::Critical,
            Some(Ok(age)) if age > self.ages.warn_after => State::Warning,
            Some(Ok(_)) => State::Ok,
            Some(Err(_ahead)) => State::Warning,
        };
        by_age.max(match &self.what {
            What::Kept(_, failure) => state_of(failure),
            What::Replaced(_, Some(_)) => State::Warning,
            What::Unchanged(_) | What::Replaced(_, None) => State::Ok,
        })
    }

    fn list(&self) -> Option<&L> {
        match &self.what {
            What::Unchanged(list) | What::Replaced(list, _) => Some(list),
            What::Kept(list, _) => list.as_ref(),
        }
    }

    /// How long ago a list was made in seconds; or how far ahead that is, if it is more than
    /// clocks may differ by.
    fn age(&self, list: &L) -> Result<u64, u64> {
        let made = list.generated();
        match made.checked_sub(self.now) {
            Some(ahead) if ahead > CLOCKS_DIFFER_BY => Err(ahead),
            _ => Ok(self.now.saturating_sub(made)),
        }
    }

    fn words(&self) -> String {
        let (would, nothing) = if self.dry_run {
            ("would be ", "; nothing was done (--dry-run)")
        } else {
            ("", "")
        };
        let list = self
            .list()
            .map_or("no list".to_owned(), |list| self.standing(list));
        let what = match &self.what {
            What::Unchanged(_) => "unchanged".to_owned(),
            What::Replaced(_, None) => format!("{would}replaced"),
            What::Replaced(_, Some(shrunk)) => format!("{would}replaced, and {shrunk}"),
            What::Kept(_, failure) => format!("kept, since {}", failure.words()),
        };
        let followed = match &self.followed {
            Some(key) => format!(", and {key} took over as the key that signs"),
            None => String::new(),
        };
        format!("{}: {list}: {what}{followed}{nothing}", path(self.out))
    }

    fn standing(&self, list: &L) -> String {
        let age = match self.age(list) {
            Ok(age) => format!("{} ago", length(age)),
            Err(ahead) => format!("{} in the future", length(ahead)),
        };
        format!("version {}, made {age}, {}", list.version(), list.holds())
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
        let mut value = json!({
            "state": state.word().to_lowercase(), "list": what, "error": fault, "gone": gone,
            "file": self.out.display().to_string(),
            "version": self.list().map(SignedList::version),
            "generated": self.list().map(SignedList::generated), "followed": self.followed,
        });
        if let Some(object) = value.as_object_mut() {
            let fields = L::fields(self.list()).into_iter();
            object.extend(fields.map(|(name, held)| (name.to_owned(), held)));
            if self.dry_run {
                object.insert("dry-run".to_owned(), true.into());
            }
        }
        value
    }
}

/// By how many seconds the clocks of CA and server may differ.
const CLOCKS_DIFFER_BY: u64 = 3_600;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::krl::{Header, Krl, Revocations};

    const NOW: u64 = 1_795_000_000;

    fn krl(age: i64) -> Krl {
        let header = Header {
            version: 7,
            generated: NOW.saturating_add_signed(-age),
            ..Header::default()
        };
        Krl::new(header, Revocations::default())
    }

    fn report(what: What<Krl>) -> (State, String) {
        let report = Report {
            out: Path::new("r.krl"),
            now: NOW,
            ages: AgesOfList {
                warn_after: 100,
                critical_after: 200,
            },
            what,
            followed: None,
            dry_run: false,
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
