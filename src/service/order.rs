//! From a request file to a certificate: decided, left at the desk of its CA, and answered when the
//! ledger has it; or found in the ledger, where it was answered before.
//!
//! The id of a request counts once. What was issued for it goes out again, to the same requester
//! alone, by all checks of the first time; so a client that lost the answer, or a server that was
//! killed, costs no second serial. Whether it came before is looked up where its challenge says nothing for it any more,
//! or the ledger refuses to reserve for it: a request that comes for the first time waits for no look.

mod again;
mod reply;

use std::sync::{Arc, PoisonError};

use base64ct::{Base64, Encoding as _};

use super::authenticate::InSession;
use super::problem::{ProblemKind, Refused};
use super::{ServedCa, Service};
use crate::api::issue::{DeviceShown, Issued as IssuedJson, RequestShown};
use crate::issue::intake::IntakeError;
use crate::issue::{
    Asked, Case, CaseError, DeviceWord, IssueError, Issued, OverLogin, SubmitError, lock,
};
use crate::ledger::{Credential, ReserveError, SerialChoice, Served, Wanted};
use crate::request::RequestFile;
use crate::wire::chain;
pub(super) use reply::Waiting;
use reply::{Place, Reply};

/// What became of an order at once.
pub(super) enum Ordered {
    /// It was issued before.
    Again(Box<IssuedJson>),
    /// It is at the desk.
    Waits(Box<Placed>),
}

/// What became of an order at the desk.
pub(super) enum Told {
    /// It was issued now.
    Now(IssuedJson),
    /// It had been issued before.
    Again(IssuedJson),
}

/// An order that waits for its answer.
pub(super) struct Placed {
    pub(super) waiting: Waiting,
    pub(super) request: Requested,
    pub(super) by: InSession,
}

/// A request, its CA, and what of the decision stands beside the certificate.
pub(super) struct Requested {
    ca: Arc<ServedCa>,
    pub(super) file: RequestFile,
    /// How many entries the ledger had by the newest head that whoever asks has seen.
    pub(super) since: Option<u64>,
    device_word: Option<DeviceWord>,
    peer: String,
    warnings: Vec<String>,
}

impl Service {
    /// Leaves a request at the desk of its CA, or finds what was issued for it.
    ///
    /// # Errors
    /// [`Refused`]; nothing was reserved.
    pub(super) fn order(&self, by: InSession, mut request: Requested) -> Result<Ordered, Refused> {
        if !self.answers(&by, &request) {
            let before = self.before(&by, &request)?;
            let before = before.ok_or_else(|| Refused::new(ProblemKind::Refused, NO_ANSWER))?;
            return Ok(Ordered::Again(Box::new(before)));
        }
        let wanted = self.decide(&by, &request)?;
        let warnings = wanted.decided().warnings().iter();
        request.warnings = warnings.map(ToString::to_string).collect();
        let waiting = place(&request.ca, wanted)?;
        let placed = Placed {
            waiting,
            request,
            by,
        };
        Ok(Ordered::Waits(Box::new(placed)))
    }

    /// What is asked for, once it is known which CA is meant.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn requested(
        &self,
        shown: &RequestShown,
        peer: String,
    ) -> Result<Requested, Refused> {
        let file = RequestFile::from_text(&shown.request)
            .map_err(|error| Refused::new(ProblemKind::Unfit, chain(&error)))?;
        let device_word = shown.device.as_ref().map(word).transpose()?;
        let target = file.content().target;
        let ca = self.cas.iter().find(|ca| target.is(&ca.public_key));
        let ca = ca.ok_or_else(|| {
            let detail = format!("the request is for the CA with key {target}, which is none here");
            Refused::new(ProblemKind::Unfit, detail)
        })?;
        Ok(Requested {
            ca: Arc::clone(ca),
            file,
            since: shown.since,
            device_word,
            peer,
            warnings: Vec::new(),
        })
    }

    /// Decides, and reserves nothing.
    ///
    /// # Errors
    /// [`Refused`], with every reason.
    pub(super) fn decide(&self, by: &InSession, request: &Requested) -> Result<Wanted, Refused> {
        let challenge = request.file.content().challenge;
        let over = OverLogin {
            file: request.file.clone(),
            requester: by.session.requester.clone(),
            logged_in_by: by.logged_in_by.clone(),
            device_word: request.device_word.clone(),
            served: Served {
                login: by.session.login,
                server: self.serve.url.to_string(),
                peer: request.peer.clone(),
                challenge: challenge.unwrap_or_default(),
            },
        };
        let case = Case {
            asked: Asked::OverLogin(Box::new(over)),
            serial: SerialChoice::Next,
            witnessed: None,
        };
        let whose = |credential: &Credential| lock(&self.ledger).requester_of(credential);
        request
            .ca
            .judge()
            .decide(&case, &whose, self.now())
            .map_err(|error| not_decided(&error))
    }

    /// Whether the ledger would take it.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn would_reserve(&self, wanted: &Wanted) -> Result<(), Refused> {
        let checked = lock(&self.ledger).check(wanted, self.now());
        match checked {
            Ok(Ok(())) => Ok(()),
            Ok(Err(refused)) => Err(not_reserved(&refused)),
            Err(error) => Err(Refused::fault(error)),
        }
    }

    /// What is told once the desk has answered.
    ///
    /// # Errors
    /// [`Refused`].
    pub(super) fn answer(
        &self,
        (by, request): (&InSession, &Requested),
        answer: Result<Issued, IssueError>,
    ) -> Result<Told, Refused> {
        match answer {
            Ok(issued) => {
                self.settled(by, request);
                Ok(Told::Now(self.issued(request, &issued)))
            }
            // It came before, with an answer that is remembered: it was refused then, or is at the desk twice.
            Err(IssueError::Reserve(ReserveError::RequestUsed(_))) => {
                let before = self.before(by, request)?;
                self.settled(by, request);
                before.map(Told::Again).ok_or_else(again::used)
            }
            Err(error) => Err(not_issued(&error)),
        }
    }

    fn issued(&self, request: &Requested, issued: &Issued) -> IssuedJson {
        let comment = request.file.content().comment.as_str();
        let raw = issued.certificate.raw();
        IssuedJson {
            certificate: issued.certificate.to_openssh(comment),
            ca: request.ca.name.clone(),
            serial: issued.serial.number(),
            valid_before: Some(raw.valid_before()).filter(|until| *until != u64::MAX),
            warnings: request.warnings.clone(),
            receipt: None,
        }
    }

    /// Whether the challenge is one of the session's that counts, and no other request answered it.
    fn answers(&self, by: &InSession, request: &Requested) -> bool {
        let content = request.file.content();
        content.challenge.as_ref().is_some_and(|challenge| {
            self.challenges
                .take(&by.hash, challenge, &content.id, self.now())
        })
    }

    /// The ledger has the request, and its challenge needn't be remembered.
    fn settled(&self, by: &InSession, request: &Requested) {
        if let Some(challenge) = &request.file.content().challenge {
            self.challenges.settled(&by.hash, challenge);
        }
    }
}

fn word(shown: &DeviceShown) -> Result<DeviceWord, Refused> {
    let unfit = |error: &dyn std::error::Error| Refused::new(ProblemKind::Unfit, chain(error));
    let evidence = Base64::decode_vec(&shown.evidence).map_err(|error| unfit(&error))?;
    DeviceWord::parse(&shown.signature, evidence).map_err(|error| unfit(&error))
}

/// Leaves what was decided at the desk.
fn place(ca: &Arc<ServedCa>, wanted: Wanted) -> Result<Waiting, Refused> {
    ca.busy.enter().map_err(full)?;
    let (reply, waiting) = Reply::new(Place::of(Arc::clone(ca)));
    let desk = ca.desk.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(desk) = desk.as_ref() else {
        return Err(closed());
    };
    match desk.submit_to(wanted, Box::new(reply)) {
        Ok(()) => Ok(waiting),
        Err(SubmitError::Full(_)) => Err(full(ca.busy.wait())),
        Err(SubmitError::Away) => Err(busy(AWAY)),
        Err(SubmitError::Closed) => Err(closed()),
        Err(SubmitError::Unfit(error)) => Err(Refused::new(ProblemKind::Unfit, chain(&error))),
    }
}

impl Requested {
    pub(super) fn ca_name(&self) -> &str {
        &self.ca.name
    }
}

fn not_decided(error: &CaseError) -> Refused {
    match error {
        CaseError::Refused(refusals) => Refused::by_policy(refusals),
        CaseError::Intake(IntakeError::Ledger(error)) => Refused::fault(error),
        CaseError::Intake(IntakeError::Other { .. }) => {
            // Whose it is, is nobody's business.
            let detail = "the key, its card or the name in the request is not yours";
            Refused::new(ProblemKind::Used, detail)
        }
        error if error.is_refusal() => Refused::new(ProblemKind::Refused, chain(error)),
        error => Refused::fault(error),
    }
}

fn not_issued(error: &IssueError) -> Refused {
    match error {
        IssueError::Reserve(refused) => not_reserved(refused),
        IssueError::Away => busy(AWAY),
        _ => busy(NOT_ISSUED),
    }
}

fn not_reserved(refused: &ReserveError) -> Refused {
    match refused {
        ReserveError::KeyOfAnother { .. } => {
            Refused::new(ProblemKind::Used, "the key was certified to somebody else")
        }
        ReserveError::RequestUsed(_) => {
            Refused::new(ProblemKind::Used, "the request was used before")
        }
        refused if refused.is_refusal() => Refused::new(ProblemKind::Refused, chain(refused)),
        error => Refused::fault(error),
    }
}

fn full(seconds: u64) -> Refused {
    let detail = "as many wait for this CA as may; the same request is taken later";
    Refused::new(ProblemKind::Busy, detail).retry_after(seconds)
}

fn closed() -> Refused {
    busy("the CA takes no orders now; the same request is taken once it does")
}

fn busy(detail: &str) -> Refused {
    Refused::new(ProblemKind::Busy, detail).retry_after(RETRY)
}

const NO_ANSWER: &str =
    "the request answers no challenge of this session that still counts: make one anew";
const NOT_ISSUED: &str = "it was not signed, or could not be recorded, and nobody has a certificate of it; \
    send the same request again";
const AWAY: &str = "no device of the CA can sign now, and nobody has a certificate of this request; devices are looked \
    for, and the same request is taken once one is back";
/// In seconds, where no pace tells.
const RETRY: u64 = 5;
