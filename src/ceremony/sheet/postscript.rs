//! One page in PostScript (level 2, by the fonts that every printer has), written into memory that is wiped.
//!
//! A4 and Letter both have all of it: no size is named, and what is drawn lies where they overlap.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::wire::{QrCode, QrError};

/// A page under way, from the top down.
pub(super) struct Page {
    text: Zeroizing<String>,
    /// Where the next line stands, in points above the lower edge.
    y: u32,
}

impl Page {
    pub(super) fn new(is_rehearsal: bool) -> Self {
        // Of this size from the beginning: what grows leaves a copy behind that nobody wipes.
        let mut page = Self {
            text: Zeroizing::new(String::with_capacity(PAGE_BYTES)),
            y: TOP,
        };
        page.put(format_args!("{PROLOGUE}"));
        if is_rehearsal {
            page.put(format_args!("{ACROSS}"));
        }
        page
    }

    pub(super) fn title(&mut self, title: &str) {
        self.text_at("Head 20", LEFT, title);
        self.y -= 30;
    }

    /// A name, and what it says, in no more lines than these.
    pub(super) fn row(&mut self, name: &str, says: &str, most: usize) {
        self.text_at("Text 10", LEFT, name);
        for line in lines(says).iter().take(most) {
            self.text_at("Line 10", VALUES, line);
            self.y -= 13;
        }
        self.y -= 4;
    }

    pub(super) fn digits(&mut self, digits: &str) {
        self.y -= 50;
        self.text_at("Word 34", LEFT, digits);
    }

    /// Words by their numbers, in two columns that are read downwards.
    pub(super) fn words(&mut self, words: &str) {
        let rows = words.split(' ').count().div_ceil(2).max(1);
        let top = self.y - 20;
        for (number, word) in (0..).zip(words.split(' ')) {
            self.y = top - 19 * small(number % rows);
            let left = LEFT + 170 * small(number / rows);
            let shown = number + 1;
            let before = if shown < 10 { " " } else { "" };
            self.text_at("Line 12", left, &format!("{before}{shown}"));
            self.text_at("Word 15", left + 34, word);
        }
    }

    /// A QR code, whose dark modules are filled squares.
    pub(super) fn code(&mut self, text: &str) -> Result<(), QrError> {
        let code = QrCode::of_text(text)?;
        let modules = small(code.modules()).max(1);
        // In hundredths of a point, so that squares meet without gaps.
        let size = CODE * 100 / modules;
        let top = CODE_BOTTOM * 100 + size * modules;
        let (left, bottom, side) = (CODE_LEFT - QUIET, CODE_BOTTOM - QUIET, CODE + 2 * QUIET);
        self.put(format_args!(
            "gsave 1 setgray {left} {bottom} {side} {side} q 0 setgray 0.01 0.01 scale\n"
        ));
        for (row, from, length) in code.dark_runs() {
            let (left, below) = (small(from) * size, small(row + 1) * size);
            let (left, bottom) = (CODE_LEFT * 100 + left, top - below);
            let length = small(length) * size;
            self.put(format_args!("{left} {bottom} {length} {size} q\n"));
        }
        self.put(format_args!("grestore\n"));
        Ok(())
    }

    /// Boxes that are filled in by hand.
    pub(super) fn boxes(&mut self, names: &[&str]) {
        self.y = BOXES;
        for name in names {
            self.text_at("Text 10", LEFT, name);
            let bottom = self.y - 8;
            self.put(format_args!("{VALUES} {bottom} 180 24 b\n"));
            self.y -= 30;
        }
    }

    pub(super) fn note(&mut self, words: &str) {
        self.y = BOTTOM;
        self.text_at("Text 9", LEFT, words);
    }

    pub(super) fn end(mut self) -> Zeroizing<String> {
        self.put(format_args!("showpage\n%%EOF\n"));
        self.text
    }

    fn text_at(&mut self, font: &str, left: u32, text: &str) {
        let y = self.y;
        self.put(format_args!("/{font} selectfont {left} {y} ("));
        text.chars().for_each(|c| self.letter(c));
        self.put(format_args!(") t\n"));
    }

    /// A letter of a string: what means something there is escaped, and what the fonts don't have is a question mark.
    fn letter(&mut self, c: char) {
        match u32::from(c) {
            0x28 | 0x29 | 0x5c => self.put(format_args!("\\{c}")),
            0x20..=0x7e => self.text.push(c),
            code @ 0xa0..=0xff => self.put(format_args!("\\{code:03o}")),
            _ => self.text.push('?'),
        }
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let _to_memory = self.text.write_fmt(text);
    }
}

/// A text in lines that have room, broken between words where that can be.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        for (number, part) in (0..).zip(letters.chunks(LINE_LETTERS)) {
            let joins = number == 0 && lines.last().is_some_and(|line| !line.is_empty());
            let length = lines.last().map_or(0, |line| line.chars().count());
            let has_room = length + usize::from(joins) + part.len() <= LINE_LETTERS;
            match lines.last_mut() {
                Some(line) if has_room => {
                    line.extend(joins.then_some(' '));
                    line.extend(part);
                }
                _ => lines.push(part.iter().collect()),
            }
        }
    }
    lines
}

/// A number of a page, none of which is large.
fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// Points, as PostScript counts them: 72 an inch. A4 is 595 by 842, Letter 612 by 792.
const TOP: u32 = 732;
const LEFT: u32 = 50;
const VALUES: u32 = 150;
const BOXES: u32 = 196;
const BOTTOM: u32 = 40;
/// Letters of ten points in a line, each of which is six points wide.
const LINE_LETTERS: usize = 65;
/// A code and its light margin, on the right below the rows.
const CODE: u32 = 150;
const CODE_LEFT: u32 = 388;
const CODE_BOTTOM: u32 = 285;
const QUIET: u32 = 12;
/// More than a sheet has.
const PAGE_BYTES: usize = 256 * 1024;
/// Fonts in Latin-1 (PostScript Language Reference, third edition, 5.9.1), and three words: text, a box, a square.
const PROLOGUE: &str = "\
%!PS-Adobe-3.0
%%LanguageLevel: 2
%%Pages: 1
%%DocumentNeededResources: font Helvetica Helvetica-Bold Courier Courier-Bold
%%EndComments
%%Page: 1 1
/latin { findfont dup length dict begin { 1 index /FID ne { def } { pop pop } ifelse } forall
/Encoding ISOLatin1Encoding def currentdict end definefont pop } bind def
/Text /Helvetica latin /Head /Helvetica-Bold latin /Line /Courier latin /Word /Courier-Bold latin
/t { 3 1 roll moveto show } bind def
/b { 0.8 setlinewidth rectstroke } bind def
/q { rectfill } bind def
";
/// Across the whole page, under all else.
const ACROSS: &str = "\
gsave 90 120 translate 52 rotate 0.82 setgray /Head 104 selectfont 0 0 moveto (REHEARSAL) show grestore
";
