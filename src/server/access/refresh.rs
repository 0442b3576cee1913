//! A word that nothing newer than a list is there: it can prolong a list, and never change it.
//!
//! `access.list.fresh` beside a list (docs/formats/access-list.md): four lines, and their signature
//! by the key of `@fresh`. Who fetches it checks that; within a login it is believed as
//! the list is, since nobody but root can have written it.

use std::fmt;

use super::header::Header;
use crate::wire::hex;

/// What the key of `@fresh` said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refresh {
    /// The SHA-256 of the list.
    pub sha256: [u8; 32],
    /// The `@version` of the list.
    pub version: u64,
    /// When that was said, in Unix seconds.
    pub time: u64,
}

/// A text that says nothing of the kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no word that a list is fresh: its {0} is malformed")]
pub struct RefreshError(&'static str);

impl Refresh {
    /// Reads the four lines, and gives what stands behind them.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub fn parse(bytes: &[u8]) -> Result<(Self, &[u8]), RefreshError> {
        let mut rest = bytes;
        let mut line = |name: &'static str| {
            let end = rest
                .iter()
                .take(LINE_BYTES_MAX)
                .position(|byte| *byte == b'\n');
            let (line, behind) = rest.split_at(end.ok_or(RefreshError(name))?);
            rest = behind.get(1..).unwrap_or_default();
            std::str::from_utf8(line).map_err(|_no_text| RefreshError(name))
        };
        if line("first line")? != FIRST_LINE {
            return Err(RefreshError("first line"));
        }
        let mut field = |name: &'static str| {
            let field = line(name)?
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(' '));
            field.ok_or(RefreshError(name))
        };
        let refresh = Self {
            sha256: hash(field("sha256")?).ok_or(RefreshError("sha256"))?,
            version: number(field("version")?).ok_or(RefreshError("version"))?,
            time: number(field("time")?).ok_or(RefreshError("time"))?,
        };
        Ok((refresh, rest))
    }

    /// When it was said that nothing is newer than the list of this header; none if that was
    /// said of another list, or of one that names no key for it.
    #[must_use]
    pub fn time_for(&self, header: &Header) -> Option<u64> {
        let same = header.version() == Some(self.version);
        (same && header.fresh().is_some()).then_some(self.time)
    }
}

/// The lines, as they are signed.
impl fmt::Display for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash = hex(&self.sha256);
        let Self { version, time, .. } = self;
        write!(
            f,
            "{FIRST_LINE}\nsha256 {hash}\nversion {version}\ntime {time}\n"
        )
    }
}

fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    // One text for each number: what is signed is written once.
    (number.to_string() == text).then_some(number)
}

fn hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let written = base16ct::lower::decode(text, &mut hash).ok()?.len();
    (written == hash.len()).then_some(hash)
}

const FIRST_LINE: &str = "punchmark access fresh 1";
const LINE_BYTES_MAX: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::access::List;

    fn refresh() -> Refresh {
        Refresh {
            sha256: [7; 32],
            version: 1_795_000_000,
            time: 1_795_000_100,
        }
    }

    #[test]
    fn reads_back_what_it_writes_and_nothing_else() {
        let text = format!("{}rest", refresh());
        assert_eq!(
            Refresh::parse(text.as_bytes()),
            Ok((refresh(), &b"rest"[..]))
        );
        for (from, to, part) in [
            ("fresh 1", "fresh 2", "first line"),
            ("sha256 0", "sha256 x", "sha256"),
            ("version 1", "version +1", "version"),
            ("time ", "time  ", "time"),
            ("\ntime", "\r\ntime", "version"),
        ] {
            let text = text.replacen(from, to, 1);
            assert_eq!(
                Refresh::parse(text.as_bytes()),
                Err(RefreshError(part)),
                "{text}"
            );
        }
        let cut = text.as_bytes().get(..100).unwrap_or_default();
        assert_eq!(Refresh::parse(cut), Err(RefreshError("version")));
    }

    #[test]
    fn it_prolongs_the_list_that_it_names_alone() {
        let fresh = "@fresh SHA256:ke2F1NEnbv3fpr7q7jUBZVBVCi0drVlGRHWlWZZbHNU\n";
        let time = |list: &str| refresh().time_for(List::parse(list.as_bytes()).unwrap().header());
        let list = |version: u64| format!("@version {version}\npeter www *\n");
        assert_eq!(
            time(&(fresh.to_owned() + &list(1_795_000_000))),
            Some(1_795_000_100)
        );
        assert_eq!(time(&(fresh.to_owned() + &list(1_795_000_001))), None);
        assert_eq!(time(&list(1_795_000_000)), None);
    }
}
