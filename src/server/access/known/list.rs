//! A file of known certificates, held whole: as it is made, and as it is judged when it comes.

use super::header::{KnownError, KnownHeader};
use super::{KnownCertificates, Part, Standing, standing_by};
use crate::server::access::presented::Presented;

/// The SHA-256 of a certificate's blob, cut to its first 16 bytes.
pub(in crate::server::access) type Digest = [u8; 16];

/// The certificates of a CA that its ledger knows: issued, not expired, not revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownList {
    header: KnownHeader,
    known: Vec<Digest>,
    emergency: Vec<Digest>,
}

impl KnownList {
    /// The list of these certificates, in whatever order; `emergency` are some of them. `version` and
    /// `generated` are Unix seconds, `head` is a head of the ledger in three words, `ca` the SHA-256
    /// of the CA's key.
    ///
    /// None where a name is no single line of at most 255 bytes, or the list would be longer than
    /// [`KNOWN_BYTES_MAX`].
    #[must_use]
    pub fn new(
        name: &str,
        ca: [u8; 32],
        (version, generated): (u64, u64),
        head: Option<String>,
        mut known: Vec<[u8; 16]>,
        mut emergency: Vec<[u8; 16]>,
    ) -> Option<Self> {
        for digests in [&mut known, &mut emergency] {
            digests.sort_unstable();
            digests.dedup();
        }
        let header = KnownHeader {
            name: name.to_owned(),
            ca,
            version,
            generated,
            head,
            known: u64::try_from(known.len()).ok()?,
            emergency: u64::try_from(emergency.len()).ok()?,
        };
        let list = Self {
            header,
            known,
            emergency,
        };
        Self::parse(&list.to_bytes()).ok()
    }

    /// Reads a file, strictly: what it doesn't say in the one way is none.
    ///
    /// # Errors
    /// [`KnownError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KnownError> {
        let (header, length) = KnownHeader::parse(bytes)?;
        let found = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let wanted = header.file_bytes(length).unwrap_or(u64::MAX);
        let limit = u64::try_from(KNOWN_BYTES_MAX).unwrap_or(u64::MAX);
        if found != wanted || found > limit {
            return Err(KnownError::Length { found, wanted });
        }
        let (digests, _none) = bytes.get(length..).unwrap_or_default().as_chunks();
        let known = usize::try_from(header.known).unwrap_or(usize::MAX);
        let (known, emergency) = digests.split_at_checked(known).unwrap_or_default();
        in_order(known)?;
        in_order(emergency)?;
        let strange = emergency
            .iter()
            .position(|one| known.binary_search(one).is_err());
        if let Some(strange) = strange {
            return Err(KnownError::NotKnown(strange));
        }
        Ok(Self {
            header,
            known: known.to_vec(),
            emergency: emergency.to_vec(),
        })
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.header.to_string().into_bytes();
        let digests = self.known.iter().chain(&self.emergency);
        bytes.extend(digests.flatten());
        bytes
    }

    /// What it says of itself.
    #[must_use]
    pub fn header(&self) -> &KnownHeader {
        &self.header
    }

    /// The digests of all certificates, in order.
    #[must_use]
    pub fn known(&self) -> &[[u8; 16]] {
        &self.known
    }

    /// What it says at this Unix second.
    #[must_use]
    pub fn at(&self, now: u64) -> impl KnownCertificates + '_ {
        At { list: self, now }
    }
}

/// A list, asked at a time.
struct At<'l> {
    list: &'l KnownList,
    now: u64,
}

impl KnownCertificates for At<'_> {
    fn standing(&self, _ca: &str, certificate: &Presented, seconds_max: u64) -> Standing {
        let among = |part, digest: &Digest| {
            let digests = match part {
                Part::All => &self.list.known,
                Part::Emergency => &self.list.emergency,
            };
            digests.binary_search(digest).is_ok()
        };
        standing_by(
            &self.list.header,
            self.now,
            certificate,
            seconds_max,
            &among,
        )
    }
}

fn in_order(digests: &[Digest]) -> Result<(), KnownError> {
    let pairs = digests.iter().zip(digests.iter().skip(1));
    match pairs.into_iter().position(|(one, next)| one >= next) {
        Some(at) => Err(KnownError::Order(at.saturating_add(1))),
        None => Ok(()),
    }
}

/// The largest file that is read, in bytes: some eight million certificates.
pub const KNOWN_BYTES_MAX: usize = 128 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> KnownList {
        let head = "punchmark.ledger/0123456789abcdef 42 AAAA".to_owned();
        let known = vec![[9; 16], [1; 16], [5; 16], [5; 16]];
        KnownList::new("users", [7; 32], (8, 9), Some(head), known, vec![[5; 16]]).unwrap()
    }

    #[test]
    fn it_reads_back_what_it_writes_in_order_and_none_twice() {
        assert_eq!(list().known(), [[1; 16], [5; 16], [9; 16]]);
        assert_eq!(KnownList::parse(&list().to_bytes()), Ok(list()));
        let header = list().header().clone();
        assert_eq!((header.known(), header.emergency()), (3, 1));
        let empty = KnownList::new("users", [7; 32], (1, 1), None, vec![], vec![]).unwrap();
        assert_eq!(KnownList::parse(&empty.to_bytes()), Ok(empty));
    }

    #[test]
    fn what_is_cut_longer_or_out_of_order_is_none() {
        let bytes = list().to_bytes();
        for cut in 0..bytes.len() {
            let read = KnownList::parse(bytes.get(..cut).unwrap());
            // Cut in its head, or behind it.
            let is_cut = match read {
                Err(KnownError::Line(_)) => cut < bytes.len() - 64,
                Err(KnownError::Length { .. }) => cut >= bytes.len() - 64,
                _ => false,
            };
            assert!(is_cut, "{cut}");
        }
        let found = u64::try_from(bytes.len() + 1).unwrap();
        let longer = KnownList::parse(&[&bytes[..], &[0]].concat());
        assert!(matches!(longer, Err(KnownError::Length { found: f, .. }) if f == found));
        let head = bytes.len() - 64;
        let with = |digests: [u8; 4]| {
            let digests = digests.map(|byte| [byte; 16]).concat();
            KnownList::parse(&[&bytes[..head], &digests].concat())
        };
        assert!(with([1, 5, 9, 5]).is_ok());
        assert_eq!(with([1, 1, 9, 9]), Err(KnownError::Order(1)));
        assert_eq!(with([1, 9, 5, 9]), Err(KnownError::Order(2)));
        assert_eq!(with([1, 5, 9, 8]), Err(KnownError::NotKnown(0)));
    }

    #[test]
    fn a_head_has_one_form() {
        let text = list().header().to_string();
        assert_eq!(KnownHeader::parse(text.as_bytes()).unwrap().1, text.len());
        let (mut found, mut meant) = (Vec::new(), Vec::new());
        for (from, to, line) in [
            ("known 1", "known 2", "punchmark known 1"),
            ("name users", "name ", "name"),
            ("name users", "name us\ters", "name"),
            ("version 8", "version 08", "punchmark known 1"),
            ("version 8", "version +8", "punchmark known 1"),
            ("generated 9", "generated -9", "generated"),
            (" 42 ", "  42 ", "head"),
            ("42 AAAA", "42", "head"),
            (
                "emergency 1\n",
                "emergency 1\nmore 1\n",
                "punchmark known 1",
            ),
            ("emergency 1\n", "emergency 1\r\n", "emergency"),
            ("SHA256:BwcH", "SHA256:BwcHBw", "ca"),
            ("SHA256:BwcH", "MD5:BwcH", "ca"),
        ] {
            let odd = text.replacen(from, to, 1);
            assert_ne!(odd, text);
            let refused = KnownHeader::parse(odd.as_bytes()).unwrap_err();
            found.push((to, refused));
            meant.push((to, KnownError::Line(line)));
        }
        assert_eq!(found, meant);
        let long = "x".repeat(1_100);
        assert!(KnownList::new(&long, [7; 32], (1, 1), None, vec![], vec![]).is_none());
        assert!(KnownList::new("a\nb", [7; 32], (1, 1), None, vec![], vec![]).is_none());
        let many = text.replacen("known 3", "known 18446744073709551615", 1);
        let read = KnownList::parse(many.as_bytes());
        assert!(matches!(read, Err(KnownError::Length { .. })), "{read:?}");
    }
}
