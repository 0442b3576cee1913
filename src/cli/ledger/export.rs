//! `punchmark ledger export`: the whole ledger as JSON, an entry a line.

use std::ops::ControlFlow;

use clap::Args;
use serde_json::{Value, json};
use ssh_encoding::base64::{Base64, Encoding};

use super::source::Source;
use crate::certificate::explain::{Fields, utc};
use crate::cli::base::context::Context;
use crate::cli::base::failure::{Exit, Failure};
use crate::cli::base::terminal::product_object;
use crate::ledger::merkle::leaf_hash;
use crate::ledger::{
    Binding, CaAdded, CardId, Credential, Entry, Event, EvidenceSeen, Recovery, Reserved, Revoked,
    Served, SuffixesSet,
};
use crate::wire::hex;

/// What to export.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Export {
    #[command(flatten)]
    source: Source,

    /// Begin at this entry, to go on with an earlier export
    #[arg(long, value_name = "POSITION", default_value_t = 1)]
    from: u64,

    /// Leaf hashes only, which tell nothing of the entries, and from which the head follows
    #[arg(long)]
    redact: bool,
}

impl Export {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let ledger = self.source.open(context)?;
        let mut printed = Ok(());
        ledger.each_entry(self.from, &mut |position, bytes| {
            printed = product_object(self.line(position, bytes));
            match printed {
                Ok(()) => ControlFlow::Continue(()),
                Err(_) => ControlFlow::Break(()),
            }
        })?;
        printed?;
        if let Some(head) = ledger.checkpoint()? {
            product_object(json!({ "checkpoint": head.to_string() }))?;
        }
        Ok(Exit::Done)
    }

    fn line(&self, position: u64, bytes: &[u8]) -> Value {
        let mut line = json!({ "position": position, "leaf": base64(&leaf_hash(bytes)) });
        if self.redact {
            return line;
        }
        if let Value::Object(object) = &mut line {
            object.insert("bytes".to_owned(), json!(base64(bytes)));
            // What cannot be read is there in its bytes; `verify` says what is wrong.
            if let Ok(entry) = Entry::from_bytes(bytes) {
                object.insert("time".to_owned(), json!(utc(entry.time)));
                object.insert("time-unix".to_owned(), json!(entry.time));
                object.insert("salt".to_owned(), json!(base64(&entry.salt)));
                let (kind, fields) = event(&entry.event);
                object.insert("kind".to_owned(), json!(kind));
                object.insert(kind.to_owned(), fields);
            }
        }
        line
    }
}

/// The kind of an entry, and every field of it.
fn event(event: &Event) -> (&'static str, Value) {
    match event {
        Event::CaAdded(added) => ("ca-added", ca(added)),
        Event::Reserved(content) => ("reserved", reserved(content)),
        Event::Issued(issued) => (
            "issued",
            json!({ "reserved": issued.reserved, "signature": base64(&issued.signature) }),
        ),
        Event::Failed(failed) => (
            "failed",
            json!({ "reserved": failed.reserved, "reason": failed.reason }),
        ),
        Event::Revoked(content) => ("revoked", revoked(content)),
        Event::KrlMade(made) => (
            "krl-made",
            json!({ "version": made.version, "sha256": hex(&made.sha256), "keyboard": made.keyboard,
                "list": made.list.as_ref().map(|list| json!({ "signer": base64(&list.signer),
                    "size": list.size, "root": base64(&list.root) })) }),
        ),
        Event::Resumed(resumed) => (
            "resumed",
            json!({ "ca": resumed.ca, "first": resumed.first, "last": resumed.last,
                "keyboard": resumed.keyboard, "recovery": resumed.recovery.as_ref().map(recovery) }),
        ),
        Event::EvidenceSeen(seen) => ("evidence-seen", evidence(seen)),
        Event::CheckpointSigned(signed) => (
            "checkpoint-signed",
            json!({ "size": signed.size, "root": base64(&signed.root), "key": signed.key,
                "keyboard": signed.keyboard }),
        ),
        Event::RequesterAdded(added) => (
            "requester-added",
            json!({ "name": added.name, "credential": credential(&added.credential),
                "keyboard": added.keyboard }),
        ),
        Event::RequesterRemoved(removed) => (
            "requester-removed",
            json!({ "name": removed.name, "credential": credential(&removed.credential),
                "keyboard": removed.keyboard }),
        ),
        Event::RequesterNamed(named) => (
            "requester-named",
            json!({ "name": named.name, "names": named.names, "keyboard": named.keyboard }),
        ),
        Event::DutiesSet(set) => (
            "duties-set",
            json!({ "name": set.name, "registrar": set.registrar, "revoker": set.revoker,
                "keyboard": set.keyboard }),
        ),
        Event::ChallengeMade(made) => (
            "challenge-made",
            json!({ "nonce": hex(&made.nonce), "expires": made.expires, "keyboard": made.keyboard }),
        ),
        Event::ClockCorrected(corrected) => (
            "clock-corrected",
            json!({ "wrong": corrected.wrong, "reason": corrected.reason,
                "keyboard": corrected.keyboard }),
        ),
        Event::Barred(barred) => (
            "barred",
            json!({ "cards": barred.cards,
                "family-cards": barred.family_cards.iter().map(card).collect::<Vec<_>>(),
                "requesters": barred.requesters,
                "reason": barred.reason, "keyboard": barred.keyboard }),
        ),
        Event::PolicySeen(seen) => (
            "policy-seen",
            json!({ "digest": hex(&seen.digest), "text": seen.text, "keyboard": seen.keyboard }),
        ),
        of_the_ledger => about_the_ledger(of_the_ledger),
    }
}

/// The entries that say something of the ledger itself.
fn about_the_ledger(event: &Event) -> (&'static str, Value) {
    match event {
        Event::SuffixesSet(set) => ("suffixes-set", suffixes(set)),
        Event::HeadAdopted(head) => (
            "head-adopted",
            json!({ "size": head.size, "root": base64(&head.root), "word": head.word,
                "keyboard": head.keyboard }),
        ),
        Event::HeadPlaces(kept) => (
            "head-places",
            json!({ "places": kept.places, "keyboard": kept.keyboard }),
        ),
        Event::TailCut(cut) => (
            "tail-cut",
            json!({ "offset": cut.offset, "length": cut.length, "sha256": hex(&cut.sha256),
                "copy": cut.copy, "keyboard": cut.keyboard }),
        ),
        Event::LedgerKeyAdded(added) => (
            "ledger-key-added",
            json!({ "key": base64(&added.key), "purposes": added.purposes, "place": added.place,
                "keyboard": added.keyboard }),
        ),
        Event::LedgerKeyRolled(rolled) => (
            "ledger-key-rolled",
            json!({ "old": base64(&rolled.old), "new": base64(&rolled.new),
                "purposes": rolled.purposes, "by-old": base64(&rolled.by_old), "by-new": base64(&rolled.by_new),
                "keyboard": rolled.keyboard }),
        ),
        Event::LedgerKeyRevoked(revoked) => (
            "ledger-key-revoked",
            json!({ "key": base64(&revoked.key), "last-size": revoked.last_size,
                "reason": revoked.reason, "keyboard": revoked.keyboard }),
        ),
        Event::RootDistrusted(distrusted) => (
            "root-distrusted",
            json!({ "root": hex(&distrusted.root), "reason": distrusted.reason,
                "keyboard": distrusted.keyboard }),
        ),
        Event::Bound(bound) => (
            "bound",
            json!({ "ca": bound.ca, "device": bound.device, "keyboard": bound.keyboard }),
        ),
        Event::NotBound(not) => (
            "not-bound",
            json!({ "ca": not.ca, "device": not.device, "reason": not.reason,
                "keyboard": not.keyboard }),
        ),
        Event::CeremonyHeld(held) => (
            "ceremony-held",
            json!({ "plan": hex(&held.plan), "transcript": hex(&held.transcript),
                "words": held.words, "keyboard": held.keyboard }),
        ),
        Event::CaRetired(retired) => (
            "ca-retired",
            json!({ "ca": retired.ca, "reason": retired.reason, "keyboard": retired.keyboard }),
        ),
        Event::StageReached(reached) => (
            "stage-reached",
            json!({ "old": reached.old, "new": reached.new, "stage": reached.stage,
                "word": reached.word, "keyboard": reached.keyboard }),
        ),
        Event::SecretsDerived(derived) => (
            "secrets-derived",
            json!({ "device": derived.device, "serial": derived.serial,
                "generation": derived.generation, "counter": derived.counter,
                "check": hex(&derived.check), "set": derived.set,
                "keyboard": derived.keyboard }),
        ),
        Event::ListsDelegated(delegated) => (
            "lists-delegated",
            json!({ "number": delegated.number, "until": delegated.until, "key": base64(&delegated.key),
                "by": base64(&delegated.by), "word": base64(&delegated.word),
                "keyboard": delegated.keyboard }),
        ),
        Event::CopyTried(tried) => (
            "copy-tried",
            json!({ "ca": tried.ca, "device": tried.device, "holder": tried.holder,
                "tried-for": tried.tried_for, "result": tried.result, "word": tried.word,
                "next-due": tried.next_due, "plan": hex(&tried.plan),
                "keyboard": tried.keyboard }),
        ),
        Event::LoginSeen(seen) => (
            "login-seen",
            json!({ "name": seen.name, "method": seen.method, "key": base64(&seen.key),
                "session-key": hex(&seen.session_key), "until": seen.until,
                "server": seen.server, "peer": seen.peer, "keyboard": seen.keyboard }),
        ),
        Event::LoginBound(bound) => (
            "login-bound",
            json!({ "name": bound.name, "issuer": bound.issuer, "subject": bound.subject,
                "became": match bound.became {
                    Binding::FirstLogin => "first-login",
                    Binding::ByAdmin => "by-admin",
                    Binding::Ended => "ended",
                }, "keyboard": bound.keyboard }),
        ),
        Event::CopySeen(seen) => (
            "copy-seen",
            json!({ "ca": seen.ca, "kind": seen.kind, "became": seen.became, "device": seen.device,
                "holder": seen.holder, "word": seen.word, "keyboard": seen.keyboard }),
        ),
        Event::BundleTaken(taken) => (
            "bundle-taken",
            json!({ "id": hex(&taken.id), "sha256": hex(&taken.sha256), "before": hex(&taken.before),
                "made": taken.made, "items": taken.items, "registrar": taken.registrar,
                "key": base64(&taken.key), "keyboard": taken.keyboard }),
        ),
        Event::PendingTaken(taken) => (
            "pending-taken",
            json!({ "sha256": hex(&taken.sha256), "made": taken.made, "revoker": taken.revoker,
                "key": base64(&taken.key), "keyboard": taken.keyboard }),
        ),
        Event::PendingRefused(refused) => (
            "pending-refused",
            json!({ "sha256": hex(&refused.sha256), "made": refused.made, "revoker": refused.revoker,
                "key": base64(&refused.key), "why": refused.why, "keyboard": refused.keyboard }),
        ),
        Event::BundleClosed(end) => (
            "bundle-closed",
            json!({ "id": hex(&end.id), "signed": end.is_signed != 0, "refused": end.refused,
                "reason": end.reason, "keyboard": end.keyboard }),
        ),
        Event::PlaceAllowed(allowed) => (
            "place-allowed",
            json!({ "what": allowed.what, "keyboard": allowed.keyboard }),
        ),
        _ => ("unknown", Value::Null),
    }
}

fn recovery(recovery: &Recovery) -> Value {
    json!({
        "requests-from": recovery.requests_from,
        "krl-version": recovery.krl_version,
        "enrolments": recovery.enrolments,
        "word": recovery.word,
    })
}

fn suffixes(set: &SuffixesSet) -> Value {
    let suffixes = set.suffixes.iter().map(|suffix| {
        json!({ "class": suffix.class, "suffix": suffix.suffix, "proof": suffix.proof,
            "ended": suffix.ended != 0 })
    });
    json!({ "ca": set.ca, "suffixes": suffixes.collect::<Vec<_>>(), "keyboard": set.keyboard })
}

fn card(card: &CardId) -> Value {
    json!({ "family": card.family, "serial": card.serial })
}

fn ca(added: &CaAdded) -> Value {
    json!({
        "name": added.name,
        "public-key": base64(&added.public_key),
        "purpose": added.purpose,
        "origin": added.origin,
        "token-says": added.token_says,
        "next-serial": added.next_serial,
        "keyboard": added.keyboard,
    })
}

fn reserved(reserved: &Reserved) -> Value {
    let grounds = reserved.grounds.as_ref().map(|grounds| {
        json!({
            "policy": hex(&grounds.policy),
            "request-id": grounds.request_id.map(|id| hex(&id)),
            "challenge": grounds.challenge,
            "evidence": grounds.evidence,
            "card": grounds.card,
            "reason": grounds.reason,
            "known-by": grounds.known.as_ref().map(|known| &known.by),
            "card-family": grounds.known.as_ref().map(|known| &known.family),
            "served": grounds.served.as_ref().map(|served| served_by(served)),
        })
    });
    json!({
        "ca": reserved.ca,
        "serial": reserved.serial,
        "sequence": reserved.sequence,
        "role": reserved.role,
        "decided-by": reserved.decided_by,
        "requester": reserved.requester,
        "keyboard": reserved.keyboard,
        "proof": reserved.proof,
        "request": hex(&reserved.request),
        "to-be-signed": base64(&reserved.to_be_signed),
        "content": Fields::of_to_be_signed(&reserved.to_be_signed),
        "grounds": grounds,
    })
}

fn served_by(served: &Served) -> Value {
    json!({
        "login": served.login,
        "server": served.server,
        "peer": served.peer,
        "challenge": hex(&served.challenge),
    })
}

fn revoked(revoked: &Revoked) -> Value {
    let keys: Vec<_> = revoked.keys.iter().map(|key| base64(key)).collect();
    let sha256s: Vec<_> = revoked.sha256s.iter().map(|hash| hex(hash)).collect();
    json!({
        "ca": base64(&revoked.ca),
        "serials": revoked.serials,
        "key-ids": revoked.key_ids,
        "keys": keys,
        "sha256s": sha256s,
        "reason": revoked.reason,
        "keyboard": revoked.keyboard,
    })
}

fn evidence(seen: &EvidenceSeen) -> Value {
    let facts = serde_json::from_str(&seen.facts);
    json!({
        "subject": base64(&seen.subject),
        "proof": seen.kind,
        "facts": facts.unwrap_or_else(|_no_json| Value::String(seen.facts.clone())),
        "evidence": base64(&seen.evidence),
        "keyboard": seen.keyboard,
    })
}

fn credential(credential: &Credential) -> Value {
    match credential {
        Credential::Key(key) => json!({ "key": base64(key) }),
        Credential::Card(card) => json!({ "card": card }),
        Credential::FamilyCard(of) => json!({ "card": of.serial, "family": of.family }),
    }
}

fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

const EXAMPLES: &str = "\
Examples:
  punchmark ledger export > ledger.jsonl
  punchmark ledger export --from 1001 >> ledger.jsonl
  punchmark ledger export --redact > leaves.jsonl";
