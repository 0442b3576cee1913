//! The lists of known certificates beside an access list, as a login of this moment takes them.

use std::path::Path;

use crate::config::{self, read_bytes};
use crate::server::access::{
    Header, KNOWN_BYTES_MAX, KnownCertificates, KnownList, Presented, Standing, file_name,
};

/// What lies beside a list, by the names of its CAs. What can't be read is as good as missing.
pub(super) struct KnownBeside(Vec<(String, KnownList)>);

impl KnownBeside {
    /// Reads the files that the list wants.
    pub(super) fn read(list: &Path, header: &Header) -> Self {
        if header.known().is_empty() {
            return Self(Vec::new());
        }
        let read = |name: &str| {
            let bytes = read_bytes(&list.with_file_name(file_name(name)), KNOWN_BYTES_MAX).ok()?;
            Some((name.to_owned(), KnownList::parse(&bytes).ok()?))
        };
        let cas = header.cas().iter();
        Self(cas.filter_map(|ca| read(ca.name())).collect())
    }
}

impl KnownCertificates for KnownBeside {
    fn standing(&self, ca: &str, certificate: &Presented, seconds_max: u64) -> Standing {
        let found = self.0.iter().find(|(name, _)| name == ca);
        found.map_or(Standing::NotTold, |(_, list)| {
            list.at(config::now())
                .standing(ca, certificate, seconds_max)
        })
    }
}

/// Where a certificate stands, in words.
pub(super) fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Known => "the ledger of its CA knows it",
        Standing::Unknown => "the ledger of its CA doesn't know it",
        Standing::Emergency => {
            "what the ledger knows is too old, and this certificate is for emergencies"
        }
        Standing::NotTold => "what the ledger knows is missing, broken or too old",
    }
}

/// Where a certificate stands, in one word for programs.
pub(super) fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Known => "known",
        Standing::Unknown => "unknown",
        Standing::Emergency => "emergency",
        Standing::NotTold => "not-told",
    }
}
