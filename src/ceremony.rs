//! The ceremony: CA keys made by a few people in a closed room, from one reviewed plan.
//!
//! A [`Plan`] is read, and becomes a list of steps. Paper, run and check are readings of that one
//! list, so that what people hold in their hands and what the program does can't differ.

mod files;
mod instant;
mod plan;
mod script;
mod steps;

pub use files::file_sha256;
pub use instant::{Instant, InstantError};
pub use plan::{
    Ca, Device, Draft, DraftError, Kind, LedgerKey, Module, PLAN_BYTES_MAX, People, Person, Plan,
    PlanFault, PlanFaults, Role,
};
pub use script::{html, markdown};
pub use steps::{Act, Ask, Step, Wanted, steps};
