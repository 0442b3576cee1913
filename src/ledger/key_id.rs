//! Key IDs as earlier versions wrote them.

/// The key ID that was asked for, of one behind which a version before 0.2.0 wrote the private
/// root of its proof; none of any other.
///
/// Whoever looks for `peter, engineer` means `peter, engineer (private root CN=Lab)` too.
#[must_use]
pub fn before_private_root(key_id: &[u8]) -> Option<&[u8]> {
    let inside = key_id.strip_suffix(b")")?;
    let at = inside.windows(TAIL.len()).position(|some| some == TAIL)?;
    inside.get(..at)
}

const TAIL: &[u8] = b" (private root ";

#[cfg(test)]
mod tests {
    use super::before_private_root;

    #[test]
    fn only_a_whole_tail_is_taken_off() {
        let before = |key_id: &str| {
            let before = before_private_root(key_id.as_bytes())?;
            Some(String::from_utf8(before.to_vec()).unwrap())
        };
        let tail = "peter, engineer (private root CN=Lab\\, (1))";
        assert_eq!(before(tail).as_deref(), Some("peter, engineer"));
        assert_eq!(before("peter (private root Lab"), None);
        assert_eq!(before("peter, engineer (root Lab)"), None);
        assert_eq!(before(""), None);
    }
}
