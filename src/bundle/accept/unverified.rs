//! Certificates of the frames whose signatures are yet to be verified: many at a time, by as many threads as
//! there are cores, since that takes the most time of all that is looked at in an answer.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use ssh_key::Signature;
use ssh_key::public::KeyData;

use super::AcceptError;
use crate::ledger::Reserved;
use crate::wire::verify::verify_signature;

/// Certificates that wait. Whoever adds some calls [`Self::verify`] before anything of them counts.
#[derive(Default)]
pub(super) struct Unverified(Vec<One>);

struct One {
    position: u64,
    reserved: Arc<Reserved>,
    signature: Vec<u8>,
    ca: Arc<KeyData>,
}

impl Unverified {
    /// Adds one; those that wait are verified where they have become many.
    pub(super) fn add(
        &mut self,
        (position, reserved): (u64, &Arc<Reserved>),
        signature: &[u8],
        ca: &Arc<KeyData>,
    ) -> Result<(), AcceptError> {
        self.0.push(One {
            position,
            reserved: Arc::clone(reserved),
            signature: signature.to_vec(),
            ca: Arc::clone(ca),
        });
        if self.0.len() < MANY {
            return Ok(());
        }
        self.verify()
    }

    /// Verifies all that wait.
    ///
    /// # Errors
    /// [`AcceptError::Signature`], of the first that its CA did not sign.
    pub(super) fn verify(&mut self) -> Result<(), AcceptError> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = self.0.len().div_ceil(threads).max(FEW);
        let first_wrong = thread::scope(|scope| {
            let mut shares = self.0.chunks(share);
            let own = shares.next().unwrap_or_default();
            let others: Vec<_> = shares
                .map(|share| scope.spawn(move || first_wrong(share)))
                .collect();
            let own = first_wrong(own);
            let others = others.into_iter().map(|share| share.join());
            let others = others.map(|share| share.unwrap_or_else(|panic| resume_unwind(panic)));
            // In the order of the shares, which is that of the entries.
            own.or(others.fold(None, Option::or))
        });
        self.0.clear();
        first_wrong.map_or(Ok(()), |position| Err(AcceptError::Signature(position)))
    }
}

fn first_wrong(share: &[One]) -> Option<u64> {
    share
        .iter()
        .find(|one| !one.is_signed())
        .map(|one| one.position)
}

impl One {
    fn is_signed(&self) -> bool {
        let signature = Signature::try_from(self.signature.as_slice());
        let content = &self.reserved.to_be_signed;
        signature.is_ok_and(|signature| verify_signature(content, &signature, &self.ca).is_ok())
    }
}

/// So many wait at most.
const MANY: usize = 4096;
/// For fewer a thread is not worth its start.
const FEW: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use signature::Signer;
    use ssh_key::private::Ed25519Keypair;

    use crate::ledger::Sequence;

    fn reserved(serial: u64) -> Arc<Reserved> {
        Arc::new(Reserved {
            ca: 1,
            serial,
            sequence: Sequence::Automatic,
            role: "operator".to_owned(),
            decided_by: "test".to_owned(),
            requester: "peter".to_owned(),
            keyboard: "root".to_owned(),
            proof: "none".to_owned(),
            request: [0; 32],
            to_be_signed: serial.to_be_bytes().to_vec(),
            grounds: None,
        })
    }

    /// So many certificates, of which those at these positions have another's signature.
    fn verified(count: u64, wrong: &[u64]) -> Result<(), AcceptError> {
        let key = ssh_key::PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]));
        let ca = Arc::new(key.public_key().key_data().clone());
        let mut unverified = Unverified::default();
        for position in 1..=count {
            let one = reserved(position);
            let signed = if wrong.contains(&position) {
                b"another"
            } else {
                one.to_be_signed.as_slice()
            };
            let signature: Signature = key.try_sign(signed).unwrap();
            let signature = Vec::try_from(signature).unwrap();
            unverified.add((position, &one), &signature, &ca)?;
        }
        unverified.verify()?;
        // What was verified waits no more.
        unverified.verify()
    }

    #[test]
    fn the_first_certificate_that_its_ca_did_not_sign_is_named_wherever_it_stands() {
        assert!(verified(0, &[]).is_ok());
        assert!(verified(300, &[]).is_ok());
        for (wrong, first) in [
            (&[1][..], 1),
            (&[300], 300),
            (&[70, 290], 70),
            (&[150, 151], 150),
        ] {
            let error = verified(300, wrong).unwrap_err();
            assert!(
                matches!(error, AcceptError::Signature(position) if position == first),
                "{error}"
            );
        }
    }
}
