//! Who wrote a line, in every envelope that loggers use.

use super::*;

const ACCEPTED: &str = "Accepted publickey for root from 10.0.0.7 port 5 ssh2: X";

#[track_caller]
fn assert_by(line: &str, writer: Writer) {
    let envelope = open(line).unwrap_or_else(|| panic!("not understood: {line}"));
    assert_eq!(envelope.writer, writer, "{line}");
    if writer != Writer::Other {
        assert_eq!(envelope.message, ACCEPTED, "{line}");
    }
}

#[test]
fn a_line_of_sshd_is_found_in_every_common_envelope() {
    for envelope in [
        "@",
        "Nov 25 22:59:00 web1 sshd[77]: @",
        "Nov  5 22:59:00 web1 sshd[77]: @",
        "<86>Nov 25 22:59:00 web1 sshd[77]: @",
        "Nov 25 22:59:00 web1 sshd: @",
        "Nov 25 22:59:00 sshd[77]: @",
        "Nov 25 22:59:00 web1 /usr/sbin/sshd[77]: @",
        "Nov 25 22:59:00 web1 sshd@3-10.0.0.1:22-10.0.0.7:50022[77]: @",
        "Nov 25 22:59:00 2001:db8:: sshd[77]: @",
        "Nov 25 22:59:00 web1 sshd[77]: [ID 800047 auth.info] @",
        "Nov 25 22:59:00 web1 sshd[77]: message repeated 2 times: [ @]",
        "2026-11-25T22:59:00.123456+00:00 web1 sshd-session[77]: @",
        "2026-11-25T22:59:00+00:00\tweb1\tsshd[77]:\t@",
        "2026-11-25 22:59:00 web1 sshd[77]: @",
        "Wed 2026-11-25 22:59:00 UTC web1 sshd[77]: @",
        "1795400000.123456 web1 sshd[77]: @",
        "[  123.456789] web1 sshd[77]: @",
        "<86>1 2026-11-25T22:59:00.123Z web1 sshd 77 - - @",
        "<86>1 2026-11-25T22:59:00.123Z web1 sshd 77 - - \u{feff}@",
        r#"<86>1 2026-11-25T22:59:00Z web1 sshd 77 - [a b="c\] d"][e f="g"] @"#,
        "2026-11-25T22:59:00.123456789Z stdout F @",
        "2026-11-25T22:59:00.123456789Z stderr F Nov 25 22:59:00 web1 sshd[77]: @",
        r#"{"SYSLOG_IDENTIFIER":"sshd","_PID":"77","MESSAGE":"@"}"#,
        r#"{"log":"@\n","stream":"stderr","time":"2026-11-25T22:59:00Z"}"#,
        r#"{"message":"Nov 25 22:59:00 web1 sshd[77]: @","host":"web1"}"#,
        r#"{"message":"@","process":{"name":"sshd"}}"#,
    ] {
        assert_by(
            &envelope
                .replace('@', "\u{1}")
                .replace("sshd\u{1}3", "sshd@3")
                .replace('\u{1}', ACCEPTED),
            Writer::Sshd,
        );
    }
}

#[test]
fn the_journal_shows_whether_sshd_wrote_a_line() {
    let line =
        |fields: &str| format!(r#"{{"SYSLOG_IDENTIFIER":"sshd",{fields}"MESSAGE":"{ACCEPTED}"}}"#);
    for (fields, writer) in [
        (
            r#""_UID":"0","_EXE":"/usr/sbin/sshd","#,
            Writer::SshdForSure,
        ),
        (
            r#""_UID":"0","_EXE":"/usr/lib/openssh/sshd-session","#,
            Writer::SshdForSure,
        ),
        (
            r#""_UID":"1000","_EXE":"/usr/bin/logger","#,
            Writer::Imitator,
        ),
        (r#""_UID":"0","_EXE":"/usr/bin/logger","#, Writer::Imitator),
        (r#""_UID":"1000","#, Writer::Imitator),
        (r#""_UID":"0","#, Writer::Sshd),
        ("", Writer::Sshd),
    ] {
        assert_by(&line(fields), writer);
    }
    let bytes = serde_json::to_string(ACCEPTED.as_bytes()).unwrap();
    assert_by(
        &format!(r#"{{"SYSLOG_IDENTIFIER":"sshd","MESSAGE":{bytes}}}"#),
        Writer::Sshd,
    );
}

#[test]
fn a_line_of_another_program_is_no_line_of_sshd() {
    for line in [
        format!("Nov 25 22:59:00 web1 cron[77]: {ACCEPTED}"),
        format!("Nov 25 22:59:00 web1 cron[77]: sshd[1]: {ACCEPTED}"),
        format!("<86>1 2026-11-25T22:59:00Z web1 cron 77 - - {ACCEPTED}"),
        format!(r#"{{"SYSLOG_IDENTIFIER":"cron","MESSAGE":"{ACCEPTED}"}}"#),
    ] {
        assert_by(&line, Writer::Other);
    }
    let planted = open("sshd[77]: Invalid user sshd[1]: Accepted publickey for root").unwrap();
    assert!(planted.message.starts_with("Invalid user"));
}

#[test]
fn a_container_speaks_for_its_sshd() {
    let certificate = format!("{ACCEPTED}-CERT SHA256:a ID x (serial 1) CA X SHA256:b");
    for line in [
        format!("Nov 25 22:59:00 web1 3f2a77c0de11[77]: {certificate}"),
        format!(r#"{{"SYSLOG_IDENTIFIER":"3f2a77c0de11","MESSAGE":"{certificate}"}}"#),
    ] {
        let envelope = open(&line).unwrap();
        assert_eq!(envelope.writer, Writer::Sshd);
        assert_eq!(envelope.message, certificate);
    }
}

#[test]
fn what_is_no_envelope_is_none() {
    for line in [
        "",
        "garbage",
        "{",
        "{}",
        "[1]",
        r#"{"MESSAGE":7}"#,
        r#"{"a":"b"}"#,
        "<86>1 2026-11-25T22:59:00Z web1",
    ] {
        assert_eq!(open(line), None, "{line}");
    }
}

#[test]
fn a_time_is_where_it_stood() {
    fn stamp(line: &str) -> Stamp<'_> {
        open(line).unwrap().stamp
    }
    let of_text = |text: &'static str| Stamp::Text(text.into());
    let line = format!("Nov 25 22:59:00 web1 sshd[77]: {ACCEPTED}");
    assert_eq!(stamp(&line), of_text("Nov 25 22:59:00 web1 "));
    let line = format!("<86>1 2026-11-25T22:59:00Z web1 sshd 77 - - {ACCEPTED}");
    assert_eq!(stamp(&line), of_text("2026-11-25T22:59:00Z"));
    let line = format!(
        r#"{{"SYSLOG_IDENTIFIER":"sshd","__REALTIME_TIMESTAMP":"1795400000123456","MESSAGE":"{ACCEPTED}"}}"#
    );
    assert_eq!(stamp(&line), Stamp::Seconds(1_795_400_000));
    let line = format!(r#"{{"time":"2026-11-25T22:59:00Z","log":"{ACCEPTED}"}}"#);
    assert_eq!(stamp(&line), of_text("2026-11-25T22:59:00Z"));
}
