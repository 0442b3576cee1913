//! A number on a bag or an envelope: the plan has one, and another one may be there, which two people read.

use super::{Ask, MISSING, Wanted, is_same};
use crate::ceremony::plan::{Plan, Role};
use crate::certificate::KeyId;

/// A question for the number on a bag or an envelope.
pub(super) fn seal_number(name: &str, who: &str, question: String, planned: &str) -> Ask {
    Ask {
        name: name.to_owned(),
        who: who.to_owned(),
        question,
        wanted: Wanted::Number(planned.to_owned()),
    }
}

impl Ask {
    /// The number that the plan has, where this asks for one that may be another.
    pub(in crate::ceremony) fn number(&self) -> Option<&str> {
        match &self.wanted {
            Wanted::Number(text) => Some(text),
            Wanted::OrMissing(asked) if asked.is_number => Some(&asked.text),
            _ => None,
        }
    }

    /// Who else reads a number that is another one than the plan's: the first witness; where that is who is asked,
    /// the first administrator, who is no witness.
    pub(in crate::ceremony) fn second_reader<'p>(&self, plan: &'p Plan) -> Option<&'p str> {
        let readers = [Role::Witness, Role::Administrator].into_iter();
        let mut readers = readers.filter_map(|role| plan.people.first(role));
        let reader = readers.find(|person| person.name != self.who);
        reader.map(|person| person.name.as_str())
    }

    /// What is written down of another number: both, and who read it; none where this is no number, or the plan's.
    pub(in crate::ceremony) fn other_number(&self, plan: &Plan, there: &str) -> Option<String> {
        let planned = self.number()?;
        let is_number = there.chars().any(char::is_alphanumeric) && there.trim() == there;
        if !is_number || is_same(there, planned) || is_same(there, MISSING) {
            return None;
        }
        let (who, second) = (&self.who, self.second_reader(plan)?);
        let words = format!(
            "{there:?} is there, as {who} and {second} read it, where the plan has {planned:?}"
        );
        KeyId::parse(&words).is_ok().then_some(words)
    }
}
