//! KRLs, heads, proofs and evidence: what they are, and which command checks them.

use serde_json::{Value, json};

use super::Explanation;
use super::item::Document;
use super::known::Known;
use crate::attestation::{Evidence, Roots};
use crate::certificate::explain::utc;
use crate::certificate::subject::{describe, fingerprint};
use crate::cli::base::failure::Failure;
use crate::cli::base::words::chain;
use crate::cli::base::words::number_of;
use crate::krl::Krl;
use crate::ledger::checkpoint::Checkpoint;
use crate::ledger::note::unverified_text;
use crate::wire::hex;

pub(super) fn explain(document: &Document, known: &Known) -> Result<Explanation, Failure> {
    Ok(match document {
        Document::Krl(krl) => of_krl(krl),
        Document::Head(text) => of_head(text),
        Document::Proof(text) => of_proof(text),
        Document::Evidence(evidence) => of_evidence(evidence, known.roots()?.as_ref()),
    })
}

fn of_krl(krl: &Krl) -> Explanation {
    let header = krl.header();
    let cas = krl.authorities().count();
    let keys = krl.keys().len().saturating_add(krl.sha1s().len());
    let keys = keys.saturating_add(krl.sha256s().len());
    let lines = vec![
        "KRL         a key revocation list".to_owned(),
        format!("version     {}", header.version),
        format!("made        {}", utc(header.generated)),
        format!(
            "revokes     by serial or key ID of {}, and {}",
            number_of(cas, "CA"),
            number_of(keys, "key")
        ),
        "- what it revokes: punchmark krl show FILE".to_owned(),
    ];
    Explanation {
        lines,
        json: json!({
            "is": "krl", "version": header.version, "generated": header.generated,
            "cas": cas, "keys": keys,
        }),
        has_fault: false,
    }
}

fn of_head(text: &str) -> Explanation {
    let note = unverified_text(text);
    let head = Checkpoint::parse(note.as_ref().map_or(text, |note| *note));
    match head {
        Ok(head) => Explanation {
            lines: vec![
                format!("head of     {}", head.origin),
                format!("entries     {}", head.size),
                format!("root        {}", hex(&head.root)),
                if note.is_ok() {
                    "- its signature was not checked: punchmark ledger verify --against FILE \
                     --signer KEY.pub"
                        .to_owned()
                } else {
                    "- it has no signature".to_owned()
                },
            ],
            json: json!({
                "is": "head", "origin": head.origin, "size": head.size, "root": hex(&head.root),
                "signed": note.is_ok(),
            }),
            has_fault: false,
        },
        Err(error) => faulty("head", "the head of a ledger", &chain(&error)),
    }
}

fn of_proof(text: &str) -> Explanation {
    let proof: Result<Value, _> = serde_json::from_str(text);
    let parts = proof.as_ref().ok().and_then(|proof| {
        let origin = proof.get("origin")?.as_str()?;
        let size = proof.get("size")?.as_u64()?;
        Some((origin, size, proof.get("entries")?.as_array()?.len()))
    });
    match (parts, &proof) {
        (Some((origin, size, entries)), _) => Explanation {
            lines: vec![
                format!(
                    "proof of    {} of {}",
                    number_of(entries, "entry"),
                    origin.escape_debug()
                ),
                format!("leads to    its head of {}", number_of(size, "entry")),
                "- it was not checked: punchmark ledger check-proof FILE --against HEAD".to_owned(),
            ],
            json: json!({ "is": "proof", "origin": origin, "size": size, "entries": entries }),
            has_fault: false,
        },
        (None, Err(error)) => faulty("proof", "a proof of a ledger", &error.to_string()),
        (None, Ok(_)) => faulty("proof", "a proof of a ledger", "fields are missing"),
    }
}

fn of_evidence(evidence: &Evidence, roots: Option<&Roots>) -> Explanation {
    let key = match evidence.claimed_key() {
        Ok(key) => key,
        Err(error) => return faulty("evidence", "evidence", &chain(&error)),
    };
    let mut lines = vec![format!(
        "evidence    for {} {}",
        describe(&key),
        fingerprint(&key)
    )];
    let roots = roots.filter(|roots| !roots.is_empty());
    let proof = roots.map(|roots| evidence.verify(&key, roots));
    lines.push(match &proof {
        None => "- it was not checked: the config has no [attestation] roots".to_owned(),
        Some(Ok(proof)) => format!("- it proves {}", proof.kind().as_str()),
        Some(Err(error)) => format!("! it proves nothing: {}", chain(error)),
    });
    let proved = proof.as_ref().and_then(|proof| proof.as_ref().ok());
    Explanation {
        json: json!({
            "is": "evidence", "algorithm": describe(&key), "fingerprint": fingerprint(&key),
            "proof": proved.map(|proof| proof.kind().as_str()),
            "facts": proved.map(|proof| proof.facts()),
        }),
        has_fault: matches!(proof, Some(Err(_))),
        lines,
    }
}

fn faulty(is: &str, noun: &str, fault: &str) -> Explanation {
    Explanation {
        lines: vec![format!("! this is {noun}, and can't be read: {fault}")],
        json: json!({ "is": is, "error": fault }),
        has_fault: true,
    }
}
