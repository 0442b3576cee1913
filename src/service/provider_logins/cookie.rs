//! What binds a login to one browser.

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{LIFE, random};

/// The cookie of a login, which no other login has.
#[derive(Clone)]
pub(in crate::service) struct Cookie(Zeroizing<String>);

impl Cookie {
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        random().map(|text| Self(Zeroizing::new(text)))
    }

    /// The header that gives it to a browser: to this server alone, and to no script.
    pub(in crate::service) fn header(&self, id: &str) -> String {
        let (name, value) = (cookie_name(id), self.0.as_str());
        format!("{name}={value}; Path=/; Max-Age={LIFE}; Secure; HttpOnly; SameSite=Lax")
    }

    pub(super) fn is_among(&self, id: &str, cookies: &[(String, String)]) -> bool {
        let name = cookie_name(id);
        let mut named = cookies.iter().filter(|(known, _)| *known == name);
        match (named.next(), named.next()) {
            (Some((_, value)), None) => is_same(value, &self.0),
            _ => false,
        }
    }
}

/// Of a name that a browser takes from this host alone, over TLS.
fn cookie_name(id: &str) -> String {
    format!("__Host-punchmark-{id}")
}

/// Compares in a time that tells nothing.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}
