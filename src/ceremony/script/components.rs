//! The sheets of what a wrapped key needs: a component each, and the label of the medium.

use super::{SHARE_WORDS, Sheet, blanks, by_printer};
use crate::ceremony::plan::{Components, Holder, Plan, wrapped_file};

/// A sheet for each custodian, and one that lies with the medium.
pub(super) fn sheets(plan: &Plan) -> Vec<Sheet> {
    let Some(components) = &plan.components else {
        return Vec::new();
    };
    let holders = components.custody.holders.iter().enumerate();
    let sheets =
        holders.map(|(number, holder)| component_sheet(plan, components, (number, holder)));
    sheets.chain([medium_sheet(plan, components)]).collect()
}

fn component_sheet(
    plan: &Plan,
    components: &Components,
    (number, holder): (usize, &Holder),
) -> Sheet {
    let words = (1..=SHARE_WORDS).map(|word| (format!("Word {word}"), String::new()));
    let rest = blanks(&["Medium that it opens", "Sealed by", "Date"]);
    let quorum = components.custody.quorum;
    Sheet {
        title: format!(
            "Component {} of {}, for {} alone: for envelope {}; {} components are the wrapping key{}",
            number + 1,
            quorum.shares(),
            holder.name,
            holder.envelope,
            quorum.threshold(),
            by_printer(plan.printer.is_some()),
        ),
        rows: words.chain(rest).collect(),
    }
}

fn medium_sheet(plan: &Plan, components: &Components) -> Sheet {
    let files = plan.wrapped().map(|ca| {
        let what = format!("SHA-256 of {}", wrapped_file(&ca.name));
        (what, String::new())
    });
    Sheet {
        title: format!(
            "Medium \"{}\": for bag {}, where no component is",
            components.medium, components.new_bag
        ),
        rows: files.chain(blanks(&["Sealed by", "Date"])).collect(),
    }
}
