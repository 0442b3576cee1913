//! A request explained: what is asked, and what of it is proved.

use serde_json::{Value, json};

use super::Explanation;
use crate::attestation::{Evidence, Proof, Roots};
use crate::certificate::explain::key_id_in_quotes;
use crate::certificate::subject::describe;
use crate::certificate::{KeyId, length};
use crate::cli::base::words::chain;
use crate::request::{Content, PossessionError, RequestFile, Span};
use crate::wire::hex;
use crate::wire::verify::SecurityKeyUse;

/// What can be said of a request without the CA's ledger.
pub(super) struct Explained<'a> {
    content: &'a Content,
    possession: Result<Option<SecurityKeyUse>, PossessionError>,
    evidence: Proved,
}

/// What the evidence in a request comes to.
enum Proved {
    /// The request brings no evidence.
    Nothing,
    /// The evidence was read, and there are no roots to hold it against.
    Unchecked,
    By(Box<Proof>),
    /// What the request brings is no evidence, or proves nothing.
    Faulty(String),
}

impl<'a> Explained<'a> {
    /// `roots` are those of the config, where there is one.
    pub(super) fn new(file: &'a RequestFile, roots: Option<&Roots>) -> Self {
        let content = file.content();
        Self {
            content,
            possession: file.possession(),
            evidence: proved(content, roots),
        }
    }

    /// `at` is the time that its age is told by.
    pub(super) fn explanation(&self, at: u64) -> Explanation {
        let rows = self.rows(at).into_iter();
        let mut lines: Vec<_> = rows
            .map(|(label, value)| format!("{label:14}{value}"))
            .collect();
        lines.push(match &self.possession {
            Ok(_) => "- its key signed it".to_owned(),
            Err(fault) => format!("! it is not signed by its key: {}", chain(fault)),
        });
        lines.push(match &self.evidence {
            Proved::Nothing => "- it has no evidence of how the key is stored".to_owned(),
            Proved::Unchecked => {
                "- its evidence is not checked: the config has no [attestation] roots".to_owned()
            }
            Proved::By(proof) => format!("- {}", words(proof)),
            Proved::Faulty(fault) => format!("! its evidence proves nothing: {fault}"),
        });
        if self.content.claimed.is_some() {
            lines.push("- the requester's name is only claimed".to_owned());
        }
        Explanation {
            lines,
            json: self.json(),
            has_fault: self.possession.is_err() || matches!(self.evidence, Proved::Faulty(_)),
        }
    }

    fn rows(&self, at: u64) -> Vec<(&'static str, String)> {
        let content = self.content;
        let subject = &content.subject;
        let mut rows = vec![
            ("request for", format!("a {} certificate", content.kind)),
            (
                "public key",
                format!("{} {}", subject.describe(), subject.fingerprint()),
            ),
            ("role", content.role.to_string()),
        ];
        let said = [
            (
                "principals",
                content.principals.as_ref().map(ToString::to_string),
            ),
            ("valid", content.validity.map(in_words)),
            ("key ID", content.key_id.as_ref().map(in_quotes)),
            (
                "requester",
                content.claimed.as_ref().map(ToString::to_string),
            ),
            ("reason", content.reason.as_ref().map(ToString::to_string)),
            ("challenge", content.challenge.map(|bytes| hex(&bytes))),
        ];
        rows.extend(
            said.into_iter()
                .filter_map(|(label, value)| Some((label, value?))),
        );
        if !content.options.is_empty() {
            rows.push(("options", content.options.join(" ")));
        }
        let age = at.saturating_sub(content.created);
        rows.push(("made", format!("{} ago", length(age))));
        rows.push(("for the CA", content.target.to_string()));
        rows.push(("id", hex(&content.id)));
        rows
    }

    fn json(&self) -> Value {
        let content = self.content;
        let text = |value: Option<String>| value;
        json!({
            "is": "request",
            "request": {
                "kind": content.kind, "algorithm": describe(content.subject.key()),
                "fingerprint": content.subject.fingerprint(), "comment": content.comment.as_str(),
                "role": content.role.as_str(),
                "principals": text(content.principals.as_ref().map(ToString::to_string)),
                "validity": content.validity.map(validity_json), "options": content.options,
                "key-id": text(content.key_id.as_ref().map(ToString::to_string)),
                "requester-claimed": text(content.claimed.as_ref().map(ToString::to_string)),
                "reason": text(content.reason.as_ref().map(ToString::to_string)),
                "created": content.created, "id": hex(&content.id),
                "ca": content.target.to_string(), "challenge": content.challenge.map(|c| hex(&c)),
            },
            "possession": self.possession_json(), "evidence": self.evidence_json(),
        })
    }

    fn possession_json(&self) -> Value {
        match &self.possession {
            Ok(used) => json!({ "proved": true, "security-key": used }),
            Err(fault) => json!({ "proved": false, "error": chain(fault) }),
        }
    }

    fn evidence_json(&self) -> Value {
        match &self.evidence {
            Proved::Nothing => Value::Null,
            Proved::Unchecked => json!({ "proof": null, "error": "no roots" }),
            Proved::By(proof) => {
                json!({ "proof": proof.kind().as_str(), "facts": proof.facts() })
            }
            Proved::Faulty(fault) => json!({ "proof": null, "error": fault }),
        }
    }
}

fn proved(content: &Content, roots: Option<&Roots>) -> Proved {
    if content.evidence.is_empty() {
        return Proved::Nothing;
    }
    let evidence = match Evidence::from_bytes(&content.evidence) {
        Ok(evidence) => evidence,
        Err(fault) => return Proved::Faulty(chain(&fault)),
    };
    let Some(roots) = roots.filter(|roots| !roots.is_empty()) else {
        return Proved::Unchecked;
    };
    match evidence.verify(content.subject.key(), roots) {
        Ok(proof) => Proved::By(Box::new(proof)),
        Err(fault) => Proved::Faulty(chain(&fault)),
    }
}

fn words(proof: &Proof) -> String {
    let facts = proof.facts();
    let serial = facts.serial.map(|serial| format!(" {serial}"));
    let root = facts.root.as_deref().unwrap_or("no root");
    let private = if facts.private_root {
        "private root "
    } else {
        ""
    };
    format!(
        "its evidence proves {}: device{}, up to {private}{root}",
        proof.kind().as_str(),
        serial.unwrap_or_default()
    )
}

fn in_words(span: Span) -> String {
    match span {
        Span::Length(seconds) => format!("{} from when it is signed", length(seconds)),
        Span::Interval(interval) => interval.to_string(),
    }
}

fn validity_json(span: Span) -> Value {
    match span {
        Span::Length(seconds) => json!({ "seconds": seconds }),
        Span::Interval(interval) => json!({
            "valid-after": interval.valid_after(), "valid-before": interval.valid_before(),
        }),
    }
}

fn in_quotes(key_id: &KeyId) -> String {
    key_id_in_quotes(key_id.as_str().as_bytes())
}
