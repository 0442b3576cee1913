//! Whether the key, the certificate or its CA is revoked (auth.c, `auth_key_is_revoked`).

use std::path::Path;

use super::attempt::Attempt;
use super::step::Step;
use crate::config::read_bytes;
use crate::krl::{Certificate, KRL_BYTES_MAX, Krl, Subject};
use crate::server::keys_file::KeysFile;

const NAME: &str = "revoked";
const KEYWORD: &str = "revokedkeys";

pub(super) fn not_revoked(attempt: &Attempt<'_>) -> Step {
    let mut lists = attempt.settings.words(KEYWORD).map(Path::new).peekable();
    if lists.peek().is_none() {
        return Step::passed(NAME, "RevokedKeys none: nothing is revoked here")
            .by(attempt, KEYWORD);
    }
    let fault = lists.find_map(|list| looked_up(attempt, list).err());
    match fault {
        None => {
            Step::passed(NAME, "neither key, certificate nor CA is revoked").by(attempt, KEYWORD)
        }
        Some(words) => Step::refused(NAME, words)
            .mend("ask the CA's people why; a broken list is mended by `punchmark krl fetch`")
            .by(attempt, KEYWORD),
    }
}

/// Why the list keeps the certificate out.
fn looked_up(attempt: &Attempt<'_>, list: &Path) -> Result<(), String> {
    let name = list.display();
    let bytes = read_bytes(list, KRL_BYTES_MAX)
        .map_err(|error| format!("{name}: {error}: sshd refuses every key"))?;
    if bytes.is_empty() {
        return Ok(());
    }
    if !bytes.starts_with(b"SSHKRL\n\0") {
        return in_keys(attempt, &bytes)
            .then_some(())
            .map_or(Ok(()), |()| Err(format!("{name} has its key or its CA")));
    }
    let krl = Krl::from_bytes(&bytes)
        .map_err(|error| format!("{name}: {error}: sshd refuses every key"))?;
    let certificate = Certificate::try_from(attempt.certificate)
        .map_err(|error| format!("sshd can't read the certificate: {error}"))?;
    match krl.revokes(&Subject::Certificate(certificate)) {
        Some(reason) => Err(format!("{name} revokes it, {}", words(reason))),
        None => Ok(()),
    }
}

fn words(reason: crate::krl::Reason) -> &'static str {
    use crate::krl::Reason;
    match reason {
        Reason::Key(_) => "by its key",
        Reason::Ca(_) => "by its CA",
        Reason::KeyId(_) => "by its key ID",
        Reason::Serial(_) => "by its serial",
    }
}

fn in_keys(attempt: &Attempt<'_>, bytes: &[u8]) -> bool {
    let own = attempt.certificate.subject_key();
    let ca = attempt.certificate.signing_key();
    let listed = KeysFile::parse(bytes);
    let mut keys = listed.entries.iter().map(|entry| Some(&entry.key));
    keys.any(|key| key == own.as_ref() || key == ca.as_ref())
}
