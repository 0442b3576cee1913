//! A request that came before.

use super::{IssuedJson, Refused, Requested};
use crate::certificate::certificate_line;
use crate::issue::{AgainError, Before, lock};
use crate::service::Service;
use crate::service::authenticate::InSession;
use crate::service::problem::ProblemKind;
use crate::wire::{RawCertificate, chain};

impl Service {
    /// What was issued for this request before; none if its id is not used.
    ///
    /// # Errors
    /// [`Refused`] where it was used for something else, by somebody else, or where what was issued
    /// goes out no more.
    pub(super) fn before(
        &self,
        by: &InSession,
        request: &Requested,
    ) -> Result<Option<IssuedJson>, Refused> {
        let id = &request.file.content().id;
        let (reserved, issued) = {
            let ledger = lock(&self.ledger);
            let reserved = ledger.is_reserved(id, 0).map_err(Refused::fault)?;
            let issued = ledger.issued_for(id, 0).map_err(Refused::fault)?;
            (reserved, issued)
        };
        if reserved {
            let detail = "the same request is being signed just now";
            return Err(Refused::new(ProblemKind::Busy, detail).retry_after(1));
        }
        let Some(record) = issued else {
            return Ok(None);
        };
        if record.reserved.requester != by.session.requester.as_str() {
            return Err(used());
        }
        let wanted = self.decide(by, request)?;
        let now = self.now();
        let ledger = lock(&self.ledger);
        let mut before = Before::find(&ledger, &wanted, ledger.size()).map_err(Refused::fault)?;
        let is_other = |serial| serial != record.reserved.serial;
        match before.next(&ledger, &wanted, now, &is_other) {
            Ok(Some(certificate)) => Ok(Some(self.told(request, &certificate))),
            Ok(None) => Err(used()),
            Err(AgainError::Ledger(error)) => Err(Refused::fault(error)),
            Err(error) => Err(Refused::new(ProblemKind::Refused, chain(&error))),
        }
    }

    fn told(&self, request: &Requested, certificate: &RawCertificate) -> IssuedJson {
        let comment = request.file.content().comment.as_str();
        let until = certificate.valid_before();
        IssuedJson {
            certificate: certificate_line(certificate, comment),
            ca: request.ca.name.clone(),
            serial: certificate.serial(),
            valid_before: Some(until).filter(|until| *until != u64::MAX),
            warnings: Vec::new(),
            receipt: None,
        }
    }
}

pub(super) fn used() -> Refused {
    let detail = "the request was used before, for something else or by somebody else, or its certificate is over";
    Refused::new(ProblemKind::Used, detail)
}
