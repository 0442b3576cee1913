//! The sheets of what a wrapped key needs: a component each, and the label of the medium.

use super::{SHARE_WORDS, Sheet, blanks, by_printer, held_by};
use crate::ceremony::plan::{Components, Holder, Plan, wrapped_file};

/// The components, and the medium with the bags that it comes in, where it was there before, and goes into.
pub(super) fn inventory(plan: &Plan) -> Vec<(String, String)> {
    let Some(components) = &plan.components else {
        return Vec::new();
    };
    let bag = components.bag.iter();
    let from: String = bag.map(|bag| format!("from bag {bag} ")).collect();
    let medium = format!("Medium \"{}\"", components.medium);
    let bags = format!("{from}into bag {}", components.new_bag);
    let held = held_by("Component", Some(&components.custody));
    [held, vec![(medium, bags)]].concat()
}

/// A sheet for each custodian, where components are made, and one that lies with the medium.
pub(super) fn sheets(plan: &Plan) -> Vec<Sheet> {
    let Some(components) = &plan.components else {
        return Vec::new();
    };
    let holders = components.custody.holders.iter().enumerate();
    // Those of an earlier ceremony go into new envelopes: nobody writes them down a second time.
    let holders = holders.filter(|_| components.bag.is_none());
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
    let medium = ("Medium that it opens".to_owned(), components.medium.clone());
    let rest = [vec![medium], blanks(&["Sealed by", "Date"])].concat();
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

#[cfg(test)]
mod tests {
    use super::super::sheets as all;
    use super::{Plan, inventory};
    use crate::ceremony::plan::tests::{filled_for_components, filled_to_restore_from_blob};

    fn titles(plan: &Plan) -> Vec<String> {
        all(plan).into_iter().map(|sheet| sheet.title).collect()
    }

    #[test]
    fn components_have_forms_where_they_are_made_and_the_medium_stands_in_the_inventory() {
        let made = Plan::parse(filled_for_components().as_bytes()).unwrap();
        let opened = Plan::parse(filled_to_restore_from_blob().as_bytes()).unwrap();
        for (plan, forms, bags) in [
            (&made, 3, "into bag M2"),
            (&opened, 0, "from bag M1 into bag M2"),
        ] {
            let titles = titles(plan);
            let of = |what: &str| {
                titles
                    .iter()
                    .filter(|title| title.starts_with(what))
                    .count()
            };
            assert_eq!((of("Component "), of("Medium ")), (forms, 1), "{titles:?}");
            let rows = inventory(plan);
            let (last, held) = rows.split_last().unwrap();
            assert!(
                last.0.starts_with("Medium ") && last.1.starts_with(bags),
                "{last:?}"
            );
            assert_eq!(held.len(), 3);
        }
    }
}
