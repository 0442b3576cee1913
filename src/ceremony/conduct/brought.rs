//! What a bundle brings beside its items: shown to all, and noted.

use super::{Conduct, ConductError};
use crate::bundle::BundleSession;
use crate::ceremony::facts::{ENROLMENT, LEFT_OUT, REVOCATION, brought_fact};
use crate::ceremony::plan::PlannedBundle;
use crate::ceremony::steps::Step;

/// A revocation or an enrolment that a bundle brings.
pub(super) struct BroughtThing {
    /// The beginning of its fact.
    kind: &'static str,
    /// All that it says.
    pub(super) lines: Vec<String>,
}

/// Whom it enrols, what it revokes, and which of its revocations do not count, in that order.
pub(super) fn brought(session: &BundleSession) -> Vec<BroughtThing> {
    let enrolments = session.brought.enrolments.iter().map(|one| BroughtThing {
        kind: ENROLMENT,
        lines: vec![format!("enrols {}: {}", one.name, one.credential)],
    });
    let pending = session.brought.pending.iter().map(|one| BroughtThing {
        kind: REVOCATION,
        lines: one.told(),
    });
    let left_out = session.left_out.iter().map(|one| BroughtThing {
        kind: LEFT_OUT,
        lines: [vec![one.words()], one.statement.told()].concat(),
    });
    enrolments.chain(pending).chain(left_out).collect()
}

impl Conduct<'_> {
    /// Notes each. The table of the bundle has all of it; a transcript has room for the first lines.
    pub(super) fn note_brought(
        &mut self,
        step: &Step,
        bundle: &PlannedBundle,
        session: &BundleSession,
    ) -> Result<(), ConductError> {
        for (number, one) in (1..).zip(brought(session).iter().take(THINGS_NOTED)) {
            let name = brought_fact(one.kind, bundle, number);
            self.write_fact(step, &name, &one.in_brief())?;
        }
        Ok(())
    }
}

impl BroughtThing {
    fn in_brief(&self) -> String {
        let first = self.lines.iter().take(LINES_NOTED);
        let first: Vec<_> = first.map(|line| line.trim()).collect();
        match self.lines.len().saturating_sub(LINES_NOTED) {
            0 => first.join("; "),
            more => format!("{}; and {more} more", first.join("; ")),
        }
    }
}

/// A transcript has 100,000 lines, and a plan 20 bundles.
const THINGS_NOTED: usize = 1000;
const LINES_NOTED: usize = 10;
