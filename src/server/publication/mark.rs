//! What a server has seen of an access list, kept beside it: the highest version, and which list
//! that was. Without it, an older list would come back where the one that was there is gone or broken.

use std::fmt;

use crate::wire::hex;

/// The newest list that was believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListMark {
    /// Its `@version`.
    pub version: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// A text that is no mark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mark of `access sync`: its {0} is malformed")]
pub struct ListMarkError(&'static str);

impl ListMark {
    /// Reads a mark.
    ///
    /// # Errors
    /// [`ListMarkError`].
    pub fn parse(text: &str) -> Result<Self, ListMarkError> {
        let lines: Vec<_> = text.split('\n').collect();
        let [FIRST_LINE, version, sha256, ""] = lines.as_slice() else {
            return Err(ListMarkError("form"));
        };
        let version = version.strip_prefix("version ").and_then(|text| {
            text.parse()
                .ok()
                .filter(|number: &u64| number.to_string() == text)
        });
        let sha256 = sha256.strip_prefix("sha256 ").and_then(hash);
        Ok(Self {
            version: version.ok_or(ListMarkError("version"))?,
            sha256: sha256.ok_or(ListMarkError("sha256"))?,
        })
    }
}

impl fmt::Display for ListMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, sha256 } = self;
        write!(
            f,
            "{FIRST_LINE}\nversion {version}\nsha256 {}\n",
            hex(sha256)
        )
    }
}

fn hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let written = base16ct::lower::decode(text, &mut hash).ok()?.len();
    (written == hash.len()).then_some(hash)
}

const FIRST_LINE: &str = "punchmark access mark 1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes_and_nothing_else() {
        let mark = ListMark {
            version: 7,
            sha256: [1; 32],
        };
        let text = mark.to_string();
        assert_eq!(ListMark::parse(&text), Ok(mark));
        for (from, to, part) in [
            ("mark 1", "mark 2", "form"),
            ("01\n", "01\n\n", "form"),
            ("01\n", "01", "form"),
            ("version 7", "version -7", "version"),
            ("sha256 01", "sha256 0", "sha256"),
        ] {
            let text = text.replacen(from, to, 1);
            assert_eq!(ListMark::parse(&text), Err(ListMarkError(part)), "{text}");
        }
    }
}
