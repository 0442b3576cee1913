//! The steps of a ceremony after a CA's key was stolen: first a new door, then the old one is closed.

use super::frame::{Cast, ask, step};
use super::restore::words_of;
use super::{Act, Ask, Step, Wanted};
use crate::ceremony::emergency::options_in_words;
use crate::ceremony::plan::{Compromise, Emergency, Pins, Plan};
use crate::certificate::subject::fingerprint;

/// The steps, in an order that never closes the last door.
pub(super) fn steps(plan: &Plan, compromise: &Compromise) -> Vec<Step> {
    let cast = Cast::of(plan);
    let mut steps = cast.before(plan);
    steps.extend(cast.can_wrap_first(plan));
    // What shares open has its secrets since an earlier ceremony.
    let devices = (0..).zip(&plan.devices);
    let devices = devices.filter(|(_, device)| device.pins != Pins::Shares);
    steps.extend(devices.filter_map(|(number, device)| cast.pins(plan, (number, device))));
    steps.extend(cast.keys(plan));
    steps.extend([cast.compare(), cast.stage(&compromise.beside), cast.lines()]);
    let emergencies = (0..).zip(&compromise.emergencies);
    steps.extend(emergencies.flat_map(|(number, one)| {
        [
            cast.test_emergency(number, one),
            cast.emergency(number, one),
        ]
    }));
    steps.extend([
        cast.trusted(compromise),
        cast.shut_out(compromise),
        cast.list_of_old(compromise),
        cast.places(compromise),
    ]);
    steps.extend(cast.after(plan));
    steps
}

impl Cast {
    fn test_emergency(&self, number: usize, one: &Emergency) -> Step {
        let name = &one.name;
        step(
            format!("test certificate {name}"),
            &self.witness,
            format!(
                "Before the new CA signs for {name}, the certificate is built by a key that is thrown away. \
                 I read it whole: as {}, with the key ID \"{}\", valid {}, with {}.",
                one.principals,
                one.key_id,
                one.validity,
                options_in_words(&one.options)
            ),
            Act::TestEmergency(number),
            "each field says what the plan says, and servers take it so but for its CA, which is none",
        )
    }

    fn emergency(&self, number: usize, one: &Emergency) -> Step {
        let name = &one.name;
        let print = fingerprint(&one.key);
        let question = format!("{name} is known, and their key is {print}; type yes");
        let tested = "all have read the test certificate, and it is what we reviewed; type yes";
        Step {
            asks: vec![
                ask("key", &self.witness, question, "yes"),
                ask("tested", &self.witness, tested.to_owned(), "yes"),
            ],
            ..step(
                format!("emergency {name}"),
                &self.administrator,
                format!(
                    "The new CA signs its first certificates, for those who open the servers: this one is \
                     {name}'s, as {}, valid {}.",
                    one.principals, one.validity
                ),
                Act::Emergency(number),
                "the certificate is its test certificate but for CA key, nonce, serial and signature, and is \
                 carried out",
            )
        }
    }

    fn trusted(&self, compromise: &Compromise) -> Step {
        let question = format!(
            "{} gave a report, and let somebody in by a certificate of the new CA. Only where that can't be \
             waited for, the words {LOCK_OUT:?} go on without. Else type \"{LET_IN}\"",
            compromise.servers.join(", ")
        );
        let ask = Ask {
            name: "servers".to_owned(),
            who: self.witness.clone(),
            question,
            wanted: Wanted::AnyOf(vec![LET_IN.to_owned(), LOCK_OUT.to_owned()]),
        };
        Step {
            asks: vec![ask],
            ..step(
                "servers trust both",
                &self.administrator,
                "The file with both keys goes onto every server, and the access list with both. Somebody logs \
                 in to each by a certificate of the new CA. Nothing is revoked before.",
                Act::StageTrusted,
                "stage trusted is an entry; whoever is locked out all the same stands in it",
            )
        }
    }

    fn shut_out(&self, compromise: &Compromise) -> Step {
        let old = &compromise.beside.old;
        let typed = format!("shut out {old}");
        let question = format!("what can't be undone: type \"{typed}\"");
        Step {
            asks: vec![ask("go", &self.witness, question, &typed)],
            ..step(
                typed,
                &self.administrator,
                format!(
                    "The CA `{old}` signs no more, and its key is revoked: whoever has a certificate of it, by \
                     us or by the thief, gets in nowhere. None of its devices is needed for that."
                ),
                Act::ShutOut,
                "the ledger reserves no serial for it any more, and has its key as revoked",
            )
        }
    }

    fn list_of_old(&self, compromise: &Compromise) -> Step {
        let new = compromise.beside.cas.first().map(|ca| ca.name.to_string());
        let new = new.unwrap_or_default();
        step(
            "list with the old key",
            &self.administrator,
            format!(
                "A list of revoked keys is made that has the old key, and signed. Servers get it first, then \
                 `{new}.pub` alone as the file of trusted keys. Where a mirror makes their lists, this one stays \
                 here, since it lacks what is pending there: the entries are carried to the mirror, and its list \
                 is the one that they get."
            ),
            Act::List,
            "revoked.krl is written, and its signature beside it",
        )
    }
}

impl Cast {
    /// Whoever has one of these can sign: devices, and wrapped keys as well.
    fn places(&self, compromise: &Compromise) -> Step {
        let old = &compromise.beside.old;
        let asks = (1..).zip(&compromise.lost).map(|(number, lost)| {
            let question = format!("{}; a thief may have it: type \"missing\"", words_of(lost));
            let name = format!("lost {number}");
            ask(&name, &self.witness, question, "missing")
        });
        let lost = match compromise.lost.len() {
            0 => "The plan calls none of them lost.".to_owned(),
            many => format!("The plan calls {many} of them lost."),
        };
        Step {
            asks: asks.collect(),
            ..step(
                format!("places of {old}"),
                &self.administrator,
                format!(
                    "These are the places of the key of `{old}` that the ledger knows, devices and wrapped keys: a thief \
                     who has one of them, or a wrapped key and enough components, can sign until servers have the list. \
                     {lost} The others end when nobody needs them as evidence."
                ),
                Act::Places,
                "each place is shown; what is lost is missing in the ledger for good",
            )
        }
    }
}

/// What is typed when every server is known to trust the new CA.
const LET_IN: &str = "every server let us in";
/// What is typed to go on although some are not known to.
pub(in crate::ceremony) const LOCK_OUT: &str = "yes, lock out";
