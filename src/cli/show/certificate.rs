//! A certificate explained: what it says, what is alarming, and what the ledger knows of it.

use serde_json::{Value, json};

use super::Explanation;
use super::known::Known;
use super::standing::Standing;
use crate::certificate::alarm::{Alarm, alarms};
use crate::certificate::explain::Fields;
use crate::cli::base::failure::Failure;
use crate::wire::RawCertificate;

pub(super) fn explain(
    raw: &RawCertificate,
    comment: &str,
    known: &Known,
    at: u64,
) -> Result<Explanation, Failure> {
    let alarms = alarms_of(raw, known, at);
    let standing = if alarms.contains(&Alarm::BadSignature) {
        Standing::Unknown
    } else {
        Standing::of(raw, known)?
    };
    let rows = Fields::of(raw).rows().into_iter();
    let mut lines: Vec<_> = rows
        .map(|(label, value)| format!("{label:12}{value}"))
        .collect();
    lines.extend(standing.words());
    lines.extend(alarms.iter().map(|alarm| {
        let mark = if alarm.is_note() { "-" } else { "!" };
        format!("{mark} {alarm}")
    }));
    Ok(Explanation {
        lines,
        json: json!({
            "is": "certificate", "comment": comment, "certificate": Fields::of(raw),
            "alarms": alarms.iter().map(alarm_json).collect::<Vec<_>>(),
            "ledger": standing.json(),
        }),
        has_fault: standing.is_fault() || alarms.iter().any(Alarm::is_fault),
    })
}

/// Without a config, no CA can be unknown to it.
fn alarms_of(raw: &RawCertificate, known: &Known, at: u64) -> Vec<Alarm> {
    let mut alarms = alarms(raw, at, known.ca_keys());
    if !known.has_config() {
        alarms.retain(|alarm| *alarm != Alarm::UnknownCa);
    }
    alarms
}

/// The alarm's own fields, and beside them its words.
fn alarm_json(alarm: &Alarm) -> Value {
    let mut value = json!(alarm);
    if let Value::Object(fields) = &mut value {
        fields.insert("words".to_owned(), json!(alarm.to_string()));
        fields.insert("note".to_owned(), json!(alarm.is_note()));
        fields.insert("fault".to_owned(), json!(alarm.is_fault()));
    }
    value
}
