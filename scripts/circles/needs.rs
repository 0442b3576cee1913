//! Which file needs which: by what it names, and where that is defined.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Crate, Names};

/// Who needs whom.
pub(crate) type Needs = BTreeMap<Names, BTreeSet<Names>>;

/// The files that each file needs.
pub(crate) fn needs(sources: &Crate) -> Needs {
    let each = sources.iter().map(|(module, source)| {
        let named = source.named.iter();
        let needed = named.filter_map(|path| defined_in(sources, module, path, STEPS));
        (
            module.clone(),
            needed.filter(|other| other != module).collect(),
        )
    });
    each.collect()
}

/// The file that defines what `path` names in the module `from`; none outside of the crate.
fn defined_in(sources: &Crate, from: &[String], path: &[String], steps: u8) -> Option<Names> {
    let (first, rest) = path.split_first()?;
    let steps = steps.checked_sub(1)?;
    match first.as_str() {
        "crate" => return look_up(sources, &[], rest, steps),
        "self" => return look_up(sources, from, rest, steps),
        "super" => return look_up(sources, from.split_last()?.1, rest, steps),
        _ => {}
    }
    let here = sources.get(from)?;
    if here.children.contains(first) {
        return look_up(
            sources,
            &[from, std::slice::from_ref(first)].concat(),
            rest,
            steps,
        );
    }
    if let Some(import) = here.imports.get(first).filter(|import| *import != path) {
        return defined_in(sources, from, &[import, rest].concat(), steps);
    }
    None
}

/// The file that defines `path`, seen from outside of the module.
fn look_up(sources: &Crate, module: &[String], path: &[String], steps: u8) -> Option<Names> {
    let here = sources.get(module)?;
    let (first, rest) = path.split_first()?;
    if first == "super" {
        return look_up(sources, module.split_last()?.1, rest, steps);
    }
    let child = [module, std::slice::from_ref(first)].concat();
    if sources.contains_key(&child) {
        // A module alone defines nothing.
        return look_up(sources, &child, rest, steps);
    }
    if here.items.contains(first) {
        return Some(module.to_vec());
    }
    if let Some(import) = here.imports.get(first) {
        return defined_in(sources, module, &[import, rest].concat(), steps);
    }
    let mut globs = here.globs.iter();
    globs.find_map(|glob| defined_in(sources, module, &[glob, path].concat(), steps))
}

/// A path that is handed on more often goes round itself.
const STEPS: u8 = 32;
