//! What a published list says of itself in its comment: its name, and a head of the ledger
//! that it was made from.
//!
//! OpenSSH passes a comment over, and a signature over the list covers it. So every server
//! that takes the list becomes a witness of the ledger, without a format of its own.

use std::ffi::{CStr, CString, NulError};
use std::fmt;

use base64ct::{Base64, Encoding};

use super::lines::decimal;

/// The name of a list, and the head that it carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListName {
    /// What tells this list from others of the same signer; may be empty.
    pub name: String,
    /// How far the ledger had come when the list was made; none in lists of other makers.
    pub head: Option<ListHead>,
}

/// The head of a ledger, as a list carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListHead {
    /// The name of the ledger.
    pub origin: String,
    /// How many entries it had.
    pub size: u64,
    /// The Merkle root over them.
    pub root: [u8; 32],
}

impl ListName {
    /// Reads a comment. What doesn't end in a whole head is all name.
    #[must_use]
    pub fn of_comment(comment: &CStr) -> Self {
        let text = comment.to_string_lossy();
        let parts = text
            .strip_suffix(']')
            .and_then(|text| text.rsplit_once(OPENING));
        let found = parts.and_then(|(name, head)| Some((name, ListHead::parse(head)?)));
        match found {
            Some((name, head)) => Self {
                name: name.trim_end().to_owned(),
                head: Some(head),
            },
            None => Self {
                name: text.into_owned(),
                head: None,
            },
        }
    }

    /// The comment that says this.
    ///
    /// # Errors
    /// [`NulError`] if the name has a NUL in it.
    pub fn to_comment(&self) -> Result<CString, NulError> {
        let blank = if self.name.is_empty() { "" } else { " " };
        match &self.head {
            Some(head) => CString::new(format!("{}{blank}{OPENING}{head}]", self.name)),
            None => CString::new(self.name.clone()),
        }
    }
}

impl ListHead {
    /// Reads three words: origin, size, and root in Base64.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let head = Self {
            origin: words.next().filter(|word| !word.is_empty())?.to_owned(),
            size: decimal(words.next()?)?,
            root: Base64::decode_vec(words.next()?).ok()?.try_into().ok()?,
        };
        words.next().is_none().then_some(head)
    }
}

impl fmt::Display for ListHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root = Base64::encode_string(&self.root);
        write!(f, "{} {} {root}", self.origin, self.size)
    }
}

const OPENING: &str = "[head ";

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> ListHead {
        ListHead {
            origin: "punchmark.ledger/0123456789abcdef".into(),
            size: 42,
            root: [7; 32],
        }
    }

    #[test]
    fn reads_back_what_it_writes() {
        for name in ["", "users", "users hosts", "søren [x]"] {
            for head in [None, Some(head())] {
                let list = ListName {
                    name: name.into(),
                    head,
                };
                assert_eq!(ListName::of_comment(&list.to_comment().unwrap()), list);
            }
        }
    }

    #[test]
    fn what_is_no_whole_head_is_name() {
        let root = Base64::encode_string(&[7; 32]);
        for comment in [
            "users [head x 1]".to_owned(),
            format!("users [head  1 {root}]"),
            format!("users [head x 01 {root}]"),
            format!("users [head x 1 {root} more]"),
            format!("users [head x 1 {root}] behind"),
            "users [head x 1 AAAA]".to_owned(),
        ] {
            let read = ListName::of_comment(&CString::new(comment.clone()).unwrap());
            assert_eq!((read.name, read.head), (comment, None));
        }
    }
}
