//! What comes from elsewhere, in words on one line.

use std::error::Error;
use std::path::Path;

/// An error and its sources in one line. A source that only repeats is left out.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let next = error.to_string();
        let last = words.rsplit(": ").next().unwrap_or_default();
        if !words.ends_with(&next) && !next.ends_with(last) {
            words.push_str(": ");
            words.push_str(&next);
        }
        source = error.source();
    }
    words
}

/// A path on one line, whatever its name holds.
pub(crate) fn path(path: &Path) -> String {
    path.display().to_string().replace('\n', "\\n")
}
