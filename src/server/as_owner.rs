//! Reads a file of a user as that user, as sshd does: what they may not read, a link in their
//! folder doesn't give them through us.

#[cfg(target_os = "linux")]
mod linux;

#[cfg(target_os = "linux")]
pub use linux::read_as;

/// Nothing is read where a thread can't take a user's rights alone.
///
/// # Errors
/// `Unsupported`.
#[cfg(not(target_os = "linux"))]
pub fn read_as(
    _account: &super::account::Account,
    _path: &std::path::Path,
    _limit: u64,
) -> std::io::Result<Vec<u8>> {
    let words = "users' files are read with their own rights on Linux alone";
    Err(std::io::Error::new(std::io::ErrorKind::Unsupported, words))
}
