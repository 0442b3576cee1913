//! Which keys of a `[login.NAME]` table are for which kinds.

use super::{LoginKindName, LoginTable};

impl LoginKindName {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Password => "password",
            Self::Oidc => "oidc",
            Self::Jwt => "jwt",
            Self::Ldap => "ldap",
            Self::Tls => "tls",
        }
    }
}

impl LoginTable {
    /// The first key that means nothing for the table's kind, and the kinds that it is for.
    pub(super) fn foreign_key(&self) -> Option<(&'static str, &'static str)> {
        let of_oidc = [
            (self.client_id.is_some(), "client-id"),
            (self.client_secret_file.is_some(), "client-secret-file"),
            (self.scopes.is_some(), "scopes"),
            (self.groups.is_some(), "groups"),
            (self.code.is_some(), "code"),
        ];
        let of_tls = [
            (self.client_ca.is_some(), "client-ca"),
            (self.client_crl.is_some(), "client-crl"),
            (self.domains.is_some(), "domains"),
            (self.below.is_some(), "below"),
        ];
        let of_named = [
            (self.requester.is_some(), "requester"),
            (self.same_as.is_some(), "same-as"),
        ];
        let of_jwt = [
            (self.audience.is_some(), "audience"),
            (self.jwks_uri.is_some(), "jwks-uri"),
            (self.is.is_some(), "is"),
        ];
        let of_both = [
            (self.issuer.is_some(), "issuer"),
            (self.ca_file.is_some(), "ca-file"),
            (self.allow_http.is_some(), "allow-http"),
        ];
        let is_oidc = self.kind == LoginKindName::Oidc;
        let is_jwt = self.kind == LoginKindName::Jwt;
        let is_tls = self.kind == LoginKindName::Tls;
        let sets = [
            (is_oidc, OIDC, &of_oidc[..]),
            (is_jwt, JWT, &of_jwt[..]),
            (is_tls, TLS, &of_tls[..]),
            (is_oidc || is_jwt, OIDC_OR_JWT, &of_both[..]),
            (is_oidc || is_tls, OIDC_OR_TLS, &of_named[..]),
        ];
        sets.into_iter()
            .filter(|(is_kind, _, _)| !is_kind)
            .find_map(|(_, kinds, keys)| {
                let (_, key) = keys.iter().find(|(is_there, _)| *is_there)?;
                Some((*key, kinds))
            })
    }
}

const OIDC: &str = "\"oidc\"";
const JWT: &str = "\"jwt\"";
const TLS: &str = "\"tls\"";
const OIDC_OR_JWT: &str = "\"oidc\" or \"jwt\"";
const OIDC_OR_TLS: &str = "\"oidc\" or \"tls\"";
