//! What a directory service is asked, and why it gives no answer.

use std::io;
use std::path::PathBuf;

use super::bounds::PART;
use super::entry::Entry;
use crate::file::Untrusted;
use crate::secret::PinError;

/// A directory service that was bound to; a recorded one in tests.
pub trait Directory {
    /// The entries of these distinguished names, in their order; none for one that isn't there.
    ///
    /// # Errors
    /// [`AskError`], after which nothing that was answered counts.
    fn read(&mut self, names: &[&str], attributes: &[&str])
    -> Result<Vec<Option<Entry>>, AskError>;

    /// All entries below `base` that a filter (RFC 4515) takes.
    ///
    /// # Errors
    /// [`AskError`], after which nothing that was answered counts: a part of the entries is none.
    fn search(
        &mut self,
        base: &str,
        filter: &str,
        attributes: &[&str],
    ) -> Result<Vec<Entry>, AskError>;
}

/// Why a directory service gave no whole answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// This program was built without it.
    #[error("this build has no LDAP")]
    LeftOut,
    /// A file that the settings name can't be read.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else could have written a file that is believed.
    #[error("a file of the settings")]
    Untrusted(#[from] Untrusted),
    /// The password or the key of this program can't be used.
    #[error("the secret that the settings name")]
    Secret(#[from] PinError),
    /// A file holds no certificate or key, or one that doesn't fit.
    #[error("{}: {fault}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: String,
    },
    /// Nobody answers at that place.
    #[error("no connection to {server}")]
    Connect {
        /// The server.
        server: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server is not believed to be the one that it is called, or speaks no TLS.
    #[error("no TLS with {server}: {fault}")]
    Tls {
        /// The server.
        server: String,
        /// What went wrong, in words.
        fault: String,
    },
    /// The server doesn't let this program in.
    #[error("the server takes no bind as {whom}: {answer}")]
    Bind {
        /// The name of this program, for the server.
        whom: String,
        /// What the server said.
        answer: Answer,
    },
    /// All took longer than is waited.
    #[error("took longer than {seconds} s")]
    TimedOut {
        /// The limit.
        seconds: u64,
    },
    /// The connection ended while an answer was awaited.
    #[error("the connection ended in the middle: {fault}")]
    Lost {
        /// What the system said.
        fault: String,
    },
    /// The answer is none of LDAP.
    #[error("an answer that is no LDAP, or not what was asked for: {fault}")]
    Malformed {
        /// What is wrong with it.
        fault: String,
    },
    /// More bytes than are taken in.
    #[error("more than {limit} bytes in {place}, each of its parts counted as {PART} more")]
    TooLong {
        /// In what.
        place: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The server gave a part and no more.
    #[error("the server gives only a part of the answer: {0}")]
    Part(Answer),
    /// The server says that another one knows.
    #[error("the server refers to another one: {}", begin_of(&.0.join(" ")))]
    Referral(Vec<String>),
    /// More than is read.
    #[error("more than {limit} entries")]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// Whatever else the server says.
    #[error("the server refuses: {0}")]
    Refused(Answer),
}

/// A result code of LDAP, and the server's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The result code (RFC 4511, section 4.1.9).
    pub code: u32,
    /// The diagnostic message; often empty.
    pub words: String,
}

impl Answer {
    /// The name that RFC 4511 gives the code.
    fn name(&self) -> &'static str {
        let known = NAMES.iter().find(|(code, _)| *code == self.code);
        known.map_or("another code", |(_, name)| name)
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name(), self.code)?;
        if self.words.is_empty() {
            return Ok(());
        }
        let words = self.words.trim_matches(['\0', ' ', '\n']);
        write!(f, ", {}", begin_of(words))
    }
}

/// As much of a server's words as anybody reads, and a log should hold.
fn begin_of(words: &str) -> String {
    words.chars().take(WORDS_MAX).collect()
}

const WORDS_MAX: usize = 500;
/// The codes that a search or a bind may end with.
const NAMES: &[(u32, &str)] = &[
    (1, "operationsError"),
    (2, "protocolError"),
    (3, "timeLimitExceeded"),
    (4, "sizeLimitExceeded"),
    (7, "authMethodNotSupported"),
    (8, "strongerAuthRequired"),
    (10, "referral"),
    (11, "adminLimitExceeded"),
    (12, "unavailableCriticalExtension"),
    (13, "confidentialityRequired"),
    (16, "noSuchAttribute"),
    (17, "undefinedAttributeType"),
    (18, "inappropriateMatching"),
    (32, "noSuchObject"),
    (34, "invalidDNSyntax"),
    (48, "inappropriateAuthentication"),
    (49, "invalidCredentials"),
    (50, "insufficientAccessRights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwillingToPerform"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_told_as_far_as_anybody_reads() {
        let words = "\0".to_owned() + &"ü".repeat(100_000);
        let told = Answer { code: 52, words }.to_string();
        assert_eq!(told, format!("unavailable (52), {}", "ü".repeat(WORDS_MAX)));
        let referrals = vec!["ldap://a".to_owned(); 100_000];
        let told = AskError::Referral(referrals).to_string();
        let words = &"ldap://a ".repeat(WORDS_MAX)[..WORDS_MAX];
        assert_eq!(told, format!("the server refers to another one: {words}"));
    }
}
