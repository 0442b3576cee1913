//! What is wrong with a plan, all of it.

use std::fmt;

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanFault {
    /// The key, with its table: `device 1, serial`; none for the file itself.
    pub place: Option<String>,
    /// What is wrong with it.
    pub words: String,
}

/// All that is wrong with a plan; at least one thing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan has {}", number(.0.len()))]
pub struct PlanFaults(Vec<PlanFault>);

impl PlanFault {
    pub(super) fn file(words: String) -> Self {
        Self { place: None, words }
    }
}

impl PlanFaults {
    /// Each of them, in the order of the plan.
    #[must_use]
    pub fn all(&self) -> &[PlanFault] {
        &self.0
    }
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
        match &self.place {
            Some(place) => write!(f, "{place}: {}", self.words),
            None => f.write_str(&self.words),
        }
    }
}

fn number(faults: usize) -> String {
    match faults {
        1 => "a fault".to_owned(),
        many => format!("{many} faults"),
    }
}
