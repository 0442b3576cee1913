//! Several signers with one key.

use std::sync::{Arc, Barrier};

use super::*;

/// A device that waits for its fellows before its first signature.
struct Together {
    fake: Fake,
    first: Option<Arc<Barrier>>,
    /// Where it waits when it is back.
    back: Option<Arc<Barrier>>,
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
        if let Some(barrier) = self.back.take() {
            barrier.wait();
        }
        self.fake.reopen()
    }
}

/// Devices with these faults, each of which gets at least one order.
fn run_shared(count: u8, faults: &[Fault]) -> Run {
    let barrier = Arc::new(Barrier::new(faults.len()));
    let device = |fault: &Fault| -> Box<dyn Signer> {
        Box::new(Together {
            fake: Fake::new(*fault),
            first: Some(barrier.clone()),
            back: None,
        })
    };
    let devices = faults.iter().map(device).collect();
    run_by(count, devices, book(ALWAYS, BookFault::Fails))
}

#[test]
fn several_signers_share_a_run_and_keep_its_sequence() {
    for _ in 0..20 {
        let run = run_shared(90, &[Fault::None; 3]);
        assert!(run.ended.is_ok());
        assert_eq!(run.issued, (0..90).collect::<Vec<_>>());
        run.the_ledger_tells_the_truth();
        assert_eq!(run.lost, 0);
    }
}

#[test]
fn a_signer_that_fails_leaves_its_work_to_the_others() {
    for gone_at in [0, 1, 5] {
        let run = run_shared(60, &[Fault::None, Fault::Gone(gone_at)]);
        assert!(run.ended.is_ok(), "{:?}", run.ended);
        assert_eq!(run.issued, (0..60).collect::<Vec<_>>());
        run.the_ledger_tells_the_truth();
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
        run.the_ledger_tells_the_truth();
        assert_eq!(run.lost, 1);
    }
}

#[test]
fn a_device_that_lies_is_taken_out_and_the_others_go_on() {
    let run = run_shared(100, &[Fault::Lies(1), Fault::None]);
    assert!(run.ended.is_ok(), "{:?}", run.ended);
    assert!(
        run.failed
            .iter()
            .all(|(_, why)| why.contains("thrown away"))
    );
    assert!(run.failed.len() <= 1);
    run.the_ledger_tells_the_truth();
    assert!(run_shared(100, &[Fault::Lies(0), Fault::None]).failed.len() == 1);
}

#[test]
fn an_order_that_no_signer_can_sign_is_tried_once() {
    let run = run_shared(10, &[Fault::OneMessage(0), Fault::None]);
    assert!(run.ended.is_ok());
    assert_eq!(run.failed.len(), 1);
    run.the_ledger_tells_the_truth();
}

#[test]
fn a_device_that_was_lost_is_opened_again_and_signs_on() {
    let back = Arc::new(Barrier::new(2));
    let devices: [Box<dyn Signer>; 2] = [
        Box::new(Together {
            fake: Fake::new(Fault::Gone(0)),
            first: None,
            back: Some(Arc::clone(&back)),
        }),
        // Signs nothing before the other is back.
        Box::new(Together {
            fake: Fake::new(Fault::None),
            first: Some(back),
            back: None,
        }),
    ];
    let ca = fake_ca();
    let ca_key = ca.public_key().clone();
    let (book, _) = book(ALWAYS, BookFault::Fails);
    let ledger: SharedLedger = Arc::new(Mutex::new(book));
    let nobody: Lost = Arc::new(|_, _| ());
    let pause = std::time::Duration::ZERO;
    let desk = Desk::open_pausing(open(ca, devices.into()), ledger, (|| NOW, nobody), pause);
    let submit = |tag| {
        desk.submit(wanted(tag, &ca_key, SerialChoice::Next))
            .unwrap()
    };
    let tickets: Vec<_> = (0..20).map(submit).collect();
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    desk.close().unwrap();
}
