//! Who comes, with what, to which server.

use crate::server::account::Account;
use crate::server::sshd::{ConfigFiles, Settings, Version};
use crate::wire::RawCertificate;

/// A login that is walked through.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The name of the account that is to be entered.
    pub user: &'a str,
    /// The account; none if the machine has none of that name.
    pub account: Option<&'a Account>,
    /// The certificate that is shown.
    pub certificate: &'a RawCertificate,
    /// The address that comes.
    pub address: &'a str,
    /// What sshd does for it.
    pub settings: &'a Settings,
    /// The lines of sshd's configuration, to point at.
    pub files: &'a ConfigFiles,
    /// The version of sshd.
    pub version: Version,
    /// The clock, in Unix seconds.
    pub now: u64,
}

impl Attempt<'_> {
    /// The principals as text; one that is none matches nothing.
    pub(super) fn principals(&self) -> Vec<&str> {
        let all = self.certificate.principals().iter();
        all.filter_map(|principal| std::str::from_utf8(principal).ok())
            .collect()
    }
}
