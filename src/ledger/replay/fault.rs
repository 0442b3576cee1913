//! What can be wrong with an entry, in words.

use crate::certificate::{KeyIdError, PrincipalError, SubjectError};

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is no entry.
    #[error("{0}")]
    Bytes(String),
    /// A later version wrote it.
    #[error("kind {0} is not known to this version")]
    Kind(u8),
    /// A format that was left is written again.
    #[error("an entry of kind {kind} behind one of kind {newest}, which took its place")]
    OldKind {
        /// Its kind.
        kind: u8,
        /// The newer kind.
        newest: u8,
    },
    /// Time runs backwards.
    #[error("its time is {behind} s before that of the entry before it")]
    Time {
        /// By so much.
        behind: u64,
    },
    /// A correction of another time than that of the entry before.
    #[error("it corrects the time {wrong}, and the entry before it has {last}")]
    Corrected {
        /// The time that it says was wrong.
        wrong: u64,
        /// The time of the entry before it.
        last: u64,
    },
    /// A correction where the clock stood right.
    #[error("it corrects a time that was not wrong")]
    NothingToCorrect,
    /// A time before there was a program to write it, or that no clock shows.
    #[error("its time is {0}, which no clock showed that the program goes by")]
    NoClock(u64),
    /// A leap in time that somebody had to confirm.
    #[error("its time is {days} days after that of the entry before it")]
    Leap {
        /// So many days.
        days: u64,
    },
    /// It names an entry that is not what it should be, or does not stand before it.
    #[error("it refers to entry {0}, which is not what it should be")]
    Reference(u64),

    /// A key that no subject, CA or ledger may have.
    #[error("{whose} is not fit for it: {why}")]
    Unfit {
        /// Whose key it is.
        whose: &'static str,
        /// What is wrong with it.
        why: SubjectError,
    },
    /// Bytes in place of a key that none are.
    #[error("{0} cannot be read")]
    NoKey(&'static str),
    /// A CA whose public key is none.
    #[error("the public key of the CA is malformed")]
    CaKey,
    /// A CA by a name or key that is one already.
    #[error("its name or key is a CA's already")]
    CaKnown,
    /// A key that was certified became a CA's.
    #[error("the key of the CA was certified as a subject's before")]
    SubjectBecameCa,
    /// A key that was revoked became a CA's.
    #[error("the key of the CA was revoked before")]
    RevokedBecameCa,
    /// A requester's key became a CA's.
    #[error("the key of the CA was enrolled as a requester's")]
    EnrolledBecameCa,
    /// A ledger key became a CA's.
    #[error("the key of the CA is the ledger's own")]
    LedgerKeyBecameCa,

    /// Serial 0, which no KRL can name.
    #[error("its serial is 0")]
    SerialZero,
    /// A serial that was taken before.
    #[error("serial {0} was taken before")]
    SerialTaken(u64),
    /// A serial that no server takes.
    #[error("serial {0} was revoked before")]
    SerialRevoked(u64),
    /// A key ID that no server takes.
    #[error("key ID {0:?} was revoked before")]
    KeyIdRevoked(String),
    /// The sequence left one out.
    #[error("serial {serial} comes next, and {expected} was left out")]
    SerialSkipped {
        /// The one that came next.
        expected: u64,
        /// The one that was taken.
        serial: u64,
    },
    /// The sequence went back.
    #[error("serial {0} is behind the sequence")]
    SerialBack(u64),
    /// The first serial of a CA is 0.
    #[error("the first serial of the CA is 0")]
    FirstSerial,
    /// A gap that does not begin where the sequence stands.
    #[error("the gap begins at {first}, and the sequence stands at {next}")]
    Gap {
        /// Where the gap begins.
        first: u64,
        /// What comes next.
        next: u64,
    },
    /// A gap that is larger than `ledger resume` makes one.
    #[error("the gap from {first} to {last} is larger than a million serials")]
    LargeGap {
        /// Where it begins.
        first: u64,
        /// Where it ends.
        last: u64,
    },

    /// The content isn't that of a certificate.
    #[error("its content is none of a certificate")]
    Content,
    /// The content has another field than the entry.
    #[error("its content has another {0}")]
    ContentDiffers(&'static str),
    /// A user certificate by a host CA, or the other way round.
    #[error("the CA signs no {0} certificates")]
    Purpose(&'static str),
    /// A certificate for anybody.
    #[error("its content names no principal")]
    NoPrincipals,
    /// A name that no principal is.
    #[error("its content names no principals: {0}")]
    Principals(PrincipalError),
    /// A text that no key ID is.
    #[error("its content has no key ID: {0}")]
    KeyId(KeyIdError),
    /// It was over before it was reserved.
    #[error("it was over {0} s before")]
    Over(u64),
    /// An outcome of what has one.
    #[error("the outcome of entry {0} was recorded before")]
    SecondOutcome(u64),
    /// A signature that is none.
    #[error("the signature is malformed")]
    SignatureForm,
    /// A certificate that its CA did not sign.
    #[error("the CA's signature is not valid")]
    Signature,

    /// A CA's key became a subject's.
    #[error("its subject is the key of a CA")]
    SubjectIsCa,
    /// A ledger key became a subject's.
    #[error("its subject is a key of the ledger")]
    SubjectIsLedgerKey,
    /// What was revoked was certified again.
    #[error("its subject was revoked before")]
    SubjectRevoked,
    /// A CA whose key was revoked goes on.
    #[error("the key of its CA was revoked before")]
    CaRevoked,
    /// A stage that can't follow what was before.
    #[error("a CA can't have taken the place of another so far: {0}")]
    Stage(&'static str),
    /// A CA that was retired takes a serial, or is retired again.
    #[error("its CA was retired before")]
    CaRetired,
    /// A CA ends before servers trust the one that takes its place.
    #[error("its CA ends before the one that takes its place is trusted: nobody gets in by either")]
    RetiredEarly,
    /// A card that was barred was served again.
    #[error("card {0} was barred before")]
    CardBarred(u64),
    /// A requester who was barred was served again.
    #[error("requester {0:?} was barred before")]
    RequesterBarred(String),
    /// One key of two people.
    #[error("the key is that of requester {owner:?}, not of {requester:?}")]
    KeyOfAnother {
        /// Whose it is.
        owner: String,
        /// Who got it.
        requester: String,
    },
    /// A key or card is enrolled already.
    #[error("it is enrolled for requester {0:?} already")]
    Enrolled(String),
    /// A name of a requester that no principal can be.
    #[error("`{0}` is no name that a certificate can be valid for")]
    RequesterName(String),
    /// Somebody is a registrar for what is no role that can be asked for.
    #[error("nobody can be a registrar for role {0:?}")]
    RegistrarOf(String),
    /// What was taken away was not enrolled.
    #[error("it was not enrolled for that requester")]
    NotEnrolled,

    /// A request was used twice.
    #[error("its request was used before")]
    RequestUsed,
    /// A challenge was answered twice.
    #[error("its challenge was answered before")]
    ChallengeUsed,
    /// A challenge was answered too late.
    #[error("its challenge expired {0} s before")]
    ChallengeExpired(u64),
    /// A challenge was made twice.
    #[error("the number of the challenge was used before")]
    ChallengeTwice,
    /// A policy that is not the one of its digest.
    #[error("the policy is not the one of its digest")]
    PolicyDigest,
    /// A policy that was written down before.
    #[error("the policy was written down before")]
    PolicyTwice,
    /// A policy that no entry before has.
    #[error("no entry before it has its policy")]
    PolicyUnknown,
    /// Evidence about another key.
    #[error("its evidence is about another key")]
    EvidenceOfAnother,
    /// What was proved is not what the evidence says.
    #[error("its evidence says another {0}")]
    EvidenceDiffers(&'static str),

    /// A reserved suffix without what its class asks for.
    #[error("principal {principal:?} ends in the reserved {suffix:?}, and {why}")]
    Suffix {
        /// The principal.
        principal: String,
        /// The suffix.
        suffix: String,
        /// What is missing.
        why: &'static str,
    },
    /// A suffix that was reserved is no more.
    #[error("suffix {0:?} was reserved before, and is not any more")]
    SuffixLost(String),
    /// A suffix that no class can have.
    #[error("{0:?} is no suffix")]
    SuffixForm(String),
    /// A principal would be of two classes.
    #[error("suffix {longer:?} ends in suffix {shorter:?}")]
    SuffixInAnother {
        /// The one.
        longer: String,
        /// The other.
        shorter: String,
    },
    /// A suffix asks for less than before.
    #[error("suffix {0:?} asks for less than before")]
    SuffixWeaker(String),
    /// The proof of a suffix cannot be read.
    #[error("what suffix {0:?} asks for cannot be read")]
    SuffixProof(String),

    /// What a reservation says of how its requester was known is not so by the entries before
    /// it.
    #[error("requester {requester:?} was not known by {by:?}")]
    KnownBy {
        /// The requester.
        requester: String,
        /// The word for the ground.
        by: String,
    },
    /// A name that was another's, or of nobody whom a provider could mean; or the end of what was not.
    #[error("{0:?} was bound to whom it can't be, or freed of whom it was not bound to")]
    Bound(String),
    /// A login with a key that was not the requester's, or no longer good for one.
    #[error("the login of {0:?} is with a key that was not theirs, or was barred or over")]
    Login(String),
    /// A requester's name that a role could make a proved principal.
    #[error("requester {requester:?} ends in the reserved {suffix:?}")]
    RequesterSuffix {
        /// The requester.
        requester: String,
        /// The suffix.
        suffix: String,
    },
    /// The rules of another role decided.
    #[error("role {role:?} was decided by the rules of role {rules:?}")]
    RulesOfAnother {
        /// The role of the reservation.
        role: String,
        /// The role whose rules are named.
        rules: String,
    },
    /// A validity that ends before it begins.
    #[error("it is valid from {after} to {before}, which is never")]
    NeverValid {
        /// Unix seconds.
        after: u64,
        /// Unix seconds.
        before: u64,
    },
    /// Whoever signs without a name is nobody.
    #[error("requester \"operator\" is whoever holds the token, and has nothing")]
    Operator,

    /// A head that the ledger never had.
    #[error("the head of {0} entries is not one of this ledger")]
    Head(u64),
    /// A key that signs what it is not for.
    #[error("key {key} is not for {what}")]
    LedgerKeyPurpose {
        /// The key's fingerprint.
        key: String,
        /// What was signed.
        what: &'static str,
    },
    /// A key that signs after it was revoked, or after another took over.
    #[error("key {0} was ended before")]
    LedgerKeyEnded(String),
    /// A ledger key that is a subject's or a CA's.
    #[error("key {0} is a subject's or a CA's, and no ledger's")]
    LedgerKeyOfAnother(String),
    /// A ledger key that is none.
    #[error("the ledger key is malformed, or for nothing")]
    LedgerKey,
    /// A KRL that is no newer than the last.
    #[error("KRL {version} is no newer than KRL {last}")]
    KrlVersion {
        /// Its version.
        version: u64,
        /// That of the last.
        last: u64,
    },
    /// Something that was revoked, and that no KRL can name.
    #[error("it revokes a {0} that no KRL can name")]
    Unnameable(&'static str),
    /// A key took over from another without the word of both.
    #[error("the rollover is not signed by both keys")]
    Rollover,
    /// A delegation of the signing of lists that can't be the next one.
    #[error("of the delegation of lists: {0}")]
    Delegation(&'static str),
    /// A revocation of nothing.
    #[error("it revokes nothing")]
    RevokesNothing,
    /// A bundle that can't be signed, or not so.
    #[error("the bundle {0}")]
    Bundle(&'static str),
    /// A revocation that was pending outside, and can't have been taken so.
    #[error("the revocation that was pending {0}")]
    Pending(&'static str),
    /// A ceremony that can't be the one of its transcript.
    #[error("the ceremony has {0}")]
    Ceremony(&'static str),
    /// What can't have become of a copy of a CA's key.
    #[error("of a copy of the CA's key it says what can't be: {0}")]
    Copy(&'static str),
    /// What can't be true of the secrets of a device.
    #[error("of the secrets of a device it says what can't be: {0}")]
    Secrets(&'static str),
    /// What was put aside is nothing, or has no name.
    #[error("what was put aside is malformed")]
    Tail,
    /// A place that is no absolute path.
    #[error("place {0:?} is no absolute path")]
    Place(String),
}
