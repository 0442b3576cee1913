//! A list of paths that was read to its end, in little more memory than it is long.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

/// Paths that were read ahead, and what ended the list early.
pub(super) struct ReadAhead {
    /// Each path behind its length, of two bytes.
    paths: io::Cursor<Vec<u8>>,
    error: Option<io::Error>,
}

impl ReadAhead {
    /// Reads them all, up to the first error; at most [`LARGEST`] bytes.
    pub(super) fn of(paths: impl Iterator<Item = io::Result<PathBuf>>) -> Self {
        Self::within(LARGEST, paths)
    }

    fn within(largest: usize, paths: impl Iterator<Item = io::Result<PathBuf>>) -> Self {
        let mut bytes = Vec::new();
        let mut kept = paths.map(|path| keep(&path?, &mut bytes, largest));
        let error = kept.find_map(Result::err);
        drop(kept);
        Self {
            paths: io::Cursor::new(bytes),
            error,
        }
    }

    fn read(&mut self) -> io::Result<PathBuf> {
        let mut length = [0; 2];
        self.paths.read_exact(&mut length)?;
        let mut path = vec![0; u16::from_be_bytes(length).into()];
        self.paths.read_exact(&mut path)?;
        Ok(OsString::from_vec(path).into())
    }
}

impl Iterator for ReadAhead {
    type Item = io::Result<PathBuf>;

    fn next(&mut self) -> Option<Self::Item> {
        // What it keeps is whole, so that its end is the only thing that can stop it.
        match self.read() {
            Ok(path) => Some(Ok(path)),
            Err(_end) => self.error.take().map(Err),
        }
    }
}

fn keep(path: &std::path::Path, bytes: &mut Vec<u8>, largest: usize) -> io::Result<()> {
    let path = path.as_os_str().as_bytes();
    let length = u16::try_from(path.len()).map_err(|_| io::ErrorKind::InvalidFilename)?;
    if bytes.len().saturating_add(path.len()) > largest {
        let words = format!("more than {largest} bytes of paths from a pipe; put them into a file");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    bytes.extend(length.to_be_bytes());
    bytes.extend(path);
    Ok(())
}

/// Some two million paths as they usually are.
const LARGEST: usize = 1 << 27;

#[cfg(test)]
mod tests {
    use super::*;

    fn list(paths: &[&str]) -> impl Iterator<Item = io::Result<PathBuf>> {
        let paths: Vec<_> = paths.iter().map(PathBuf::from).map(Ok).collect();
        paths.into_iter()
    }

    fn names(ahead: ReadAhead) -> Vec<Result<String, io::ErrorKind>> {
        let paths = ahead.map(|path| path.map(|path| path.display().to_string()));
        paths
            .map(|path| path.map_err(|error| error.kind()))
            .collect()
    }

    #[test]
    fn gives_the_paths_as_they_were_and_then_what_ended_the_list() {
        let broken = [Err(io::ErrorKind::InvalidData.into()), Ok("never".into())];
        let ahead = ReadAhead::of(list(&["a\r", "b\0c", "d\ne"]).chain(broken));
        let expected = ["a\r", "b\0c", "d\ne"].map(|path| Ok(path.to_owned()));
        let mut expected = Vec::from(expected);
        expected.push(Err(io::ErrorKind::InvalidData));
        assert_eq!(names(ahead), expected);
    }

    #[test]
    fn a_list_without_an_end_is_read_up_to_its_limit() {
        let mut read = 0;
        let endless = std::iter::repeat_with(|| {
            read += 1;
            Ok(PathBuf::from("key.pub"))
        });
        let names = names(ReadAhead::within(90, endless));
        assert_eq!(names.len(), 11);
        assert_eq!(names.last(), Some(&Err(io::ErrorKind::FileTooLarge)));
        assert_eq!(read, 11);
    }
}
