//! A ledger in memory, which can fail, and breaks where it is told otherwise than the truth.

use std::sync::Arc;

use super::*;
use crate::ledger::store::StoreError;
use crate::ledger::{Entry, Event, Ledger, for_tests};

/// What the book says of each reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Reserved,
    Issued,
    Failed,
}

/// Shared with the test, which reads it when the run is over.
pub(crate) type Pages = Arc<Mutex<Vec<Said>>>;

/// How the book's last step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BookFault {
    Fails,
    Panics,
}

/// A book of one CA; so many steps succeed before one ends by the fault.
pub(crate) fn book(steps: usize, fault: BookFault) -> (Ledger, Pages) {
    let pages = Pages::default();
    let mut writer = Writer {
        pages: Arc::clone(&pages),
        // The CA is the first step.
        left: steps.saturating_add(1),
        fault,
        size: 0,
        positions: Vec::new(),
    };
    let mut ledger = for_tests::ledger(Box::new(move |entries| {
        writer.step()?;
        entries.iter().for_each(|entry| writer.turn(entry));
        Ok(())
    }));
    ledger.add_ca(added(), NOW).unwrap();
    (ledger, pages)
}

struct Writer {
    pages: Pages,
    left: usize,
    fault: BookFault,
    size: u64,
    /// Where the reservation of each page stands.
    positions: Vec<u64>,
}

impl Writer {
    fn step(&mut self) -> Result<(), StoreError> {
        match (self.left.checked_sub(1), self.fault) {
            (Some(left), _) => {
                self.left = left;
                Ok(())
            }
            (None, BookFault::Fails) => Err(for_tests::disk_full()),
            (None, BookFault::Panics) => panic!("the book is torn"),
        }
    }

    fn turn(&mut self, entry: &[u8]) {
        self.size += 1;
        match Entry::from_bytes(entry).unwrap().event {
            Event::Reserved(_) => {
                self.positions.push(self.size);
                self.pages.lock().unwrap().push(Said::Reserved);
            }
            Event::Issued(issued) => self.tell(issued.reserved, Said::Issued),
            Event::Failed(failed) => self.tell(failed.reserved, Said::Failed),
            _ => {}
        }
    }

    fn tell(&mut self, reserved: u64, said: Said) {
        let page = self.positions.iter().position(|at| *at == reserved);
        let page = page.unwrap();
        let mut pages = self.pages.lock().unwrap();
        assert_eq!(pages[page], Said::Reserved, "an outcome is told once");
        pages[page] = said;
    }
}
