//! A list read line by line, in little memory: what can be told of the whole is told at the end.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::fault::{Fault, Misread, Wrong};
use super::header::{Header, is_directive};
use super::line::{Word, words};
use super::pattern::{self, Purpose};
use super::reference::Kind;
use super::{LINE_BYTES_MAX, name};

/// Reads the lines of a list in their order.
#[derive(Debug, Default)]
pub struct Reader {
    line: u64,
    header: Header,
    any_entry: bool,
    groups: BTreeMap<Box<str>, Use>,
    sets: BTreeMap<Box<str>, Use>,
    /// The first wildcard among the principals of a grant.
    wildcard: Option<Place>,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row<'a> {
    /// Blank, or a comment.
    Nothing,
    /// A part of the header.
    Directive,
    /// One that lets in or keeps out.
    Entry(Entry<'a>),
}

/// Where a definition is named first, and first in a grant.
#[derive(Clone, Copy, Debug)]
struct Use {
    first: Place,
    in_grant: Option<Place>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    line: u64,
    column: usize,
}

impl Reader {
    /// The number of the line that was read last.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next line, without its newline.
    ///
    /// # Errors
    /// [`Fault`], after which nothing of the list counts.
    pub fn read<'a>(&mut self, line: &'a [u8]) -> Result<Row<'a>, Fault> {
        self.line = self.line.saturating_add(1);
        self.read_row(line).map_err(|misread| misread.on(self.line))
    }

    /// Reads the line of this number next.
    ///
    /// # Errors
    /// [`Fault`].
    pub(super) fn read_at<'a>(&mut self, number: u64, line: &'a [u8]) -> Result<Row<'a>, Fault> {
        self.line = number.saturating_sub(1);
        self.read(line)
    }

    /// Ends the list: `rest` is what stands behind the last newline.
    ///
    /// # Errors
    /// [`Fault`], for what only the whole list can tell.
    pub fn finish(self, rest: &[u8]) -> Result<Header, Fault> {
        if !rest.is_empty() {
            let line = self.line.saturating_add(1);
            return Err(Misread::new(rest.len(), Wrong::NoNewline).on(line));
        }
        if !self.any_entry {
            return Err(Misread::new(1, Wrong::NoLines).on(self.line.max(1)));
        }
        self.header.check()?;
        self.check_uses(Kind::Group, &self.groups)?;
        self.check_uses(Kind::Hosts, &self.sets)?;
        self.check_wildcards()?;
        Ok(self.header)
    }

    /// Ends a part of a list whose whole was checked before: only the definitions are.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn finish_part(self) -> Result<Header, Fault> {
        self.header.check()?;
        Ok(self.header)
    }

    fn read_row<'a>(&mut self, line: &'a [u8]) -> Result<Row<'a>, Misread> {
        if line.len() > LINE_BYTES_MAX {
            return Err(Misread::new(LINE_BYTES_MAX, Wrong::LongLine));
        }
        let mut first = [NO_WORD; 4];
        let mut count = 0;
        words(line, |word| {
            // Of a fifth word, the fourth place keeps the column: there is the fault.
            if count <= 4
                && let Some(place) = first.get_mut(count.min(3))
            {
                *place = word;
            }
            count = count.saturating_add(1);
            Ok(())
        })?;
        let [word, ..] = first;
        match count {
            0 => Ok(Row::Nothing),
            _ if is_directive(word.text) => self.read_directive(line),
            _ => self.read_entry(&first, count).map(Row::Entry),
        }
    }

    fn read_directive<'a>(&mut self, line: &[u8]) -> Result<Row<'a>, Misread> {
        let mut all = Vec::new();
        words(line, |word| {
            all.push(word);
            Ok(())
        })?;
        if let [directive, ..] = all.as_slice()
            && directive.text == "@stale"
        {
            let except = all.iter().skip(2).flat_map(|word| name::items(*word));
            for item in except.filter_map(Result::ok) {
                self.note_exception(item);
            }
        }
        self.header.take(&all, self.line)?;
        Ok(Row::Directive)
    }

    fn read_entry<'a>(
        &mut self,
        first: &[Word<'a>; 4],
        count: usize,
    ) -> Result<Entry<'a>, Misread> {
        let entry = Entry::parse(first, count)?;
        self.any_entry = true;
        let (line, purpose) = (self.line, entry.purpose());
        for (kind, name) in entry.references() {
            let place = Place {
                line,
                column: name.column,
            };
            self.note(kind, name.text, place, purpose);
        }
        if purpose == Purpose::Grant && self.wildcard.is_none() {
            self.wildcard = entry.wildcard().map(|item| Place {
                line,
                column: item.column,
            });
        }
        Ok(entry)
    }

    /// What stands behind `@stale` lets in, like a grant.
    fn note_exception(&mut self, item: Word<'_>) {
        let place = Place {
            line: self.line,
            column: item.column,
        };
        match item.text.strip_prefix('@') {
            Some(name) => self.note(Kind::Group, name, place, Purpose::Grant),
            None if pattern::has_wildcard(item.text) => {
                self.wildcard.get_or_insert(place);
            }
            None => {}
        }
    }

    fn note(&mut self, kind: Kind, name: &str, place: Place, purpose: Purpose) {
        let uses = match kind {
            Kind::Group => &mut self.groups,
            Kind::Hosts => &mut self.sets,
        };
        let in_grant = (purpose == Purpose::Grant).then_some(place);
        if let Some(known) = uses.get_mut(name) {
            known.in_grant = known.in_grant.or(in_grant);
            return;
        }
        let first = place;
        uses.insert(name.into(), Use { first, in_grant });
    }

    fn check_uses(&self, kind: Kind, uses: &BTreeMap<Box<str>, Use>) -> Result<(), Fault> {
        let defined = self.header.definitions(kind);
        let undefined = uses
            .iter()
            .filter(|(name, _)| !defined.contains_key(&***name));
        match undefined.min_by_key(|(_, used)| used.first.line) {
            Some((name, used)) => Err(used.first.fault(Wrong::Undefined {
                what: kind.words(),
                name: name.to_string(),
            })),
            None => Ok(()),
        }
    }

    fn check_wildcards(&self) -> Result<(), Fault> {
        if !self.header.suffixes().is_empty() {
            return Ok(());
        }
        let groups = self.groups.iter().filter_map(|(name, used)| {
            let place = used.in_grant?;
            self.header.has_wildcard(name).then_some(place)
        });
        match groups.chain(self.wildcard).min_by_key(|place| place.line) {
            Some(place) => Err(place.fault(Wrong::WildcardWithoutSuffixes)),
            None => Ok(()),
        }
    }
}

impl Place {
    fn fault(self, wrong: Wrong) -> Fault {
        Misread::new(self.column, wrong).on(self.line)
    }
}

const NO_WORD: Word<'static> = Word {
    column: 1,
    text: "",
    plain: false,
};
