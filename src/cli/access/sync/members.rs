//! The two files of a list whose groups this server asks a directory service for: the text as it was
//! signed, and the list with the members, which logins read.
//!
//! What comes next is judged by the signed text. The members are asked for in each run, also where no
//! next text came, so that who left a group gets in no longer.

use std::path::{Path, PathBuf};

use super::report::What;
use super::{LIST_MODE, Sync, list_bytes_max};
use crate::cli::access::compile::compile;
use crate::cli::access::directory::Bar;
use crate::cli::access::list::parse;
use crate::cli::access::signed::beside;
use crate::cli::base::failure::Failure;
use crate::cli::base::fetching::installed;
use crate::cli::base::output_file::{Place, put};

/// The text as it was signed.
pub(super) fn signed_file(out: &Path) -> PathBuf {
    beside(out, SIGNED_ENDING)
}

impl Sync {
    /// The text by which the next one is judged.
    pub(super) fn installed(&self, out: &Path) -> Result<Option<Vec<u8>>, Failure> {
        let signed = if self.resolve {
            installed(&signed_file(out), list_bytes_max())?
        } else {
            None
        };
        match signed {
            Some(signed) => Ok(Some(signed)),
            // On the first run that asks, a list that was resolved elsewhere may be there.
            None => installed(out, list_bytes_max()),
        }
    }

    /// What is to be put in the place of the list that is there, if it is another one: the signed text,
    /// or it with the members.
    pub(super) fn next_list(
        &self,
        out: &Path,
        fetched: Option<&[u8]>,
        installed: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, Failure> {
        if !self.resolve {
            return Ok(fetched.map(<[u8]>::to_vec));
        }
        match fetched.or(installed) {
            Some(signed) => self.with_members(out, signed),
            None => Ok(None),
        }
    }

    /// Renews the members of the text that stays.
    pub(super) fn renew(&self, out: &Path, installed: Option<&[u8]>, what: What) -> What {
        let Some(signed) = installed.filter(|_| self.resolve) else {
            return what;
        };
        let renewed = self.with_members(out, signed).and_then(|list| match list {
            Some(list) => {
                let path = out.to_path_buf();
                put(&[Place {
                    path,
                    bytes: list,
                    mode: LIST_MODE,
                }])?;
                compile(out).map(drop)
            }
            None => Ok(()),
        });
        match (what, renewed) {
            (What::Waits { .. }, Err(failure)) => What::Kept(failure),
            (what, _) => what,
        }
    }

    fn with_members(&self, out: &Path, signed: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let path = signed_file(out);
        let list = parse(&path, signed)?;
        let text = String::from_utf8_lossy(signed);
        let next = if list.header().unresolved().is_some() {
            let found = self.directory.resolve(&text, &list, Bar::Hidden)?;
            found.text.into_bytes()
        } else {
            signed.to_vec()
        };
        Ok((installed(out, list_bytes_max())?.as_ref() != Some(&next)).then_some(next))
    }
}

const SIGNED_ENDING: &str = ".signed";
