//! A list as text, read whole and line by line in little memory; what may fit is kept.

use std::fs::File;
use std::io::{self, Read};

use super::super::entry::Entry;
use super::super::fault::{Fault, Misread, Wrong};
use super::super::header::Header;
use super::super::line::line_end;
use super::super::query::Query;
use super::super::reader::{Reader, Row};
use super::super::{LINE_BYTES_MAX, LIST_BYTES_MAX};
use super::NoAnswer;

/// The header of a valid list, and the lines that may fit a query.
#[derive(Debug)]
pub(super) struct Found {
    header: Header,
    lines: Vec<(u64, Vec<u8>)>,
}

/// Why a list was not read.
#[derive(Debug)]
pub(super) enum ScanError {
    Read(io::Error),
    TooLong,
    Fault(Fault),
}

impl Found {
    pub(super) fn new(header: Header, lines: Vec<(u64, Vec<u8>)>) -> Self {
        Self { header, lines }
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    /// The lines, read a second time.
    pub(super) fn entries(&self) -> Result<Vec<(u64, Entry<'_>)>, Fault> {
        let mut entries = Vec::with_capacity(self.lines.len());
        for (number, line) in &self.lines {
            if let Row::Entry(entry) = Reader::default().read_at(*number, line)? {
                entries.push((*number, entry));
            }
        }
        Ok(entries)
    }
}

impl ScanError {
    /// Says of which list.
    pub(super) fn of(self, list: &str) -> NoAnswer {
        let list = list.to_owned();
        match self {
            Self::Read(source) => NoAnswer::Read { list, source },
            Self::TooLong => NoAnswer::TooLong { list },
            Self::Fault(fault) => NoAnswer::Fault { list, fault },
        }
    }
}

impl From<Fault> for ScanError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Reads every line, since one that isn't understood makes the list invalid.
pub(super) fn scan(file: File, query: &Query<'_>) -> Result<Found, ScanError> {
    let mut text = Chunks::of(file);
    let mut reader = Reader::default();
    let mut lines = Vec::new();
    while text.fill()? {
        let mut rest = text.bytes();
        while let Some(end) = line_end(rest) {
            let (line, behind) = rest.split_at_checked(end).unwrap_or_default();
            if let Row::Entry(entry) = reader.read(line)?
                && entry.may_fit(query)
            {
                lines.push((reader.line(), line.to_vec()));
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        let left = rest.len();
        if left > LINE_BYTES_MAX {
            let line = reader.line().saturating_add(1);
            return Err(Misread::new(LINE_BYTES_MAX, Wrong::LongLine)
                .on(line)
                .into());
        }
        text.keep(left);
    }
    let header = reader.finish(text.bytes())?;
    Ok(Found::new(header, lines))
}

/// The text, a part at a time: what is left of the last part stands before the next.
struct Chunks {
    file: io::Take<File>,
    buffer: Vec<u8>,
    filled: usize,
    read: u64,
}

impl Chunks {
    fn of(file: File) -> Self {
        Self {
            file: file.take(LIST_BYTES_MAX.saturating_add(1)),
            buffer: vec![0; CHUNK_BYTES],
            filled: 0,
            read: 0,
        }
    }

    /// Reads more; false at the end.
    fn fill(&mut self) -> Result<bool, ScanError> {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let read = self.file.read(room).map_err(ScanError::Read)?;
        self.filled = self.filled.saturating_add(read);
        self.read = self
            .read
            .saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        if self.read > LIST_BYTES_MAX {
            return Err(ScanError::TooLong);
        }
        Ok(read > 0)
    }

    fn bytes(&self) -> &[u8] {
        self.buffer.get(..self.filled).unwrap_or_default()
    }

    /// Keeps the last bytes alone.
    fn keep(&mut self, last: usize) {
        let start = self.filled.saturating_sub(last);
        self.buffer.copy_within(start..self.filled, 0);
        self.filled = last;
    }
}

const CHUNK_BYTES: usize = 64 * 1024;
