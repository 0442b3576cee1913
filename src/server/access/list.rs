//! A list as a whole, for whoever writes, reviews and audits it.

use super::entry::Entry;
use super::fault::Fault;
use super::header::Header;
use super::line::line_end;
use super::reader::{Reader, Row};

/// A valid list, on its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List<'a> {
    header: Header,
    entries: Vec<(u64, Entry<'a>)>,
}

impl<'a> List<'a> {
    /// Reads a list whole; limits on its size are the caller's, who read it.
    ///
    /// # Errors
    /// [`Fault`]: one line that isn't understood makes all of it invalid.
    pub fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader::default();
        let mut entries = Vec::new();
        let mut rest = text;
        while let Some(end) = line_end(rest) {
            let (line, behind) = rest.split_at(end);
            if let Row::Entry(entry) = reader.read(line)? {
                entries.push((reader.line(), entry));
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        let header = reader.finish(rest)?;
        Ok(Self { header, entries })
    }

    /// The list as if there were one principal, `someone-in-GROUP` with the group's suffix, in each group
    /// that a directory service has yet to resolve: what those who review such a list see of it.
    /// No login sees it.
    #[must_use]
    pub fn with_presumed_members(mut self) -> Self {
        self.header.presume_members();
        self
    }

    /// The directives.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The lines that let in or keep out, by their numbers.
    #[must_use]
    pub fn entries(&self) -> &[(u64, Entry<'a>)] {
        &self.entries
    }
}
