//! What `init`, `adopt` and `import` would make, for whoever asked with `--dry-run`.

use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use crate::ca::{Foreseen, NewCa, Source};
use crate::certificate::subject::{describe, fingerprint};

/// Tells where everything would go, and of which key.
pub(crate) fn tell_foreseen(
    context: &Context,
    new: &NewCa<'_>,
    seen: &Foreseen,
) -> Result<(), Failure> {
    let made = if seen.ledger_is_new { " (new)" } else { "" };
    let words = format!(
        "CA {} would be made of {}\n  key          {}\n  public key   {}\n  config       {}\n  \
         ledger       {}{made}\n  next serial  {}\nThe token would name that ledger for the key",
        new.name,
        key(new, seen),
        new.locator,
        seen.public_key_file.display(),
        seen.config.display(),
        seen.ledger.display(),
        new.next_serial,
    );
    let object = json!({
        "name": new.name.as_str(),
        "for": new.purpose,
        "key": new.locator.to_string(),
        "fingerprint": seen.key.as_ref().map(fingerprint),
        "public-key-file": seen.public_key_file.to_string_lossy(),
        "config": seen.config.to_string_lossy(),
        "ledger": seen.ledger.to_string_lossy(),
        "next-serial": new.next_serial,
    });
    context.tell_plan(&words, object)
}

fn key(new: &NewCa<'_>, seen: &Foreseen) -> String {
    let known = seen.key.as_ref();
    let known = known.map(|key| format!("{} {}", describe(key), fingerprint(key)));
    match (&new.source, known) {
        (Source::Generate(algorithm, _), _) => format!("a new key, {algorithm}, made there"),
        (Source::Import(..), Some(key)) => format!("{key}, brought in there"),
        (_, Some(key)) => format!("{key}, which is there"),
        (_, None) => "the key that is there, which shows after a login alone".to_owned(),
    }
}
