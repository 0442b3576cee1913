//! `--pin-file`: one file for the device that asks first, or one for each by its serial.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::failure::{Advised, Kind};

/// One `--pin-file`, as it is typed: `FILE`, or `SERIAL=FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PinFile {
    serial: Option<String>,
    file: PathBuf,
}

/// All `--pin-file` of a command line: at most one without a serial, one for each serial.
#[derive(Clone, Debug, Default)]
pub(crate) struct PinFiles {
    of_any: Option<PathBuf>,
    by_serial: Vec<(String, PathBuf)>,
}

/// Two PIN files were named where one is read.
#[derive(Debug, thiserror::Error)]
#[error("{} and {} are both named as the PIN file{}", .first.display(), .second.display(), of(.serial.as_deref()))]
pub(crate) struct TwoFilesError {
    serial: Option<String>,
    first: PathBuf,
    second: PathBuf,
}

impl Advised for TwoFilesError {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some("name one; of several devices each has its own: --pin-file SERIAL=FILE".to_owned())
    }
}

fn of(serial: Option<&str>) -> String {
    serial.map_or_else(String::new, |serial| format!(" of {serial}"))
}

impl PinFile {
    /// How it is read: what stands before the first `=` is a serial, unless it has a `/`.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().map(Self::from)
    }
}

impl From<OsString> for PinFile {
    fn from(typed: OsString) -> Self {
        let bytes = typed.as_bytes();
        let at = bytes.iter().position(|byte| *byte == b'=');
        let parts = at.and_then(|at| bytes.split_at_checked(at));
        let named = parts.and_then(|(serial, rest)| {
            let serial = std::str::from_utf8(serial).ok()?;
            let is_serial = !serial.is_empty() && !serial.contains('/');
            let file = OsStr::from_bytes(rest.get(1..)?);
            is_serial.then(|| (serial.to_owned(), PathBuf::from(file)))
        });
        match named {
            Some((serial, file)) => Self {
                serial: Some(serial),
                file,
            },
            None => Self {
                serial: None,
                file: OsString::from_vec(typed.into_vec()).into(),
            },
        }
    }
}

impl PinFiles {
    /// Refuses two files for one device, or for any: nobody could say which of them counts.
    pub(crate) fn new(typed: &[PinFile]) -> Result<Self, TwoFilesError> {
        let mut files = Self::default();
        for one in typed {
            let before = match &one.serial {
                None => files.of_any(),
                Some(serial) => files.of(serial),
            };
            if let Some(first) = before.filter(|first| *first != one.file) {
                return Err(TwoFilesError {
                    serial: one.serial.clone(),
                    first: first.to_owned(),
                    second: one.file.clone(),
                });
            }
            let file = one.file.clone();
            match &one.serial {
                None => files.of_any = Some(file),
                Some(serial) => files.by_serial.push((serial.clone(), file)),
            }
        }
        Ok(files)
    }

    /// The devices that a file was named for.
    pub(crate) fn serials(&self) -> impl Iterator<Item = &str> {
        self.by_serial.iter().map(|(serial, _)| serial.as_str())
    }

    /// This file, if there is one, for whatever card has none by its serial.
    #[cfg(feature = "daily")]
    pub(crate) fn with_any(&self, file: Option<PathBuf>) -> Self {
        Self {
            of_any: file,
            by_serial: self.by_serial.clone(),
        }
    }

    /// The file for the device that asks first.
    pub(crate) fn of_any(&self) -> Option<&Path> {
        self.of_any.as_deref()
    }

    /// The file for the device with this serial alone. Zeros in front of a number mean nothing.
    pub(crate) fn of(&self, serial: &str) -> Option<&Path> {
        let bare = |serial: &str| serial.trim().trim_start_matches('0').to_owned();
        let mut named = self.by_serial.iter();
        let found = named.find(|(of, _)| bare(of) == bare(serial))?;
        Some(&found.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<PinFiles, String> {
        let files: Vec<_> = texts
            .iter()
            .map(|text| PinFile::from(OsString::from(text)))
            .collect();
        PinFiles::new(&files).map_err(|error| error.to_string())
    }

    fn typed(texts: &[&str]) -> PinFiles {
        read(texts).unwrap()
    }

    #[test]
    fn each_device_has_its_own_file_and_any_other_the_one_without_a_serial() {
        let files = typed(&["12345678=a", "/run/x=1", "0000Ab=b=c"]);
        assert_eq!(files.of("12345678"), Some(Path::new("a")));
        assert_eq!(files.of("Ab"), Some(Path::new("b=c")));
        assert_eq!(files.of("12345679"), None);
        assert_eq!(files.of_any(), Some(Path::new("/run/x=1")));
        assert_eq!(typed(&["./a=b"]).of_any(), Some(Path::new("./a=b")));
        assert_eq!(typed(&["=b"]).of_any(), Some(Path::new("=b")));
    }

    #[test]
    fn two_files_for_one_device_are_refused_and_one_file_twice_is_one() {
        let refused = |texts| read(texts).unwrap_err();
        assert_eq!(
            refused(&["a", "b"]),
            "a and b are both named as the PIN file"
        );
        assert_eq!(
            refused(&["1=a", "2=c", "01=b"]),
            "a and b are both named as the PIN file of 01"
        );
        assert_eq!(typed(&["a", "a", "1=a"]).of_any(), Some(Path::new("a")));
    }
}
