//! The steps that ceremonies of every kind begin and end with.

use super::missing::{BAG, DEVICES_STEP, bag_of, may_miss, or_missing, serial_ask, unseal_step};
use super::number::seal_number;
use super::{Act, Ask, Step, WORDS_TYPED, Wanted};
use crate::ceremony::facts::made_to_find;
use crate::ceremony::plan::{Device, LedgerBefore, Person, Pins, Plan, Role, Task};
use crate::secret::SecretKind;

/// Who does what nobody is named for.
pub(super) struct Cast {
    pub(super) administrator: String,
    pub(super) witness: String,
    pub(super) custodian: String,
    /// Who reads the second clock: anybody but the first witness.
    second: String,
}

impl Cast {
    /// Up to where the devices are there and open, and the ledger is known: people, clocks, plan, machine,
    /// bags, devices, ledger.
    pub(super) fn before(&self, plan: &Plan) -> Vec<Step> {
        let mut steps = vec![self.people(plan), self.clocks(), self.plan(plan)];
        steps.extend(plan.requires_rehearsal.then(|| self.rehearsal()));
        steps.push(self.machine(plan));
        steps.extend(plan.devices.iter().map(|device| self.unseal(device, plan)));
        let again = plan.custody.as_ref().filter(|_| plan.ledger.is_some());
        steps.extend(again.map(|custody| self.open_again(custody)));
        steps.push(self.devices(plan));
        steps.extend(plan.ledger.as_ref().map(|ledger| self.ledger(plan, ledger)));
        steps
    }

    /// The devices are sealed, and the transcript ends.
    pub(super) fn after(&self, plan: &Plan) -> Vec<Step> {
        let again = plan.custody.as_ref().filter(|_| plan.ledger.is_some());
        let counters = again.map(|custody| self.counters(custody));
        // Shares that were opened again go into envelopes again.
        let shares = again.and_then(|custody| self.seal_shares(custody, plan));
        let seals = plan.devices.iter().map(|device| self.seal(device, plan));
        let seals = seals.chain(shares).chain(self.seal_components(plan));
        let mut steps: Vec<_> = counters.into_iter().chain(seals).collect();
        steps.push(self.end(plan));
        steps
    }

    pub(super) fn of(plan: &Plan) -> Self {
        let name = |person: Option<&Person>| person.map(|person| person.name.clone());
        let first = |role| name(plan.people.first(role)).unwrap_or_default();
        let witness = first(Role::Witness);
        let second = plan.people.all.iter().find(|person| person.name != witness);
        Self {
            administrator: first(Role::Administrator),
            custodian: first(Role::Custodian),
            second: name(second).unwrap_or_default(),
            witness,
        }
    }

    fn people(&self, plan: &Plan) -> Step {
        let asks = plan.people.all.iter().map(|person| {
            let roles: Vec<_> = person.roles.iter().map(|role| role.as_str()).collect();
            let question = format!(
                "{}, {}, is here; type your name",
                person.name,
                roles.join(" and ")
            );
            ask("present", &person.name, question, &person.name)
        });
        Step {
            asks: asks.collect(),
            ..step(
                "people",
                &self.administrator,
                format!(
                    "This is the ceremony \"{}\" in {}.",
                    plan.purpose, plan.place
                ),
                Act::Nothing,
                "all have typed their names",
            )
        }
    }

    fn clocks(&self) -> Step {
        let clock = |name: &str, who: &str| Ask {
            name: name.to_owned(),
            who: who.to_owned(),
            question: "the time in UTC, off your own clock, as 2026-12-01T08:00Z".to_owned(),
            wanted: Wanted::Time,
        };
        Step {
            asks: vec![
                clock("clock 1", &self.witness),
                clock("clock 2", &self.second),
            ],
            ..step(
                "clocks",
                &self.witness,
                "The clock of this machine is believed only beside two others.",
                Act::Clocks,
                "the three clocks differ by no more than five minutes",
            )
        }
    }

    fn plan(&self, plan: &Plan) -> Step {
        let words = plan.words();
        let first: Vec<_> = words.split(' ').take(WORDS_TYPED).collect();
        let ask = Ask {
            name: "words".to_owned(),
            who: self.witness.clone(),
            question: format!("the first {WORDS_TYPED} words of the plan, off the paper"),
            wanted: Wanted::Paper(first.join(" ")),
        };
        Step {
            asks: vec![ask],
            ..step(
                "plan",
                &self.witness,
                "I read the words of the plan off the paper that all of us reviewed.",
                Act::Nothing,
                "the words are those of the plan that is read",
            )
        }
    }

    fn rehearsal(&self) -> Step {
        let ask = Ask {
            name: "words of the rehearsal".to_owned(),
            who: self.witness.clone(),
            question: format!(
                "the first {WORDS_TYPED} words of the rehearsal's transcript, off its paper"
            ),
            wanted: Wanted::Rehearsal,
        };
        Step {
            asks: vec![ask],
            ..step(
                "rehearsal",
                &self.witness,
                "All of this was rehearsed, by this very plan. I read the words off its paper.",
                Act::Rehearsal,
                "the words are those of a rehearsal of this plan, which was held to its end",
            )
        }
    }

    fn machine(&self, plan: &Plan) -> Step {
        let question = format!(
            "the machine was started from \"{}\"; type yes",
            plan.boot_medium
        );
        Step {
            asks: vec![ask("boot-medium", &self.witness, question, "yes")],
            ..step(
                "machine",
                &self.administrator,
                match plan.printer {
                    None => "The program and its modules are those that were reviewed.",
                    Some(_) => {
                        "The program, its modules and what prints sheets are those that were reviewed."
                    }
                },
                Act::Machine,
                "program and modules have the SHA-256 of the plan",
            )
        }
    }

    fn unseal(&self, device: &Device, plan: &Plan) -> Step {
        let question = format!(
            "the number of the bag of `{}`, whose seal is whole",
            device.name
        );
        let what = format!("`{}`, in bag {}", device.name, device.bag);
        let bag = seal_number(BAG, &self.custodian, question, &device.bag);
        Step {
            asks: vec![or_missing(plan, bag, &what, Vec::new())],
            ..step(
                unseal_step(device),
                &self.custodian,
                format!(
                    "I show bag {} around, and cut it open.{}",
                    device.bag,
                    may_miss(plan)
                ),
                Act::Nothing,
                "the seal was whole",
            )
        }
    }

    fn devices(&self, plan: &Plan) -> Step {
        let asks = plan.devices.iter().map(|device| {
            let question = format!(
                "the serial number of `{}`, off the device or its label",
                device.name
            );
            let asked = ask(
                &serial_ask(device),
                &self.witness,
                question,
                &device.serial(),
            );
            let what = format!("`{}`, serial {}", device.name, device.serial());
            or_missing(plan, asked, &what, vec![bag_of(device)])
        });
        Step {
            asks: asks.collect(),
            ..step(
                DEVICES_STEP,
                &self.witness,
                in_the_room(plan) + &self.typed_pins(plan) + may_miss(plan),
                Act::Devices,
                "the devices of the plan are found, each opens, and no other is there",
            )
        }
    }

    /// Whose hands type the PINs that are on paper.
    fn typed_pins(&self, plan: &Plan) -> String {
        let set = plan.devices.iter();
        let set = set.filter(|device| device.pins == Pins::AreSet);
        let names: Vec<_> = set.map(|device| format!("`{}`", device.name)).collect();
        let (with, whose, them, pin) = match names.len() {
            0 => return String::new(),
            1 => ("envelope with the PIN", "seal is", "it", "the"),
            _ => ("envelopes with the PINs", "seals are", "them", "each"),
        };
        format!(
            " {} shows around the {with} of {}, whose {whose} whole, opens {them}, and types {pin} PIN off its paper \
             when the program asks for it; all others look away.",
            self.custodian,
            names.join(" and of ")
        )
    }

    /// The ledger that is there before, and the keys of its CAs.
    fn ledger(&self, plan: &Plan, ledger: &LedgerBefore) -> Step {
        let made = made_to_find(plan).map(|made| format!(" Made for this REHEARSAL: {made}."));
        let asks = ledger.cas.iter().map(|ca| {
            let question = format!(
                "the key card of CA `{}` says {}; type yes",
                ca.name, ca.fingerprint
            );
            ask(
                &format!("key card {}", ca.name),
                &self.witness,
                question,
                "yes",
            )
        });
        Step {
            asks: asks.collect(),
            ..step(
                "ledger",
                &self.administrator,
                format!(
                    "The ledger is {}, and goes on from entry {}.{}",
                    ledger.head.origin,
                    ledger.head.size,
                    made.unwrap_or_default()
                ),
                Act::Ledger,
                "it goes on from the head of the plan, and each key in a device is the one that it has",
            )
        }
    }

    fn seal(&self, device: &Device, plan: &Plan) -> Step {
        let bag = format!(
            "the number of the bag that `{}` is sealed in when the words were shown",
            device.name
        );
        let envelope = |secret: &str, envelope: &str| {
            let question = format!(
                "the number of the envelope that the {secret} of `{}` is sealed in",
                device.name
            );
            let name = format!("{}-envelope", secret.to_lowercase().replace(' ', "-"));
            let asked = seal_number(&name, &self.custodian, question, envelope);
            let what = format!("the {secret} of `{}`, for envelope {envelope}", device.name);
            or_missing(plan, asked, &what, Vec::new())
        };
        let bag = seal_number("new-bag", &self.custodian, bag, &device.new_bag);
        let what = format!("`{}`, for bag {}", device.name, device.new_bag);
        let serial = (DEVICES_STEP.to_owned(), serial_ask(device));
        let mut asks = vec![or_missing(plan, bag, &what, vec![bag_of(device), serial])];
        let mut secrets = String::new();
        for (secret, number) in [
            (SecretKind::Pin, &device.pin_envelope),
            (device.unlocked_by(), &device.unlock_envelope),
        ] {
            let secret = secret.to_string();
            // What is destroyed in the end is sealed in nothing.
            if let Some(number) = number
                && !plan.destroys(number)
            {
                asks.push(envelope(&secret, number));
                secrets += &format!(", its {secret} in envelope {number}");
            }
        }
        Step {
            asks,
            ..step(
                format!("seal {}", device.name),
                &self.custodian,
                format!(
                    "Bag {} is ready for the device{secrets}. The device stays where it is until the words \
                     of the end are shown: it signs them. Then I seal it.{}",
                    device.new_bag,
                    may_miss(plan)
                ),
                Act::Nothing,
                "bag and envelopes are at hand; the seals are signed by all when the words were shown",
            )
        }
    }

    fn end(&self, plan: &Plan) -> Step {
        let signed = plan.people.all.iter().filter_map(Person::signs);
        let signed: String = signed.map(|words| format!(" {words}")).collect();
        let papers = match &plan.task {
            Task::Retire(retire) if !retire.papers.is_empty() => {
                " The papers that were collected are destroyed before all of us."
            }
            _ => "",
        };
        let question = "nothing is left to be recorded; type end".to_owned();
        Step {
            asks: vec![ask("end", &self.administrator, question, "end")],
            ..step(
                "end",
                &self.administrator,
                format!(
                    "The transcript ends here. Its words, and those of the signed head, go onto the paper; then \
                     the devices are sealed.{papers}{signed}"
                ),
                Act::End,
                "32 words of the transcript and 32 of the head are shown; all copy them by hand",
            )
        }
    }
}

/// How many devices there are, in words that fit one as well.
fn in_the_room(plan: &Plan) -> String {
    match plan.devices.len() {
        1 => "There is this one device in the room, and no other.".to_owned(),
        many => format!("There are these {many} devices in the room, and no other."),
    }
}

/// A step without questions.
pub(super) fn step(
    name: impl Into<String>,
    actor: &str,
    say: impl Into<String>,
    act: Act,
    expect: &str,
) -> Step {
    Step {
        name: name.into(),
        actor: actor.to_owned(),
        say: say.into(),
        asks: Vec::new(),
        act,
        expect: expect.to_owned(),
    }
}

/// A question that one text answers.
pub(super) fn ask(name: &str, who: &str, question: String, typed: &str) -> Ask {
    Ask {
        name: name.to_owned(),
        who: who.to_owned(),
        question,
        wanted: Wanted::Text(typed.to_owned()),
    }
}
