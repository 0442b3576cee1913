//! What a test wants to go wrong, and at which command.

use std::time::Duration;

/// Faults that strike once each, counted from when the plan was [given to the
/// link](crate::link::Link::set_plan).
#[derive(Debug, Clone, Default)]
pub struct Plan {
    strikes: Vec<Strike>,
    commands: u64,
    signatures: u64,
}

/// When a fault strikes; the first is number 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The n-th command, parts of long commands and long answers counted one by one.
    Command(u64),
    /// The last part of the n-th command that uses a slot's key.
    Signature(u64),
    /// Every command that uses a slot's key.
    EverySignature,
    /// Every command with this instruction byte.
    EveryInstruction(u8),
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The card is pulled, and put back after a while if one is given.
    ///
    /// The daemon looks for cards each 400 ms: it notices a card that stays out for 900 ms.
    Pull(Pull, Option<Duration>),
    /// The card does its work, but answers these bytes.
    Nonsense(Vec<u8>),
    /// The card does its work, but only so many bytes of its answer arrive.
    Cut(usize),
    /// The card does its work, but never answers, until it is pulled.
    Silence,
    /// The card does nothing but answer this status.
    Status(u16),
    /// The answer is late.
    Late(Duration),
}

/// How far a command came when the card was pulled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pull {
    /// The card has not seen it.
    Before,
    /// The card has done it, but the answer is lost.
    During,
    /// The answer has arrived.
    After,
}

#[derive(Debug, Clone)]
struct Strike {
    moment: Moment,
    fault: Fault,
}

impl Plan {
    /// This plan and one fault more. Where two strike at once, the first one counts.
    #[must_use]
    pub fn and(mut self, moment: Moment, fault: Fault) -> Self {
        self.strikes.push(Strike { moment, fault });
        self
    }

    /// Counts a command, and says what goes wrong with it.
    pub(crate) fn strike(&mut self, command: &[u8]) -> Option<Fault> {
        self.commands += 1;
        let signature = is_signature(command);
        self.signatures += u64::from(signature);
        let struck = self.strikes.iter().find(|strike| match strike.moment {
            Moment::Command(number) => number == self.commands,
            Moment::Signature(number) => signature && number == self.signatures,
            Moment::EverySignature => signature,
            Moment::EveryInstruction(byte) => command.get(1) == Some(&byte),
        });
        struck.map(|strike| strike.fault.clone())
    }
}

/// GENERAL AUTHENTICATE, unchained, for anything but the management key.
fn is_signature(command: &[u8]) -> bool {
    matches!(command, [0x00, 0x87, _, slot, ..] if *slot != 0x9b)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELECT: &[u8] = &[0, 0xa4, 4, 0];
    const SIGN: &[u8] = &[0, 0x87, 0x11, 0x9c, 0];

    #[test]
    fn strikes_the_nth_signature_only() {
        let mut plan = Plan::default().and(Moment::Signature(2), Fault::Silence);
        let struck: Vec<_> = [SIGN, SELECT, SIGN, SIGN]
            .into_iter()
            .map(|command| plan.strike(command))
            .collect();
        assert_eq!(struck, [None, None, Some(Fault::Silence), None]);
    }

    #[test]
    fn the_proof_of_the_management_key_is_no_signature() {
        let mut plan = Plan::default().and(Moment::EverySignature, Fault::Silence);
        assert_eq!(plan.strike(&[0, 0x87, 0x0a, 0x9b, 0]), None);
    }
}
