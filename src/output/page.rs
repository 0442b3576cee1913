//! Pages in HTML that a browser prints: one file, which needs nothing beside it and no network.
//!
//! Text goes in by functions that make it harmless, and so no page can be written that shows a name as
//! mark-up. The head of a table stands on each page, no row is torn apart, and pages are numbered by
//! the browser (CSS Paged Media, margin boxes). No size of paper is named: that of the printer counts.

use std::fmt::Write as _;

/// A page under way.
#[derive(Debug)]
pub struct Page(String);

/// What stands in a cell of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// What is typed, behind what asks for it, a line each.
    Typed(Vec<(String, String)>),
    /// Nothing: it is filled in by hand.
    Box,
}

impl Page {
    /// Begins a page, with more rules of style than all have. What it is of stands at the head of each sheet.
    #[must_use]
    pub fn new(title: &str, of: &str, style: &str) -> Self {
        let title = escaped(title);
        let of = in_style(of);
        Self(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <style>\n{STYLE}@page {{ @top-left {{ content: \"{of}\"; font-size: 8pt; }} }}\n{style}</style>\n<h1>{title}</h1>\n"
        ))
    }

    /// A heading.
    pub fn heading(&mut self, text: &str) {
        self.put(format_args!("<h2>{}</h2>\n", marked(text)));
    }

    /// A paragraph of a class.
    pub fn paragraph(&mut self, class: &str, text: &str) {
        self.put(format_args!("<p class=\"{class}\">{}</p>\n", marked(text)));
    }

    /// A table of a class, with a head that stands on each page.
    pub fn table(&mut self, class: &str, head: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) {
        self.put(format_args!("<table class=\"{class}\">\n<thead><tr>"));
        for name in head {
            self.put(format_args!("<th>{}</th>", escaped(name)));
        }
        self.put(format_args!("</tr></thead>\n<tbody>\n"));
        for row in rows {
            self.put(format_args!("<tr>"));
            row.iter().for_each(|cell| self.cell(cell));
            self.put(format_args!("</tr>\n"));
        }
        self.put(format_args!("</tbody>\n</table>\n"));
    }

    /// A table of names and what they say, which is filled in by hand where it is empty.
    pub fn named(&mut self, rows: impl IntoIterator<Item = (String, String)>) {
        self.named_as("named", rows);
    }

    /// The same, of these classes.
    pub fn named_as(&mut self, class: &str, rows: impl IntoIterator<Item = (String, String)>) {
        self.put(format_args!("<table class=\"{class}\">\n"));
        for (name, says) in rows {
            self.put(format_args!("<tr><th>{}</th>", marked(&name)));
            self.cell(&if says.is_empty() {
                Cell::Box
            } else {
                Cell::Text(says)
            });
            self.put(format_args!("</tr>\n"));
        }
        self.put(format_args!("</table>\n"));
    }

    fn cell(&mut self, cell: &Cell) {
        match cell {
            Cell::Text(text) => self.put(format_args!("<td>{}</td>", marked(text))),
            Cell::Typed(lines) => {
                let line = |(asked, answer): &(String, String)| {
                    format!("{} <b>{}</b>", marked(asked), escaped(answer))
                };
                let lines: Vec<_> = lines.iter().map(line).collect();
                self.put(format_args!("<td>{}</td>", lines.join("<br>")));
            }
            Cell::Box => self.put(format_args!("<td class=\"box\"></td>")),
        }
    }

    /// What `inner` writes begins on a sheet of its own.
    pub fn sheet(&mut self, inner: impl FnOnce(&mut Self)) {
        self.put(format_args!("<section>\n"));
        inner(self);
        self.put(format_args!("</section>\n"));
    }

    /// A QR code.
    pub fn code(&mut self, code: &crate::wire::QrCode) {
        // A browser knows SVG within HTML by its name alone, and so the page names no address.
        let svg = code
            .svg()
            .replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
        self.put(format_args!("<p class=\"code\">{}</p>\n", svg.trim_end()));
    }

    /// The whole page.
    #[must_use]
    pub fn end(mut self) -> String {
        self.put(format_args!("</html>\n"));
        self.0
    }

    fn put(&mut self, text: std::fmt::Arguments<'_>) {
        let _to_memory = self.0.write_fmt(text);
    }
}

/// Text that is no mark-up.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// The same, with what stands between backticks in the letters of a terminal, and without these.
#[must_use]
pub fn marked(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, (name, behind))) = rest
        .split_once('`')
        .and_then(|(before, rest)| Some((before, rest.split_once('`')?)))
    {
        marked += &format!("{}<code>{}</code>", escaped(before), escaped(name));
        rest = behind;
    }
    marked + &escaped(rest)
}

/// Text within quotation marks of CSS, where nothing of it ends them, or the style (CSS Syntax, escapes).
fn in_style(text: &str) -> String {
    let letter = |c: char| match c {
        'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | ',' | '.' | ':' | ';' | '-' => c.to_string(),
        _ => format!("\\{:x} ", u32::from(c)),
    };
    text.chars().map(letter).collect()
}

const STYLE: &str = "\
@page { margin: 15mm 12mm; @bottom-right { content: counter(page) \" / \" counter(pages); } }
body { font: 10pt sans-serif; }
h1 { font-size: 15pt; }
h2 { font-size: 12pt; break-after: avoid; }
table { border-collapse: collapse; width: 100%; }
thead { display: table-header-group; }
tr, .code { break-inside: avoid; }
th, td { box-sizing: border-box; border: 0.3mm solid #000; padding: 1mm 1.5mm; text-align: left; vertical-align: top; overflow-wrap: break-word; }
.named { table-layout: fixed; }
.named th { width: 30%; }
section { break-before: page; }
section td.box { height: 14mm; }
td b { font-family: monospace; }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_is_mark_up_wherever_it_stands() {
        let text = "<i>\"&\"";
        let mut page = Page::new(text, text, "");
        page.heading(text);
        page.paragraph("note", text);
        page.named([(text.to_owned(), text.to_owned())]);
        let row = vec![
            Cell::Text(text.to_owned()),
            Cell::Typed(vec![(text.to_owned(), text.to_owned())]),
        ];
        page.table("x", &[text], [row]);
        let page = page.end();
        assert!(!page.contains("<i>"), "{page}");
        let harmless = "&lt;i&gt;&quot;&amp;&quot;";
        assert_eq!(page.matches(harmless).count(), 10, "{page}");
    }

    #[test]
    fn what_stands_between_backticks_is_in_other_letters() {
        assert_eq!(
            marked("`a<b` and `c`"),
            "<code>a&lt;b</code> and <code>c</code>"
        );
        for alone in ["`", "a ` b", "a"] {
            assert_eq!(marked(alone), alone);
        }
    }

    #[test]
    fn a_page_names_no_address_even_with_a_code() {
        let mut page = Page::new("x", "</style>\"", "");
        page.sheet(|page| page.code(&crate::wire::QrCode::of_text("ssh").unwrap()));
        let page = page.end();
        assert!(page.contains("<svg viewBox="), "{page}");
        assert!(!page.contains("http"), "{page}");
        assert_eq!(page.matches("</style>").count(), 1, "{page}");
    }
}
