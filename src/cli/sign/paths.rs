//! Which key files a run is about: named one by one, or in a list.

mod read_ahead;

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use read_ahead::ReadAhead;

/// How the paths of a list are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Separator {
    Newline,
    Nul,
}

/// The paths of a list file, or of standard input for `-`, read as they are needed.
///
/// Empty lines are passed over; a path is at most 4096 bytes.
struct PathList {
    input: Box<dyn BufRead>,
    separator: Separator,
    failed: bool,
    /// Entries so far, empty ones included.
    entries: u64,
    /// Empty entries since the last path.
    empty: u32,
}

/// The paths of a list, before anything is opened to sign them.
///
/// A plain file is read as its paths are needed. Whatever can keep a reader waiting (a pipe, a
/// terminal) is read to its end at once: nobody waits for who writes it with the ledger in hand.
///
/// # Errors
/// If it cannot be opened. What is wrong further down stands in its place among the paths.
pub(crate) fn paths(
    list: &Path,
    separator: Separator,
) -> io::Result<Box<dyn Iterator<Item = io::Result<PathBuf>>>> {
    let is_plain = is_plain_file(list)?;
    let paths = PathList::open(list, separator)?;
    if is_plain {
        return Ok(Box::new(paths));
    }
    Ok(Box::new(ReadAhead::of(paths)))
}

fn is_plain_file(list: &Path) -> io::Result<bool> {
    if list != Path::new("-") {
        return Ok(list.metadata()?.is_file());
    }
    let stdin = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    Ok(stdin.metadata()?.is_file())
}

impl PathList {
    fn open(list: &Path, separator: Separator) -> io::Result<Self> {
        let input: Box<dyn BufRead> = if list == Path::new("-") {
            Box::new(BufReader::new(io::stdin()))
        } else {
            Box::new(BufReader::new(File::open(list)?))
        };
        Ok(Self {
            input,
            separator,
            failed: false,
            entries: 0,
            empty: 0,
        })
    }

    fn read(&mut self) -> io::Result<Option<PathBuf>> {
        loop {
            let mut path = Vec::new();
            self.entries += 1;
            let mut limited = (&mut self.input).take(LONGEST_PATH + 1);
            if limited.read_until(self.separator.byte(), &mut path)? == 0 {
                return Ok(None);
            }
            if path.last() == Some(&self.separator.byte()) {
                path.pop();
            } else if u64::try_from(path.len()).is_ok_and(|length| length > LONGEST_PATH) {
                return Err(too_long(self.entries));
            }
            if self.separator == Separator::Newline && path.last() == Some(&b'\r') {
                path.pop();
            }
            if !path.is_empty() {
                self.empty = 0;
                return Ok(Some(OsString::from_vec(path).into()));
            }
            self.empty += 1;
            if self.empty > MOST_EMPTY {
                let words = format!("more than {MOST_EMPTY} empty entries in a row");
                return Err(io::Error::new(io::ErrorKind::InvalidData, words));
            }
        }
    }
}

impl Iterator for PathList {
    type Item = io::Result<PathBuf>;

    /// After an error there is nothing more: what follows it cannot be told apart.
    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let path = self.read().transpose();
        self.failed = matches!(path, Some(Err(_)));
        path
    }
}

impl Separator {
    fn byte(self) -> u8 {
        match self {
            Self::Newline => b'\n',
            Self::Nul => 0,
        }
    }
}

/// How many paths a list file has, for a progress bar; none if it is not a plain file.
pub(crate) fn count(list: &Path, separator: Separator) -> Option<u64> {
    if list == Path::new("-") || !is_plain_file(list).ok()? {
        return None;
    }
    let paths = PathList::open(list, separator).ok()?;
    u64::try_from(paths.take_while(Result::is_ok).count()).ok()
}

fn too_long(entry: u64) -> io::Error {
    let words = format!("entry {entry} is longer than {LONGEST_PATH} bytes");
    io::Error::new(io::ErrorKind::InvalidFilename, words)
}

/// A list without an end, such as a device, is no list.
const MOST_EMPTY: u32 = 1_000_000;
/// `PATH_MAX` of Linux.
const LONGEST_PATH: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8], separator: Separator) -> Vec<Result<String, io::ErrorKind>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        PathList::open(file.path(), separator)
            .unwrap()
            .map(|path| match path {
                Ok(path) => Ok(path.display().to_string()),
                Err(error) => Err(error.kind()),
            })
            .collect()
    }

    #[test]
    fn reads_a_path_a_line_and_passes_empty_lines_over() {
        let paths = read(b"a b.pub\r\n\nc.pub", Separator::Newline);
        assert_eq!(paths, [Ok("a b.pub".to_owned()), Ok("c.pub".to_owned())]);
    }

    #[test]
    fn with_nul_a_newline_is_part_of_a_path() {
        assert_eq!(
            read(b"a\nb\0c\0", Separator::Nul),
            [Ok("a\nb".to_owned()), Ok("c".to_owned())]
        );
    }

    #[test]
    fn a_path_over_the_limit_ends_the_list() {
        let content = [vec![b'a'; 5000], b"\nb\n".to_vec()].concat();
        assert_eq!(
            read(&content, Separator::Newline),
            [Err(io::ErrorKind::InvalidFilename)]
        );
    }
}
