//! Desks that are full, stopped, or begin behind a run that ended.

use super::*;

#[test]
fn a_full_desk_gives_the_order_back() {
    let ca = fake_ca();
    let ca_key = ca.public_key().clone();
    let (book, _) = book(ALWAYS, BookFault::Fails);
    let ledger: SharedLedger = Arc::new(Mutex::new(book));
    let held = lock(&ledger);
    let desk = Desk::open(
        open(ca, vec![fake(Fault::None)]),
        Arc::clone(&ledger),
        || NOW,
        Arc::new(|_, _| ()),
    );
    let mut tickets = Vec::new();
    let back = loop {
        match desk.submit(wanted(1, &ca_key, SerialChoice::Next)) {
            Ok(ticket) => tickets.push(ticket),
            Err(refused) => break refused,
        }
    };
    assert!(matches!(back, SubmitError::Full(_)));
    drop(held);
    desk.close().unwrap();
    assert!(tickets.into_iter().all(|ticket| ticket.wait().is_ok()));
}

#[test]
fn a_desk_that_is_stopped_answers_at_once_what_has_no_serial() {
    let ca = fake_ca();
    let ca_key = ca.public_key().clone();
    let (book, pages) = book(ALWAYS, BookFault::Fails);
    let ledger: SharedLedger = Arc::new(Mutex::new(book));
    let held = lock(&ledger);
    let desk = Desk::open(
        open(ca, vec![fake(Fault::None)]),
        Arc::clone(&ledger),
        || NOW,
        Arc::new(|_, _| ()),
    );
    let submit = |tag| {
        desk.submit(wanted(tag, &ca_key, SerialChoice::Next))
            .unwrap()
    };
    let tickets: Vec<_> = (0..50).map(submit).collect();
    desk.stop();
    let turned_away = |ticket: &Ticket| matches!(ticket.look(), Some(Err(IssueError::NotTried)));
    assert!(tickets.iter().filter(|one| turned_away(one)).count() >= 49);
    drop(held);
    assert!(matches!(desk.close(), Err(RunEnd::Interrupted)));
    let pages = pages.lock().unwrap();
    assert!(pages.iter().all(|page| *page == Said::Issued));
}

#[test]
fn what_a_run_before_left_open_is_given_up_at_the_start_and_nothing_that_is_held() {
    for alone in [true, false] {
        let (mut ledger, ca) = ledger_with_ca();
        let ca_key = ca.public_key().clone();
        let mut reserve = |tag| {
            let wanted = wanted(tag, &ca_key, SerialChoice::Next);
            ledger
                .reserve(vec![wanted], NOW)
                .unwrap()
                .remove(0)
                .unwrap()
        };
        drop(reserve(1));
        let held = reserve(2);
        let ledger: SharedLedger = Arc::new(Mutex::new(ledger));
        let devices = open(ca, vec![fake(Fault::None)]);
        let lost: Lost = Arc::new(|_, _| ());
        let order = wanted(3, &ca_key, SerialChoice::Next);
        if alone {
            let (issued, end) = issue_one(devices, &ledger, order, || NOW, &lost);
            assert!(issued.is_ok() && end.is_ok());
        } else {
            let desk = Desk::open(devices, Arc::clone(&ledger), || NOW, lost);
            desk.submit(order).unwrap().wait().unwrap();
            desk.close().unwrap();
        }
        let mut states = Vec::new();
        let each = &mut |record: Record| states.push(record.state);
        lock(&ledger).each_record(each).unwrap();
        assert!(matches!(
            states.as_slice(),
            [State::Failed(_), State::Reserved, State::Issued(_)]
        ));
        drop(held);
    }
}
