//! What is wrong with a plan, all of it.

use std::fmt;

use super::lines::Lines;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFault {
    /// The key, with its table: `device 1, serial`; none for the file itself.
    pub place: Option<String>,
    /// The line of the file; none where no line has it.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub words: String,
}

/// All that is wrong with a plan; at least one thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan has {}", number(.0.len()))]
pub struct PlanFaults(Vec<PlanFault>);

impl PlanFault {
    /// What is wrong at a place, whose line is not known yet.
    pub(in crate::ceremony) fn at(place: &str, words: impl Into<String>) -> Self {
        Self {
            place: Some(place.to_owned()),
            line: None,
            words: words.into(),
        }
    }

    pub(super) fn file(words: String) -> Self {
        Self {
            place: None,
            line: None,
            words,
        }
    }
}

impl PlanFaults {
    /// Each of them, in the order of the plan.
    #[must_use]
    pub fn all(&self) -> &[PlanFault] {
        &self.0
    }
}

/// Gives each fault the line of its place in the text of the plan, and puts them in its order.
pub(in crate::ceremony) fn in_lines(faults: &mut [PlanFault], text: &str) {
    if faults.is_empty() {
        return;
    }
    let lines = Lines::of(text);
    for fault in faults.iter_mut() {
        fault.line = fault.place.as_ref().and_then(|place| lines.line(place));
    }
    faults.sort_by_key(|fault| fault.line);
}

impl From<PlanFault> for PlanFaults {
    fn from(fault: PlanFault) -> Self {
        Self(vec![fault])
    }
}

impl From<Vec<PlanFault>> for PlanFaults {
    fn from(faults: Vec<PlanFault>) -> Self {
        Self(faults)
    }
}

impl fmt::Display for PlanFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(place) = &self.place else {
            return f.write_str(&self.words);
        };
        if let Some(line) = self.line {
            write!(f, "line {line}, ")?;
        }
        write!(f, "{place}: {}", self.words)
    }
}

fn number(faults: usize) -> String {
    match faults {
        1 => "a fault".to_owned(),
        many => format!("{many} faults"),
    }
}
