//! What loggers put around a line of sshd: who wrote it, and when.
//!
//! Read are BSD syslog and its relatives (RFC 3164; ISO and Unix times; `journalctl -o short`
//! in all its forms; Solaris' message id; rsyslog's "message repeated"), RFC 5424, containers'
//! (CRI), JSON lines and the journal's own (`journalctl -o json`), and sshd's bare words.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::log::{accounts_for_certificate, begins_like_sshd};

/// A line, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// When it was written, as far as it says.
    pub stamp: Stamp<'a>,
    /// Who wrote it.
    pub writer: Writer,
    /// What was said.
    pub message: Cow<'a, str>,
}

/// When a line was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stamp<'a> {
    /// A text that begins with the time, in one of the forms of syslog; may hold none.
    Text(Cow<'a, str>),
    /// A Unix time, in seconds.
    Seconds(u64),
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// sshd, by the journal's own fields, which the writer of a line cannot choose.
    SshdForSure,
    /// sshd, by the line's word, which any local user can write.
    Sshd,
    /// Another program.
    Other,
    /// Another program, in sshd's name: the journal's own fields say so.
    Imitator,
}

/// Takes a line apart; none if its form is not known.
#[must_use]
pub fn open(line: &str) -> Option<Envelope<'_>> {
    let line = line.trim_start_matches('\u{feff}').trim_end();
    if line.starts_with('{') {
        let value: Value = serde_json::from_str(line).ok()?;
        return json(value.as_object()?).map(Envelope::owned);
    }
    let (priority, rest) = priority(line);
    match rest.strip_prefix("1 ") {
        Some(rest) if priority => rfc_5424(rest),
        _ => tagged(rest),
    }
}

/// Takes apart what another program passed on from sshd, such as a relay that puts its own tag
/// before each line; none where sshd is not found in it. Whatever it carries is somebody's word.
pub(super) fn passed_on(message: &str) -> Option<Envelope<'static>> {
    let mut inner = open(message)?.owned();
    for _relay in 0..MOST_RELAYS {
        if inner.writer != Writer::Other {
            inner.writer = Writer::Sshd;
            return Some(inner);
        }
        let further = open(&inner.message)?.owned();
        inner = further;
    }
    None
}

/// Takes apart what the journal says of one message.
pub(super) fn json(fields: &Map<String, Value>) -> Option<Envelope<'_>> {
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let message = MESSAGES
        .iter()
        .find_map(|name| message(fields.get(*name)?))?;
    let named = PROGRAMS.iter().find_map(|name| text(name));
    let nested = fields
        .get("process")
        .and_then(|process| process.get("name"));
    let named = named.or_else(|| nested.and_then(Value::as_str));
    let inner = match named {
        Some(name) => Envelope::of(writer(name, &message), "".into(), message),
        // A line of syslog within, or sshd's bare words.
        None => tagged(&message)?.owned(),
    };
    let stamp = stamp(fields).unwrap_or(inner.stamp);
    let writer = match inner.writer {
        Writer::Sshd => by_journal(text("_UID"), text("_EXE")),
        other => other,
    };
    Some(Envelope {
        stamp,
        writer,
        message: inner.message,
    })
}

/// `_UID` and `_EXE` are the journal's own: whoever writes to it cannot choose them.
fn by_journal(uid: Option<&str>, exe: Option<&str>) -> Writer {
    match (uid, exe) {
        (Some("0"), Some(exe)) if is_sshd(exe) => Writer::SshdForSure,
        (Some(uid), _) if uid != "0" => Writer::Imitator,
        (_, Some(exe)) if !is_sshd(exe) => Writer::Imitator,
        _ => Writer::Sshd,
    }
}

/// Text, or the bytes that the journal writes where a message is none.
fn message(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => Some(text.trim_end().into()),
        Value::Array(bytes) => {
            let byte = |value: &Value| u8::try_from(value.as_u64()?).ok();
            let bytes: Vec<u8> = bytes.iter().map(byte).collect::<Option<_>>()?;
            Some(String::from_utf8_lossy(&bytes).into_owned().into())
        }
        _ => None,
    }
}

fn stamp(fields: &Map<String, Value>) -> Option<Stamp<'_>> {
    let journal = fields.get("__REALTIME_TIMESTAMP").and_then(Value::as_str);
    if let Some(micros) = journal.and_then(|micros| micros.parse::<u64>().ok()) {
        return Some(Stamp::Seconds(micros / 1_000_000));
    }
    TIMES.iter().find_map(|name| match fields.get(*name)? {
        Value::String(text) => Some(Stamp::Text(text.into())),
        Value::Number(seconds) => Some(Stamp::Text(seconds.to_string().into())),
        _ => None,
    })
}

/// `<86>`, and whether it was there.
fn priority(line: &str) -> (bool, &str) {
    let inside = line.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    match inside {
        Some((number, rest)) if is_number(number) => (true, rest),
        _ => (false, line),
    }
}

/// `TIME HOST APP PROCID MSGID DATA MESSAGE` (RFC 5424, section 6).
fn rfc_5424(line: &str) -> Option<Envelope<'_>> {
    let mut fields = line.splitn(6, ' ');
    let time = fields.next()?;
    let (_host, app) = (fields.next()?, fields.next()?);
    let (_process, _id) = (fields.next()?, fields.next()?);
    let message = behind_data(fields.next()?)?;
    let message = bare(message.trim_start_matches('\u{feff}'));
    Some(Envelope::of(
        writer(app, message),
        time.into(),
        message.into(),
    ))
}

/// Passes over `-`, or over elements in brackets, in whose values `]` may stand behind `\`.
fn behind_data(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('-') {
        return Some(rest.trim_start());
    }
    let (mut is_escaped, mut is_open) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' if !is_open => is_open = true,
            ']' if is_open => is_open = false,
            ' ' if !is_open => return text.get(at + 1..),
            _ => {}
        }
    }
    None
}

/// `TIME HOST sshd[77]: MESSAGE`, with what is usual of it; or the message alone, with a time
/// or without.
fn tagged(line: &str) -> Option<Envelope<'_>> {
    let mut rest = line;
    for _word in 0..MOST_WORDS {
        let before = line.get(..line.len() - rest.len()).unwrap_or_default();
        if begins_like_sshd(rest) {
            return Some(Envelope::of(Writer::Sshd, before.into(), rest.into()));
        }
        let (word, after) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        if let Some(name) = tag(word) {
            let message = bare(after.trim_start());
            let writer = writer(name, message);
            // What looks like a tag may stand within sshd's words, behind an unknown envelope.
            if writer == Writer::Other && WITHIN.iter().any(|words| before.contains(words)) {
                return None;
            }
            return Some(Envelope::of(writer, before.into(), message.into()));
        }
        rest = after.trim_start_matches([' ', '\t']);
    }
    None
}

/// The name in `sshd[77]:` or `sshd:`. A host may be an IPv6 address that ends in `::`.
fn tag(word: &str) -> Option<&str> {
    let name = word.strip_suffix(':')?;
    let name = match name
        .strip_suffix(']')
        .and_then(|name| name.rsplit_once('['))
    {
        Some((name, process)) if is_number(process) => name,
        _ => name,
    };
    (!name.is_empty() && !name.ends_with(':')).then_some(name)
}

/// Without what Solaris and rsyslog put before a message.
fn bare(message: &str) -> &str {
    let id = message
        .strip_prefix("[ID ")
        .and_then(|rest| rest.split_once("] "));
    let message = id.map_or(message, |(_, rest)| rest);
    let repeated = message.strip_prefix("message repeated ");
    let repeated = repeated.and_then(|rest| rest.split_once(" times: ["));
    match repeated {
        Some((number, inner)) if is_number(number) => {
            inner.strip_suffix(']').unwrap_or(inner).trim_start()
        }
        _ => message,
    }
}

/// Who wrote a message by this name. A container's sshd goes by the container's name, so
/// that whoever says what sshd says of a certificate counts as sshd.
fn writer(name: &str, message: &str) -> Writer {
    if is_sshd(name) || accounts_for_certificate(message) {
        Writer::Sshd
    } else {
        Writer::Other
    }
}

/// Whether a program's name or path is that of sshd or of one of its parts. systemd names an
/// instance behind `@`.
fn is_sshd(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = name.split('@').next().unwrap_or(name);
    matches!(name, "sshd" | "sshd-session" | "sshd-auth")
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl<'a> Envelope<'a> {
    fn of(writer: Writer, stamp: Cow<'a, str>, message: Cow<'a, str>) -> Self {
        Self {
            stamp: Stamp::Text(stamp),
            writer,
            message,
        }
    }

    fn owned(self) -> Envelope<'static> {
        Envelope {
            stamp: match self.stamp {
                Stamp::Text(text) => Stamp::Text(text.into_owned().into()),
                Stamp::Seconds(seconds) => Stamp::Seconds(seconds),
            },
            writer: self.writer,
            message: self.message.into_owned().into(),
        }
    }
}

/// Where JSON has the message: the journal, containers, and common shippers.
const MESSAGES: [&str; 7] = ["MESSAGE", "message", "msg", "log", "_raw", "line", "text"];
/// Where JSON has the program's name.
const PROGRAMS: [&str; 7] = [
    "SYSLOG_IDENTIFIER",
    "_COMM",
    "ident",
    "program",
    "programname",
    "app-name",
    "appname",
];
/// Where JSON has the time, beside the journal.
const TIMES: [&str; 6] = ["@timestamp", "timestamp", "time", "ts", "date", "TIMESTAMP"];
/// A line goes by so many relays at most that each put a tag before it.
const MOST_RELAYS: usize = 4;
/// Words of sshd that no envelope has.
const WITHIN: [&str; 2] = ["publickey for ", "certificate ID \""];
/// A tag stands behind at most so many words: a long form of time, a zone, a host, and what
/// a container's log has before it.
const MOST_WORDS: usize = 10;
