//! An https URL: with a host and a path, and no secret in it.

use std::fmt;
use std::str::FromStr;

/// `https://HOST[:PORT]/PATH`, of at most 2048 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

/// A text that is no such URL. It is not repeated: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// Another scheme.
    #[error("a URL begins with https://")]
    Scheme,
    /// `user@` or `user:password@`.
    #[error("a URL may not hold a user or a password")]
    Secret,
    /// `?` or `#`: the signature's name would not come last.
    #[error("a URL may not hold `?` or `#`")]
    Query,
    /// No host, no path, or a character that no URL has.
    #[error("a URL is https://HOST/PATH, in printable ASCII of at most {LENGTH_MAX} bytes")]
    Form,
}

impl Url {
    /// The URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of what lies beside it.
    #[must_use]
    pub fn with_ending(&self, ending: &str) -> Self {
        Self(format!("{}{ending}", self.0))
    }
}

impl FromStr for Url {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let rest = text.strip_prefix("https://").ok_or(UrlError::Scheme)?;
        if rest.contains('@') {
            return Err(UrlError::Secret);
        }
        if rest.contains(['?', '#']) {
            return Err(UrlError::Query);
        }
        let graphic = text.bytes().all(|byte| byte.is_ascii_graphic());
        match rest.split_once('/') {
            Some((host, path))
                if graphic
                    && text.len() <= LENGTH_MAX
                    && !host.is_empty()
                    && !path.is_empty()
                    && !path.ends_with('/') =>
            {
                Ok(Self(text.to_owned()))
            }
            _ => Err(UrlError::Form),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LENGTH_MAX: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_file_by_https_and_nothing_else() {
        let url: Url = "https://ca.example.org:8443/a/revoked.krl".parse().unwrap();
        assert_eq!(
            url.with_ending(".sig").as_str(),
            "https://ca.example.org:8443/a/revoked.krl.sig"
        );
        for (text, error) in [
            ("http://ca/revoked.krl", UrlError::Scheme),
            ("https://anna:pw@ca/x", UrlError::Secret),
            ("https://ca/x?a=b", UrlError::Query),
            ("https://ca/x#a", UrlError::Query),
            ("https:///x", UrlError::Form),
            ("https://ca", UrlError::Form),
            ("https://ca/", UrlError::Form),
            ("https://ca/a b", UrlError::Form),
            ("https://ca/\u{e9}", UrlError::Form),
        ] {
            assert_eq!(text.parse::<Url>(), Err(error), "{text}");
        }
    }
}
