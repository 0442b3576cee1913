//! The transcript as a file: one run writes it, and each line is on disk before anything follows from it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::transcript::{Event, LineFault, TRANSCRIPT_BYTES_MAX, Transcript, TranscriptError};

/// A transcript that is open to be written on.
pub(super) struct Record {
    file: File,
    path: PathBuf,
    transcript: Transcript,
    /// Bytes of a line that a killed run left unfinished, which were cut off.
    cut: u64,
}

/// Why a transcript is not written on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// Another run has it.
    #[error("another run of this ceremony is at work")]
    Busy,
    /// What is there is none.
    #[error("{path} is no transcript to go on with")]
    Broken {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: TranscriptError,
    },
    /// The clock was set back since the last line.
    #[error("the clock was set back since the last line of the transcript")]
    Clock,
    /// A line that can't be one.
    #[error("the next line {0}")]
    Line(LineFault),
    /// The system says no.
    #[error("{path}")]
    File {
        /// The file or folder.
        path: String,
        /// Why.
        source: io::Error,
    },
}

impl Record {
    /// Opens the transcript in a folder, both of which are made if they are not there. A line that was
    /// not written whole is cut off: whatever was to follow from it has not happened.
    pub(super) fn open(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(TRANSCRIPT_FILE);
        let failed = |source| RecordError::File {
            path: path.display().to_string(),
            source,
        };
        make(folder)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o644);
        let mut file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(RecordError::Busy),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let bytes = crate::file::bytes_from(&mut file, TRANSCRIPT_BYTES_MAX).map_err(failed)?;
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let (kept, torn) = bytes.split_at(whole);
        let transcript = Transcript::parse(kept).map_err(|source| RecordError::Broken {
            path: path.display().to_string(),
            source,
        })?;
        let length = u64::try_from(kept.len()).unwrap_or(u64::MAX);
        file.set_len(length).map_err(failed)?;
        file.seek(SeekFrom::Start(length)).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        sync_folder(folder)?;
        let cut = u64::try_from(torn.len()).unwrap_or(u64::MAX);
        Ok(Self {
            file,
            path,
            transcript,
            cut,
        })
    }

    /// Writes what happened. It is on disk when this returns.
    pub(super) fn write(&mut self, time: u64, event: Event) -> Result<(), RecordError> {
        let line = self
            .transcript
            .push(time, event)
            .map_err(|fault| match fault {
                LineFault::Time => RecordError::Clock,
                fault => RecordError::Line(fault),
            })?;
        let written = self
            .file
            .write_all(&line)
            .and_then(|()| self.file.sync_data());
        written.map_err(|source| RecordError::File {
            path: self.path.display().to_string(),
            source,
        })
    }

    pub(super) fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    pub(super) fn cut(&self) -> u64 {
        self.cut
    }

    /// All of it, as it stands on disk.
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, RecordError> {
        let mut bytes = Vec::new();
        let read = self
            .file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.read_to_end(&mut bytes));
        read.map(|_| bytes).map_err(|source| RecordError::File {
            path: self.path.display().to_string(),
            source,
        })
    }
}

impl Drop for Record {
    /// Lets the lock go, not only closes it: a process that another thread just started has the file too until its exec.
    fn drop(&mut self) {
        let _closed_all_the_same = self.file.unlock();
    }
}

fn make(folder: &Path) -> Result<(), RecordError> {
    let made = DirBuilder::new().recursive(true).mode(0o755).create(folder);
    made.map_err(|source| RecordError::File {
        path: folder.display().to_string(),
        source,
    })?;
    sync_folder(folder.parent().unwrap_or(folder))
}

/// A file whose name is not on disk is lost with all its lines.
fn sync_folder(folder: &Path) -> Result<(), RecordError> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(folder, flags, Mode::empty());
    let synced = opened.and_then(rustix::fs::fsync).map_err(io::Error::from);
    synced.map_err(|source| RecordError::File {
        path: folder.display().to_string(),
        source,
    })
}

/// The name of the transcript in the folder of its ceremony.
pub const TRANSCRIPT_FILE: &str = "transcript.jsonl";

#[cfg(test)]
mod tests {
    use super::*;

    fn done(step: &str) -> Event {
        Event::Done {
            step: step.to_owned(),
        }
    }

    #[test]
    fn a_line_that_was_not_written_whole_is_cut_off_and_the_rest_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("ceremony");
        let mut record = Record::open(&folder).unwrap();
        record.write(100, done("people")).unwrap();
        drop(record);
        let file = folder.join(TRANSCRIPT_FILE);
        let whole = std::fs::read(&file).unwrap();
        for length in 1..20 {
            let torn = [whole.as_slice(), &whole[..length]].concat();
            std::fs::write(&file, torn).unwrap();
            let mut record = Record::open(&folder).unwrap();
            assert_eq!(record.cut(), u64::try_from(length).unwrap());
            assert_eq!(record.bytes().unwrap(), whole);
        }
        let mut record = Record::open(&folder).unwrap();
        record.write(100, done("clocks")).unwrap();
        assert_eq!(record.transcript().lines().len(), 2);
    }

    #[test]
    fn one_run_writes_and_a_clock_that_was_set_back_stops_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut record = Record::open(dir.path()).unwrap();
        assert!(matches!(Record::open(dir.path()), Err(RecordError::Busy)));
        record.write(100, done("a")).unwrap();
        assert!(matches!(
            record.write(99, done("b")),
            Err(RecordError::Clock)
        ));
        assert_eq!(
            Transcript::parse(&record.bytes().unwrap())
                .unwrap()
                .lines()
                .len(),
            1
        );
    }
}
