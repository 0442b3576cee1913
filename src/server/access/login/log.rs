//! The reason, for the system's log: one datagram that nobody waits for.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use base64ct::{Base64Unpadded, Encoding};

use super::super::presented::Presented;
use super::recent::{self, Recent};
use super::{Answer, Arguments, NoAnswer};

/// Tells the log of an answer or of a doubt, unless the same was told within the last second for
/// the same `arguments`. A machine without a log changes nothing.
pub fn tell(answer: &Result<Answer, NoAnswer>, arguments: &[OsString], now: Duration) {
    let (severity, words) = match answer {
        Ok(answer) if answer.printed.is_some() => (INFO, answer.reason.clone()),
        Ok(answer) => (NOTICE, answer.reason.clone()),
        Err(doubt) => (WARNING, format!("nobody let in, in doubt: {doubt}")),
    };
    let mut parts = vec![words.as_bytes()];
    parts.extend(arguments.iter().map(|argument| argument.as_encoded_bytes()));
    let hash = recent::hash(&parts);
    let recent = Recent::read(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
    if recent.has(hash) {
        return;
    }
    let process = std::process::id();
    let priority = AUTH | severity;
    let message = format!(
        "<{priority}>punchmark-principals[{process}]: {}",
        cut(&escaped(&words))
    );
    // Where nobody listens, nothing was told.
    if send(message.as_bytes()).is_ok() {
        recent.note(hash);
    }
}

/// For whom, in the words of the log: what the certificate says itself is escaped and cut.
pub(super) fn whose(arguments: &Arguments<'_>, presented: &Presented) -> String {
    let key_id = String::from_utf8_lossy(presented.key_id());
    let key_id: String = key_id.chars().take(KEY_ID_CHARS_MAX).collect();
    format!(
        "user {} on {}, key ID {key_id:?}, serial {}, key SHA256:{}",
        arguments.user,
        arguments.host,
        presented.serial(),
        Base64Unpadded::encode_string(presented.key())
    )
}

fn send(message: &[u8]) -> std::io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect("/dev/log")?;
    socket.send(message).map(drop)
}

/// Printable ASCII alone: no line feed makes a second entry, no terminal obeys.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for c in words.chars() {
        if c.is_ascii_graphic() || c == ' ' {
            text.push(c);
        } else {
            // A String takes everything.
            let _ = write!(text, "{}", c.escape_unicode());
        }
    }
    text
}

fn cut(words: &str) -> &str {
    words.get(..MESSAGE_BYTES_MAX).unwrap_or(words)
}

/// The facility of logins (RFC 3164, section 4.1.1), which is also sshd's own.
const AUTH: u32 = 4 << 3;
const WARNING: u32 = 4;
const NOTICE: u32 = 5;
const INFO: u32 = 6;
/// What every log takes (RFC 3164, section 4.1), less the words before.
const MESSAGE_BYTES_MAX: usize = 960;
const KEY_ID_CHARS_MAX: usize = 255;
