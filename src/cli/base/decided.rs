//! What was decided, in words: for whoever tries a role, and whoever vouches for somebody.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::context::Context;
use super::failure::Failure;
use super::terminal::{product, product_object};
use super::words::{number_of, path};
use crate::batch::Looked;
use crate::certificate::explain::key_id_in_quotes;
use crate::certificate::subject::fingerprint;
use crate::config::Config;
use crate::ledger::Wanted;
use crate::policy::{Decided, Description};
use crate::request::RoleName;

/// What a certificate would say, and why it may: a label and its value a row.
pub(crate) fn rows(decided: &Decided) -> [(&'static str, String); 7] {
    let body = decided.body();
    let (subject, suffix) = (&body.subject, decided.suffix().unwrap_or("none"));
    [
        (
            "key",
            format!("{} {}", subject.describe(), subject.fingerprint()),
        ),
        ("key ID", key_id_in_quotes(body.key_id.as_str().as_bytes())),
        ("principals", body.principals.to_string()),
        ("valid", body.validity.to_string()),
        ("critical", options(body.options.critical())),
        ("extensions", options(body.options.extensions())),
        (
            "proof",
            format!("{}; suffix {suffix}", decided.proof_in_words()),
        ),
    ]
}

/// The role by its name, and what the config says that it is for.
pub(crate) fn described(config: Option<&Config>, role: &str) -> String {
    match description(config, role) {
        Some(description) => format!("{role}: {description}"),
        None => role.to_owned(),
    }
}

/// What the config says that a role is for.
pub(crate) fn description<'a>(config: Option<&'a Config>, role: &str) -> Option<&'a Description> {
    let name: RoleName = role.parse().ok()?;
    config?.role(&name).ok()?.description()
}

fn options(map: &BTreeMap<String, String>) -> String {
    let entry = |(name, value): (&String, &String)| match value.as_str() {
        "" => name.clone(),
        value => format!("{name}={value}"),
    };
    if map.is_empty() {
        return "(none)".to_owned();
    }
    map.iter().map(entry).collect::<Vec<_>>().join(", ")
}

/// A key, and what would be signed for it.
pub(crate) fn shown(file: Option<&Path>, wanted: &Wanted, config: Option<&Config>) -> String {
    let decided = wanted.decided();
    let key = fingerprint(decided.body().subject.key());
    let mut words = format!("\n  {key} {}", file.map_or("-".to_owned(), path));
    let role = described(config, decided.role());
    words.push_str(&format!("\n    role        {role}"));
    // The key stands above.
    for (label, value) in rows(decided).into_iter().skip(1) {
        words.push_str(&format!("\n    {label:12}{value}"));
    }
    words
}

/// The same for programs.
pub(crate) fn object(file: Option<&Path>, wanted: &Wanted) -> Value {
    let decided = wanted.decided();
    let warnings: Vec<_> = decided.warnings().iter().map(ToString::to_string).collect();
    json!({
        "file": file.map(path), "state": "would be signed", "dry-run": true,
        "role": decided.role(), "requester": decided.requester(),
        "known-by": decided.known_by().to_string(), "certificate": decided.body(),
        "proof": decided.proof_in_words(), "warnings": warnings,
    })
}

/// Says all that would be signed, to whoever wants no more than that.
pub(crate) fn say_what_would_be_signed(
    looked: &Looked,
    context: &Context,
    config: &Config,
) -> Result<(), Failure> {
    let mut count = 0_u64;
    for (file, wanted) in looked.wanted() {
        count += 1;
        if context.json() {
            product_object(object(file, wanted))?;
        } else {
            product(shown(file, wanted, Some(config)).trim_start_matches('\n'))?;
        }
    }
    if context.json() {
        return Ok(());
    }
    product(&would_be_signed(count))
}

/// The last line of a dry run.
pub(crate) fn would_be_signed(certificates: u64) -> String {
    let certificates = number_of(certificates, "certificate");
    format!("{certificates} would be signed; nothing was done (--dry-run)")
}
