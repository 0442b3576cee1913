//! A KRL in words, or in JSON.

use std::ffi::CStr;
use std::fmt;
use std::io::{self, BufWriter, Write};

use base64ct::{Base64, Encoding};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::cli::base::context::Context;
use crate::cli::base::failure::Failure;
use crate::cli::base::terminal::unwritten;
use crate::config;
use crate::krl::{Authority, Fingerprint, Krl, PublicKey, Serials, Subject};
use crate::wire::hex;

/// Prints a KRL, however large, without a second copy of it.
pub(super) fn print(context: &Context, krl: &Krl) -> Result<(), Failure> {
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
    version: u64,
    generated: u64,
    flags: u64,
    comment: Bytes<'a>,
    keys: Vec<KeyView>,
    sha256: Vec<String>,
    sha1: Vec<String>,
    certificates: Vec<AuthorityView<'a>>,
}

impl<'a> KrlView<'a> {
    fn of(krl: &'a Krl) -> Self {
        Self {
            version: krl.header().version,
            generated: krl.header().generated,
            flags: krl.header().flags,
            comment: Bytes(&krl.header().comment),
            keys: krl.keys().map(KeyView::of_blob).collect(),
            sha256: krl.sha256s().iter().map(|hash| hex(hash)).collect(),
            sha1: krl.sha1s().iter().map(|hash| hex(hash)).collect(),
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
    key_ids: Vec<Bytes<'a>>,
}

impl<'a> AuthorityView<'a> {
    fn of(authority: &'a Authority) -> Self {
        Self {
            ca: authority.ca().map(KeyView::of),
            serials: authority.serials(),
            key_ids: authority.key_ids().iter().map(|id| Bytes(id)).collect(),
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
struct Bytes<'a>(&'a CStr);

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.to_str() {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                serializer.collect_map([("base64", Base64::encode_string(self.0.to_bytes()))])
            }
        }
    }
}

/// Ranges as pairs of the first serial and the last.
fn pairs<S: Serializer>(serials: &Serials, serializer: S) -> Result<S::Ok, S::Error> {
    let ranges = serials.ranges().iter();
    serializer.collect_seq(ranges.map(|range| [range.first(), range.last()]))
}
