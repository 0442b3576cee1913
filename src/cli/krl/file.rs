//! The files that `punchmark krl` reads and writes, each with its limit.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::cli::base::advice::file_kind::into_public_key;
use crate::cli::base::failure::{Advised, At, Failure};
use crate::file;
use crate::krl::spec::SpecError;
use crate::krl::{KRL_BYTES_MAX, KeyFile, KeyFileError, Krl, ReadError, Signatures, WriteError};

/// Reads a KRL.
pub(super) fn read_krl(path: &Path) -> Result<Krl, Failure> {
    let bytes = file::open(path).and_then(|file| read(file, KRL_BYTES_MAX));
    Krl::from_bytes(&bytes.in_file(path)?).in_file(path)
}

/// Reads the key or certificate that `path` names, and its comment, which is the name
/// of the file where it would be empty.
///
/// As OpenSSH does: where `path` is none, `path.pub` is tried. The public half of a
/// private key file is not looked for: `ssh-keygen -Q` crashes on such a file.
pub(super) fn read_key(path: &Path, signatures: Signatures) -> Result<KeyFile, Failure> {
    read_one_key(path, signatures).or_else(|error| {
        let mut public = path.as_os_str().to_owned();
        public.push(".pub");
        // The file that was named is the one to speak of.
        read_one_key(&PathBuf::from(public), signatures).map_err(|_| error)
    })
}

fn read_one_key(path: &Path, signatures: Signatures) -> Result<KeyFile, Failure> {
    let text = file::open(path).and_then(|file| read(file, KEY_BYTES_MAX));
    let mut key = KeyFile::read(&text.in_file(path)?, signatures).in_file(path)?;
    if key.comment.is_empty() {
        key.comment = path.as_os_str().as_encoded_bytes().to_vec();
    }
    Ok(key)
}

/// Gives each line of a specification, without its line feed; of standard input for `-`.
pub(super) fn each_spec_line(
    path: &Path,
    take: impl FnMut(&[u8]) -> Result<(), SpecError>,
) -> Result<(), Failure> {
    let name = || spec_name(path);
    if is_stdin(path) {
        return each_line(io::stdin().lock(), take).at(name());
    }
    let file = file::open(path).at(name())?;
    each_line(BufReader::new(file), take).at(name())
}

fn each_line(
    input: impl BufRead,
    mut take: impl FnMut(&[u8]) -> Result<(), SpecError>,
) -> Result<(), Failure> {
    let mut input = input.take(SPEC_BYTES_MAX);
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        if input.limit() == 0 {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge).into());
        }
        take(line.strip_suffix(b"\n").unwrap_or(&line))?;
        line.clear();
    }
    Ok(())
}

/// The name that people know a specification by.
pub(super) fn spec_name(path: &Path) -> String {
    if is_stdin(path) {
        return "standard input".to_owned();
    }
    path.display().to_string()
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// Reads all, and not a byte more than the limit of what is longer.
fn read(input: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    input.take(one_more).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

impl Advised for ReadError {}

impl Advised for WriteError {}

impl Advised for KeyFileError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoKey(kind) => into_public_key(*kind),
            _ => None,
        }
    }
}

/// The largest key that OpenSSH reads, in a certificate with 256 long principals, is smaller.
const KEY_BYTES_MAX: usize = 1 << 20;

/// More than ten million serials, a line each.
const SPEC_BYTES_MAX: u64 = 1 << 29;
