//! A file cut into names and marks.

/// Names, `::` and single marks; no comment, string, character or lifetime.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let silent = blank(rest);
        let length = silent.unwrap_or_else(|| match first {
            ':' if rest.starts_with("::") => 2,
            _ if is_name(rest) => name_length(rest),
            _ => first.len_utf8(),
        });
        let (token, behind) = rest.split_at(length);
        if silent.is_none() {
            tokens.push(token.to_owned());
        }
        rest = behind;
    }
    tokens
}

/// The length of what `text` begins with if it names nothing: white space, a comment, a
/// string, a character, a lifetime.
fn blank(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    if first.is_whitespace() {
        return Some(first.len_utf8());
    }
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(text.find("*/").map_or(text.len(), |end| end + 2));
    }
    if let Some(inner) = text.strip_prefix('\'') {
        let mut letters = inner.chars();
        let character = letters.next() == Some('\\') || letters.next() == Some('\'');
        return Some(if character {
            quoted(text)
        } else {
            1 + name_length(inner)
        });
    }
    let plain = text.trim_start_matches(['b', 'c']);
    if plain.starts_with('"') {
        return Some(text.len() - plain.len() + quoted(plain));
    }
    let hashes = plain.strip_prefix('r')?;
    let inner = hashes.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(hashes.len() - inner.len()));
    let inner = inner.strip_prefix('"')?;
    let length = inner.find(&end).map_or(inner.len(), |at| at + end.len());
    Some(text.len() - inner.len() + length)
}

/// The length of a string or character, in which a backslash escapes.
fn quoted(text: &str) -> usize {
    let mark = text.chars().next();
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if Some(letter) == mark => return at + letter.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

fn name_length(text: &str) -> usize {
    let ends = |letter: char| !letter.is_alphanumeric() && letter != '_';
    text.find(ends).unwrap_or(text.len())
}

pub(crate) fn is_name(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Drops each item behind `#[cfg(test)]`.
pub(crate) fn without_tests(tokens: Vec<String>) -> Vec<String> {
    let marker = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let here = tokens.iter().skip(at).map(String::as_str);
        if here.take(marker.len()).eq(marker) {
            at = behind_item(&tokens, at + marker.len());
        } else {
            kept.extend(tokens.get(at).cloned());
            at += 1;
        }
    }
    kept
}

/// Where an item ends that begins at `at`: behind its semicolon or its braces.
fn behind_item(tokens: &[String], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token.as_str() {
            "{" => depth += 1,
            "}" if depth <= 1 => return at,
            "}" => depth -= 1,
            ";" if depth == 0 => return at,
            _ => {}
        }
    }
    at
}
