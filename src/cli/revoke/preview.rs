//! What a revocation would catch, shown before it is recorded.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::revoked;
use crate::cli::base::terminal::{product, product_object};
use crate::cli::base::words::number_of;
use crate::ledger::Ca;
use crate::revocation::{CaHit, Caught, Hit, told};

/// Shows what is caught. `more` are lines that only this call knows.
pub(super) fn print(
    context: &Context,
    ca: Option<&Ca>,
    caught: &Caught,
    more: &[String],
) -> Result<(), Failure> {
    if context.json() {
        return product_object(preview(ca, caught));
    }
    if !context.talks() {
        return Ok(());
    }
    for hit in &caught.cas {
        product(&end_of(hit))?;
    }
    // Of a CA's own key the line above says how many certificates end with it.
    if caught.cas.is_empty() || !caught.certificates.is_empty() {
        let (of, meant) = (of(ca), certificates(caught.certificates.len()));
        product(&format!("caught in the ledger{of}: {meant}"))?;
    }
    for line in caught.certificates.iter().map(|hit| line(ca, hit)) {
        product(&line)?;
    }
    for words in named(caught).iter().chain(more) {
        product(&format!("  {words}"))?;
    }
    Ok(())
}

/// What ends with the key of a CA.
pub(super) fn end_of(hit: &CaHit) -> String {
    let issued = number_of(hit.issued, "certificate");
    format!("this is CA `{}` itself: {issued} and all to come", hit.ca)
}

/// Says how many there are.
pub(super) fn certificates(number: usize) -> String {
    number_of(number, "certificate")
}

fn of(ca: Option<&Ca>) -> String {
    ca.map_or_else(String::new, |ca| format!(" of {}", ca.name()))
}

fn line(ca: Option<&Ca>, hit: &Hit) -> String {
    let before = hit
        .revoked
        .as_ref()
        .map(|revocation| format!("  (revoked before: {})", revoked::words(revocation)));
    let name = if ca.is_none() {
        format!("{}  ", hit.ca)
    } else {
        String::new()
    };
    format!(
        "  {name}{:>6}  {}  \"{}\"  {}{}",
        hit.serial,
        hit.principals.join(","),
        hit.key_id,
        hit.validity,
        before.unwrap_or_default()
    )
}

/// What is revoked by name, whether a certificate in the ledger has it or not.
fn named(caught: &Caught) -> Vec<String> {
    let barred = &caught.barred;
    let own = if caught.cas.is_empty() {
        ""
    } else {
        " and by it"
    };
    let keys =
        fingerprints(caught).map(|key| format!("key {key}, and every certificate for it{own}"));
    let named = told::serials(&caught.revoked).chain(told::key_ids(&caught.revoked));
    named.chain(keys).chain(told::bars(barred)).collect()
}

fn preview(ca: Option<&Ca>, caught: &Caught) -> Value {
    json!({
        "ca": ca.map(Ca::name),
        "certificates": caught.certificates.iter().map(hit).collect::<Vec<_>>(),
        "serials": caught.revoked.serials,
        "key-ids": caught.revoked.key_ids,
        "keys": fingerprints(caught).collect::<Vec<_>>(),
        "cas": caught.cas,
        "cards": caught.barred.cards,
        "family-cards": revoked::family_cards(&caught.barred),
        "requesters": caught.barred.requesters,
        "before": caught.before.as_ref().map(|all| {
            all.iter().map(revoked::json).collect::<Vec<_>>()
        }),
    })
}

fn hit(hit: &Hit) -> Value {
    json!({
        "ca": hit.ca,
        "serial": hit.serial,
        "key-id": hit.key_id,
        "principals": hit.principals,
        "validity": hit.validity,
        "revoked": hit.revoked.as_ref().map(revoked::json),
    })
}

fn fingerprints(caught: &Caught) -> impl Iterator<Item = String> {
    let hashes: BTreeSet<_> = caught.revoked.key_hashes().collect();
    let words = |hash| ssh_key::Fingerprint::Sha256(hash).to_string();
    hashes.into_iter().map(words)
}
