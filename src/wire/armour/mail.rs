//! What mail does to a block of text, undone: quoting, blanks, other line ends, lines that
//! were wrapped anew, and quoted-printable (RFC 2045, 6.7).

/// What stands before a block's first line, and so before each of its lines.
///
/// A sign of quotation (`> `, `| `, `Erik> `), blanks, a byte order mark, also one that another
/// encoding made letters of (`ï»¿`), or the `- ` of a message signed by OpenPGP (RFC 9580, 7.2).
/// Other words before the line make it a mention of the line, not a begin.
pub(super) fn quotation<'a>(line: &'a str, marker: &str) -> Option<&'a str> {
    let before = unblanked(line).strip_suffix(marker)?;
    let bare = before.trim_end_matches(QUOTED);
    let is_quotation = before.trim_end().ends_with(['>', '|']);
    let touches = before == bare && !bare.contains(char::is_whitespace);
    let is_short = bare.len() <= LONGEST_NAME && (is_quotation || touches);
    (bare.is_empty() || bare == "-" || is_short).then_some(before)
}

/// A line of a block without what mail put around it.
pub(super) fn unquoted<'a>(line: &'a str, quotation: &str) -> &'a str {
    let line = line.strip_prefix(quotation).unwrap_or(line);
    unblanked(line.trim_start_matches(QUOTED))
}

/// The Base64 of lines that mail may have wrapped anew, in one piece.
///
/// In quoted-printable, `=3D` stands for `=`, and a `=` that ends a line says that the line
/// goes on. Base64 has a `=` at its very end only, so that both can be told apart.
pub(super) fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut all = String::new();
    for line in lines.filter(|line| !line.is_empty()) {
        if all.ends_with('=') {
            all.pop();
        }
        all.push_str(line);
    }
    all.replace("=3D", "=")
}

/// A line without the blanks at its end, as they are or as quoted-printable writes them.
fn unblanked(line: &str) -> &str {
    let mut line = line.trim_end();
    while let Some(shorter) = BLANKS.iter().find_map(|blank| line.strip_suffix(blank)) {
        line = shorter.trim_end();
    }
    line
}

/// What marks a quoted line, and what mail programs put before lines unseen.
const QUOTED: [char; 6] = ['>', '|', ' ', '\t', '\u{a0}', '\u{feff}'];
/// A blank, a tab and a carriage return in quoted-printable.
const BLANKS: [&str; 3] = ["=20", "=09", "=0D"];
/// In bytes, of the name before a sign of quotation, or of a mark's letters.
const LONGEST_NAME: usize = 16;
