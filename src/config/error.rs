//! Why a config cannot be used.

use std::path::PathBuf;

use crate::attestation::RootsError;
use crate::file::Untrusted;

/// Why the config cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is none.
    #[error("no config at {}", .0.display())]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("config {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Somebody else can have written it, and it names a module that gets the PIN.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// It is not what a config looks like.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// It has no CA of this name.
    #[error("config {} has no CA `{name}`{}", path.display(), known(known_names))]
    NoCa {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// The names it has.
        known_names: Vec<String>,
    },
    /// A file of allowed signers is longer than any.
    #[error("allowed signers {}", path.display())]
    AllowedSigners {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: crate::request::TooManySigners,
    },
    /// It has no role of this name.
    #[error("config {} has no role `{name}`{}", path.display(), known(known_names))]
    NoRole {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// The names it has.
        known_names: Vec<String>,
    },
    /// A file of roots gives none.
    #[error("roots of attestation in {}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: RootsError,
    },
    /// A root of a trial, which no other config takes.
    #[error("config {}: {root} is the root of a trial in another place, and proves nothing", config.display())]
    OfATrial {
        /// The file.
        config: PathBuf,
        /// The name of the root.
        root: String,
    },
    /// The public key file of a CA is no public key.
    #[error("public key file {}", path.display())]
    PublicKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: ssh_key::Error,
    },
}

fn known(names: &[String]) -> String {
    match names {
        [] => "; it has none at all".to_owned(),
        names => format!("; it has `{}`", names.join("`, `")),
    }
}
