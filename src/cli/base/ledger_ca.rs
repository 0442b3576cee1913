//! A CA of the ledger, by its name.

use super::advice::ledger::OTHER_LEDGER;
use super::failure::Failure;
use super::similar::did_you_mean;
use crate::ledger::Ca;

/// The CA of this name among those of a ledger.
///
/// # Errors
/// A fault of usage that names those there are, and the one that was hardly missed.
pub(crate) fn ca_named(cas: &[Ca], name: &str) -> Result<Ca, Failure> {
    let found = cas.iter().find(|ca| ca.name() == name);
    found.cloned().ok_or_else(|| {
        let names: Vec<&str> = cas.iter().map(Ca::name).collect();
        missing(name, &names)
    })
}

fn missing(name: &str, names: &[&str]) -> Failure {
    let known = match names {
        [] => String::new(),
        names => format!("; it has `{}`", names.join("`, `")),
    };
    let near = did_you_mean(name, names.iter().copied());
    Failure::usage(format!("the ledger has no CA `{name}`{known}"))
        .hint(near.unwrap_or_else(|| OTHER_LEDGER.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_name_is_told_with_those_there_are_and_the_nearest() {
        let failure = missing("user", &["hosts", "users"]);
        assert_eq!(
            failure.words(),
            "the ledger has no CA `user`; it has `hosts`, `users`"
        );
        assert_eq!(failure.hints(), ["did you mean `users`?"]);
        let failure = missing("user", &[]);
        assert_eq!(failure.words(), "the ledger has no CA `user`");
        assert_eq!(failure.hints(), [OTHER_LEDGER]);
    }
}
