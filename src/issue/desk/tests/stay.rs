//! A desk that outlives its last session: orders meanwhile, and devices that come back.

use std::sync::Mutex;

use super::*;
use crate::issue::{IssueError, News, NewsOf};
use crate::signer::LoginError;

/// What was told, by the first letter: lost, back, given up.
type Told = Arc<Mutex<String>>;

fn news() -> (NewsOf, Told) {
    let told = Told::default();
    let by = Arc::clone(&told);
    let news: NewsOf = Arc::new(move |_, news| {
        by.lock().unwrap().push(match news {
            News::Lost(_) => 'l',
            News::Back => 'b',
            News::GivenUp(_) => 'g',
        });
    });
    (news, told)
}

fn stay(signers: Vec<Box<dyn Signer>>, news: NewsOf) -> (Desk, Pages, KeyData) {
    let (book, pages) = book(usize::MAX, BookFault::Fails);
    let ledger: SharedLedger = Arc::new(Mutex::new(book));
    let ca = fake_ca();
    let key = ca.public_key().clone();
    let clock: crate::issue::Clock = || NOW;
    let by = (clock, Manner::Stays(news), None);
    let desk = Desk::open_with(open(ca, signers), ledger, by, Duration::ZERO);
    (desk, pages, key)
}

fn device(fault: Fault, away: usize) -> Box<dyn Signer> {
    Box::new(Device {
        fake: Fake::new(fault),
        comes_back: away < usize::MAX,
        away,
    })
}

fn under_shuttle(test: impl Fn() + Send + Sync + 'static) {
    let mut config = shuttle::Config::new();
    config.stack_size = STACK;
    let scheduler = shuttle::scheduler::RandomScheduler::new(SCHEDULES);
    shuttle::Runner::new(scheduler, config).run(test);
}

/// Asks until a certificate comes; whatever else comes says that no device can sign.
fn ask_until_issued(desk: &Desk, (tag, ca): (u8, &KeyData)) -> u64 {
    loop {
        match desk.submit(wanted(tag, ca, SerialChoice::Next)) {
            Ok(ticket) => match ticket.wait() {
                Ok(issued) => return issued.serial.number(),
                Err(IssueError::Away | IssueError::Sign(_)) => {}
                Err(other) => panic!("{other}"),
            },
            Err(SubmitError::Away) => shuttle::thread::yield_now(),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn whoever_asks_again_gets_a_certificate_once_a_device_is_back() {
    for away in [0, 1, 3] {
        under_shuttle(move || {
            let (news, told) = news();
            let both = vec![device(Fault::Gone(0), away), device(Fault::Gone(1), away)];
            let (desk, pages, ca) = stay(both, news);
            let desk = Arc::new(desk);
            let other = {
                let (desk, ca) = (Arc::clone(&desk), ca.clone());
                shuttle::thread::spawn(move || ask_until_issued(&desk, (2, &ca)))
            };
            let mine = ask_until_issued(&desk, (1, &ca));
            let other = other.join().unwrap();
            assert_ne!(mine, other);
            let ended = Arc::into_inner(desk).unwrap().close();
            assert!(ended.is_ok(), "{ended:?}");
            the_book_is_whole(&ended, &pages);
            let pages = pages.lock().unwrap();
            let issued = pages.iter().filter(|page| **page == Said::Issued);
            assert_eq!(issued.count(), 2);
            let told = told.lock().unwrap();
            assert!(told.starts_with('l') && !told.contains('g'), "{told}");
        });
    }
}

#[test]
fn the_last_loss_costs_one_serial_and_the_desk_closes_well_while_its_device_is_away() {
    under_shuttle(|| {
        let (news, told) = news();
        let (desk, pages, ca) = stay(vec![device(Fault::Gone(0), usize::MAX)], news);
        let first = desk.submit(wanted(1, &ca, SerialChoice::Next)).unwrap();
        let answer = first.wait().unwrap_err();
        assert!(matches!(answer, IssueError::Sign(_)), "{answer}");
        assert!(!desk.is_open());
        assert_eq!(desk.trial().sessions, (0, 1));
        let refused = desk.submit(wanted(2, &ca, SerialChoice::Next));
        assert!(matches!(refused, Err(SubmitError::Away)));
        desk.hold();
        assert!(desk.rests());
        desk.let_go();
        desk.close().unwrap();
        assert_eq!(*pages.lock().unwrap(), [Said::Failed]);
        assert_eq!(*told.lock().unwrap(), "l");
    });
}

/// A device whose PIN was changed while it was away.
struct ChangedPin {
    fake: Fake,
    shown: Arc<Mutex<usize>>,
}

impl Signer for ChangedPin {
    fn public_key(&self) -> &KeyData {
        self.fake.public_key()
    }

    fn device(&self) -> &str {
        self.fake.device()
    }

    fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
        self.fake.sign(message)
    }

    fn reopen(&mut self) -> Result<(), OpeningError> {
        *self.shown.lock().unwrap() += 1;
        let device = "token".to_owned();
        Err(LoginError::PinRefusedBefore { device }.into())
    }
}

#[test]
fn a_pin_that_is_refused_is_told_once_and_never_tried_again() {
    under_shuttle(|| {
        let (news, told) = news();
        let shown = Arc::default();
        let changed = ChangedPin {
            fake: Fake::new(Fault::Gone(0)),
            shown: Arc::clone(&shown),
        };
        let (desk, pages, ca) = stay(vec![Box::new(changed)], news);
        let first = desk.submit(wanted(1, &ca, SerialChoice::Next)).unwrap();
        first.wait().unwrap_err();
        while !matches!(
            desk.submit(wanted(2, &ca, SerialChoice::Next)),
            Err(SubmitError::Closed)
        ) {
            shuttle::thread::yield_now();
        }
        let ended = desk.close();
        assert!(matches!(ended, Err(RunEnd::Signer)), "{ended:?}");
        assert_eq!(*shown.lock().unwrap(), 1);
        assert_eq!(*told.lock().unwrap(), "lg");
        assert_eq!(*pages.lock().unwrap(), [Said::Failed]);
    });
}

#[test]
fn a_device_that_lies_when_it_is_back_signs_no_order() {
    under_shuttle(|| {
        let (news, told) = news();
        /// Back with another key behind the same words.
        struct Liar(Fake);
        impl Signer for Liar {
            fn public_key(&self) -> &KeyData {
                self.0.public_key()
            }
            fn device(&self) -> &str {
                self.0.device()
            }
            fn sign(&mut self, message: &[u8]) -> Result<Signature, SignerError> {
                self.0.sign(message)
            }
            fn reopen(&mut self) -> Result<(), OpeningError> {
                self.0 = Fake::new(Fault::Lies(0));
                Ok(())
            }
        }
        let liar = Liar(Fake::new(Fault::Gone(0)));
        let (desk, pages, ca) = stay(vec![Box::new(liar)], news);
        let first = desk.submit(wanted(1, &ca, SerialChoice::Next)).unwrap();
        first.wait().unwrap_err();
        while desk.trial().sessions.0 == 0 && !told.lock().unwrap().contains('g') {
            shuttle::thread::yield_now();
        }
        assert_eq!(*told.lock().unwrap(), "lg");
        // Closed before the last session has gone home, it ends by that wish.
        let ended = desk.close();
        assert!(matches!(ended, Ok(()) | Err(RunEnd::Signer)), "{ended:?}");
        assert_eq!(*pages.lock().unwrap(), [Said::Failed]);
    });
}

#[test]
fn a_trial_that_fails_has_the_device_looked_for() {
    under_shuttle(|| {
        let (news, told) = news();
        let (desk, pages, ca) = stay(vec![device(Fault::Gone(0), 1)], news);
        desk.try_key(Duration::ZERO);
        while !told.lock().unwrap().contains('b') {
            shuttle::thread::yield_now();
        }
        assert_eq!(ask_until_issued(&desk, (1, &ca)), 1);
        desk.close().unwrap();
        assert_eq!(*pages.lock().unwrap(), [Said::Issued]);
        assert_eq!(*told.lock().unwrap(), "lb");
    });
}
