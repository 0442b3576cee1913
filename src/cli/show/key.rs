//! A public key explained.

use serde_json::json;
use ssh_key::public::KeyData;

use super::Explanation;
use crate::certificate::Subject;
use crate::certificate::subject::{describe, fingerprint};

pub(super) fn explain(key: &KeyData, comment: &str) -> Explanation {
    let mut lines = vec![format!(
        "public key    {} {}",
        describe(key),
        fingerprint(key)
    )];
    let fault = Subject::try_from(key.clone()).err();
    if let Some(fault) = &fault {
        lines.push(format!("! it cannot be certified: {fault}"));
    }
    Explanation {
        lines,
        json: json!({
            "is": "public key", "comment": comment,
            "algorithm": describe(key), "fingerprint": fingerprint(key),
            "certifiable": fault.is_none(),
            "reason": fault.as_ref().map(ToString::to_string),
        }),
        has_fault: fault.is_some(),
    }
}
