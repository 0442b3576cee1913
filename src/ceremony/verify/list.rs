//! The list of revoked keys, made again of the ledger as it was when the list was made: its header by the entry of
//! the list, all else by what was revoked until then.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;

use sha2::{Digest, Sha256};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::told::is_told;
use super::{Outputs, unread};
use crate::ceremony::conduct::LEDGER_FILE;
use crate::ceremony::facts::{LIST_GOES, list_goes};
use crate::ceremony::instant::FIVE_MINUTES;
use crate::ceremony::list_name::list_name;
use crate::ceremony::plan::Plan;
use crate::ceremony::public_files::LIST_FILE;
use crate::ceremony::steps::{Act, steps};
use crate::ceremony::transcript::Transcript;
use crate::ceremony::verdict::VerdictFault;
use crate::krl::{Header, Krl, ListHead, ListName};
use crate::ledger::{Entry, Event, KrlMade, Ledger, MirrorError};
use crate::revocation::{Prune, krl};

/// The entry of the list.
struct Made {
    position: u64,
    time: u64,
    made: KrlMade,
    /// The newest version of a list before it; 0 where there was none.
    last_version: u64,
}

impl Outputs<'_> {
    /// Holds the list against the ledger, in every kind that makes one.
    pub(super) fn list_is_of(
        &self,
        ledger: &Ledger,
        (plan, transcript): (&Plan, &Transcript),
        key: &KeyData,
    ) -> Result<(), VerdictFault> {
        if !steps(plan).iter().any(|step| step.act == Act::List) {
            return Ok(());
        }
        let bytes = self.read(LIST_FILE)?;
        let list =
            Krl::from_bytes(&bytes).map_err(|error| VerdictFault::List(error.to_string()))?;
        let entry = entry_of(ledger, &bytes)?;
        let before = self.ledger_before(ledger, &entry)?;
        header_is_of(&before, (plan, transcript), (&entry, key), list.header())?;
        let again = krl(
            &before,
            &before.cas()?,
            list.header().clone(),
            Prune::Nothing,
        );
        let again = again.ok().and_then(|list| list.to_bytes().ok());
        if again.as_ref() == Some(&bytes) {
            return goes_where_it_is_told((plan, transcript), &before, ledger);
        }
        let words = format!(
            "it is not what the ledger had revoked by entry {}",
            entry.position
        );
        Err(VerdictFault::List(words))
    }

    /// The ledger as it was before an entry, which begins a frame.
    fn ledger_before(&self, ledger: &Ledger, entry: &Made) -> Result<Ledger, VerdictFault> {
        let path = self.path(LEDGER_FILE)?;
        let failed = |source| unread(path, source);
        let folder = tempfile::tempdir().map_err(failed)?;
        let short = folder.path().join(LEDGER_FILE);
        write_until(ledger, (path, &short), entry.position.saturating_sub(1)).map_err(failed)?;
        Ok(Ledger::open_to_read(&short)?)
    }
}

/// Where there was a mirror when the list was made, it stays in the room. One that came to be known before the run
/// that told of it may be told of.
fn goes_where_it_is_told(
    (plan, transcript): (&Plan, &Transcript),
    before: &Ledger,
    end: &Ledger,
) -> Result<(), VerdictFault> {
    if plan.ledger.is_none() {
        return Ok(());
    }
    let told_later = transcript.fact(LIST_GOES) == Some(list_goes(true)) && end.has_mirror()?;
    let has_mirror = told_later || before.has_mirror()?;
    is_told(transcript, LIST_GOES, list_goes(has_mirror))
}

/// The frames of a ledger up to a size, as a file of their own.
fn write_until(ledger: &Ledger, (from, to): (&Path, &Path), size: u64) -> io::Result<()> {
    let mut header = [0; LEDGER_HEADER];
    crate::file::open(from)?.read_exact(&mut header)?;
    let mut file = File::create(to)?;
    file.write_all(&header)?;
    let mut written = Ok(());
    let read = ledger.each_frame_behind::<MirrorError>((0, size), &mut |frame| {
        if written.is_ok() {
            written = file.write_all(&frame);
        }
        Ok(())
    });
    read.map_err(io::Error::other)?;
    written
}

/// The last entry of a list with these bytes.
fn entry_of(ledger: &Ledger, bytes: &[u8]) -> Result<Made, VerdictFault> {
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    let (mut found, mut last_version) = (None, 0);
    ledger.each_entry(1, &mut |position, bytes| {
        let Ok(entry) = Entry::from_bytes(bytes) else {
            return ControlFlow::Continue(());
        };
        match entry.event {
            Event::KrlMade(made) => {
                let version = made.version;
                if made.sha256 == sha256 {
                    found = Some(Made {
                        position,
                        time: entry.time,
                        made,
                        last_version,
                    });
                }
                last_version = last_version.max(version);
            }
            Event::Resumed(resumed) => {
                let version = resumed.recovery.map_or(0, |recovery| recovery.krl_version);
                last_version = last_version.max(version);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    })?;
    found.ok_or_else(|| VerdictFault::List("the ledger has no entry of it".to_owned()))
}

/// Each field of the header is what a run writes there, and so is each of the entry.
fn header_is_of(
    before: &Ledger,
    (plan, transcript): (&Plan, &Transcript),
    (entry, key): (&Made, &KeyData),
    header: &Header,
) -> Result<(), VerdictFault> {
    let Header {
        version,
        generated,
        flags,
        comment,
    } = header;
    let KrlMade {
        version: recorded,
        sha256: _,
        keyboard: _,
        list,
    } = &entry.made;
    let wrong = |field: &str| {
        Err(VerdictFault::List(format!(
            "its {field} is not that of its entry in the ledger"
        )))
    };
    if version != recorded || *version != entry.last_version.saturating_add(1).max(*generated) {
        return wrong("version");
    }
    if generated.abs_diff(entry.time) > FIVE_MINUTES {
        return wrong("time");
    }
    if *flags != Header::default().flags {
        return wrong("field of flags");
    }
    let signer = PublicKey::from(key.clone()).to_bytes().unwrap_or_default();
    let Some(list) = list.as_ref().filter(|list| list.signer == signer) else {
        return wrong("signer");
    };
    let head = before.checkpoint()?.ok_or(VerdictFault::HeadCovers)?;
    if (list.size, list.root) != (head.size, head.root) {
        return wrong("head");
    }
    let name = ListName {
        name: list_name(plan, transcript, &before.cas()?),
        head: Some(ListHead {
            origin: head.origin,
            size: head.size,
            root: head.root,
        }),
    };
    if name.to_comment().is_ok_and(|wanted| wanted == *comment) {
        return Ok(());
    }
    wrong("name or head")
}

/// Bytes of a ledger's file before its first frame.
const LEDGER_HEADER: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ceremony::plan::tests::filled;
    use crate::ceremony::verdict::tests::KEY;
    use crate::ledger::{ListSigned, TailCut, for_tests};

    /// A change of the list's header, or of what the ledger has of it.
    type Change = fn(&mut Header, &mut Made);

    fn held(change: impl Fn(&mut Header, &mut Made)) -> Result<(), VerdictFault> {
        let plan = Plan::parse(filled(3).as_bytes()).unwrap();
        let mut ledger = for_tests::ledger(Box::new(|_| Ok(())));
        let cut = TailCut {
            offset: 64,
            length: 1,
            sha256: [1; 32],
            copy: String::new(),
            keyboard: String::new(),
        };
        ledger.forge(Event::TailCut(cut), 100).unwrap();
        let head = ledger.checkpoint().unwrap().unwrap();
        let key: PublicKey = KEY.parse().unwrap();
        let mut entry = Made {
            position: 2,
            time: 1000,
            made: KrlMade {
                version: 1000,
                sha256: [2; 32],
                keyboard: String::new(),
                list: Some(ListSigned {
                    signer: key.to_bytes().unwrap(),
                    size: head.size,
                    root: head.root,
                }),
            },
            last_version: 900,
        };
        let name = ListName {
            name: String::new(),
            head: Some(ListHead {
                origin: head.origin,
                size: head.size,
                root: head.root,
            }),
        };
        let mut header = Header {
            version: 1000,
            generated: 1000,
            comment: name.to_comment().unwrap(),
            ..Header::default()
        };
        change(&mut header, &mut entry);
        let of = (&plan, &Transcript::default());
        header_is_of(&ledger, of, (&entry, key.key_data()), &header)
    }

    #[test]
    fn each_field_of_a_header_and_its_entry_is_held() {
        held(|_, _| {}).unwrap();
        // A clock that stood behind the last list.
        held(|header, made| {
            (header.version, made.made.version) = (901, 901);
            (header.generated, made.time) = (500, 500);
        })
        .unwrap();
        let said = |change: Change| held(change).unwrap_err().to_string();
        let changes: [(Change, &str); 11] = [
            (|header, _| header.version = u64::MAX, "version"),
            (|_, made| made.made.version = 1001, "version"),
            (
                |header, made| (header.version, made.made.version) = (u64::MAX, u64::MAX),
                "version",
            ),
            (|_, made| made.last_version = 2000, "version"),
            (|_, made| made.time = 2000, "time"),
            (|header, _| header.flags = u64::MAX, "flags"),
            (
                |header, _| header.comment = c"hosts".to_owned(),
                "name or head",
            ),
            (|_, made| made.made.list = None, "signer"),
            (
                |_, made| made.made.list.as_mut().unwrap().signer.push(0),
                "signer",
            ),
            (|_, made| made.made.list.as_mut().unwrap().size = 7, "head"),
            (
                |_, made| made.made.list.as_mut().unwrap().root = [0; 32],
                "head",
            ),
        ];
        for (change, named) in changes {
            let fault = said(change);
            assert!(fault.contains(named), "{fault}");
        }
    }
}
