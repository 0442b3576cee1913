//! A base name: what a principal is called before a CA writes a suffix behind it.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::ledger::{Ledger, LedgerError};

/// Every suffix that the config reserves, or that was recorded for a CA of the ledger.
pub(crate) fn suffixes(
    ledger: &Ledger,
    config: Option<&Config>,
) -> Result<BTreeSet<String>, LedgerError> {
    let mut suffixes = BTreeSet::new();
    if let Some(config) = config {
        let classes = config.policy().suffixes().iter();
        suffixes.extend(classes.map(|(_, class)| class.suffix().to_string()));
    }
    for ca in ledger.cas()? {
        let recorded = ledger.suffixes(&ca)?.into_iter();
        suffixes.extend(recorded.flat_map(|set| set.suffixes.into_iter().map(|one| one.suffix)));
    }
    Ok(suffixes)
}

/// The principals that a name stands for: itself first, then with each suffix. One that ends
/// in a suffix is no base name, and means itself alone.
pub(crate) fn names(name: &str, suffixes: &BTreeSet<String>) -> Vec<String> {
    let mut names = vec![name.to_owned()];
    if !suffixes
        .iter()
        .any(|suffix| name.ends_with(suffix.as_str()))
    {
        names.extend(suffixes.iter().map(|suffix| format!("{name}{suffix}")));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_base_name_has_every_suffix_and_another_name_is_itself() {
        let suffixes = ["_file".to_owned(), "_physical".to_owned()].into();
        let all = ["peter", "peter_file", "peter_physical"];
        assert_eq!(names("peter", &suffixes), all);
        assert_eq!(names("peter_file", &suffixes), ["peter_file"]);
        assert_eq!(names("peter", &[].into()), ["peter"]);
    }
}
