//! What every command that fetches for a server does: where from, and one at a time.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::failure::{Advised, At, Failure, Kind};
use crate::config::read_limited;
use crate::server::source::{Https, HttpsError, Source, UrlError};

/// A file, the file of the name of `out` in a folder, or an https URL, whose server is known by the
/// certificates of `ca_file` where one is named.
pub(crate) fn source(
    name: &OsStr,
    out: &Path,
    ca_file: Option<&Path>,
    timeout: u64,
) -> Result<Source, Failure> {
    let url = name.to_str().filter(|text| text.contains("://"));
    let Some(url) = url else {
        let path = PathBuf::from(name);
        return Ok(Source::File(match out.file_name() {
            Some(file) if path.is_dir() => path.join(file),
            _ => path,
        }));
    };
    let url = url.parse()?;
    let roots = ca_file.map(|path| read_limited(path, ROOTS_BYTES_MAX).in_file(path));
    let client = Https::new(timeout, roots.transpose()?.as_deref())?;
    Ok(Source::Https(url, client.into()))
}

/// One fetch at a time: a slower one must not put an older list over a newer one.
pub(crate) fn lock(out: &Path) -> Result<File, Failure> {
    let folder = match out.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let opened = File::open(folder).in_file(folder)?;
    let locked = flock(&opened, FlockOperation::LockExclusive);
    locked.map_err(io::Error::from).in_file(folder)?;
    Ok(opened)
}

impl Advised for HttpsError {}

impl Advised for UrlError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }
}

/// A server's own roots, or all of the web's.
const ROOTS_BYTES_MAX: u64 = 1 << 20;
