//! A KRL in words, or in JSON.

use std::fmt;
use std::io::{self, BufWriter, Write};

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::object::SCHEMA;
use crate::cli::base::terminal::{note_product, unwritten};
use crate::config;
use crate::krl::{Authority, Fingerprint, Krl, PublicKey, Serials, Strings, Subject};
use crate::wire::hex;

/// Prints a KRL, however large, without a second copy of it.
pub(super) fn print(context: &Context, krl: &Krl) -> Result<(), Failure> {
    note_product();
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = if context.json() {
        write_json(krl, &mut out)
    } else {
        write_text(krl, &mut out)
    };
    printed.and_then(|()| out.flush()).map_err(unwritten)
}

fn write_text(krl: &Krl, out: &mut impl Write) -> io::Result<()> {
    let mut text = Text { out, error: None };
    let shown = krl.show(&local_time(krl.header().generated), &mut text);
    match (shown, text.error) {
        (Ok(()), _) => Ok(()),
        (Err(fmt::Error), error) => Err(error.unwrap_or_else(|| io::ErrorKind::Other.into())),
    }
}

fn write_json(krl: &Krl, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &KrlView::of(krl))?;
    out.write_all(b"\n")
}

/// As `ssh-keygen` prints it, beyond year 9999 the word that it has for what it cannot.
fn local_time(seconds: u64) -> String {
    let time = i64::try_from(seconds)
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok());
    match time {
        Some(time) => {
            let local = time.to_zoned(config::time_zone());
            local.strftime("%Y%m%dT%H%M%S").to_string()
        }
        None => "<INVALID>".to_owned(),
    }
}

/// Text on its way to bytes; keeps the error, which [`fmt::Write`] cannot.
struct Text<'a, W> {
    out: &'a mut W,
    error: Option<io::Error>,
}

impl<W: Write> fmt::Write for Text<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.out.write_all(text.as_bytes()).map_err(|error| {
            self.error = Some(error);
            fmt::Error
        })
    }
}

/// A KRL as JSON shows it.
#[derive(Serialize)]
struct KrlView<'a> {
    schema: u64,
    version: u64,
    generated: u64,
    flags: u64,
    comment: Bytes<'a>,
    #[serde(serialize_with = "keys")]
    keys: &'a Strings,
    #[serde(serialize_with = "in_hex")]
    sha256: &'a [[u8; 32]],
    #[serde(serialize_with = "in_hex")]
    sha1: &'a [[u8; 20]],
    certificates: Vec<AuthorityView<'a>>,
}

impl<'a> KrlView<'a> {
    fn of(krl: &'a Krl) -> Self {
        Self {
            schema: SCHEMA,
            version: krl.header().version,
            generated: krl.header().generated,
            flags: krl.header().flags,
            comment: Bytes(krl.header().comment.to_bytes()),
            keys: krl.keys(),
            sha256: krl.sha256s(),
            sha1: krl.sha1s(),
            certificates: krl.authorities().map(AuthorityView::of).collect(),
        }
    }
}

/// What is revoked of one CA's certificates; of every CA's where `ca` is null.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct AuthorityView<'a> {
    ca: Option<KeyView>,
    #[serde(serialize_with = "pairs")]
    serials: &'a Serials,
    #[serde(serialize_with = "texts")]
    key_ids: &'a Strings,
}

impl<'a> AuthorityView<'a> {
    fn of(authority: &'a Authority) -> Self {
        Self {
            ca: authority.ca().map(KeyView::of),
            serials: authority.serials(),
            key_ids: authority.key_ids(),
        }
    }
}

/// The blob is base64; what is no key has neither algorithm nor fingerprint.
#[derive(Serialize)]
struct KeyView {
    algorithm: Option<&'static str>,
    fingerprint: Option<String>,
    blob: String,
}

impl KeyView {
    fn of(key: &PublicKey) -> Self {
        Self {
            algorithm: Some(key.algorithm()),
            fingerprint: Some(Fingerprint(key).to_string()),
            blob: Base64::encode_string(key.as_blob()),
        }
    }

    fn of_blob(blob: &[u8]) -> Self {
        let key = Subject::from_signed_blob(blob);
        let key = key.as_ref().ok();
        Self {
            algorithm: key.map(Subject::algorithm),
            fingerprint: key.map(|key| Fingerprint(key.key()).to_string()),
            blob: Base64::encode_string(blob),
        }
    }
}

/// A string where it is UTF-8, else an object with its base64.
struct Bytes<'a>(&'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match std::str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => serializer.collect_map([("base64", Base64::encode_string(self.0))]),
        }
    }
}

// Long lists are written one by one: what they look like is never held at once.

fn keys<S: Serializer>(keys: &Strings, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(keys.iter().map(KeyView::of_blob))
}

fn in_hex<S: Serializer, const N: usize>(
    hashes: &[[u8; N]],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(hashes.iter().map(|hash| hex(hash)))
}

fn texts<S: Serializer>(texts: &Strings, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(texts.iter().map(Bytes))
}

/// Ranges as pairs of the first serial and the last.
fn pairs<S: Serializer>(serials: &Serials, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(serials.ranges().map(|range| [range.first(), range.last()]))
}
