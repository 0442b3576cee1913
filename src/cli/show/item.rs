//! What a file holds: one thing, or a key or certificate on each of its lines.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use ssh_key::public::KeyData;

use crate::attestation::Evidence;
use crate::certificate::key_line::{KeyLineError, read_certificate_line, read_public_key_line};
use crate::cli::base::advice::file_kind::into_public_key;
use crate::cli::base::failure::Advised;
use crate::cli::base::words::chain;
use crate::config::{SubjectFileError, read_bytes};
use crate::file::bytes_from;
use crate::krl::{KRL_BYTES_MAX, Krl};
use crate::request::RequestFile;
use crate::wire::{FileKind, RawCertificate};

/// One thing, and its line where the file has several.
pub(super) struct Item {
    pub(super) line: Option<usize>,
    pub(super) holds: Result<Shown, Fault>,
}

/// What can be explained.
pub(super) enum Shown {
    Certificate(Box<RawCertificate>, String),
    Key(Box<KeyData>, String),
    Request(Box<RequestFile>),
    Document(Document),
}

/// What other commands work with, and is only told from other things here.
pub(super) enum Document {
    Krl(Box<Krl>),
    Head(String),
    Proof(String),
    Evidence(Box<Evidence>),
}

/// Why something can't be shown, and the way out.
pub(super) struct Fault {
    pub(super) words: String,
    pub(super) hint: Option<String>,
}

/// Reads all that a file holds.
pub(super) fn read(file: &Path) -> Result<Vec<Item>, Fault> {
    let bytes = read_file(file)?;
    let kind = FileKind::of(&bytes);
    if RequestFile::begins(&bytes) {
        return one(RequestFile::from_text(&bytes)
            .map(|request| Shown::Request(Box::new(request)))
            .map_err(SubjectFileError::from));
    }
    match kind {
        FileKind::Krl => {
            one(Krl::from_bytes(&bytes).map(|krl| document(Document::Krl(krl.into()))))
        }
        FileKind::Evidence => one(Evidence::from_text(&bytes)
            .map(|evidence| document(Document::Evidence(evidence.into())))),
        FileKind::Head => Ok(single(document(Document::Head(text(&bytes))))),
        FileKind::Proof => Ok(single(document(Document::Proof(text(&bytes))))),
        _ if bytes.len() > LARGEST => Err(plain(io::Error::from(io::ErrorKind::FileTooLarge))),
        kind => lines(&bytes, kind),
    }
}

/// The file, or the `.pub` beside a private key.
fn read_file(file: &Path) -> Result<Vec<u8>, Fault> {
    if file == Path::new("-") {
        return bytes_from(io::stdin().lock(), KRL_BYTES_MAX).map_err(plain);
    }
    match read_bytes(file, KRL_BYTES_MAX) {
        Ok(bytes) if FileKind::of(&bytes) == FileKind::PrivateKey => {
            read_bytes(&beside(file), LARGEST).map_err(|_nothing_beside| Fault {
                words: "this is a private key, and no public key lies beside it".to_owned(),
                hint: into_public_key(FileKind::PrivateKey),
            })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            read_bytes(&beside(file), LARGEST).map_err(|_nothing_beside| plain(error))
        }
        read => read.map_err(plain),
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name: OsString = file.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// Every line with a key or a certificate; what looks like one and is none is the fault of that
/// line alone.
fn lines(bytes: &[u8], kind: FileKind) -> Result<Vec<Item>, Fault> {
    let numbered = bytes.split(|byte| *byte == b'\n').zip(1..);
    let mut items: Vec<_> = numbered
        .filter_map(|(line, number)| {
            Some(Item {
                line: Some(number),
                holds: of_line(line)?,
            })
        })
        .collect();
    match items.as_mut_slice() {
        [] => Err(advised(&KeyLineError::NoKey(kind))),
        // A key that goes on in the line below is seen in the whole file alone.
        [Item { holds: Err(_), .. }] if matches!(kind, FileKind::Wrapped(_)) => {
            Err(advised(&KeyLineError::NoKey(kind)))
        }
        [one] => {
            one.line = None;
            Ok(items)
        }
        _ => Ok(items),
    }
}

/// What a line holds; nothing where it is blank, a comment, or no line of keys at all.
fn of_line(line: &[u8]) -> Option<Result<Shown, Fault>> {
    let read = match read_public_key_line(line) {
        Err(KeyLineError::Certificate) => read_certificate_line(line)
            .map(|(raw, comment)| Shown::Certificate(Box::new(raw), comment)),
        read => read.map(|(key, comment)| Shown::Key(Box::new(key), comment)),
    };
    let is_meant = match &read {
        Err(KeyLineError::NoKey(kind)) => is_of_keys(*kind),
        _ => true,
    };
    is_meant.then(|| read.map_err(|error| advised(&error)))
}

/// Whether a line without a key was meant to have one.
fn is_of_keys(kind: FileKind) -> bool {
    matches!(
        kind,
        FileKind::CutShort(_)
            | FileKind::Options(_)
            | FileKind::Name(_)
            | FileKind::Quoted(_)
            | FileKind::UnknownType
    )
}

fn one<E: Advised>(read: Result<Shown, E>) -> Result<Vec<Item>, Fault> {
    read.map(single).map_err(|error| advised(&error))
}

fn single(shown: Shown) -> Vec<Item> {
    vec![Item {
        line: None,
        holds: Ok(shown),
    }]
}

fn document(document: Document) -> Shown {
    Shown::Document(document)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn advised(error: &impl Advised) -> Fault {
    Fault {
        words: chain(error),
        hint: error.hint(),
    }
}

fn plain(error: io::Error) -> Fault {
    Fault {
        words: error.to_string(),
        hint: None,
    }
}

/// A certificate of 64 KiB is 88 KiB of Base64, and a request has at most this.
const LARGEST: usize = 192 * 1024;
