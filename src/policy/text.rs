//! The rules that decided, in one text: what an auditor compares years later.

use serde::Serialize;

use super::suffix::Suffixes;
use super::{Role, RoleTable};

#[derive(Serialize)]
struct Deciding<'a> {
    program: &'a str,
    role: &'a str,
    table: &'a RoleTable,
    suffixes: &'a Suffixes,
    roots: &'a [String],
}

/// Role, suffixes, roots and program in canonical JSON: one line, keys in a fixed order,
/// what is absent left out. The same rules give the same text; the ledger keeps it, and
/// its SHA-256 with every reservation.
///
/// `roots` are the fingerprints of all that evidence may lead up to; their order does not
/// count.
///
/// # Errors
/// [`serde_json::Error`], of which none is known: every key is text.
pub fn text(
    role: &Role,
    suffixes: &Suffixes,
    roots: &[String],
) -> Result<String, serde_json::Error> {
    let mut roots = roots.to_vec();
    roots.sort();
    roots.dedup();
    serde_json::to_string(&Deciding {
        program: PROGRAM,
        role: role.name().as_str(),
        table: role.table(),
        suffixes,
        roots: &roots,
    })
}

const PROGRAM: &str = concat!("punchmark ", env!("CARGO_PKG_VERSION"));
