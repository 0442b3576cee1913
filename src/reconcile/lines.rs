//! The lines of a log, one after another: what each says of a certificate.

use serde_json::{Map, Value};

use super::envelope::{self, Envelope, Stamp, Writer};
use super::log::{self, LineError, Use};

/// What a line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing of sshd's.
    Nothing,
    /// Something of sshd's, and not about a certificate.
    OfSshd,
    /// Something about a certificate in sshd's name, by another program; the journal tells.
    Imitated,
    /// Another program's, about a certificate, in which sshd is not found. These are the SHA-256
    /// in it: where a CA's is among them, it can be a line that was not read.
    Quoted(LineError, Vec<[u8; 32]>),
    /// It names a certificate.
    Names(Box<Seen>),
    /// It is about a certificate, and can't be read.
    Unreadable(LineError),
}

/// A certificate that was named, when, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What sshd says of it.
    pub named: Use,
    /// When.
    pub stamp: Stamp<'static>,
    /// Whether it was sshd for sure; else any local user can have written the line.
    pub is_sshd_for_sure: bool,
}

/// Reads lines in order; `journalctl -o export` has one message in several.
#[derive(Debug, Default)]
pub struct Lines {
    /// The fields so far of a message of that form.
    export: Option<Map<String, Value>>,
}

impl Lines {
    /// Takes a line, without its newline.
    pub fn take(&mut self, line: &str) -> Line {
        if let Some(fields) = &mut self.export {
            if line.is_empty() {
                return self.end();
            }
            // A field that isn't text has no `=`, and stands in the next line.
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            fields.insert(name.to_owned(), value.into());
            return Line::Nothing;
        }
        if line.starts_with(EXPORT) {
            self.export = Some(Map::new());
            return Line::Nothing;
        }
        say(envelope::open(line), line)
    }

    /// What is left at the end of the log.
    pub fn end(&mut self) -> Line {
        let Some(fields) = self.export.take() else {
            return Line::Nothing;
        };
        let message = fields.get("MESSAGE").and_then(Value::as_str);
        match envelope::json(&fields) {
            Some(Envelope {
                writer: Writer::Sshd | Writer::SshdForSure,
                message,
                ..
            }) if message.is_empty() => Line::Unreadable(LineError("message")),
            opened => say(opened, message.unwrap_or_default()),
        }
    }
}

fn say(envelope: Option<Envelope<'_>>, line: &str) -> Line {
    let Some(envelope) = envelope else {
        return if log::names_certificate(line) {
            Line::Unreadable(LineError("envelope"))
        } else {
            Line::Nothing
        };
    };
    let envelope = if envelope.writer == Writer::Other {
        if !log::names_certificate(&envelope.message) {
            return Line::Nothing;
        }
        match envelope::passed_on(&envelope.message) {
            Some(inner) => inner,
            None => {
                return Line::Quoted(LineError("envelope"), log::fingerprints(&envelope.message));
            }
        }
    } else {
        envelope
    };
    let said = log::read(&envelope.message);
    match (envelope.writer, said) {
        (Writer::Other, _) | (Writer::Imitator, None) => Line::Nothing,
        (Writer::Imitator, Some(_)) => Line::Imitated,
        (_, None) => Line::OfSshd,
        (_, Some(Err(error))) => Line::Unreadable(error),
        (writer, Some(Ok(named))) => Line::Names(Box::new(Seen {
            named,
            stamp: match envelope.stamp {
                Stamp::Text(text) => Stamp::Text(text.into_owned().into()),
                Stamp::Seconds(seconds) => Stamp::Seconds(seconds),
            },
            is_sshd_for_sure: writer == Writer::SshdForSure,
        })),
    }
}

/// How a message begins in `journalctl -o export`.
const EXPORT: &str = "__CURSOR=";

#[cfg(test)]
mod tests {
    use super::*;

    const ACCEPTED: &str = "Accepted publickey for root from 10.0.0.7 port 5 ssh2: ED25519-CERT \
        SHA256:/s3qg97lGY8ZHtg7m896fGGdgBsCCU3rQ9S6DBeRoIE ID x (serial 42) CA ECDSA \
        SHA256:dR5Z6T/AXFP8NncNoqn3R2hGvXhEnMuDzOtgovUq290";

    fn take(line: &str) -> Line {
        Lines::default().take(line)
    }

    #[test]
    fn a_certificate_is_named_or_the_line_is_unreadable_and_never_nothing() {
        for (line, is_read) in [
            (format!("Nov 25 22:59:00 web1 sshd[77]: {ACCEPTED}"), true),
            (format!("Nov 25 22:59:00 {ACCEPTED}"), true),
            (format!("\u{feff}{ACCEPTED}\r"), true),
            (format!("|web1|auth|{ACCEPTED}"), false),
            (format!("{{\"unknown\":\"{ACCEPTED}\"}}"), false),
            (format!("{{\"MESSAGE\":\"{ACCEPTED}"), false),
        ] {
            let said = take(&line);
            if is_read {
                assert!(matches!(said, Line::Names(_)), "{line}: {said:?}")
            } else {
                assert!(matches!(said, Line::Unreadable(_)), "{line}: {said:?}")
            }
        }
    }

    #[test]
    fn other_lines_of_sshd_are_recognised_and_other_lines_are_not() {
        assert_eq!(
            take("Nov 25 22:59:00 web1 sshd[77]: Connection reset"),
            Line::OfSshd
        );
        assert_eq!(take("Server listening on 0.0.0.0 port 22."), Line::OfSshd);
        assert_eq!(take("Nov 25 22:59:00 web1 cron[7]: job"), Line::Nothing);
        assert_eq!(take("garbage"), Line::Nothing);
    }

    #[test]
    fn what_a_relay_passes_on_is_read_behind_its_tag() {
        let line = format!("Nov 25 22:59:00 srv sshd[123]: {ACCEPTED}");
        for relay in [
            "Nov 25 22:59:01 relay auth.log: ",
            "Nov 25 22:59:01 relay filebeat[5]: ",
            "Nov 25 22:59:01 relay rsyslogd: <38>",
            "<86>1 2026-11-25T22:59:01Z relay forwarder 7 - - ",
            "Nov 25 22:59:01 first a[1]: Nov 25 22:59:01 second b[2]: ",
        ] {
            let said = take(&format!("{relay}{line}"));
            let Line::Names(seen) = &said else {
                panic!("{relay}: {said:?}")
            };
            assert_eq!(seen.named.serial, 42);
            assert!(!seen.is_sshd_for_sure);
        }
        let json = format!(r#"{{"_UID":"0","_EXE":"/usr/sbin/sshd","MESSAGE":"{ACCEPTED}"}}"#);
        let Line::Names(seen) = take(&format!("Nov 25 22:59:01 relay beat: {json}")) else {
            panic!("not read")
        };
        assert!(!seen.is_sshd_for_sure, "anybody can write that to a relay");
    }

    #[test]
    fn a_certificate_in_another_programs_words_is_told_with_whose_it_is() {
        let quoted = format!("Nov 25 22:59:00 web1 audit[7]: |x|{ACCEPTED}");
        let Line::Quoted(_, keys) = take(&quoted) else {
            panic!("passed over")
        };
        assert_eq!(keys.len(), 2, "its key and its CA");
    }

    #[test]
    fn another_program_in_sshds_name_is_told() {
        let by = |uid, exe| {
            take(&format!(
                r#"{{"SYSLOG_IDENTIFIER":"sshd","_UID":"{uid}","_EXE":"{exe}","MESSAGE":"{ACCEPTED}"}}"#
            ))
        };
        assert_eq!(by("1000", "/usr/bin/logger"), Line::Imitated);
        let Line::Names(seen) = by("0", "/usr/sbin/sshd") else {
            panic!("not read")
        };
        assert!(seen.is_sshd_for_sure);
    }

    #[test]
    fn the_journals_export_form_is_read() {
        let mut lines = Lines::default();
        let mut said = Vec::new();
        for line in [
            "__CURSOR=s=1",
            "__REALTIME_TIMESTAMP=1795400000123456",
            "SYSLOG_IDENTIFIER=sshd",
            "_UID=0",
            "_EXE=/usr/sbin/sshd",
            &format!("MESSAGE={ACCEPTED}"),
            "",
            "__CURSOR=s=2",
            "SYSLOG_IDENTIFIER=sshd",
            "MESSAGE",
            "\u{5}binary",
        ] {
            said.push(lines.take(line));
        }
        said.push(lines.end());
        said.retain(|said| *said != Line::Nothing);
        let [Line::Names(seen), Line::Unreadable(_)] = &said[..] else {
            panic!("{said:?}")
        };
        assert!(seen.is_sshd_for_sure);
        assert_eq!(seen.stamp, Stamp::Seconds(1_795_400_000));
    }
}
