//! The items of a bundle, as a run takes them: one after the other, called by their numbers.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};

use super::{BundleSessionError, Carried};
use crate::batch::Named;
use crate::bundle::{Item, Wish};
use crate::issue::Asked;

/// An item as a run takes it.
pub(super) fn named(bundle: &str, number: u64, item: Item) -> Named {
    Named {
        name: PathBuf::from(format!("{bundle}:{number}")),
        comment: item.content().comment.to_string(),
        output: None,
        asked: match item.wish {
            Wish::Request(file) => Asked::Request {
                file,
                vouched: None,
            },
            Wish::Key(content) => Asked::Carried(content),
        },
    }
}

/// The number of an item, by what it is called.
#[must_use]
pub fn number(name: &Path) -> Option<u64> {
    let name = name.to_str()?;
    name.rsplit(':').next()?.parse().ok()
}

/// The items that are neither refused nor signed.
pub(super) fn left(
    carried: &Carried,
    passed: HashSet<u64>,
) -> Result<Box<dyn Iterator<Item = io::Result<Named>>>, BundleSessionError> {
    let name = carried.name.clone();
    let items = (1_u64..).zip(carried.items()?);
    let items = items.filter(move |(number, _)| !passed.contains(number));
    Ok(Box::new(items.map(move |(number, item)| {
        let item = item.map_err(io::Error::other)?;
        Ok(named(&name, number, item))
    })))
}
