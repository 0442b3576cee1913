//! Several signers with one key.

use std::sync::{Arc, Barrier};

use super::*;

/// A device that waits for its fellows before its first signature.
struct Together {
    fake: Fake,
    first: Option<Arc<Barrier>>,
}

impl Signer for Together {
    fn public_key(&self) -> &KeyData {
        self.fake.public_key()
    }

    fn device(&self) -> &str {
        self.fake.device()
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        if let Some(barrier) = self.first.take() {
            barrier.wait();
        }
        self.fake.sign(message)
    }

    fn reopen(&mut self) -> Result<(), OpeningError> {
        Ok(())
    }
}

/// Devices with these faults, each of which gets at least one order.
fn run_shared(count: u8, faults: &[Fault]) -> Run {
    let barrier = Arc::new(Barrier::new(faults.len()));
    let device = |fault: &Fault| -> Box<dyn Signer> {
        Box::new(Together {
            fake: Fake {
                key: key(1),
                fault: *fault,
                calls: 0,
            },
            first: Some(barrier.clone()),
        })
    };
    run_by(count, faults.iter().map(device).collect(), ALWAYS)
}

#[test]
fn several_signers_share_a_run_and_keep_its_sequence() {
    for _ in 0..20 {
        let run = run_shared(90, &[Fault::None; 3]);
        assert!(run.ended.is_ok());
        assert_eq!(run.issued, (0..90).collect::<Vec<_>>());
        assert_eq!(run.ledger_has_issued(), 90);
        assert_eq!(run.lost, 0);
    }
}

#[test]
fn a_signer_that_fails_leaves_its_work_to_the_others() {
    for gone_at in [0, 1, 5] {
        let run = run_shared(60, &[Fault::None, Fault::Gone(gone_at)]);
        assert!(run.ended.is_ok(), "{:?}", run.ended);
        assert_eq!(run.issued, (0..60).collect::<Vec<_>>());
        assert_eq!(run.ledger_has_issued(), 60);
        assert!(run.lost <= 1);
    }
    let run = run_shared(60, &[Fault::None, Fault::Gone(0)]);
    assert_eq!(run.lost, 1);
}

#[test]
fn when_the_last_signer_fails_the_ledger_tells_the_truth() {
    for faults in [
        [Fault::Gone(0), Fault::Gone(0)],
        [Fault::Gone(0), Fault::Gone(9)],
        [Fault::Gone(7), Fault::Gone(7)],
    ] {
        let run = run_shared(100, &faults);
        assert!(matches!(run.ended, Err(RunEnd::Signer)));
        assert_eq!(run.ledger_has_issued(), run.issued.len());
        assert_eq!(run.issued.len() + run.failed.len() + run.untouched, 100);
        let told = |state: &State| matches!(state, State::Issued(_) | State::Failed(_));
        assert!(run.states().iter().all(told));
        assert_eq!(run.lost, 1);
    }
}

#[test]
fn one_lie_ends_the_run_of_all() {
    let run = run_shared(100, &[Fault::Lies(1), Fault::None]);
    assert!(
        run.failed
            .iter()
            .any(|(_, why)| why.contains("thrown away"))
    );
    assert_eq!(run.ledger_has_issued(), run.issued.len());
    assert_eq!(run.issued.len() + run.failed.len() + run.untouched, 100);
}

#[test]
fn an_order_that_no_signer_can_sign_is_tried_once() {
    let run = run_shared(10, &[Fault::OneMessage(0), Fault::None]);
    assert!(run.ended.is_ok());
    assert_eq!(run.failed.len(), 1);
    assert_eq!(run.ledger_has_issued(), 9);
}
