//! The options of the certificate and of the line that authorizes it (auth.c,
//! `auth_authorise_keyopts`; auth-options.c, `sshauthopt_from_cert` and `sshauthopt_merge`).

use jiff::tz::TimeZone;

use super::attempt::Attempt;
use super::line::Line;
use super::step::Step;
use crate::certificate::Validity;
use crate::certificate::explain::utc;
use crate::server::address::address_fits;
use crate::wire::certificate::OptionValue;

pub(super) fn of_certificate(attempt: &Attempt<'_>) -> Step {
    let name = "certificate-options";
    let critical = attempt.certificate.critical();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if let Some(unknown) = critical
        .iter()
        .find(|option| !KNOWN.contains(&option.name()))
    {
        let words = format!(
            "its critical option `{}` is none that sshd knows",
            text(unknown.name())
        );
        return Step::refused(name, words).mend("sign the key without that option");
    }
    let Some(sources) = value(attempt, b"source-address") else {
        return Step::passed(name, "its options let it in from here");
    };
    let sources = text(sources);
    if address_fits(&sources, attempt.address) {
        return Step::passed(
            name,
            format!("source-address {sources} has {}", attempt.address),
        );
    }
    let words = format!("source-address {sources} has not {}", attempt.address);
    Step::refused(name, words).mend("come from there, or sign the key without it")
}

pub(super) fn of_line(attempt: &Attempt<'_>, line: &Line) -> Step {
    let name = "line-options";
    let options = &line.options;
    let at = |step: Step| step.at(&line.file, line.number);
    if let Some(expiry) = options.value("expiry-time") {
        match expiry_time(expiry) {
            None => {
                return at(Step::refused(
                    name,
                    format!("expiry-time={expiry} is no time"),
                ));
            }
            Some(over) if over < attempt.now => {
                let words = format!("expiry-time: the line was over at {}", utc(over));
                return at(Step::refused(name, words)).mend("give the line another time");
            }
            Some(_) => {}
        }
    }
    if let Some(from) = options
        .value("from")
        .filter(|from| !address_fits(from, attempt.address))
    {
        let words = format!("from={from} has not {}", attempt.address);
        return at(Step::refused(name, words)).mend("come from there, or change the line");
    }
    match (options.value("command"), value(attempt, b"force-command")) {
        (Some(line), Some(own)) if line.as_bytes() != own => {
            let words = "the line's command= and the certificate's force-command differ";
            at(Step::refused(name, words)).mend("take one of them away, or make them equal")
        }
        _ => at(Step::passed(name, "the options of the line let it in")),
    }
}

/// The value of a critical option.
pub(super) fn value<'a>(attempt: &'a Attempt<'_>, name: &[u8]) -> Option<&'a [u8]> {
    let mut options = attempt.certificate.critical().iter();
    match options.find(|option| option.name() == name)?.value() {
        OptionValue::Value(value) => Some(value),
        OptionValue::Flag | OptionValue::Opaque => None,
    }
}

/// `YYYYMMDD`, with `HHMM` or `HHMMSS` behind it, and `Z` for UTC; else local time.
fn expiry_time(text: &str) -> Option<u64> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    let whole = [8, 12, 14].contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit());
    let spec = format!("always:{text}");
    let validity = Validity::parse(&spec, 0, &TimeZone::system).ok();
    validity
        .filter(|_| whole)
        .map(|validity| validity.valid_before())
}

/// auth-options.c, `cert_option_list`.
const KNOWN: [&[u8]; 3] = [b"force-command", b"source-address", b"verify-required"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_expiry_is_read_as_sshd_reads_it() {
        assert_eq!(expiry_time("20260101Z"), Some(1_767_225_600));
        assert_eq!(expiry_time("202601010001Z"), Some(1_767_225_660));
        for odd in ["+1h", "forever", "2026", "20261301Z", ""] {
            assert_eq!(expiry_time(odd), None, "{odd}");
        }
    }
}
