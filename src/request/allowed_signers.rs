//! Whose key is whose, in the file that `ssh-keygen -Y verify` reads too.
//!
//! ssh-keygen(1), "ALLOWED SIGNERS". A line lets a key through where `ssh-keygen -Y verify` does
//! in the same namespace (`request@punchmark` for requests), and nowhere else. A line that can't be read counts for nothing,
//! also there, and says nothing of the others: [`AllowedSigners::faults`] names it. Stricter in
//! one thing: a time that doesn't exist (30 February), which ssh-keygen moves, is such a fault.

mod line;

use jiff::tz::TimeZone;
use ssh_key::public::KeyData;

use self::line::SignerLine;
use super::{RequestFile, RequesterName};
pub use line::SignerLineError;

/// Keys, and the names that their holders may ask under.
#[derive(Clone, Debug, Default)]
pub struct AllowedSigners {
    lines: Vec<SignerLine>,
    faults: Vec<AllowedSignersError>,
}

/// A line that counts for nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}")]
pub struct AllowedSignersError {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub source: SignerLineError,
}

/// A file with more lines than any has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST} lines")]
pub struct TooManySigners;

impl AllowedSigners {
    /// Reads the file's bytes. Times without `Z` are in `zone`.
    ///
    /// # Errors
    /// [`TooManySigners`]. A line at fault is none: see [`Self::faults`].
    pub fn parse(bytes: &[u8], zone: &dyn Fn() -> TimeZone) -> Result<Self, TooManySigners> {
        let mut signers = Self::default();
        for (bytes, line) in bytes.split(|byte| *byte == b'\n').zip(1..) {
            if line > MOST {
                return Err(TooManySigners);
            }
            // A comment may be in any encoding; what is no UTF-8 is in no name that counts.
            match SignerLine::parse(&String::from_utf8_lossy(bytes), zone) {
                Ok(Some(signer)) => signers.lines.push(signer),
                Ok(None) => {}
                Err(source) => signers.faults.push(AllowedSignersError { line, source }),
            }
        }
        Ok(signers)
    }

    /// The lines that can't be read, and so count for nobody.
    #[must_use]
    pub fn faults(&self) -> &[AllowedSignersError] {
        &self.faults
    }

    /// Whose key this is: who is claimed, where a line allows that; else the one name that
    /// the key's first line has.
    #[must_use]
    pub fn requester(
        &self,
        key: &KeyData,
        claimed: Option<&RequesterName>,
        now: u64,
    ) -> Option<RequesterName> {
        let mut lines = self.lines_for(key, RequestFile::NAMESPACE, now);
        match claimed {
            Some(name) => lines
                .find(|line| line.may_be(name))
                .map(|_allowed| name.clone()),
            None => lines.next()?.only_name(),
        }
    }

    /// The person whose key signs in this namespace: the one name of the key's first line, so that
    /// no key counts for two.
    #[must_use]
    pub fn person(&self, key: &KeyData, namespace: &str, now: u64) -> Option<RequesterName> {
        self.lines_for(key, namespace, now).next()?.only_name()
    }

    fn lines_for<'s>(
        &'s self,
        key: &'s KeyData,
        namespace: &'s str,
        now: u64,
    ) -> impl Iterator<Item = &'s SignerLine> {
        let lines = self.lines.iter();
        lines.filter(move |line| line.is_for(key, namespace, now))
    }
}

const MOST: usize = 100_000;

#[cfg(test)]
mod tests;
