//! The tables of the index, each with its key. Numbers in keys are big-endian.
//!
//! "Position" is where the row points; where nothing else is said, that is the entry which
//! the row follows from.

/// Each table as a constant of its number, and all of them by name.
macro_rules! tables {
    ($($(#[$doc:meta])+ $name:ident = $number:literal,)+) => {
        $($(#[$doc])+ pub(in crate::ledger) const $name: u8 = $number;)+

        /// Every table with its name, as the constants are called.
        pub(in crate::ledger) const ALL: &[(u8, &str)] = &[$(($number, stringify!($name))),+];
    };
}

tables! {
    /// Every CA. The key is empty.
    CA = 1,
    /// A serial of the sequence that was reserved: position of the CA (8), serial (8).
    AUTOMATIC = 2,
    /// A serial that was asked for by number and reserved: position of the CA (8), serial (8).
    EXPLICIT = 3,
    /// A gap in the serials: position of the CA (8), last (8), first (8).
    GAP = 4,
    /// A reservation by its request: position of the CA (8), half of the request's SHA-256 (16).
    REQUEST = 5,
    /// What became of a reservation: its position (8). The row points to the outcome.
    OUTCOME = 6,
    /// A reservation by the id of its request (16).
    REQUEST_ID = 7,
    /// A challenge by its nonce (32).
    CHALLENGE = 8,
    /// A reservation by the position of the challenge that it answers (8).
    ANSWER = 9,
    /// A reservation by SHA-256 of the subject's key blob (32), then the requester's name.
    SUBJECT = 10,
    /// A reservation by its requester's name.
    REQUESTER = 11,
    /// A reservation by half of the SHA-256 of its key ID (16); and by that of the key ID that
    /// was asked for, where a version before 0.2.0 wrote a private root behind it.
    KEY_ID = 12,
    /// A reservation by half of the SHA-256 of a principal (16).
    PRINCIPAL = 13,
    /// A reservation by the serial of the card that its key is in (8).
    CARD = 14,
    /// The text of a policy by its SHA-256 (32).
    POLICY = 15,
    /// Evidence by the SHA-256 of all that makes it the same (32).
    EVIDENCE = 16,
    /// Evidence by SHA-256 of the blob of the key that it is about (32).
    EVIDENCE_SUBJECT = 17,
    /// A key or card that was given to a requester or taken away, in its canonical bytes; the
    /// newest row tells which.
    CREDENTIAL = 18,
    /// Every bar. The key is empty.
    BAR = 19,
    /// A card that was barred by its number alone, whatever its family (8).
    BARRED_CARD = 20,
    /// A card that was barred with its family, in canonical bytes.
    BARRED_FAMILY_CARD = 21,
    /// A requester who was barred, by name.
    BARRED_REQUESTER = 22,
    /// Every revocation. The key is empty.
    REVOCATION = 23,
    /// A key that was revoked, by SHA-256 of its blob (32).
    REVOKED_KEY = 24,
    /// Serials that were revoked: hash of the CA's blob (16; zeros where every CA is meant),
    /// last (8), first (8).
    REVOKED_SERIAL = 25,
    /// A key ID that was revoked: hash of the CA's blob (16; zeros where every CA is meant),
    /// half of the key ID's SHA-256 (16).
    REVOKED_KEY_ID = 26,
    /// A KRL by its version (8).
    KRL = 27,
    /// What makes a key a ledger key, or ends that: SHA-256 of its blob (32).
    LEDGER_KEY = 28,
    /// A head that was signed, by its size (8).
    SIGNED_HEAD = 29,
    /// The suffixes of a CA, by its position (8); the newest row counts.
    SUFFIXES = 30,
    /// Each time that the ledger went on behind a gap and recorded what it took over. The key
    /// is empty.
    RECOVERY = 31,
    /// Each adoption of a head. The key is empty.
    HEAD_ADOPTED = 32,
    /// Each record of where heads are kept. The key is empty; the newest counts.
    HEAD_PLACES = 33,
    /// A root of attestation that is not believed, by SHA-256 of its certificate (32).
    DISTRUSTED = 34,
    /// A token that was bound to this ledger, by the position of the CA (8).
    BOUND = 35,
    /// Each place that was allowed. The key is empty.
    PLACE_ALLOWED = 36,
    /// A frame: position of its first entry (8), its place (8). The row points to that entry.
    FRAME = 37,
    /// The hash of a complete subtree of 256, 65536, … leaves: level (1), number (8), hash (32).
    /// The row points to its last leaf's entry.
    TILE = 38,
    /// An entry that this version cannot read. The key is empty.
    UNREADABLE = 39,
    /// Where a ledger key lies, by SHA-256 of its locator (32).
    LEDGER_KEY_PLACE = 40,
    /// The names that were recorded for a requester, by the requester's name; the newest counts.
    REQUESTER_NAMES = 41,
    /// The duties that were recorded for a requester, by the requester's name; the newest counts.
    DUTIES = 42,
    /// Each ceremony. The key is empty.
    CEREMONY = 43,
    /// A copy of a CA's key: position of the CA (8), half of the SHA-256 of where it is (16); the
    /// newest row counts.
    COPY = 44,
    /// What begins and ends the signing of a bundle. The key is empty.
    BUNDLE = 45,
    /// A CA that was retired, by its position (8).
    RETIRED = 46,
    /// A stage of the way from one CA to another, by the position of the old one (8).
    ROLLOVER = 47,
    /// A revocation that was pending and was taken or refused, by SHA-256 of what its revoker signed (32).
    PENDING = 48,
    /// What each device has its secrets from. The key is empty.
    CUSTODY = 49,
    /// Each delegation of the signing of lists. The key is empty; the newest counts.
    DELEGATION = 50,
    /// Each trial of a copy of a CA's key, by the position of the CA (8).
    TRIED = 51,
    /// A login to a server, by the requester's name.
    LOGIN = 52,
    /// Whom an identity provider means, by SHA-256 over the SHA-256 of issuer and subject (32); the newest row counts.
    BOUND_SUBJECT = 53,
    /// A name that somebody was bound to, or no longer, in lower case.
    BOUND_NAME = 54,
}
