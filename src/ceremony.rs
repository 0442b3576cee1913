//! The ceremony: CA keys made by a few people in a closed room, from one reviewed plan.
//!
//! A [`Plan`] is read, and becomes a list of steps. Paper, run and check are readings of that one
//! list, so that what people hold in their hands and what the program does can't differ.

mod attested;
mod conduct;
mod counters;
mod custody;
mod emergency;
mod facts;
mod files;
mod foreseen;
mod instant;
mod key_card;
mod key_place;
mod list_name;
mod medium;
mod own_entries;
mod plan;
mod print;
mod print_error;
mod public_files;
mod record;
mod rehearsal;
mod report;
mod room;
mod script;
mod sheet;
mod steps;
mod table;
mod test_certificate;
mod test_signature;
mod transcript;
mod verdict;
mod verify;
mod world;

pub use conduct::{
    CEREMONY_NAMESPACE, ConductError, HEAD_FILE, Held, KeyFault, LEDGER_FILE, SIGNATURE_FILE,
    Setting, conduct,
};
pub use custody::{Custodians, CustodyError, NewCustodians, Reshared, Unlocked};
pub use files::file_sha256;
pub use foreseen::foreseen;
pub use instant::{Instant, InstantError};
pub use medium::MediumError;
pub use plan::{
    Ca, CaBefore, Components, Compromise, Copies, Create, Custody, Device, Draft, DraftDevices,
    DraftError, DraftLedger, Drill, Emergency, End, EndOfCopy, Hardware, Holder, KeyPlace, Kind,
    LastCeremony, LedgerBefore, LedgerKey, Medium, Module, NewBeside, PLAN_BYTES_MAX, Paper,
    People, Person, Pins, Plan, PlanFault, PlanFaults, PlannedBlob, PlannedBundle, Printer,
    Restore, Retire, Role, RootFile, Sign, Task, TokenPlace,
};
pub use print_error::PrintError;
pub use public_files::LIST_FILE;
pub use record::{RecordError, TRANSCRIPT_FILE};
pub use rehearsal::{
    CONFIG as REHEARSAL_CONFIG, FOLDER as REHEARSAL_FOLDER, Found, MARK as REHEARSAL,
    MEDIUM as REHEARSAL_MEDIUM, Prop, RehearsalError, Rehearsed, Stage, can_be_rehearsed, draw,
    token_label,
};
pub use report::report;
pub use room::Room;
pub use script::{html, markdown};
pub use sheet::not_in_print;
pub use steps::{Act, Ask, OrMissing, Step, Wanted, steps};
pub use test_certificate::TestCertificateError;
pub use transcript::{Event, Line, LineFault, TRANSCRIPT_BYTES_MAX, Transcript, TranscriptError};
pub use verdict::{Account, UNKNOWN, VerdictFault, judge};
pub use verify::{Evidence, verify};
pub use world::{Asked, Made, Sheet, World, WorldError};
