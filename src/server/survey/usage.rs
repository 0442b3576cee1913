//! When a key was used last, as sshd's log says: `Accepted publickey for USER from …: TYPE
//! SHA256:…`.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::read::MultiGzDecoder;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::file;

/// The last use of each key, by its fingerprint.
#[derive(Clone, Debug, Default)]
pub struct Usage {
    last: HashMap<String, u64>,
    /// The logs that were read.
    pub read: Vec<String>,
}

/// A log that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{log}")]
pub struct UsageError {
    log: String,
    source: io::Error,
}

impl Usage {
    /// Reads what this machine has: the journal, and the files that syslog writes.
    #[must_use]
    pub fn of_this_machine(now: u64) -> Self {
        let mut usage = Self::default();
        usage.journal();
        let names = ["/var/log/auth.log", "/var/log/secure"];
        for name in names.into_iter().flat_map(rotated) {
            // A log that isn't there is no fault of it.
            let _missing = usage.file(Path::new(&name), now);
        }
        usage
    }

    /// Reads one log, also one by gzip.
    ///
    /// # Errors
    /// [`UsageError`].
    pub fn file(&mut self, path: &Path, now: u64) -> Result<(), UsageError> {
        let failed = |source| UsageError {
            log: path.display().to_string(),
            source,
        };
        let opened = file::open(path).map_err(failed)?;
        if path.extension().is_some_and(|ending| ending == "gz") {
            self.lines(MultiGzDecoder::new(opened), now)
                .map_err(failed)?;
        } else {
            self.lines(opened, now).map_err(failed)?;
        }
        self.read.push(path.display().to_string());
        Ok(())
    }

    /// When the key was used last, in Unix seconds.
    #[must_use]
    pub fn last(&self, fingerprint: &str) -> Option<u64> {
        self.last.get(fingerprint).copied()
    }

    fn journal(&mut self) {
        let mut command = Command::new("journalctl");
        command.args(["-q", "--no-pager", "-o", "short-unix"]);
        command.args([
            "-t",
            "sshd",
            "-t",
            "sshd-session",
            "-g",
            "Accepted publickey",
        ]);
        command
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .stdout(Stdio::piped());
        let Ok(mut child) = command.spawn() else {
            return;
        };
        let lines = child.stdout.take().map(|stdout| self.lines(stdout, 0));
        if matches!(lines, Some(Ok(count)) if count > 0) {
            self.read.push("the journal".to_owned());
        }
        let _ended = child.wait();
    }

    /// Reads lines; gives how many there were.
    fn lines(&mut self, input: impl Read, now: u64) -> io::Result<usize> {
        let mut input = BufReader::new(input);
        let mut line = Vec::new();
        let mut count = 0_usize;
        loop {
            line.clear();
            let limited = &mut input.by_ref().take(LINE_BYTES_MAX);
            if limited.read_until(b'\n', &mut line)? == 0 {
                return Ok(count);
            }
            count = count.saturating_add(1);
            if let Some((key, time)) = used(&String::from_utf8_lossy(&line), now) {
                let last = self.last.entry(key).or_default();
                *last = time.max(*last);
            }
        }
    }
}

/// The rotated files of a log, and the log.
fn rotated(name: &str) -> Vec<String> {
    let older =
        (1..=52).flat_map(|number| [format!("{name}.{number}.gz"), format!("{name}.{number}")]);
    std::iter::once(name.to_owned()).chain(older).collect()
}

fn used(line: &str, now: u64) -> Option<(String, u64)> {
    let (before, after) = line.split_once("Accepted publickey for ")?;
    let (_, print) = after.rsplit_once("SHA256:")?;
    let end = print.find(|c: char| !c.is_ascii_alphanumeric() && !"+/".contains(c));
    let print = print.get(..end.unwrap_or(print.len()))?;
    Some((format!("SHA256:{print}"), time(before, now)?))
}

/// The time at the beginning of a line: Unix seconds, RFC 3339, or syslog's own without a year.
fn time(line: &str, now: u64) -> Option<u64> {
    let first = line.split(' ').next()?;
    if let Some(seconds) = first.split('.').next().and_then(|text| text.parse().ok()) {
        return Some(seconds);
    }
    if let Ok(stamp) = first.parse::<jiff::Timestamp>() {
        return u64::try_from(stamp.as_second()).ok();
    }
    let stamp = line.get(..15)?;
    let this_year = jiff::Timestamp::from_second(i64::try_from(now).ok()?).ok()?;
    let year = this_year.to_zoned(TimeZone::system()).year();
    let at = |year: i16| {
        let text = format!(
            "{year} {}",
            stamp.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
        );
        let civil = DateTime::strptime("%Y %b %d %H:%M:%S", text).ok()?;
        let zoned = civil.to_zoned(TimeZone::system()).ok()?;
        u64::try_from(zoned.timestamp().as_second()).ok()
    };
    // A line can't be of tomorrow: then it was last year's.
    let found = at(year)?;
    if found > now.saturating_add(DAY) {
        return at(year.checked_sub(1)?);
    }
    Some(found)
}

const DAY: u64 = 86_400;

/// A line of sshd's is far shorter; the rest of a longer one is read as lines of its own.
const LINE_BYTES_MAX: u64 = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_650_000;
    const TAIL: &str = "sshd[7]: Accepted publickey for anna from 192.0.2.1 port 1 ssh2: ED25519 \
        SHA256:NPx8TVIv9UmHArW1fAnLCGnCHbgNRO9Pi0mtGphn1eQ\n";

    #[test]
    fn the_last_use_is_found_in_every_form_of_time() {
        let mut usage = Usage::default();
        let lines = [
            format!("1795000000.5 web1 {TAIL}"),
            format!("2026-11-20T00:00:00Z web1 {TAIL}"),
            "1795000001.5 web1 sshd[7]: Failed publickey for x: SHA256:abc\n".to_owned(),
        ];
        usage.lines(lines.concat().as_bytes(), NOW).unwrap();
        let key = "SHA256:NPx8TVIv9UmHArW1fAnLCGnCHbgNRO9Pi0mtGphn1eQ";
        assert_eq!(usage.last(key), Some(1_795_132_800));
        assert_eq!(usage.last("SHA256:abc"), None);
    }

    #[test]
    fn a_line_of_syslog_is_of_this_year_or_the_last() {
        let line = |day: &str| time(&format!("{day} 10:00:00 web1 sshd"), NOW).unwrap();
        assert!(line("Nov 25") < NOW && NOW - line("Nov 25") < 3 * DAY);
        assert!(line("Dec  5") < NOW && NOW - line("Dec  5") > 300 * DAY);
        assert_eq!(time("nonsense", NOW), None);
    }

    #[test]
    fn a_certificate_is_known_by_its_key_id_line_too() {
        let line = format!("1795000000 web1 {}", TAIL.trim_end())
            + " ID peter (serial 1) CA ED25519 SHA256:xyz";
        // The last fingerprint of such a line is the CA's: it opened the door.
        assert_eq!(used(&line, NOW).unwrap().0, "SHA256:xyz");
    }
}
