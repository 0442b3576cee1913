//! What publishing writes into a list: its version, and what servers have to know of the step.

use std::fmt::Write;

/// The lines that publishing alone writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// `@version`: Unix time, always greater than before.
    pub version: u64,
    /// `@shrinks`: the version up to which lists may have held much that is gone.
    pub shrinks: Option<u64>,
    /// `@canary`: how long the others wait, in seconds, and who doesn't.
    pub canary: Option<(u64, String)>,
}

/// The text with these lines at its end, in the place of all that an earlier stamp wrote; so other
/// lines keep their numbers where nobody stamped the text before.
#[must_use]
pub fn stamped(text: &str, stamp: &Stamp) -> String {
    let kept = text.split_inclusive('\n').filter(|line| !is_stamp(line));
    let mut stamped: String = kept.collect();
    let Stamp {
        version,
        shrinks,
        canary,
    } = stamp;
    // Writing to a string doesn't fail.
    let _ = writeln!(stamped, "@version {version}");
    if let Some(version) = shrinks {
        let _ = writeln!(stamped, "@shrinks {version}");
    }
    if let Some((seconds, hosts)) = canary {
        let _ = writeln!(stamped, "@canary {seconds}s {hosts}");
    }
    stamped
}

fn is_stamp(line: &str) -> bool {
    let word = line.split([' ', '\t', '\n']).find(|word| !word.is_empty());
    matches!(word, Some("@version" | "@shrinks" | "@canary"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_stamp_is_replaced_and_nothing_else_changes() {
        let text =
            "# @version\n  @version 7\npeter www *\n@shrinks 3\n@canary 1h +a\n@versions 1\n";
        let stamp = Stamp {
            version: 9,
            shrinks: None,
            canary: None,
        };
        let kept = "# @version\npeter www *\n@versions 1\n";
        assert_eq!(stamped(text, &stamp), format!("{kept}@version 9\n"));
        let stamp = Stamp {
            version: 10,
            shrinks: Some(9),
            canary: Some((3_600, "+canary web1".to_owned())),
        };
        let once = stamped(text, &stamp);
        assert_eq!(
            once,
            format!("{kept}@version 10\n@shrinks 9\n@canary 3600s +canary web1\n")
        );
        assert_eq!(stamped(&once, &stamp), once);
    }
}
