//! What `init`, `adopt` and `import` say when they are done.

use serde_json::json;

use super::context::Context;
use super::failure::{Advised, Failure};
use super::storage::proved;
use super::terminal::{hint, product, product_object, warn};
use super::words::chain;
use crate::ca::{Binding, Established, NewCa, token_says};
use crate::certificate::subject::{describe, fingerprint};
use crate::ledger::Purpose;

/// Prints what was made, and the lines that servers and clients need.
pub(crate) fn show_established(
    context: &Context,
    new: &NewCa<'_>,
    done: &Established,
) -> Result<(), Failure> {
    warn_of_binding(&done.binding);
    if context.json() {
        return product_object(json(new, done));
    }
    if !context.talks() {
        return Ok(());
    }
    product(&format!(
        "CA {} is ready: {} {}",
        done.name,
        describe(&done.key.public_key),
        fingerprint(&done.key.public_key)
    ))?;
    product(&format!("  key          {}", done.key.locator))?;
    product(&format!("  token says   {}", token_says(&done.key.origin)))?;
    if let Some(copy) = &done.copy {
        product(&format!("  copy         {}", copy.words))?;
    }
    print_attested(done)?;
    product(&format!(
        "  public key   {}",
        done.public_key_file.display()
    ))?;
    product(&format!("  config       {}", done.config.display()))?;
    let made = if done.ledger_is_new { " (new)" } else { "" };
    product(&format!("  ledger       {}{made}", done.ledger.display()))?;
    product(&format!("  next serial  {}", new.next_serial))?;
    warn_of_attested(done);
    warn_of_weakness(done);
    product("\nNext:")?;
    if new.purpose != Purpose::Host {
        for_users(done)?;
    }
    if new.purpose != Purpose::User {
        for_hosts(done)?;
    }
    Ok(())
}

fn for_users(done: &Established) -> Result<(), Failure> {
    let file = file_name(done);
    product(&format!(
        "  on each server, copy {file} to /etc/ssh/ and add to sshd_config:"
    ))?;
    product(&format!("    TrustedUserCAKeys /etc/ssh/{file}"))?;
    if done.has_suffixes {
        return by_role(done);
    }
    product("  sign a user's key:")?;
    product(&format!(
        "    punchmark sign -s {} -I 'peter, laptop' -n peter -V +8h peter.pub",
        done.name
    ))
}

/// A role asks for the suffix; the direct form writes names as they are said.
fn by_role(done: &Established) -> Result<(), Failure> {
    let ca = &done.name;
    product(
        "  sign by a role, for peter_physical where his key is proved to lie in hardware, else peter_file:",
    )?;
    product(&format!(
        "    punchmark role add engineer --like engineer --ca {ca} --requester peter"
    ))?;
    product("    punchmark sign --role engineer --requester peter peter.pub")
}

fn for_hosts(done: &Established) -> Result<(), Failure> {
    product("  on each client, add to known_hosts, with your domain for *.example.org:")?;
    product(&format!(
        "    @cert-authority *.example.org {}",
        done.public_key_line.trim_end()
    ))?;
    product("  sign a server's host key:")?;
    product(&format!(
        "    punchmark sign -s {} -h -I web1 -n web1.example.org -V +52w ssh_host_ed25519_key.pub",
        done.name
    ))
}

/// Prints what is proved of where the key was born.
fn print_attested(done: &Established) -> Result<(), Failure> {
    let Some(attested) = &done.attested else {
        return Ok(());
    };
    match &attested.result {
        Ok(proof) => product(&format!("  storage      {}", proved(proof))),
        Err(_unproved) => product("  storage      the card's word alone, see the warning"),
    }
}

/// Warns, below the table, of what the evidence lacks.
fn warn_of_attested(done: &Established) {
    match done.attested.as_ref().map(|attested| &attested.result) {
        None => {}
        Some(Ok(proof)) => {
            for fault in proof.faults() {
                warn(&fault.to_string());
            }
        }
        Some(Err(why)) => warn(&format!(
            "that the key was born in this card is the card's word alone: its attestation is \
             kept, but leads to no root that is trusted ({}); another maker's root is added by \
             `punchmark attestation roots add FILE`",
            chain(why)
        )),
    }
}

/// Warns of what the token says that a CA key should not be.
fn warn_of_weakness(done: &Established) {
    let origin = &done.key.origin;
    if origin.sensitive == Some(false) || origin.extractable == Some(true) {
        warn("by the token's own word, this key can be read out or exported");
    }
}

/// Says that a device does not name the ledger, and why.
pub(crate) fn warn_of_binding(binding: &Binding) {
    if let Binding::Refused(refused) = binding {
        let words = chain(refused);
        warn(&format!(
            "{words}; nothing keeps a second ledger from counting this key's serials, and the \
             ledger keeps that"
        ));
        if let Some(words) = refused.hint() {
            hint(&words);
        }
    }
}

fn json(new: &NewCa<'_>, done: &Established) -> serde_json::Value {
    json!({
        "name": done.name.as_str(),
        "for": new.purpose,
        "algorithm": describe(&done.key.public_key),
        "fingerprint": fingerprint(&done.key.public_key),
        "key": done.key.locator.to_string(),
        "token-says": done.key.origin,
        "copy": done.copy.as_ref().map(|copy| copy.locator.to_string()),
        "attested": done.attested.as_ref().map(|attested| match &attested.result {
            Ok(proof) => json!({ "proof": proof.kind(), "facts": proof.facts() }),
            Err(why) => json!({ "error": chain(why) }),
        }),
        "public-key": done.public_key_line.trim_end(),
        "public-key-file": done.public_key_file.to_string_lossy(),
        "config": done.config.to_string_lossy(),
        "ledger": done.ledger.to_string_lossy(),
        "ledger-in-token": matches!(done.binding, Binding::Named),
        "next-serial": new.next_serial,
    })
}

fn file_name(done: &Established) -> String {
    let name = done.public_key_file.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}
