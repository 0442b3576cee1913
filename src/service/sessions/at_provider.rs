//! What is kept with a session of what was said when it was opened.

use serde::{Deserialize, Serialize};

use crate::login::LoginSubject;
use crate::request::{Group, LoginWay};

/// What an identity provider, a directory or a client CA said of whoever opened a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::service) struct AtProvider {
    pub(in crate::service) subject: LoginSubject,
    /// The session there, where it named one.
    pub(in crate::service) session: Option<String>,
    pub(in crate::service) way: LoginWay,
    pub(in crate::service) authenticated_at: Option<u64>,
    pub(in crate::service) amr: Vec<String>,
    pub(in crate::service) acr: Option<String>,
    pub(in crate::service) groups: Vec<Group>,
}

/// The same, as the file of sessions has it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct KeptAtProvider {
    issuer: String,
    subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// Whether it was in a browser elsewhere, where a code was typed.
    by_code: bool,
    /// Whether it was a password that a directory took.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_password: bool,
    /// Whether it was a client certificate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    by_certificate: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authenticated_at: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    amr: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<Group>,
}

impl From<AtProvider> for KeptAtProvider {
    fn from(said: AtProvider) -> Self {
        let LoginSubject { issuer, subject } = said.subject;
        Self {
            issuer,
            subject,
            session: said.session,
            by_code: said.way == LoginWay::Code,
            by_password: said.way == LoginWay::Password,
            by_certificate: said.way == LoginWay::Certificate,
            authenticated_at: said.authenticated_at,
            amr: said.amr,
            acr: said.acr,
            groups: said.groups,
        }
    }
}

impl From<KeptAtProvider> for AtProvider {
    fn from(kept: KeptAtProvider) -> Self {
        let KeptAtProvider {
            issuer, subject, ..
        } = kept;
        Self {
            subject: LoginSubject { issuer, subject },
            session: kept.session,
            way: match (kept.by_code, kept.by_password, kept.by_certificate) {
                (_, true, _) => LoginWay::Password,
                (true, false, _) => LoginWay::Code,
                (false, false, true) => LoginWay::Certificate,
                (false, false, false) => LoginWay::Browser,
            },
            authenticated_at: kept.authenticated_at,
            amr: kept.amr,
            acr: kept.acr,
            groups: kept.groups,
        }
    }
}
