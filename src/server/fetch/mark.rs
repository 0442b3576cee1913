//! What a server has seen of a list, kept beside it: the highest version, which list that
//! was, the highest head of the ledger that any list carried, and what became of the keys that
//! sign.
//!
//! The list itself can't tell: an empty or damaged file that is there would let an older one
//! in. A mark never goes back but by the word of root (`--accept-version`).

use std::fmt;

use super::{DelegationSeen, KeyHash, Refusal, SignedList, SignersSeen};
use crate::krl::ListHead;
use crate::wire::hex;

/// The highest that was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The version of the newest list.
    pub version: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The highest head that any list carried.
    pub head: Option<ListHead>,
    /// The keys that handed over, or were revoked.
    pub signers: SignersSeen,
    /// The newest delegation of the signing of lists.
    pub delegated: Option<DelegationSeen>,
}

/// A text that is no mark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mark of a fetched list: its {0} is malformed")]
pub struct MarkError(&'static str);

impl Mark {
    /// The mark of a list that was taken, behind the one that was kept before.
    #[must_use]
    pub fn of<L: SignedList>(
        list: &L,
        sha256: [u8; 32],
        before: Option<&Self>,
        signers: SignersSeen,
        delegated: Option<DelegationSeen>,
    ) -> Self {
        let seen = list.list_name().head;
        Self {
            version: list.version(),
            sha256,
            head: seen.or_else(|| before.and_then(|mark| mark.head.clone())),
            signers,
            delegated: delegated.or_else(|| before.and_then(|mark| mark.delegated)),
        }
    }

    /// Refuses a list that goes back behind what was seen.
    ///
    /// # Errors
    /// [`Refusal::Older`], [`Refusal::SameVersion`], [`Refusal::OtherLedger`],
    /// [`Refusal::OlderHead`] or [`Refusal::Forked`].
    pub(super) fn hold<L: SignedList>(&self, list: &L, sha256: &[u8; 32]) -> Result<(), Refusal> {
        let fetched = list.version();
        if fetched < self.version {
            return Err(Refusal::Older {
                installed: self.version,
                fetched,
            });
        }
        if fetched == self.version && *sha256 != self.sha256 {
            return Err(Refusal::SameVersion(fetched));
        }
        match (&self.head, list.list_name().head) {
            (Some(kept), Some(new)) => extends(kept, &new),
            (Some(kept), None) => Err(Refusal::OlderHead {
                kept: kept.size,
                fetched: 0,
            }),
            (None, _) => Ok(()),
        }
    }

    /// Reads a mark.
    ///
    /// # Errors
    /// [`MarkError`].
    pub fn parse(text: &str) -> Result<Self, MarkError> {
        let mut lines = text.split_terminator('\n');
        if lines.next() != Some(FIRST_LINE) {
            return Err(MarkError("first line"));
        }
        let mut field = |name: &'static str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name));
            line.and_then(|rest| rest.strip_prefix(' '))
                .ok_or(MarkError(name))
        };
        let version = field("version")?;
        let sha256 = field("sha256")?;
        let head = field("head")?;
        let (signers, delegated) = signers(lines)?;
        Ok(Self {
            version: version.parse().map_err(|_no_number| MarkError("version"))?,
            sha256: hash(sha256).ok_or(MarkError("sha256"))?,
            head: match head {
                NO_HEAD => None,
                head => Some(ListHead::parse(head).ok_or(MarkError("head"))?),
            },
            signers,
            delegated,
        })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = self
            .head
            .as_ref()
            .map_or(NO_HEAD.to_owned(), ListHead::to_string);
        writeln!(
            f,
            "{FIRST_LINE}\nversion {}\nsha256 {}\nhead {head}",
            self.version,
            hex(&self.sha256)
        )?;
        for (old, new) in &self.signers.followed {
            writeln!(f, "followed {} {}", hex(old), hex(new))?;
        }
        let mut revoked = self.signers.revoked.iter();
        revoked.try_for_each(|key| writeln!(f, "revoked {}", hex(key)))?;
        match &self.delegated {
            None => Ok(()),
            Some(DelegationSeen { number, until, key }) => {
                writeln!(f, "delegated {number} {until} {}", hex(key))
            }
        }
    }
}

/// A ledger only grows; whether a longer one has the shorter one in it, `ledger verify
/// --against` shows.
fn extends(kept: &ListHead, new: &ListHead) -> Result<(), Refusal> {
    if new.origin != kept.origin {
        return Err(Refusal::OtherLedger {
            kept: kept.origin.clone(),
            fetched: new.origin.clone(),
        });
    }
    if new.size < kept.size {
        return Err(Refusal::OlderHead {
            kept: kept.size,
            fetched: new.size,
        });
    }
    if new.size == kept.size && new.root != kept.root {
        return Err(Refusal::Forked(new.size));
    }
    Ok(())
}

/// The lines behind the head: every rollover that was followed, then every revoked key, then the newest
/// delegation.
fn signers<'a>(
    lines: impl Iterator<Item = &'a str>,
) -> Result<(SignersSeen, Option<DelegationSeen>), MarkError> {
    let (mut seen, mut newest) = (SignersSeen::default(), None);
    for line in lines {
        match line.split_once(' ') {
            _ if newest.is_some() => return Err(MarkError("end")),
            Some(("delegated", rest)) => {
                newest = Some(delegated(rest).ok_or(MarkError("delegated"))?);
            }
            Some(("followed", keys)) if seen.revoked.is_empty() => {
                seen.followed.push(pair(keys).ok_or(MarkError("followed"))?);
            }
            Some(("revoked", key)) => seen.revoked.push(hash(key).ok_or(MarkError("revoked"))?),
            _ => return Err(MarkError("end")),
        }
    }
    Ok((seen, newest))
}

fn delegated(text: &str) -> Option<DelegationSeen> {
    let mut words = text.splitn(3, ' ');
    Some(DelegationSeen {
        number: words.next()?.parse().ok()?,
        until: words.next()?.parse().ok()?,
        key: hash(words.next()?)?,
    })
}

fn pair(keys: &str) -> Option<(KeyHash, KeyHash)> {
    let (old, new) = keys.split_once(' ')?;
    Some((hash(old)?, hash(new)?))
}

fn hash(text: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    let written = base16ct::lower::decode(text, &mut hash).ok()?.len();
    (written == hash.len()).then_some(hash)
}

const FIRST_LINE: &str = "punchmark krl mark 1";
const NO_HEAD: &str = "none";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::krl::{Header, Krl, ListName, Revocations};

    fn head(size: u64, root: u8) -> ListHead {
        ListHead {
            origin: "punchmark.ledger/0123456789abcdef".into(),
            size,
            root: [root; 32],
        }
    }

    fn krl(version: u64, head: Option<ListHead>) -> Krl {
        let name = ListName {
            name: "users".into(),
            head,
        };
        let header = Header {
            version,
            comment: name.to_comment().unwrap(),
            ..Header::default()
        };
        Krl::new(header, Revocations::default())
    }

    fn mark() -> Mark {
        Mark {
            version: 7,
            sha256: [1; 32],
            head: Some(head(40, 1)),
            signers: SignersSeen::default(),
            delegated: None,
        }
    }

    #[test]
    fn reads_back_what_it_writes_and_nothing_else() {
        for mark in [
            mark(),
            Mark {
                head: None,
                ..mark()
            },
            Mark {
                signers: SignersSeen {
                    followed: vec![([3; 32], [4; 32]), ([4; 32], [5; 32])],
                    revoked: vec![[4; 32], [6; 32]],
                },
                ..mark()
            },
            Mark {
                delegated: Some(DelegationSeen {
                    number: 2,
                    until: 1_798_000_000,
                    key: [7; 32],
                }),
                ..mark()
            },
        ] {
            let text = mark.to_string();
            assert_eq!(Mark::parse(&text), Ok(mark));
            assert_eq!(Mark::parse(&format!("{text}x\n")), Err(MarkError("end")));
            let cut: Vec<_> = text.lines().take(3).collect();
            assert_eq!(Mark::parse(&cut.join("\n")), Err(MarkError("head")));
        }
        assert_eq!(Mark::parse(""), Err(MarkError("first line")));
        let (text, key) = (mark().to_string(), hex(&[3; 32]));
        for (more, name) in [
            (format!("followed {key}"), "followed"),
            (format!("followed {key} {key} {key}"), "followed"),
            (format!("revoked {key}0"), "revoked"),
            (format!("revoked {key}\nfollowed {key} {key}"), "end"),
            (format!("delegated 1 {key}"), "delegated"),
            (format!("delegated 1 2 {key} "), "delegated"),
            (format!("delegated 1 2 {key}\nrevoked {key}"), "end"),
        ] {
            assert_eq!(Mark::parse(&(text.clone() + &more)), Err(MarkError(name)));
        }
    }

    #[test]
    fn nothing_goes_back_behind_what_was_seen() {
        let held = |version, sha256, head| mark().hold(&krl(version, head), &[sha256; 32]);
        assert_eq!(held(7, 1, Some(head(40, 1))), Ok(()));
        assert_eq!(held(8, 2, Some(head(41, 2))), Ok(()));
        let (installed, fetched) = (7, 6);
        assert_eq!(
            held(6, 1, Some(head(41, 1))),
            Err(Refusal::Older { installed, fetched })
        );
        assert_eq!(held(7, 2, Some(head(40, 1))), Err(Refusal::SameVersion(7)));
        let (kept, fetched) = (40, 39);
        assert_eq!(
            held(8, 2, Some(head(39, 1))),
            Err(Refusal::OlderHead { kept, fetched })
        );
        let fetched = 0;
        assert_eq!(held(8, 2, None), Err(Refusal::OlderHead { kept, fetched }));
        assert_eq!(held(8, 2, Some(head(40, 2))), Err(Refusal::Forked(40)));
        let other = ListHead {
            origin: "punchmark.ledger/f".into(),
            ..head(50, 1)
        };
        assert!(matches!(
            held(8, 2, Some(other)),
            Err(Refusal::OtherLedger { .. })
        ));
    }

    #[test]
    fn a_mark_keeps_the_head_of_before_where_a_list_has_none() {
        let next = Mark::of(
            &krl(9, None),
            [2; 32],
            Some(&mark()),
            SignersSeen::default(),
            None,
        );
        assert_eq!((next.version, next.head), (9, Some(head(40, 1))));
    }
}
