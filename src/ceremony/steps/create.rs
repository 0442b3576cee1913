//! The steps of a ceremony that makes CA keys.

use super::frame::{Cast, ask, step};
use super::missing::{SHARES_STEP, or_missing, share_ask, typed_shares};
use super::number::seal_number;
use super::{Act, Ask, Step, Wanted};
use crate::ceremony::plan::{
    Ca, Copies, Create, Custody, Device, Drill, Hardware, KeyPlace, Pins, Plan,
};
use crate::secret::SecretKind;

/// The steps that make CA keys.
pub(super) fn steps(plan: &Plan, create: &Create) -> Vec<Step> {
    let cast = Cast::of(plan);
    let mut steps = cast.before(plan);
    steps.extend(cast.can_wrap_first(plan));
    let custody = plan.custody.as_ref();
    steps.extend(custody.map(|custody| cast.shares(plan, custody)));
    let devices = (0..).zip(&plan.devices);
    steps.extend(devices.filter_map(|(number, device)| cast.pins(plan, (number, device))));
    steps.extend(cast.keys(plan));
    steps.push(cast.ledger_key(create));
    steps.extend(plan.custody.as_ref().map(|_custody| cast.custody()));
    steps.extend(create.drill.as_ref().map(|drill| cast.first_drill(drill)));
    steps.extend([cast.compare(), cast.list(), cast.lines()]);
    let custody = plan.custody.as_ref();
    steps.extend(custody.and_then(|custody| cast.seal_shares(custody, plan)));
    steps.extend(cast.after(plan));
    steps
}

impl Cast {
    /// One secret, of which each custodian gets a share.
    fn shares(&self, plan: &Plan, custody: &Custody) -> Step {
        let (needed, all) = (custody.quorum.threshold(), custody.quorum.shares());
        Step {
            asks: typed_shares(custody, Wanted::Share),
            ..step(
                "shares",
                &self.administrator,
                format!(
                    "A secret of 128 random bits is made, and split so that {needed} of {all} shares \
                     open the devices. Each custodian alone {}, and types it back off the paper.",
                    match plan.printer {
                        None => "sees their share, writes it onto its sheet",
                        Some(_) => "takes the sheet with their share from the printer",
                    }
                ),
                Act::Shares,
                "every set of shares that must open the secret was put together, and did",
            )
        }
    }

    /// Secrets that follow from the shares: nobody sees them.
    fn derived_pins(&self, number: usize, device: &Device) -> Step {
        let what = match device.hardware {
            Hardware::Token(_) => "the SO PIN and the PIN",
            Hardware::YubiKey { .. } => "the PUK, the PIN and the management key",
        };
        Step {
            asks: self.come_with(number, device),
            ..step(
                format!("pins {}", device.name),
                &self.custodian,
                format!(
                    "`{}` gets {what} that follow from the shares, with counter {FIRST_COUNTER}. \
                     Nobody sees them.",
                    device.name
                ),
                Act::Pins(number),
                "the device opens with the PIN that follows from the shares",
            )
        }
    }

    /// What a token comes with, which is needed to change it; a card has the factory's.
    fn come_with(&self, number: usize, device: &Device) -> Vec<Ask> {
        let ask = |kind: SecretKind| Ask {
            name: format!("old {kind}"),
            who: self.custodian.clone(),
            question: format!(
                "the old {kind} of `{}`, off the paper it came with",
                device.name
            ),
            wanted: Wanted::Before {
                device: number,
                kind,
            },
        };
        match device.hardware {
            Hardware::Token(_) => vec![ask(SecretKind::SoPin), ask(SecretKind::Pin)],
            Hardware::YubiKey { .. } => Vec::new(),
        }
    }

    /// The shares go into their envelopes; none where all of them are destroyed in the end.
    pub(super) fn seal_shares(&self, custody: &Custody, plan: &Plan) -> Option<Step> {
        let holders = custody.holders.iter().enumerate();
        let kept = holders.filter(|(_, holder)| !plan.destroys(&holder.envelope));
        let asks = kept.map(|(number, holder)| {
            let share = number + 1;
            let question = format!(
                "the number of the envelope that share {share} is sealed in when the words were shown"
            );
            let name = format!("share-envelope {share}");
            let asked = seal_number(&name, &holder.name, question, &holder.envelope);
            let what = format!("share {share}, for envelope {}", holder.envelope);
            let typed = (SHARES_STEP.to_owned(), share_ask(share));
            or_missing(plan, asked, &what, vec![typed])
        });
        let asks: Vec<_> = asks.collect();
        let step = step(
            "seal shares",
            &self.administrator,
            "Each custodian has the envelope for their share ready. A run that was cut short would need the shares \
             again: they are sealed when the words of the end were shown, and each is kept where no other one is.",
            Act::Nothing,
            "the envelopes are at hand; the seals are signed by all when the words were shown",
        );
        (!asks.is_empty()).then_some(Step { asks, ..step })
    }

    /// Secrets of its own, for a device that comes as the factory left it.
    pub(super) fn pins(&self, plan: &Plan, (number, device): (usize, &Device)) -> Option<Step> {
        match device.pins {
            Pins::AreSet => return None,
            Pins::Shares => return Some(self.derived_pins(number, device)),
            Pins::Random => {}
        }
        let secret = |kind: SecretKind| Ask {
            name: kind.to_string(),
            who: self.custodian.clone(),
            question: format!("the {kind} of `{}`, off its sheet", device.name),
            wanted: Wanted::Secret {
                device: number,
                kind,
            },
        };
        Some(Step {
            asks: [
                self.come_with(number, device),
                vec![secret(device.unlocked_by()), secret(SecretKind::Pin)],
            ]
            .concat(),
            ..step(
                format!("pins {}", device.name),
                &self.custodian,
                format!(
                    "`{}` gets {} {} and a PIN that are made at random. {} alone {}, and types it back.",
                    device.name,
                    match device.hardware {
                        Hardware::Token(_) => "an",
                        Hardware::YubiKey { .. } => "a",
                    },
                    device.unlocked_by(),
                    self.custodian,
                    match plan.printer {
                        None => "sees each of them, writes it onto its sheet",
                        Some(_) => "takes the sheet of each of them from the printer",
                    }
                ),
                Act::Pins(number),
                "the device opens with the PIN of the sheet",
            )
        })
    }

    pub(super) fn key(&self, cas: &[Ca], number: usize) -> Option<Step> {
        let ca = cas.get(number)?;
        let typed = format!("make {}", ca.name);
        let question = format!("what can't be undone: type \"{typed}\"");
        Some(Step {
            asks: vec![ask("go", &self.witness, question, &typed)],
            ..step(
                format!("key {}", ca.name),
                &self.administrator,
                made(ca),
                Act::Key(number),
                match ca.copies {
                    Copies::InMemory(_) => {
                        "each device reads the same key back and signs by it; the fingerprint is shown; write \
                         it on the key card"
                    }
                    Copies::Components => {
                        "the wrapped key was read back from the medium; the fingerprint of the key is shown; write \
                         it on the key card, and the SHA-256 of the wrapped key onto the medium's sheet"
                    }
                    Copies::None | Copies::Wrapped(_) => seen(&ca.place),
                },
            )
        })
    }

    fn ledger_key(&self, create: &Create) -> Step {
        let typed = "make ledger key";
        let question = format!("what can't be undone: type \"{typed}\"");
        Step {
            asks: vec![ask("go", &self.witness, question, typed)],
            ..step(
                "ledger-key",
                &self.administrator,
                format!(
                    "`{}` makes the {} key that vouches for the ledger{}.",
                    create.ledger_key.device,
                    create.ledger_key.algorithm,
                    slot(&create.ledger_key.place)
                ),
                Act::LedgerKey,
                seen(&create.ledger_key.place),
            )
        }
    }

    fn first_drill(&self, drill: &Drill) -> Step {
        step(
            "first drill",
            &self.administrator,
            format!(
                "The first drill, in which the keys are tried without anything issued, is due on {}.",
                drill.next_due
            ),
            Act::FirstDrill,
            "the ledger has the day, and says when it is over",
        )
    }

    fn custody(&self) -> Step {
        step(
            "custody",
            &self.administrator,
            "The ledger records which secret and which counter open each device; write generation and \
             counter onto the sheets of the shares.",
            Act::Custody,
            "generation and counter of each device are shown",
        )
    }

    pub(super) fn compare(&self) -> Step {
        let question = "each fingerprint on the key card is that on the screen; type yes";
        Step {
            asks: vec![ask("compared", &self.witness, question.to_owned(), "yes")],
            ..step(
                "compare",
                &self.witness,
                "I compare the key card with the screen, letter by letter.",
                Act::Nothing,
                "paper and screen say the same",
            )
        }
    }

    fn list(&self) -> Step {
        step(
            "list",
            &self.administrator,
            "The first list of revoked keys is made, which is empty, and signed.",
            Act::List,
            "revoked.krl is written, and its signature beside it",
        )
    }

    pub(super) fn lines(&self) -> Step {
        step(
            "lines",
            &self.administrator,
            "What servers and clients need is written.",
            Act::Lines,
            "a public key file of each CA is written, the lines for sshd_config or known_hosts, and the key card",
        )
    }
}

fn made(ca: &Ca) -> String {
    if let Copies::InMemory(_) = ca.copies {
        return in_memory(ca);
    }
    let mut words = format!(
        "`{}` makes the {} key of the CA `{}` for {}s{}.",
        ca.device,
        ca.algorithm,
        ca.name,
        ca.certificates,
        slot(&ca.place)
    );
    if let Copies::Wrapped(device) = &ca.copies {
        words += &format!(
            " It is wrapped once for `{device}`, by a key that is made there and removed after, and then can \
             leave neither; its origin says for good that it could."
        );
    }
    if ca.copies.is_wrapped_by_components() {
        words += " It is wrapped once by the key that people hold in components, goes onto the medium so, and \
                  then can't leave the token; its origin says for good that it could.";
    }
    if let Some(first) = &ca.beside {
        words += &format!(" It is trusted beside `{first}`, whose key has no copy.");
    }
    words
}

/// What is told of a key that no device made, on paper, in the transcript and in the report.
pub(in crate::ceremony) fn in_memory(ca: &Ca) -> String {
    let devices: Vec<_> = std::iter::once(&ca.device)
        .chain(ca.copies.devices())
        .map(|name| format!("`{name}`"))
        .collect();
    format!(
        "THE {} KEY OF THE CA `{}` FOR {}S IS MADE IN THE MEMORY OF THIS MACHINE AND PUT INTO {} DEVICES: {}{}. NO \
         DEVICE CAN ATTEST IT, AND WHOEVER READ THIS MEMORY HAS IT.",
        ca.algorithm.to_string().to_uppercase(),
        ca.name,
        ca.certificates.to_string().to_uppercase(),
        devices.len(),
        devices.join(", "),
        slot(&ca.place)
    )
}

fn slot(place: &KeyPlace) -> String {
    match place {
        KeyPlace::Label(_) => String::new(),
        KeyPlace::Slot { slot, pin, touch } => {
            format!(" in slot {slot} (PIN {pin}, touch {touch})")
        }
    }
}

fn seen(place: &KeyPlace) -> &'static str {
    match place {
        KeyPlace::Label(_) => "the fingerprint of the key is shown; write it on the key card",
        KeyPlace::Slot { .. } => {
            "the card proves up to its maker's root that the key was born in it; the fingerprint \
             is shown; write it on the key card"
        }
    }
}

/// The counter of a device's secrets when they follow from a secret for the first time.
pub(in crate::ceremony) const FIRST_COUNTER: u32 = 1;
