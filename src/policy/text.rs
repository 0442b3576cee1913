//! The rules that decided, in one text: what an auditor compares years later.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::suffix::Suffixes;
use super::{Role, RoleTable};

/// Role, suffixes, roots and program in canonical JSON: one line, keys in a fixed order,
/// what is absent left out. The same rules give the same text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyText {
    text: String,
    digest: [u8; 32],
}

#[derive(Serialize)]
struct Rules<'a> {
    program: &'a str,
    role: &'a str,
    table: &'a RoleTable,
    suffixes: &'a Suffixes,
    roots: &'a [String],
}

impl PolicyText {
    /// The text of these rules. `roots` are the fingerprints of all that evidence may lead
    /// up to; their order does not count.
    ///
    /// # Errors
    /// [`serde_json::Error`], of which none is known: every key is text.
    pub fn new(
        role: &Role,
        suffixes: &Suffixes,
        roots: &[String],
    ) -> Result<Self, serde_json::Error> {
        let mut roots = roots.to_vec();
        roots.sort();
        let text = serde_json::to_string(&Rules {
            program: PROGRAM,
            role: role.name().as_str(),
            table: role.table(),
            suffixes,
            roots: &roots,
        })?;
        let digest = Sha256::digest(&text).into();
        Ok(Self { text, digest })
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its SHA-256.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}

const PROGRAM: &str = concat!("punchmark ", env!("CARGO_PKG_VERSION"));
