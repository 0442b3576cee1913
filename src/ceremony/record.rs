//! The transcript as a file: one run writes it, and each line is on disk before anything follows from it.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::transcript::{Event, LineFault, TRANSCRIPT_BYTES_MAX, Transcript, TranscriptError};

/// A transcript that is open to be written on.
pub(super) struct Record {
    file: File,
    path: PathBuf,
    transcript: Transcript,
    /// How many bytes the whole lines have.
    whole: u64,
    /// Bytes of a line that a killed run left unfinished.
    torn: u64,
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
    /// What is there is no file of ours: a link, a pipe, a folder.
    #[error("{0} is no file, but something else of that name")]
    NoFile(String),
    /// Behind the last whole line stands what is no beginning of the next.
    #[error("{0} goes on with what is no line of a transcript")]
    Foreign(String),
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
    /// Opens the transcript in a folder, both of which are made if they are not there. What a killed run left
    /// of a line stays until [`Self::cut_off`]: it may be the transcript of another plan.
    pub(super) fn open(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join(TRANSCRIPT_FILE);
        let failed = |source| RecordError::File {
            path: path.display().to_string(),
            source,
        };
        make(folder)?;
        let mut file = open_file(&path)?;
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
        if !transcript.may_go_on_with(torn) {
            return Err(RecordError::Foreign(path.display().to_string()));
        }
        let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let (whole, torn) = (length(kept), length(torn));
        Ok(Self {
            file,
            path,
            transcript,
            whole,
            torn,
        })
    }

    /// Cuts off what a killed run left of a line, and gives how many bytes that were: whatever was to follow
    /// from it has not happened.
    pub(super) fn cut_off(&mut self) -> Result<u64, RecordError> {
        let cut = self
            .file
            .set_len(self.whole)
            .and_then(|()| self.file.seek(SeekFrom::Start(self.whole)))
            .and_then(|_| self.file.sync_all());
        cut.map_err(|source| RecordError::File {
            path: self.path.display().to_string(),
            source,
        })?;
        sync_folder(self.path.parent().unwrap_or(Path::new(".")))?;
        Ok(std::mem::take(&mut self.torn))
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

/// Opens a file, or makes it: never through a link, and without waiting for whoever writes to a pipe.
fn open_file(path: &Path) -> Result<File, RecordError> {
    let flags =
        OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::from_raw_mode(0o644));
    let no_file = || RecordError::NoFile(path.display().to_string());
    let failed = |source| RecordError::File {
        path: path.display().to_string(),
        source,
    };
    let file = match opened {
        Ok(opened) => File::from(opened),
        Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Err(no_file()),
        Err(error) => return Err(failed(error.into())),
    };
    if file.metadata().map_err(failed)?.is_file() {
        return Ok(file);
    }
    Err(no_file())
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
        let mut two = Record::open(&folder).unwrap();
        two.cut_off().unwrap();
        two.write(100, done("clocks")).unwrap();
        let next = two.bytes().unwrap()[whole.len()..].to_vec();
        drop(two);
        for length in 1..next.len() {
            let torn = [whole.as_slice(), &next[..length]].concat();
            std::fs::write(&file, torn).unwrap();
            let mut record = Record::open(&folder).unwrap();
            // Nothing is cut before it is known whose transcript it is.
            assert_eq!(std::fs::read(&file).unwrap().len(), whole.len() + length);
            assert_eq!(record.cut_off().unwrap(), u64::try_from(length).unwrap());
            assert_eq!(record.bytes().unwrap(), whole);
        }
        // A cut of power may leave room of which nothing was written.
        std::fs::write(&file, [whole.as_slice(), &[0; 100]].concat()).unwrap();
        assert_eq!(Record::open(&folder).unwrap().cut_off().unwrap(), 100);
        let mut record = Record::open(&folder).unwrap();
        record.cut_off().unwrap();
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

    #[test]
    fn what_is_no_transcript_is_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(TRANSCRIPT_FILE);
        for text in [
            "hello",
            "{\"number\":2,\"time\":1",
            "{\"number\":1,\"tame",
            "\0a",
        ] {
            std::fs::write(&file, text).unwrap();
            let opened = Record::open(dir.path());
            assert!(matches!(opened, Err(RecordError::Foreign(_))), "{text}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
        std::fs::remove_file(&file).unwrap();
        let elsewhere = dir.path().join("elsewhere");
        std::fs::write(&elsewhere, "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        assert!(matches!(
            Record::open(dir.path()),
            Err(RecordError::NoFile(_))
        ));
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        assert!(matches!(
            Record::open(dir.path()),
            Err(RecordError::NoFile(_))
        ));
        std::fs::remove_dir(&file).unwrap();
        let mode = Mode::from_raw_mode(0o600);
        rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(matches!(
            Record::open(dir.path()),
            Err(RecordError::NoFile(_))
        ));
    }
}
