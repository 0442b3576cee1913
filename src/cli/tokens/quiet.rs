//! What other libraries write to stderr, kept from whoever reads a list.

use std::fs::File;
use std::os::fd::OwnedFd;

/// While it lives, stderr goes nowhere: modules for TPMs were seen to write fifteen lines of their
/// own before they answer. What the program itself has to say is said before or after.
pub(super) struct Quiet(OwnedFd);

impl Quiet {
    /// None where that can't be done; the words are a nuisance then, and no fault.
    pub(super) fn begin() -> Option<Self> {
        let nowhere = File::options().write(true).open("/dev/null").ok()?;
        let kept = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stderr(), 3).ok()?;
        rustix::stdio::dup2_stderr(nowhere).ok()?;
        Some(Self(kept))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // Where it fails nothing is left to say so by.
        let _there_again = rustix::stdio::dup2_stderr(&self.0);
    }
}
