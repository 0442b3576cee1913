//! The steps in which custodians open devices by shares of an earlier ceremony, and what the devices have after.

use super::frame::{Cast, step};
use super::missing::{SHARES_STEP, typed_shares};
use super::{Act, Step, Wanted};
use crate::ceremony::plan::Custody;

impl Cast {
    /// Shares that were given out in an earlier ceremony.
    pub(super) fn open_again(&self, custody: &Custody) -> Step {
        let needed = custody.quorum.threshold();
        let all = custody.quorum.shares();
        Step {
            asks: typed_shares(custody, Wanted::ShareAgain),
            ..step(
                SHARES_STEP,
                &self.administrator,
                format!(
                    "Each custodian opens their envelope, and alone types the share that is in it; or \
                     \"missing\", where nobody has it or can read it. {needed} of {all} open the devices. No PIN \
                     is shown."
                ),
                Act::OpenAgain,
                "every set of the shares that were typed opens one secret, which is the one that the ledger \
                 knows; which are missing is told",
            )
        }
    }

    /// What the devices are left with that shares opened.
    pub(super) fn counters(&self, custody: &Custody) -> Step {
        let (say, expect) = if custody.rotates {
            (
                "Each device that the shares opened gets the secrets of its next counter, which follow from the same \
                 shares: whoever saw a PIN of this ceremony has seen nothing.",
                "each device opens by its next counter, and the ledger has it",
            )
        } else {
            (
                "The devices KEEP THEIR COUNTERS, as the plan has it: whoever saw a PIN of this ceremony can use it.",
                "generation and counter of each device are shown, as the ledger has them",
            )
        };
        step("counters", &self.administrator, say, Act::Counters, expect)
    }
}
