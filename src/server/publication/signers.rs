//! Who may sign the next lists: a part of a list, and so believed as far as those are who signed it.

use std::collections::BTreeSet;

use super::LIST_NAMESPACE;
use crate::server::access::Header;

/// The allowed signers (ssh-keygen(1)) that a list names for those behind it, and how many persons
/// they are; none for a list that names nobody, where nothing changes.
#[must_use]
pub fn next_signers(header: &Header) -> Option<(String, usize)> {
    if header.signers().is_empty() {
        return None;
    }
    let persons: BTreeSet<_> = header
        .signers()
        .iter()
        .map(|signer| signer.person())
        .collect();
    let mut text =
        "# Written by `punchmark access sync`, from the `@signer` lines of the list.\n".to_owned();
    for signer in header.signers() {
        let (algorithm, key) = signer.key();
        let person = signer.person();
        text += &format!("{person} namespaces=\"{LIST_NAMESPACE}\" {algorithm} {key}\n");
    }
    Some((text, persons.len()))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use ssh_key::public::KeyData;

    use super::super::signatures::tests::key;
    use super::*;
    use crate::request::AllowedSigners;
    use crate::server::access::List;

    #[test]
    fn what_is_written_lets_the_same_persons_sign_lists_and_nothing_else() {
        let line = |person: &str, seed| {
            let key = key(seed).public_key().to_openssh().unwrap();
            let key = key.split(' ').take(2).collect::<Vec<_>>().join(" ");
            format!("@signer {person} {key}\n")
        };
        let list = [
            line("anna", 1),
            line("anna", 2),
            line("ole", 3),
            "a u *\n".into(),
        ]
        .concat();
        let list = List::parse(list.as_bytes()).unwrap();
        let (text, persons) = next_signers(list.header()).unwrap();
        assert_eq!(persons, 2);
        let signers = AllowedSigners::parse(text.as_bytes(), &|| TimeZone::UTC).unwrap();
        assert!(signers.faults().is_empty());
        for (seed, person) in [(1, "anna"), (2, "anna"), (3, "ole")] {
            let key = KeyData::clone(key(seed).public_key().key_data());
            let found = signers.person(&key, LIST_NAMESPACE, 0).unwrap();
            assert_eq!(found.as_str(), person);
            assert_eq!(signers.person(&key, "file", 0), None);
        }
    }

    #[test]
    fn a_list_that_names_nobody_changes_nothing() {
        assert_eq!(
            next_signers(List::parse(b"a u *\n").unwrap().header()),
            None
        );
    }

    #[test]
    fn a_line_that_is_no_key_or_names_nobody_makes_the_list_invalid() {
        let good = key(1).public_key().to_openssh().unwrap();
        let good = good.trim_end();
        let (mut found, mut meant) = (Vec::new(), Vec::new());
        for (line, words) in [
            ("anna".to_owned(), "a `@signer` line is: "),
            ("anna ssh-ed25519 AAAA".to_owned(), "no public key"),
            (
                format!("anna {}", good.replace("ssh-ed25519 ", "ssh-rsa ")),
                "no public key",
            ),
            (format!("a* {good}"), "a `@signer` line is: "),
            (format!("anna,ole {good}"), "',' in a principal"),
            (format!("{good} anna"), "no public key"),
        ] {
            let list = format!("@signer {line}\na u *\n");
            let fault = List::parse(list.as_bytes()).unwrap_err();
            let said = fault.wrong.to_string();
            found.push((
                fault.line,
                if said.contains(words) { words } else { "?" },
                said,
            ));
            meant.push((1, words));
        }
        let short: Vec<_> = found
            .iter()
            .map(|(line, words, _)| (*line, *words))
            .collect();
        assert_eq!(short, meant, "{found:?}");
    }
}
