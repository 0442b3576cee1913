//! Lines of authorized_keys that trust a CA: they let in before TrustedUserCAKeys is asked.

use super::attempt::Attempt;
use super::line::Line;
use super::step::Step;
use crate::server::as_owner::read_as;
use crate::server::keys_file::{KeyEntry, KeysFile};
use crate::server::percent::path_for;

const NAME: &str = "authorized-keys";

/// The step, and the line that lets the certificate in, if one does.
pub(super) fn authority(attempt: &Attempt<'_>) -> (Step, Option<Line>) {
    let Some(account) = attempt.account else {
        return (Step::unknown(NAME, "there is no account"), None);
    };
    for pattern in attempt.settings.words("authorizedkeysfile") {
        let path = path_for(pattern, account);
        // A file that isn't there lets nobody in, and refuses nobody.
        let Ok(bytes) = read_as(account, &path, BYTES_MAX) else {
            continue;
        };
        let entries = KeysFile::parse(&bytes).entries;
        if let Some(entry) = entries.iter().find(|entry| lets_in(attempt, entry)) {
            let words = format!(
                "{} line {} trusts its CA, and lets it in",
                path.display(),
                entry.line
            );
            let line = Line {
                file: path,
                number: entry.line,
                options: entry.options.clone(),
                principal: String::new(),
            };
            return (
                Step::passed(NAME, words).at(&line.file, line.number),
                Some(line),
            );
        }
    }
    let words = "no line of authorized_keys trusts its CA for it; the list is asked";
    (Step::passed(NAME, words), None)
}

/// The CA's own line, with a principal of its `principals`, or the account's name.
fn lets_in(attempt: &Attempt<'_>, entry: &KeyEntry) -> bool {
    let named = attempt.principals();
    let fits = match entry.options.value("principals") {
        Some(list) => list.split(',').any(|principal| named.contains(&principal)),
        None => named.contains(&attempt.user),
    };
    entry.is_authority() && fits && attempt.certificate.signing_key().as_ref() == Some(&entry.key)
}

/// What is longer is no file of keys.
const BYTES_MAX: u64 = 1 << 20;
