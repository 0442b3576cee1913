//! A request that could be read in two ways is read in none: whoever stands between may have read
//! the other one.

use axum::http::{HeaderMap, Version, header};

use super::problem::{ProblemKind, Refused};

/// Refuses two lengths, a length beside a transfer coding, any coding but chunks, and two hosts or none.
pub(super) fn check(headers: &HeaderMap, version: Version) -> Result<(), Refused> {
    let hosts = headers.get_all(header::HOST).iter().count();
    if hosts > 1 || (hosts == 0 && version != Version::HTTP_10) {
        let detail = "a request has one Host";
        return Err(Refused::new(ProblemKind::Ambiguous, detail));
    }
    let lengths = headers.get_all(header::CONTENT_LENGTH).iter().count();
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let coding = codings.next();
    let is_chunks = coding.is_none_or(|coding| coding == "chunked");
    if lengths > 1 || (lengths > 0 && coding.is_some()) || codings.next().is_some() || !is_chunks {
        let detail = "a request has one Content-Length, or Transfer-Encoding: chunked";
        return Err(Refused::new(ProblemKind::Ambiguous, detail));
    }
    let is_plain = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|coding| coding == "identity");
    if !is_plain {
        let detail = "a request is not compressed";
        return Err(Refused::new(ProblemKind::MediaType, detail));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(lines: &[(&'static str, &'static str)]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        headers.insert("host", "ca.example.org".parse().unwrap());
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        check(&headers, Version::HTTP_11)
            .err()
            .map(|refused| refused.status())
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for lines in [
            &[][..],
            &[("content-length", "5")],
            &[("transfer-encoding", "chunked")],
            &[("content-encoding", "identity")],
        ] {
            assert_eq!(checked(lines), None, "{lines:?}");
        }
        for lines in [
            &[("content-length", "5"), ("content-length", "5")][..],
            &[("content-length", "5"), ("transfer-encoding", "chunked")],
            &[("transfer-encoding", "gzip, chunked")],
            &[
                ("transfer-encoding", "chunked"),
                ("transfer-encoding", "chunked"),
            ],
            &[("transfer-encoding", "xchunked")],
            &[("host", "other.example.org")],
        ] {
            assert_eq!(checked(lines), Some(400), "{lines:?}");
        }
        assert_eq!(checked(&[("content-encoding", "gzip")]), Some(415));
        let none = |version| check(&HeaderMap::new(), version).is_ok();
        assert!(none(Version::HTTP_10) && !none(Version::HTTP_11));
    }
}
