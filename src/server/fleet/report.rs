//! A report of `doctor sshd --json`, as far as a fleet is judged by it. It comes from another
//! machine, and none of it is believed beyond what that machine may say of itself.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

/// What a server said of itself.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its name.
    pub host: String,
    /// When, in Unix seconds, by its clock.
    pub time: u64,
    /// `ok`, `warning`, `critical` or `unknown`.
    pub state: String,
    /// The version of its sshd; none where that wasn't found out.
    pub sshd: Option<String>,
    /// The fingerprints of the user CAs that it trusts.
    pub cas: BTreeSet<String>,
    /// Its lists of revoked keys.
    pub revoked: Vec<List>,
    /// The version of the access list that it asks; none where it has none.
    pub list_version: Option<u64>,
    /// Of which CAs its access list takes certificates.
    pub list_takes: ListTakes,
    /// Its lists of known certificates.
    pub known: Vec<List>,
    /// The names of its critical findings.
    pub critical: Vec<String>,
    /// The names of the doors that are open beside the list.
    pub doors: Vec<String>,
    /// The keys that open it, where a survey was asked for.
    pub keys: Vec<KeyFound>,
}

/// Of which CAs an access list takes certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ListTakes {
    /// Of every CA that sshd trusts: there is no list, or it binds itself to none.
    #[default]
    Every,
    /// Of these, by fingerprint.
    Bound(BTreeSet<String>),
    /// Of none: it can't be read.
    Nothing,
}

impl ListTakes {
    fn of(list: Option<&Asked>) -> Self {
        match list {
            None => Self::Every,
            Some(Asked { cas: None, .. }) => Self::Nothing,
            Some(Asked { cas: Some(cas), .. }) if cas.is_empty() => Self::Every,
            Some(Asked { cas: Some(cas), .. }) => Self::Bound(cas.clone()),
        }
    }
}

/// A list of revoked keys, or of known certificates, on a server.
#[derive(Clone, Debug, Deserialize)]
pub struct List {
    /// Where it lies.
    pub file: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its version.
    #[serde(default)]
    pub version: Option<u64>,
    /// The head of the CA's ledger that it carries: origin, size and root.
    #[serde(default)]
    pub head: Option<String>,
}

/// A key that opens a server.
#[derive(Clone, Debug, Deserialize)]
pub struct KeyFound {
    /// The account.
    pub account: String,
    /// `SHA256:…`.
    pub fingerprint: String,
    /// Kind and size.
    #[serde(rename = "type")]
    pub kind: String,
    /// What stands behind the key.
    pub comment: String,
    /// When it was used last, in Unix seconds.
    #[serde(default)]
    pub used: Option<u64>,
}

/// A text that is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Not JSON of this form.
    #[error("is no report of `punchmark doctor sshd --json`")]
    Form(#[from] serde_json::Error),
    /// Of a form that this version doesn't know.
    #[error("is a report of form {0}, and this version knows form 1")]
    Version(u64),
}

impl Report {
    /// Reads a report.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn parse(text: &str) -> Result<Self, ReportError> {
        let Form { form } = serde_json::from_str(text)?;
        if form != 1 {
            return Err(ReportError::Version(form));
        }
        let read: Read = serde_json::from_value(on_one_line(serde_json::from_str(text)?))?;
        let critical = read.findings.into_iter();
        let critical = critical.filter(|finding| finding.severity == "critical");
        Ok(Self {
            host: read.host,
            time: read.time,
            state: read.state,
            sshd: read.sshd,
            cas: read.cas.into_iter().map(|ca| ca.fingerprint).collect(),
            revoked: read.revoked,
            list_version: read.list.as_ref().and_then(|list| list.version),
            list_takes: ListTakes::of(read.list.as_ref()),
            known: read.list.and_then(|list| list.known).unwrap_or_default(),
            critical: critical.map(|finding| finding.name).collect(),
            doors: read.doors,
            keys: read.survey.map_or_else(Vec::new, |survey| survey.keys),
        })
    }
}

/// Whatever a report says stands in lines of ours later: a line feed in it would begin one, by which
/// a server speaks of others.
fn on_one_line(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(escaped(&text)),
        Value::Array(values) => values.into_iter().map(on_one_line).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields
                .map(|(name, value)| (name, on_one_line(value)))
                .collect()
        }
        other => other,
    }
}

fn escaped(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter {
        letter if letter.is_control() => letter.escape_default().to_string(),
        letter => letter.to_string(),
    });
    letters.collect()
}

#[derive(Deserialize)]
struct Form {
    #[serde(rename = "punchmark-doctor")]
    form: u64,
}

#[derive(Deserialize)]
struct Read {
    host: String,
    time: u64,
    state: String,
    #[serde(default)]
    sshd: Option<String>,
    #[serde(default)]
    cas: Vec<Ca>,
    #[serde(default, rename = "revoked-keys")]
    revoked: Vec<List>,
    #[serde(default)]
    list: Option<Asked>,
    #[serde(default)]
    findings: Vec<Found>,
    #[serde(default)]
    doors: Vec<String>,
    #[serde(default)]
    survey: Option<Surveyed>,
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    version: Option<u64>,
    /// `null` for a list that can't be read.
    #[serde(default)]
    cas: Option<BTreeSet<String>>,
    /// `null` for a list that can't be read.
    #[serde(default)]
    known: Option<Vec<List>>,
}

#[derive(Deserialize)]
struct Ca {
    fingerprint: String,
}

#[derive(Deserialize)]
struct Found {
    name: String,
    severity: String,
}

#[derive(Deserialize)]
struct Surveyed {
    keys: Vec<KeyFound>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_server_says_of_itself_begins_no_line() {
        let report = "{\"punchmark-doctor\":1,\"host\":\"a\\nok    web1\",\"time\":5,\"state\":\"ok\",\
            \"cas\":[{\"fingerprint\":\"SHA256:x\\r\"}],\"findings\":[{\"name\":\"\\u001b[2J\",\
            \"severity\":\"critical\"}]}";
        let report = Report::parse(report).unwrap();
        assert_eq!(report.host, "a\\nok    web1");
        assert_eq!(report.cas.into_iter().collect::<String>(), "SHA256:x\\r");
        assert_eq!(report.critical, ["\\u{1b}[2J"]);
    }

    #[test]
    fn a_report_of_another_form_is_refused() {
        let least = "{\"punchmark-doctor\":1,\"host\":\"a\",\"time\":5,\"state\":\"ok\"}";
        let report = Report::parse(least).unwrap();
        assert_eq!((report.host.as_str(), report.time), ("a", 5));
        let newer = least.replace(":1,", ":2,");
        assert!(matches!(
            Report::parse(&newer),
            Err(ReportError::Version(2))
        ));
        for odd in [
            "",
            "{}",
            "[]",
            "{\"punchmark-doctor\":1}",
            "{\"punchmark-doctor\":-1}",
        ] {
            let refused = Report::parse(odd);
            assert!(matches!(refused, Err(ReportError::Form(_))), "{odd}");
        }
    }
}
