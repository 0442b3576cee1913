//! What a run is about, before it has a key to sign with.

use std::sync::atomic::AtomicBool;

use super::{Reporter, Resume, SerialPlan};
use crate::issue::{Clock, Judge};
use crate::request::{Ask, Requester, RequesterName};

/// What is the same for every key of a run.
pub struct Batch<'a> {
    /// Decides about every key and request.
    pub judge: &'a Judge<'a>,
    /// What is asked for every plain key, and by whom; without it, requests alone are taken.
    pub ask: Option<(Ask, Requester)>,
    /// Whom the operator vouches for, of requests.
    pub vouched: Option<RequesterName>,
    /// What the operator saw of every key, in words.
    pub witnessed: Option<String>,
    /// Which serials they get.
    pub serials: SerialPlan,
    /// Whether earlier certificates count.
    pub resume: Resume,
    /// The clock, in Unix seconds.
    pub clock: Clock,
    /// As of when all of it is decided, in Unix seconds, where that was shown before; else each as of when it
    /// comes up.
    pub decided: Option<u64>,
    /// Set when somebody wants the run to stop.
    pub interrupted: &'a AtomicBool,
    /// Is told what became of each key, from several threads.
    pub report: Reporter,
}
