//! The trace that a request is part of, by the word of whoever sent it (W3C Trace Context, 3.2).
//!
//! It is told in the log beside the request's own id, and nothing rests on it: anybody may send one.

use axum::http::HeaderMap;

/// The id of the trace, in 32 hexadecimal digits. None where no header says one, several do, or it is none.
pub(super) fn of(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(NAME).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    trace_id(value).map(str::to_owned)
}

fn trace_id(value: &str) -> Option<&str> {
    let mut parts = value.split('-');
    let version = digits(parts.next()?, 2)?;
    let trace = digits(parts.next()?, 32)?;
    let parent = digits(parts.next()?, 16)?;
    digits(parts.next()?, 2)?;
    // What later versions add stands behind a dash; this one has nothing more.
    let has_more = parts.next().is_some();
    let is_known = version != "ff" && !(version == "00" && has_more);
    let is_one = |id: &str| id.bytes().any(|digit| digit != b'0');
    (is_known && is_one(trace) && is_one(parent)).then_some(trace)
}

/// So many hexadecimal digits in lower case.
fn digits(part: &str, count: usize) -> Option<&str> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (part.len() == count && part.bytes().all(is_digit)).then_some(part)
}

const NAME: &str = "traceparent";

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const PARENT: &str = "00f067aa0ba902b7";

    #[test]
    fn a_trace_is_read_as_the_standard_writes_it() {
        let of = |value: &str| trace_id(value).map(str::to_owned);
        let known = |value: String| assert_eq!(of(&value).as_deref(), Some(TRACE), "{value}");
        known(format!("00-{TRACE}-{PARENT}-01"));
        known(format!("cc-{TRACE}-{PARENT}-00"));
        known(format!("cc-{TRACE}-{PARENT}-00-what-comes-later"));
        let zeros = "0".repeat(32);
        for value in [
            String::new(),
            TRACE.to_owned(),
            format!("00-{TRACE}-{PARENT}"),
            format!("00-{TRACE}-{PARENT}-01-more"),
            format!("ff-{TRACE}-{PARENT}-01"),
            format!("00-{}-{PARENT}-01", TRACE.to_uppercase()),
            format!("00-{zeros}-{PARENT}-01"),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}\u{1b}-{PARENT}-01"),
        ] {
            assert_eq!(of(&value), None, "{value:?}");
        }
    }

    #[test]
    fn two_of_them_are_none() {
        let mut headers = HeaderMap::new();
        let value = format!("00-{TRACE}-{PARENT}-01");
        assert_eq!(of(&headers), None);
        headers.append(NAME, value.parse().unwrap());
        assert_eq!(of(&headers).as_deref(), Some(TRACE));
        headers.append(NAME, value.parse().unwrap());
        assert_eq!(of(&headers), None);
    }
}
