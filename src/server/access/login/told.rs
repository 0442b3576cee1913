//! What lies beside the list of a CA's certificates: one digest is looked for, and nothing else read.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::super::header::Header;
use super::super::known::{
    Digest, KNOWN_HEADER_BYTES_MAX, KnownCertificates, KnownHeader, Part, Standing, file_name,
    standing_by,
};
use super::super::presented::Presented;
use super::door::{self, Untrusted};

/// A file of known certificates, if one is there that can be read.
#[derive(Debug)]
pub(super) struct Told {
    file: Option<Opened>,
    now: u64,
}

#[derive(Debug)]
struct Opened {
    file: File,
    header: KnownHeader,
    /// Where the digests begin.
    start: u64,
}

impl Told {
    /// Opens the file of the certificate's CA beside the list, where the list wants one for this user.
    ///
    /// # Errors
    /// [`Untrusted`], if others could have written it.
    pub(super) fn open(
        list: &str,
        header: &Header,
        (certificate, user): (&Presented, &str),
        now: u64,
    ) -> Result<Self, Untrusted> {
        let wanted = header.known_within(user).is_some();
        let ca = header.cas().iter();
        let mut ca = ca.filter(|ca| wanted && ca.fingerprint() == certificate.ca());
        let Some(ca) = ca.next() else {
            return Ok(Self { file: None, now });
        };
        let path = Path::new(list).with_file_name(file_name(ca.name()));
        let file = door::open_if_readable(&path)?;
        Ok(Self {
            file: file.and_then(Opened::new),
            now,
        })
    }
}

impl Opened {
    /// Reads the head alone; none where the file has another length than that means.
    fn new(file: File) -> Option<Self> {
        let length = file.metadata().ok()?.len();
        let most = usize::try_from(length).unwrap_or(usize::MAX);
        let mut head = vec![0; most.min(KNOWN_HEADER_BYTES_MAX)];
        file.read_exact_at(&mut head, 0).ok()?;
        let (header, start) = KnownHeader::parse(&head).ok()?;
        let whole = header.file_bytes(start)? == length;
        let start = u64::try_from(start).ok()?;
        whole.then_some(Self {
            file,
            header,
            start,
        })
    }

    /// Looks for a digest by halves. What can't be read, or isn't in order, has it not.
    fn has(&self, part: Part, digest: &Digest) -> bool {
        let known = self.header.known();
        let (mut low, mut high) = match part {
            Part::All => (0, known),
            Part::Emergency => (known, known.saturating_add(self.header.emergency())),
        };
        while low < high {
            let middle = low.midpoint(high);
            let Some(there) = self.digest(middle) else {
                return false;
            };
            match there.cmp(digest) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => low = middle.saturating_add(1),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        false
    }

    fn digest(&self, number: u64) -> Option<Digest> {
        let mut digest = Digest::default();
        let length = u64::try_from(digest.len()).ok()?;
        let at = number.checked_mul(length)?.checked_add(self.start)?;
        self.file.read_exact_at(&mut digest, at).ok()?;
        Some(digest)
    }
}

impl KnownCertificates for Told {
    fn standing(&self, _ca: &str, certificate: &Presented, seconds_max: u64) -> Standing {
        let Some(opened) = &self.file else {
            return Standing::NotTold;
        };
        let among = |part, digest: &Digest| opened.has(part, digest);
        standing_by(&opened.header, self.now, certificate, seconds_max, &among)
    }
}
