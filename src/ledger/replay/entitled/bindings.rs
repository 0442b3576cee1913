//! Who is bound to which name, of those whom identity providers know.

use std::collections::{HashMap, HashSet};

use super::Fault;
use super::Findings;
use crate::ledger::entry::{Binding, LoginBound};

/// Bindings so far, by issuer and subject.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    bound: HashMap<(String, String), String>,
    /// Those of them that were made or confirmed since the last gap that left them open.
    confirmed: HashSet<(String, String)>,
}

impl Bindings {
    /// Behind a gap, bindings may be ones that were ended in the lost part.
    pub(super) fn must_be_confirmed(&mut self) {
        self.confirmed.clear();
    }

    /// Notes that somebody was bound, or is no longer; `enrolled` are the names that a key or a card
    /// is enrolled for.
    pub(super) fn became<'n>(
        &mut self,
        found: &mut Findings,
        mut enrolled: impl Iterator<Item = &'n String>,
        is_barred: bool,
        bound: LoginBound,
    ) {
        let subject = (bound.issuer.clone(), bound.subject.clone());
        if bound.became == Binding::Ended {
            self.confirmed.remove(&subject);
            if self.bound.remove(&subject).as_ref() != Some(&bound.name) {
                found.broken(Fault::Bound(bound.name));
            }
            return;
        }
        let is_other_case =
            |name: &String| name.eq_ignore_ascii_case(&bound.name) && *name != bound.name;
        let is_odd = bound.unfit().is_some()
            || is_barred
            || !self.is_free(&subject, &bound)
            || self.bound.values().any(is_other_case)
            || enrolled.any(is_other_case);
        if is_odd {
            found.broken(Fault::Bound(bound.name.clone()));
        }
        self.confirmed.insert(subject.clone());
        self.bound.insert(subject, bound.name);
    }

    /// Whether the subject is nobody here, or an admin says of it again what a gap left open; and
    /// nobody else of its issuer has the name.
    fn is_free(&self, subject: &(String, String), bound: &LoginBound) -> bool {
        let is_new = match self.bound.get(subject) {
            None => true,
            Some(name) => {
                *name == bound.name
                    && bound.became == Binding::ByAdmin
                    && !self.confirmed.contains(subject)
            }
        };
        let mut others = self.bound.iter();
        let is_taken = others.any(|(other, name)| {
            other != subject && other.0 == bound.issuer && *name == bound.name
        });
        is_new && !is_taken
    }
}
