//! `punchmark show`: a certificate or key explained, and what is alarming about it.

mod request;

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use ssh_key::public::KeyData;

use super::base::context::Context;
use super::base::failure::{Exit, Failure};
use super::base::terminal::{product, say};
use super::base::words::{chain, path};
use crate::attestation::Roots;
use crate::certificate::Subject;
use crate::certificate::alarm::{Alarm, alarms};
use crate::certificate::explain::Fields;
use crate::certificate::key_line::{KeyLineError, read_certificate_line, read_public_key_line};
use crate::certificate::subject::{describe, fingerprint};
use crate::config::{self, Config, read_bytes};
use crate::request::RequestFile;
use crate::wire::{FileKind, RawCertificate};
use request::Explained;

/// Explain certificates, public keys and requests, and say what is alarming
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// Certificates, public keys or requests, or `-`
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// What a file holds.
enum Shown {
    Certificate(Box<RawCertificate>, String),
    Key(Box<KeyData>, String),
    Request(Box<RequestFile>),
}

impl Show {
    pub(crate) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config_if_there()?;
        let known = match &config {
            Some(config) => Some(config.public_keys()?),
            None => None,
        };
        let roots = config.as_ref().map(Config::attestation_roots).transpose()?;
        let mut exit = Exit::Done;
        for file in &self.files {
            match read(file) {
                Ok(all) => {
                    for shown in &all {
                        print(context, file, shown, known.as_deref(), roots.as_ref())?;
                    }
                }
                Err(words) => {
                    if context.json() {
                        let value = json!({ "file": file.to_string_lossy(), "error": words });
                        product(&value.to_string())?;
                    }
                    say(&format!("punchmark: {}: {words}", path(file)));
                    exit = Exit::Failed;
                }
            }
        }
        Ok(exit)
    }
}

/// Every key and certificate of a file, a line each.
fn read(file: &Path) -> Result<Vec<Shown>, String> {
    let text = if file == Path::new("-") {
        config::read_stdin()
    } else {
        read_bytes(file, LARGEST)
    };
    let text = text.map_err(|error| error.to_string())?;
    if RequestFile::begins(&text) {
        let request = RequestFile::from_text(&text).map_err(|error| chain(&error))?;
        return Ok(vec![Shown::Request(Box::new(request))]);
    }
    let lines = text
        .split(|byte| *byte == b'\n')
        .filter_map(|line| match read_line(line) {
            Err(KeyLineError::NoKey(_)) => None,
            read => Some(read),
        });
    let shown: Vec<_> = lines
        .collect::<Result<_, _>>()
        .map_err(|error| chain(&error))?;
    if shown.is_empty() {
        Err(KeyLineError::NoKey(FileKind::of(&text)).to_string())
    } else {
        Ok(shown)
    }
}

fn read_line(line: &[u8]) -> Result<Shown, KeyLineError> {
    match read_public_key_line(line) {
        Err(KeyLineError::Certificate) => read_certificate_line(line)
            .map(|(certificate, comment)| Shown::Certificate(Box::new(certificate), comment)),
        read => read.map(|(key, comment)| Shown::Key(Box::new(key), comment)),
    }
}

fn print(
    context: &Context,
    file: &Path,
    shown: &Shown,
    known: Option<&[KeyData]>,
    roots: Option<&Roots>,
) -> Result<(), Failure> {
    match (shown, context.json()) {
        (Shown::Certificate(certificate, comment), json) => {
            let alarms = alarms_of(certificate, known);
            if json {
                product(&certificate_json(file, certificate, comment, &alarms).to_string())
            } else {
                print_certificate(file, certificate, &alarms)
            }
        }
        (Shown::Request(request), true) => {
            product(&Explained::new(request, roots).json(file).to_string())
        }
        (Shown::Request(request), false) => Explained::new(request, roots).print(file),
        (Shown::Key(key, comment), true) => product(&key_json(file, key, comment).to_string()),
        (Shown::Key(key, _), false) => {
            product(&format!("{}:", path(file)))?;
            product(&format!(
                "  public key    {} {}",
                describe(key),
                fingerprint(key)
            ))?;
            match Subject::try_from(key.as_ref().clone()) {
                Ok(_) => Ok(()),
                Err(error) => product(&format!("  ! it cannot be certified: {error}")),
            }
        }
    }
}

/// Without a config, no CA can be unknown to it.
fn alarms_of(certificate: &RawCertificate, known: Option<&[KeyData]>) -> Vec<Alarm> {
    let mut alarms = alarms(certificate, config::now(), known.unwrap_or_default());
    if known.is_none() {
        alarms.retain(|alarm| *alarm != Alarm::UnknownCa);
    }
    alarms
}

fn print_certificate(
    file: &Path,
    certificate: &RawCertificate,
    alarms: &[Alarm],
) -> Result<(), Failure> {
    product(&format!("{}:", path(file)))?;
    for (label, value) in Fields::of(certificate).rows() {
        product(&format!("  {label:12}{value}"))?;
    }
    for alarm in alarms {
        let mark = if alarm.is_note() { "-" } else { "!" };
        product(&format!("  {mark} {alarm}"))?;
    }
    Ok(())
}

fn certificate_json(
    file: &Path,
    certificate: &RawCertificate,
    comment: &str,
    alarms: &[Alarm],
) -> Value {
    let alarms: Vec<_> = alarms.iter().map(alarm_json).collect();
    json!({
        "file": file.to_string_lossy(), "is": "certificate", "comment": comment,
        "certificate": Fields::of(certificate), "alarms": alarms,
    })
}

/// The alarm's own fields, and beside them its words.
fn alarm_json(alarm: &Alarm) -> Value {
    let mut value = json!(alarm);
    if let Value::Object(fields) = &mut value {
        fields.insert("words".to_owned(), json!(alarm.to_string()));
        fields.insert("note".to_owned(), json!(alarm.is_note()));
    }
    value
}

fn key_json(file: &Path, key: &KeyData, comment: &str) -> Value {
    let certifiable = Subject::try_from(key.clone());
    json!({
        "file": file.to_string_lossy(), "is": "public key", "comment": comment,
        "algorithm": describe(key), "fingerprint": fingerprint(key),
        "certifiable": certifiable.is_ok(),
        "reason": certifiable.err().map(|error| error.to_string()),
    })
}

/// A certificate of 64 KiB is 88 KiB of Base64, and a request has at most this.
const LARGEST: usize = 192 * 1024;

const EXAMPLES: &str = "\
Examples:
  punchmark show peter-cert.pub
  punchmark show peter.req
  punchmark show --json *-cert.pub
  ssh-keyscan -c web1.example.org 2>/dev/null | cut -d' ' -f2- | punchmark show -";
