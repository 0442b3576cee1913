//! Pages that are written into files: the paper, the report.

use std::path::Path;

use crate::cli::base::failure::{At, Failure};
use crate::cli::base::output_file::target;
use crate::config::read_limited;
use crate::output;

/// Writes a page, over an older page of its kind alone: the plan, the transcript and the outputs of a ceremony lie
/// beside it, and are evidence.
///
/// # Errors
/// Also if something else is there.
pub(super) fn write(out: &Path, page: &str) -> Result<(), Failure> {
    let to = target(out)?;
    if to.is_file() {
        let there = read_limited(&to, LARGEST_PAGE);
        let is_page =
            |there: String| there.is_empty() || there.lines().next() == page.lines().next();
        if !there.is_ok_and(is_page) {
            return Err(
                Failure::new("is there already, and is no page of this kind")
                    .at(out.display().to_string())
                    .hint("name another file with --out"),
            );
        }
    }
    output::write(&to, page.as_bytes(), PAGE_MODE).at("cannot write")
}

/// Of a ceremony with as many people and devices as a plan may have.
const LARGEST_PAGE: u64 = 64 << 20;
/// A page is no secret.
const PAGE_MODE: u32 = 0o644;
