//! The first thing that is wrong with a ceremony.

use crate::ceremony::instant::Instant;
use crate::ceremony::transcript::TranscriptError;
use crate::krl::ListSignatureError;
use crate::ledger::LedgerError;
use crate::ledger::note::NoteError;

/// The first thing that is wrong with a ceremony, as far as an outsider can see.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerdictFault {
    /// The chain of the transcript does not hold.
    #[error("the transcript is not whole")]
    Transcript(#[from] TranscriptError),
    /// The last line is not the one whose words are on paper.
    #[error("the words of the transcript are \"{found}\", and not those that were given")]
    Words {
        /// The words that it has.
        found: String,
    },
    /// The first line is no beginning, or a later one is.
    #[error("the transcript does not begin once, with its first line")]
    NoBegin,
    /// It is that of another plan.
    #[error("the transcript is that of another plan, whose SHA-256 is {0}")]
    OtherPlan(String),
    /// A line was written outside of the plan's window.
    #[error("line {line}: {time} is outside of the plan's window")]
    Window {
        /// The line.
        line: u64,
        /// When it was written.
        time: Instant,
    },
    /// A line of another step than the plan has there.
    #[error("line {line}: step `{found}` stands where the plan has `{wanted}`")]
    Order {
        /// The line.
        line: u64,
        /// The step of the plan.
        wanted: String,
        /// The step of the line.
        found: String,
    },
    /// A line of a step where all steps were done.
    #[error("line {line}: all steps were done before")]
    AllDone {
        /// The line.
        line: u64,
    },
    /// The end, before all was done.
    #[error("line {line}: the transcript ends before step `{step}` was done")]
    NotDone {
        /// The line.
        line: u64,
        /// The first step that is missing.
        step: String,
    },
    /// A line stands behind the end.
    #[error("line {line}: stands behind the end")]
    BehindTheEnd {
        /// The line.
        line: u64,
    },
    /// There is no end.
    #[error("the transcript has no end: the ceremony was cut short")]
    NoEnd,
    /// The root of the end is none.
    #[error("line {line}: the root of the ledger is malformed")]
    Root {
        /// The line.
        line: u64,
    },
    /// An answer that the plan doesn't ask for there, or by somebody else, or another one.
    #[error("line {line}: the answer of {by} to `{ask}` is not what the plan asks for there")]
    Answer {
        /// The line.
        line: u64,
        /// The question.
        ask: String,
        /// Who answered.
        by: String,
    },
    /// A clock that is far from that of the machine.
    #[error(
        "line {line}: the clock of {by} and that of the machine are more than five minutes apart"
    )]
    Clock {
        /// The line.
        line: u64,
        /// Whose clock.
        by: String,
    },
    /// Something that the step doesn't do, or not there.
    #[error("line {line}: {what} in a step that has none there")]
    Foreign {
        /// The line.
        line: u64,
        /// What it is.
        what: &'static str,
    },
    /// A fact that the step doesn't tell of.
    #[error("line {line}: {name} is told in a step that tells of no such thing")]
    ForeignFact {
        /// The line.
        line: u64,
        /// The fact.
        name: String,
    },
    /// A key was to be made in another place than the plan's.
    #[error("line {line}: a key in another place than the plan has")]
    Place {
        /// The line.
        line: u64,
    },
    /// A step was done without all that belongs to it.
    #[error("line {line}: done without {missing}")]
    Missing {
        /// The line.
        line: u64,
        /// What is missing.
        missing: String,
    },
    /// A fact is another one than the plan's, or contradicts another.
    #[error("line {line}: {name} is not as the plan has it")]
    Fact {
        /// The line.
        line: u64,
        /// The fact.
        name: String,
    },
    /// A field of a line that no run writes so.
    #[error("line {line}: its field `{field}` is not what a run writes there: {wanted}")]
    Form {
        /// The line.
        line: u64,
        /// The field.
        field: &'static str,
        /// What a run writes there.
        wanted: &'static str,
    },
    /// A run tells of a thing once; one that goes on tells of it as it was.
    #[error("line {line}: {name} is told again, as no run does: it stands in line {before}")]
    ToldTwice {
        /// The line.
        line: u64,
        /// The fact or file.
        name: String,
        /// Where it stands first.
        before: u64,
    },
    /// Two steps wrote a file of the same name, with other bytes.
    #[error("line {line}: {name} was written by a step before, with other bytes")]
    WrittenTwice {
        /// The line.
        line: u64,
        /// The file.
        name: String,
    },
    /// The ledger has entries of the ceremony's time that are none of the plan's, and of which the
    /// transcript says nothing.
    #[error(
        "the ledger: entry {position} is none of the plan's, and the transcript hides it: {what}"
    )]
    HiddenEntry {
        /// Where it stands.
        position: u64,
        /// What it says.
        what: String,
    },
    /// The transcript names an entry as none of the plan's that is the plan's, is not there, or says something else.
    #[error(
        "line {line}: the ledger has no entry {position} of somebody else that says so: {wanted}"
    )]
    NoStranger {
        /// The line.
        line: u64,
        /// Where it would stand.
        position: u64,
        /// What stands there.
        wanted: String,
    },
    /// An entry of the plan's says something else than plan and transcript.
    #[error(
        "the ledger: entry {position}: its {field} is {found:?}, and plan and transcript say {wanted:?}"
    )]
    OwnEntry {
        /// Where it stands.
        position: u64,
        /// The field.
        field: &'static str,
        /// What the entry says.
        found: String,
        /// What it should say.
        wanted: String,
    },
    /// An entry of the plan's stands on the wrong side of the head that the transcript ends with.
    #[error(
        "the ledger: entry {position} is the plan's, and on the wrong side of the {size} entries that the transcript ends with"
    )]
    OwnPlace {
        /// Where it stands.
        position: u64,
        /// The size by the last line.
        size: u64,
    },
    /// An entry of the plan's was written at another time than the lines about it.
    #[error(
        "the ledger: entry {position} was written at {time}, and the lines of the transcript about it were not"
    )]
    OwnTime {
        /// Where it stands.
        position: u64,
        /// When it was written.
        time: Instant,
    },
    /// The plan requires a rehearsal, and none was given.
    #[error("the rehearsal that the plan requires was not given, and can't be checked")]
    NotRehearsed,
    /// The ceremony went by another rehearsal than was given.
    #[error("the rehearsal that was given is not the one of the transcript")]
    OtherRehearsal,
    /// A file was not given.
    #[error("{0} was not given, and can't be checked")]
    NotGiven(String),
    /// A file was given that is none of the ceremony's, or twice.
    #[error("{0} is no output of this ceremony, or given twice")]
    NoOutput(String),
    /// A file has other bytes than were written.
    #[error("{0} has another SHA-256 than the transcript says")]
    Output(String),
    /// A file for servers or clients does not follow from the keys.
    #[error("{0} is not what plan and keys of the transcript come to")]
    NotOfKeys(String),
    /// A file can't be read.
    #[error("{path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A bundle or its answer is not what plan and ledger say.
    #[error("{file}: {what}")]
    Bundle {
        /// The file of the bundle.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// A signature does not verify.
    #[error("{file}")]
    Signature {
        /// The file of the signature.
        file: String,
        /// Why.
        source: ListSignatureError,
    },
    /// What a card says of its key is not believed, or not what the plan has.
    #[error("{file}")]
    Attestation {
        /// The file.
        file: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The ledger is another one.
    #[error("the ledger is {found}, and the transcript is about {wanted}")]
    OtherLedger {
        /// The one of the transcript.
        wanted: String,
        /// The one that was given.
        found: String,
    },
    /// The transcript tells something else than ledger or outputs say.
    #[error("the transcript: {name} is {told:?}, and ledger and outputs say {wanted:?}")]
    Told {
        /// The fact.
        name: String,
        /// What the transcript tells.
        told: String,
        /// What it has to be.
        wanted: String,
    },
    /// The ledger does not hold what it should.
    #[error("the ledger: {0}")]
    Ledger(String),
    /// The list of revoked keys does not have what it should.
    #[error("the list of revoked keys: {0}")]
    List(String),
    /// The ledger can't be read.
    #[error("the ledger")]
    LedgerRead(#[from] LedgerError),
    /// The signed head is not one.
    #[error("the signed head")]
    Head(#[from] NoteError),
    /// The signed head is malformed.
    #[error("the signed head is no checkpoint")]
    HeadForm(#[from] crate::ledger::checkpoint::CheckpointError),
    /// The signed head does not cover the ceremony, or is of another ledger.
    #[error("the signed head does not cover the ceremony in this ledger")]
    HeadCovers,
    /// The signed head has a line that this plan's has not, or lacks one that it has.
    #[error(
        "the signed head says something beside the head: that of a rehearsal has the line REHEARSAL, and no other has one"
    )]
    HeadSays,
    /// The words of the signed head are others.
    #[error("the words of the signed head are \"{found}\", and not those that were given")]
    HeadWords {
        /// The words that it has.
        found: String,
    },
}
