//! What belongs to the steps that look at the room: clocks, machine, devices.

use super::{REHEARSAL, Seen};
use crate::ceremony::facts::{CLOCKS, MISSING, decided_at_fact, device_fact, printed_by};
use crate::ceremony::instant::{FIVE_MINUTES, Instant, second};
use crate::ceremony::plan::{Kind, Plan};
use crate::ceremony::steps::{Act, Step};
use crate::ceremony::verdict::VerdictFault;
use crate::wire::{bytes_of_words, hex};

impl Seen {
    /// What is told of the clocks is what people read off them, and the machine's at that line.
    pub(super) fn clocks_are(
        &self,
        (line, time): (u64, u64),
        told: &str,
    ) -> Result<(), VerdictFault> {
        let read = self.clocks.iter().map(ToString::to_string);
        let read: Vec<_> = read.collect();
        let (people, own) = told.rsplit_once(", ").unwrap_or_default();
        let own = own.parse::<Instant>();
        // A minute may pass between the clock and the line.
        let is_own = own.is_ok_and(|own| own.apart(Instant::of(time)) <= A_MINUTE);
        if people == read.join(", ") && is_own {
            return Ok(());
        }
        let name = CLOCKS.to_owned();
        Err(VerdictFault::Fact { line, name })
    }

    pub(super) fn clocks(&self, step: &Step, line: u64) -> Result<(), VerdictFault> {
        for ask in &step.asks {
            let (line, apart) = self.fact(line, &ask.name)?;
            if apart.parse::<u64>().is_ok_and(|apart| apart > FIVE_MINUTES) {
                return Err(VerdictFault::Clock {
                    line: *line,
                    by: ask.who.clone(),
                });
            }
        }
        self.fact(line, CLOCKS).map(drop)
    }

    /// The rehearsal's transcript begins with the words that were typed.
    pub(super) fn rehearsed(&self, step: &Step, line: u64) -> Result<(), VerdictFault> {
        let (at, _) = self.fact(line, REHEARSAL)?;
        let value = self.rehearsal();
        for ask in &step.asks {
            let (_, typed) = self.fact(line, &ask.name)?;
            let typed = bytes_of_words(typed).unwrap_or_default();
            if !value.is_some_and(|value| value.starts_with(&typed)) {
                let (line, name) = (*at, REHEARSAL.to_owned());
                return Err(VerdictFault::Fact { line, name });
            }
        }
        Ok(())
    }

    /// The value of the rehearsal's transcript, where this step names it.
    pub(in crate::ceremony::verdict) fn rehearsal(&self) -> Option<[u8; 32]> {
        let (_, text) = self.facts.get(REHEARSAL)?;
        let mut value = [0; 32];
        let read = base16ct::lower::decode(text, &mut value).map(<[u8]>::len);
        (read == Ok(32)).then_some(value)
    }

    pub(super) fn machine(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        self.is(line, "program", &hex(&plan.program))?;
        for root in &plan.roots {
            let name = format!("roots {}", root.path.display());
            self.is(line, &name, &hex(&root.sha256))?;
        }
        for module in &plan.modules {
            self.is(
                line,
                &format!("module {}", module.path.display()),
                &hex(&module.sha256),
            )?;
        }
        if let Some(printer) = &plan.printer {
            self.is(line, &printed_by(printer), &hex(&printer.sha256))?;
        }
        Ok(())
    }

    pub(super) fn devices(&self, plan: &Plan, line: u64) -> Result<(), VerdictFault> {
        for device in &plan.devices {
            let name = device_fact(device);
            let (line, says) = self.fact(line, &name)?;
            let rest = says.strip_prefix(&format!("{}, ", device.words()));
            // What is not there, or doesn't open, ends all but a drill.
            let may_miss = plan.kind() == Kind::Drill;
            if rest.is_none_or(|rest| rest.starts_with(MISSING) && !may_miss) {
                return Err(VerdictFault::Fact { line: *line, name });
            }
        }
        Ok(())
    }
}

/// All of a bundle is decided as of the machine's clock at the line that tells so.
pub(super) fn decided_then(
    plan: &Plan,
    step: &Step,
    (line, time): (u64, u64),
    (name, value): (&str, &str),
) -> Result<(), VerdictFault> {
    let Act::ShowBundle(at) = step.act else {
        return Ok(());
    };
    let is_it = plan.bundle(at).map(decided_at_fact).as_deref() == Some(name);
    let is_then = || second(value).is_some_and(|at| at <= time && time - at <= A_MINUTE);
    if !is_it || is_then() {
        return Ok(());
    }
    let name = name.to_owned();
    Err(VerdictFault::Fact { line, name })
}

/// In seconds.
const A_MINUTE: u64 = 60;
