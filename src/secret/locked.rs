//! Secrets that stay out of the swap file.
//!
//! The second of the two places with unsafe code; docs/decisions says why there are two.

/// Keeps the pages of `secret` in memory, where the system allows that.
///
/// An account may lock little (64 KiB to 8 MiB); where it may lock no more, the secret is used
/// all the same. The pages stay locked when the secret is wiped and freed: another secret may
/// share them, and the few that a run has are no loss.
#[expect(unsafe_code, reason = "calls mlock")]
pub(super) fn lock(secret: &str) {
    // SAFETY: the memory is that of a live value. mlock neither reads nor writes it, and
    // changes nothing that a program can see.
    let _not_allowed =
        unsafe { rustix::mm::mlock(secret.as_ptr().cast_mut().cast(), secret.len()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_locked_where_that_is_allowed() {
        lock("");
        lock(&"7".repeat(9000));
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let locked = status.lines().find(|line| line.starts_with("VmLck:"));
        let kilobytes = locked
            .and_then(|line| line.split_whitespace().nth(1))
            .unwrap();
        assert!(kilobytes.parse::<u32>().unwrap() >= 8, "{locked:?}");
    }
}
