//! When the plan's own entries were written: each in a step that writes such entries, by the times of the lines around
//! that step.
//!
//! Transcript and ledger are written by one run, by one clock. A clock that was set by less than five minutes while
//! the ceremony was under way is taken by a run, and so is it here.

use crate::ceremony::instant::{FIVE_MINUTES, Instant};
use crate::ceremony::plan::Plan;
use crate::ceremony::steps::{Act, steps};
use crate::ceremony::transcript::{Event as LineEvent, Transcript};
use crate::ceremony::verdict::VerdictFault;
use crate::ledger::{Entry, Event};

/// The times of a transcript's lines.
pub(super) struct Times {
    /// What each step does, with the time of the last line before it and that of its own last line.
    steps: Vec<(Act, u64, u64)>,
    began: u64,
    ended: u64,
}

impl Times {
    pub(super) fn of(plan: &Plan, transcript: &Transcript) -> Self {
        let all = steps(plan);
        let first = transcript.lines().first();
        let began = first.map_or(0, |line| line.time);
        let (mut since, mut times) = (began, Vec::new());
        for line in transcript.lines() {
            let LineEvent::Done { step } = &line.event else {
                continue;
            };
            if let Some(step) = all.iter().find(|one| one.name == *step) {
                times.push((step.act, since, line.time));
            }
            since = line.time;
        }
        let last = transcript.lines().last();
        Self {
            steps: times,
            began,
            ended: last.map_or(0, |line| line.time),
        }
    }

    /// Whether an entry was written when the transcript says that what it is about was done.
    pub(super) fn has(&self, position: u64, entry: &Entry, end: u64) -> Result<(), VerdictFault> {
        let time = entry.time;
        let is_in = |from: u64, until: u64| {
            from <= time.saturating_add(FIVE_MINUTES) && time <= until.saturating_add(FIVE_MINUTES)
        };
        let is_of_time = if position > end {
            is_in(self.ended, u64::MAX)
        } else if is_of_any(&entry.event) {
            is_in(self.began, self.ended)
        } else {
            let mut own = self.steps.iter();
            own.any(|(act, from, until)| writes(*act, &entry.event) && is_in(*from, *until))
        };
        if is_of_time {
            return Ok(());
        }
        let time = Instant::of(time);
        Err(VerdictFault::OwnTime { position, time })
    }
}

/// What any step may write: the ledger was opened.
fn is_of_any(event: &Event) -> bool {
    matches!(
        event,
        Event::TailCut(_) | Event::HeadPlaces(_) | Event::PlaceAllowed(_)
    )
}

/// Whether a step that does this writes such an entry.
fn writes(act: Act, event: &Event) -> bool {
    match act {
        Act::Key(_) => matches!(
            event,
            Event::CaAdded(_)
                | Event::SuffixesSet(_)
                | Event::Bound(_)
                | Event::NotBound(_)
                | Event::CopySeen(_)
                | Event::EvidenceSeen(_)
        ),
        Act::LedgerKey => matches!(event, Event::LedgerKeyAdded(_) | Event::EvidenceSeen(_)),
        Act::Bring(_) => matches!(
            event,
            Event::CopySeen(_) | Event::Bound(_) | Event::NotBound(_)
        ),
        Act::TryCopy(_) | Act::TakePlace(_) => {
            matches!(event, Event::CopySeen(_) | Event::CopyTried(_))
        }
        Act::FirstDrill => matches!(event, Event::CopyTried(_)),
        Act::EndCopy(_) | Act::Places => matches!(event, Event::CopySeen(_)),
        Act::Custody | Act::Counters => matches!(event, Event::SecretsDerived(_)),
        Act::List => matches!(event, Event::KrlMade(_)),
        Act::Retire(_) | Act::ShutOut => {
            matches!(event, Event::CaRetired(_) | Event::Revoked(_))
        }
        Act::StageMade | Act::StageTrusted => matches!(event, Event::StageReached(_)),
        Act::SignBundle(_) | Act::Emergency(_) => matches!(
            event,
            Event::Reserved(_)
                | Event::Issued(_)
                | Event::Failed(_)
                | Event::PolicySeen(_)
                | Event::EvidenceSeen(_)
                | Event::BundleTaken(_)
                | Event::BundleClosed(_)
                | Event::PendingTaken(_)
                | Event::PendingRefused(_)
                | Event::RequesterAdded(_)
                | Event::RequesterNamed(_)
                | Event::DutiesSet(_)
                | Event::Revoked(_)
                | Event::Barred(_)
                | Event::CheckpointSigned(_)
        ),
        _ => false,
    }
}
