//! Lines that hold a key in OpenSSH's form, or would if they were whole and alone.

use base64ct::{Base64, Encoding as _};

use super::FileKind;
use crate::wire::{Algorithm, Cursor, Form, PublicKey, RawCertificate};

/// What the first line is that has anything of a key in it.
pub(super) fn look(text: &str) -> Option<FileKind> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    (0..lines.len()).find_map(|at| {
        let (line, below) = lines.get(at..)?.split_first()?;
        line_kind(line, below)
    })
}

fn line_kind(line: &str, below: &[&str]) -> Option<FileKind> {
    let words: Vec<&str> = line.split_ascii_whitespace().take(MOST_WORDS).collect();
    let first = words.first()?;
    let mut pairs = words.windows(2).enumerate();
    let found = pairs.find_map(|(at, pair)| {
        let [name, base64] = pair else { return None };
        let (_, form, name) = Algorithm::named(name.as_bytes()).ok()?;
        Some((at, form, name, *base64))
    });
    let Some((at, form, name, base64)) = found else {
        return unknown_type(&words).or_else(|| name_alone(&words));
    };
    match (is_whole(base64, form), at, form) {
        (true, 0, Form::Certificate) => Some(FileKind::Certificate),
        (true, 0, Form::Plain) => Some(FileKind::PublicKey),
        (true, _, _) if is_option(first) => Some(FileKind::Options(name)),
        (true, _, _) if first.starts_with('>') => Some(FileKind::Quoted(name)),
        (true, _, _) => Some(FileKind::Name(name)),
        (false, 0, _) if goes_on(base64, form, below) => Some(FileKind::Wrapped(name)),
        (false, 0, _) => Some(FileKind::CutShort(name)),
        (false, _, _) => None,
    }
}

fn is_whole(base64: &str, form: Form) -> bool {
    Base64::decode_vec(base64).is_ok_and(|blob| match form {
        Form::Plain => PublicKey::from_blob(&blob).is_ok(),
        Form::Certificate => RawCertificate::from_blob(&blob).is_ok(),
    })
}

/// Whether the first words of the lines below make the key whole.
fn goes_on(base64: &str, form: Form, below: &[&str]) -> bool {
    let mut all = base64.to_owned();
    let words = below
        .iter()
        .map(|line| line.split_ascii_whitespace().next());
    words.take(MOST_LINES).any(|word| {
        all.push_str(word.unwrap_or_default());
        is_whole(&all, form)
    })
}

/// A name, and behind it a blob that begins with the same name, is a key of some program's.
fn unknown_type(words: &[&str]) -> Option<FileKind> {
    words.windows(2).find_map(|pair| {
        let [name, base64] = pair else { return None };
        let blob = Base64::decode_vec(base64).ok()?;
        let said = Cursor::new(&blob).string().ok()?;
        (said == name.as_bytes()).then_some(FileKind::UnknownType)
    })
}

fn name_alone(words: &[&str]) -> Option<FileKind> {
    let [name] = words else { return None };
    let (_, _, name) = Algorithm::named(name.as_bytes()).ok()?;
    Some(FileKind::CutShort(name))
}

/// Whether a word begins as the options of authorized_keys do (sshd(8)).
fn is_option(word: &str) -> bool {
    let name = word.split([',', '=']).next().unwrap_or_default();
    let mut known = OPTIONS.iter();
    known.any(|known| known.eq_ignore_ascii_case(name))
        || name.to_ascii_lowercase().starts_with("no-")
}

/// Options in quotes may have words of their own.
const MOST_WORDS: usize = 64;
/// An RSA key of 16,384 bits takes 38 lines of 72 characters.
const MOST_LINES: usize = 64;

const OPTIONS: [&str; 18] = [
    "agent-forwarding",
    "cert-authority",
    "command",
    "environment",
    "expiry-time",
    "from",
    "namespaces",
    "permitlisten",
    "permitopen",
    "port-forwarding",
    "principals",
    "pty",
    "restrict",
    "touch-required",
    "tunnel",
    "user-rc",
    "verify-required",
    "x11-forwarding",
];
