//! What stood behind a reservation, in words: policy, request, evidence.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cli::base::failure::Failure;
use crate::cli::base::storage::private_root;
use crate::ledger::{EvidenceSeen, Ledger, Reserved};
use crate::wire::hex;

/// Label and value of all that is known; nothing of a reservation before format 3.
pub(super) fn rows(
    ledger: &Ledger,
    reserved: &Reserved,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let Some(grounds) = &reserved.grounds else {
        return Ok(Vec::new());
    };
    let text = ledger.policy_of(&grounds.policy)?.unwrap_or_default();
    let mut rows = vec![("policy", format!("SHA-256 {}", hex(&grounds.policy)))];
    rows.extend(policy(&text).into_iter().map(|line| ("", line)));
    if let Some(id) = grounds.request_id {
        rows.push(("request", hex(&id)));
    }
    if let Some(challenge) = grounds.challenge {
        rows.push(("challenge", format!("made by entry {challenge}")));
    }
    if let Some(served) = &grounds.served {
        let (server, peer) = (&served.server, &served.peer);
        let words = format!(
            "{server}, asked from {peer}, by the login of entry {}",
            served.login
        );
        rows.push(("service", words));
    }
    if let Some(seen) = seen(ledger, grounds.evidence)? {
        rows.extend(private_root(&seen.facts).map(|root| ("private root", root)));
        rows.push(("facts", seen.facts));
        let (bytes, hash) = (seen.evidence.len(), hex(&Sha256::digest(&seen.evidence)));
        let evidence = format!("{} of {bytes} bytes, SHA-256 {hash}", seen.kind);
        rows.push(("evidence", evidence));
    }
    if !grounds.reason.is_empty() {
        rows.push(("reason", format!("{:?}", grounds.reason)));
    }
    Ok(rows)
}

/// The policy's text in lines, each with the path to its value: `table.lifetime.default = "8h"`.
fn policy(text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    match serde_json::from_str(text) {
        Ok(Value::Object(all)) => add_lines("", &all, &mut lines),
        _ if text.is_empty() => {}
        _ => lines.push(text.to_owned()),
    }
    lines
}

fn add_lines(path: &str, all: &serde_json::Map<String, Value>, lines: &mut Vec<String>) {
    for (name, value) in all {
        match value {
            Value::Object(below) if !below.is_empty() => {
                add_lines(&format!("{path}{name}."), below, lines);
            }
            value => lines.push(format!("{path}{name} = {value}")),
        }
    }
}

/// All that is known of what stood behind a reservation, as JSON.
pub(super) fn json(ledger: &Ledger, reserved: &Reserved) -> Result<Option<Value>, Failure> {
    let Some(grounds) = &reserved.grounds else {
        return Ok(None);
    };
    let seen = seen(ledger, grounds.evidence)?;
    let facts = seen.map(|seen| serde_json::from_str(&seen.facts).unwrap_or(Value::Null));
    Ok(Some(json!({
        "policy": hex(&grounds.policy),
        "policy-text": ledger.policy_of(&grounds.policy)?,
        "request-id": grounds.request_id.map(|id| hex(&id)),
        "challenge": grounds.challenge,
        "evidence": grounds.evidence,
        "facts": facts,
        "card": grounds.card,
        "reason": grounds.reason,
        "service": grounds.served.as_ref().map(|served| json!({
            "login": served.login, "server": served.server, "peer": served.peer,
        })),
    })))
}

/// The evidence at a position, if any.
pub(super) fn seen(
    ledger: &Ledger,
    position: Option<u64>,
) -> Result<Option<EvidenceSeen>, Failure> {
    Ok(match position {
        Some(position) => ledger.evidence_of(position)?,
        None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn a_policy_is_read_a_value_a_line() {
        let text = r#"{"role":"engineer","table":{"lifetime":{"default":"8h"},"off":{}}}"#;
        assert_eq!(
            policy(text),
            [
                "role = \"engineer\"",
                "table.lifetime.default = \"8h\"",
                "table.off = {}"
            ]
        );
        assert_eq!(policy("no JSON"), ["no JSON"]);
        assert!(policy("").is_empty());
    }
}
