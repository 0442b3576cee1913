//! A certificate in a file, and what sshd looks at in it beside the list.

use std::path::Path;

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use crate::certificate::Place;
use crate::certificate::alarm::{Alarm, alarms};
use crate::certificate::explain::Fields;
use crate::cli::base::failure::{At, Failure};
use crate::file::{read_bytes, read_limited};
use crate::krl::{self, KRL_BYTES_MAX, Krl, Reason};
use crate::server::access::{Header, Presented};
use crate::wire::RawCertificate;
use crate::wire::certificate::OptionValue;

/// A certificate, and the KRL that it is held against, if one was named.
pub(super) struct Certificate {
    raw: RawCertificate,
    presented: Presented,
    krl: Option<Krl>,
}

impl Certificate {
    pub(super) fn read(path: &Path, krl: Option<&Path>) -> Result<Self, Failure> {
        let text = read_limited(path, CERTIFICATE_BYTES_MAX).in_file(path)?;
        let encoded = text.split_ascii_whitespace().nth(1).unwrap_or_default();
        let presented = Presented::from_base64(encoded).in_file(path)?;
        // It was decoded once already.
        let blob = Base64::decode_vec(encoded).unwrap_or_default();
        let raw =
            RawCertificate::from_blob(&blob).map_err(|error| Failure::new(error.to_string()))?;
        let krl = krl.map(read_krl).transpose()?;
        Ok(Self {
            raw,
            presented,
            krl,
        })
    }

    pub(super) fn presented(&self) -> &Presented {
        &self.presented
    }

    /// Label and value of what sshd looks at.
    pub(super) fn rows(&self, header: &Header) -> Vec<(&'static str, String)> {
        let rows = Fields::of(&self.raw).rows().into_iter();
        let mut rows: Vec<_> = rows
            .filter(|(label, _)| LOOKED_AT.contains(label))
            .collect();
        for (label, value) in &mut rows {
            if *label == "signed by" {
                *value += &format!(", {}", self.ca_words(header));
            }
        }
        rows.push(("KRL", self.krl_words()));
        rows
    }

    pub(super) fn json(&self, header: &Header) -> Value {
        json!({
            "content": Fields::of(&self.raw),
            "ca": self.ca_name(header),
            "krl": self.krl.as_ref().map(|_| self.krl_words()),
            "revoked": self.krl.as_ref().map(|krl| self.revoked_by(krl).is_some()),
        })
    }

    /// Why sshd refuses it, whatever the list says, as far as the certificate, the KRL and the
    /// `command` of the line tell.
    pub(super) fn refusals(&self, command: Option<&str>, now: u64) -> Vec<String> {
        let mut found: Vec<_> = alarms(&self.raw, now, &[])
            .iter()
            .filter_map(refusal)
            .collect();
        if self
            .krl
            .as_ref()
            .is_some_and(|krl| self.revoked_by(krl).is_some())
        {
            found.push(format!("the KRL {}", self.krl_words()));
        }
        if let (Some(command), Some(forced)) = (command, self.forced_command())
            && forced != command.replace("\\\"", "\"").as_bytes()
        {
            let words = "the certificate's force-command is another than the line's command";
            found.push(words.to_owned());
        }
        found
    }

    fn ca_name<'h>(&self, header: &'h Header) -> Option<&'h str> {
        let mut cas = header.cas().iter();
        cas.find(|ca| ca.fingerprint() == self.presented.ca())
            .map(|ca| ca.name())
    }

    fn ca_words(&self, header: &Header) -> String {
        match self.ca_name(header) {
            Some(name) => format!("CA {name} of the list"),
            None if header.cas().is_empty() => {
                "and every CA counts that sshd trusts (no @ca)".to_owned()
            }
            None => "which is none that the list names".to_owned(),
        }
    }

    fn krl_words(&self) -> String {
        let Some(krl) = &self.krl else {
            return "not looked at: --krl FILE".to_owned();
        };
        match self.revoked_by(krl) {
            None => "doesn't revoke it".to_owned(),
            Some(reason) => format!("revokes it by {}", named(reason)),
        }
    }

    fn revoked_by(&self, krl: &Krl) -> Option<Reason> {
        // A certificate that is none for a KRL is none for sshd, which says so itself.
        let certificate = krl::Certificate::from_blob(self.raw.blob()).ok()?;
        krl.revokes(&krl::Subject::Certificate(certificate))
    }

    fn forced_command(&self) -> Option<&[u8]> {
        let mut options = self.raw.critical().iter();
        let option = options.find(|option| option.name() == b"force-command")?;
        match option.value() {
            OptionValue::Value(command) => Some(command),
            OptionValue::Flag | OptionValue::Opaque => None,
        }
    }
}

/// What sshd refuses of all that is alarming.
fn refusal(alarm: &Alarm) -> Option<String> {
    match alarm {
        Alarm::NotYetValid => Some("the certificate is not valid yet".to_owned()),
        Alarm::Expired => Some("the certificate has expired".to_owned()),
        Alarm::NeverValid => Some("the certificate is valid at no time".to_owned()),
        Alarm::UnknownCriticalOption { name } => Some(format!(
            "critical option {name} of the certificate is not known to sshd"
        )),
        Alarm::BadSignature
        | Alarm::Sha1Signature
        | Alarm::CaIsCertificate
        | Alarm::MalformedOption {
            place: Place::Critical,
            ..
        } => Some(alarm.to_string()),
        _ => None,
    }
}

fn named(reason: Reason) -> &'static str {
    match reason {
        Reason::Key(_) => "its key",
        Reason::Ca(_) => "its CA",
        Reason::KeyId(_) => "its key ID",
        Reason::Serial(_) => "its serial",
    }
}

fn read_krl(path: &Path) -> Result<Krl, Failure> {
    let bytes = read_bytes(path, KRL_BYTES_MAX).in_file(path)?;
    Krl::from_bytes(&bytes).in_file(path)
}

const LOOKED_AT: [&str; 5] = ["type", "signed by", "valid", "critical", "extensions"];
const CERTIFICATE_BYTES_MAX: u64 = 128 * 1024;
