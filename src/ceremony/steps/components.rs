//! The steps about the key that CA keys are wrapped by: tried, split into components, sealed.

use super::frame::{Cast, ask, step};
use super::number::seal_number;
use super::{Act, Ask, Step, Wanted};
use crate::ceremony::plan::{Ca, Components, Custody, Pins, Plan, PlannedBlob};

impl Cast {
    /// The keys, and before them what a wrapped one needs.
    pub(super) fn keys(&self, plan: &Plan) -> Vec<Step> {
        let mut steps = Vec::new();
        if !self.can_be_tried_first(plan) {
            steps.extend(self.can_wrap(plan));
        }
        steps.extend(
            plan.components
                .as_ref()
                .map(|one| self.components(plan, one)),
        );
        let cas = plan.cas();
        steps.extend((0..cas.len()).filter_map(|number| self.key(cas, number)));
        steps
    }

    /// Whether tokens wrap, where they open by now: nobody should write down a share for nothing.
    pub(super) fn can_wrap_first(&self, plan: &Plan) -> Option<Step> {
        self.can_be_tried_first(plan)
            .then(|| self.can_wrap(plan))
            .flatten()
    }

    fn can_be_tried_first(&self, plan: &Plan) -> bool {
        let opens = |ca: &&Ca| {
            let pins = plan.device(&ca.device).map(|device| device.pins);
            pins == Some(Pins::AreSet) || (pins == Some(Pins::Shares) && plan.ledger.is_some())
        };
        plan.wrapped().all(|ca| opens(&ca))
    }

    fn can_wrap(&self, plan: &Plan) -> Option<Step> {
        let components = plan.components.as_ref()?;
        let question = format!(
            "what is written on the new medium, which is mounted at {}",
            components.folder.display()
        );
        Some(Step {
            asks: vec![ask("medium", &self.custodian, question, &components.medium)],
            ..step(
                "can wrap",
                &self.administrator,
                "Each token makes a key that is thrown away, wraps it, and takes it back: one that can't would \
                 stop us behind what can't be undone.",
                Act::CanWrap,
                "each token did, and the medium can be written to",
            )
        })
    }

    fn components(&self, plan: &Plan, components: &Components) -> Step {
        let quorum = components.custody.quorum;
        let (needed, all) = (quorum.threshold(), quorum.shares());
        Step {
            asks: typed_components(&components.custody, Wanted::Component),
            ..step(
                "components",
                &self.administrator,
                format!(
                    "A key of 128 random bits is made in the memory of this machine, by which keys are wrapped, and \
                     split so that {needed} of {all} components are the key. Each custodian alone {}, and types it \
                     back off the paper.",
                    match plan.printer {
                        None => "sees their component, writes it onto its sheet",
                        Some(_) => "takes the sheet with their component from the printer",
                    }
                ),
                Act::Components,
                "every set of components that must be the key was put together, and is",
            )
        }
    }

    /// Components that were given out in an earlier ceremony, and the medium that they open.
    pub(super) fn open_components(&self, plan: &Plan) -> Option<Step> {
        let components = plan.components.as_ref()?;
        let medium = &components.medium;
        let bag = components.bag.as_deref()?;
        let question =
            format!("the number of the bag of the medium \"{medium}\", whose seal is whole");
        let bag = seal_number("medium-bag", &self.custodian, question, bag);
        let typed = typed_components(&components.custody, Wanted::ComponentAgain);
        let quorum = components.custody.quorum;
        let (needed, all) = (quorum.threshold(), quorum.shares());
        Some(Step {
            asks: [vec![bag], typed].concat(),
            ..step(
                "components",
                &self.administrator,
                format!(
                    "The medium is mounted at {}. Each custodian opens their envelope, and alone types the component \
                     that is in it; or \"missing\", where nobody has it or can read it. {needed} of {all} are the \
                     key that opens what is on the medium.",
                    components.folder.display()
                ),
                Act::OpenComponents,
                "every set of components is one key, which is the one that the ledger knows",
            )
        })
    }

    /// A key comes out of its wrapped file.
    pub(super) fn bring(&self, number: usize, blob: &PlannedBlob) -> Step {
        let (ca, onto) = (&blob.ca, &blob.onto);
        let typed = format!("bring {ca} onto {onto}");
        let question = format!("what can't be undone: type \"{typed}\"");
        Step {
            asks: vec![ask("go", &self.witness, question, &typed)],
            ..step(
                typed,
                &self.administrator,
                format!(
                    "The key of the CA `{ca}` comes out of {} into `{onto}`, which it can't leave from the first \
                     moment. The file stays as it is.",
                    blob.file
                ),
                Act::Bring(number),
                "it is the key that the ledger has, and the ledger has the copy",
            )
        }
    }

    /// The sheets go into their envelopes, and the medium into its bag.
    pub(super) fn seal_components(&self, plan: &Plan) -> Option<Step> {
        let components = plan.components.as_ref()?;
        let holders = (1..).zip(&components.custody.holders);
        let envelopes = holders.map(|(number, holder)| {
            let question = format!(
                "the number of the envelope that component {number} is sealed in when the words were shown"
            );
            let name = format!("component-envelope {number}");
            seal_number(&name, &holder.name, question, &holder.envelope)
        });
        let bag = seal_number(
            "medium-bag",
            &self.custodian,
            format!(
                "the number of the bag that the medium \"{}\" is sealed in when the words were shown",
                components.medium
            ),
            &components.new_bag,
        );
        Some(Step {
            asks: envelopes.chain([bag]).collect(),
            ..step(
                "seal components",
                &self.administrator,
                "Each custodian has the envelope for their component ready, and the medium is unmounted: its bag is \
                 ready, too. They are sealed when the words of the end were shown. Each component is kept where no \
                 other one is, nor the medium.",
                Act::Nothing,
                "envelopes and bag are at hand; the seals are signed by all when the words were shown",
            )
        })
    }
}

/// Each custodian types their component off its sheet.
pub(super) fn typed_components(custody: &Custody, wanted: impl Fn(usize) -> Wanted) -> Vec<Ask> {
    let all = custody.quorum.shares();
    let asks = custody.holders.iter().enumerate().map(|(number, holder)| {
        let component = number + 1;
        Ask {
            name: format!("component {component}"),
            who: holder.name.clone(),
            question: format!("the 20 words of component {component} of {all}, off its sheet"),
            wanted: wanted(number),
        }
    });
    asks.collect()
}
