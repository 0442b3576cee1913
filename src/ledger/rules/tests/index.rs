//! An index that is lost, old, or another ledger's: nothing that was taken is free again.

use super::*;
use crate::ledger::store::{Row, StoreError};

conform!(
    an_index_that_was_deleted_is_made_anew,
    an_older_index_is_brought_up_to_the_ledger,
    an_index_of_another_ledger_is_not_believed,
    an_index_ahead_of_the_ledger_is_not_believed,
    a_reader_follows_the_entries_and_not_the_rows_alone,
    a_kind_of_a_later_version_stops_writing_and_no_reading,
    a_damaged_entry_is_told_and_nothing_is_written_behind_it,
    what_was_drafted_and_failed_left_nothing,
    a_row_that_says_taken_is_checked_at_its_entry,
);

/// A ledger with serials 1 and 2 taken, a request used and a key revoked, closed.
fn used(stand: Stand) -> Fixture {
    let mut fixture = fixture(stand, 1);
    let request = grounds::peters(9, |basis| basis.request_id = Some([7; 16]));
    fixture.ask(request).unwrap();
    fixture.next();
    let revoked = Revoked {
        keys: vec![PublicKey::from(public(8)).to_bytes().unwrap()],
        ..Revoked::default()
    };
    fixture
        .ledger
        .revoke_and_bar(Some(revoked), None, NOW)
        .unwrap();
    fixture.ledger.index.keep();
    fixture.again()
}

impl Fixture {
    /// The ledger, opened again.
    fn again(self) -> Self {
        drop(self.ledger);
        let ledger = self.shelf.open().unwrap();
        Self { ledger, ..self }
    }

    /// What [`used`] took is still taken.
    fn still_holds(&mut self) {
        let request = grounds::peters(9, |basis| basis.request_id = Some([7; 16]));
        assert!(matches!(
            self.ask(request),
            Err(ReserveError::RequestUsed(_))
        ));
        let revoked = self.ask(wanted(8, SerialChoice::Next));
        assert!(matches!(revoked, Err(ReserveError::KeyRevoked(_))));
        assert!(matches!(self.exactly(2), Err(ReserveError::SerialTaken(_))));
        assert_eq!(self.next(), 3);
        self.is_whole();
    }
}

fn an_index_that_was_deleted_is_made_anew(stand: Stand) {
    let fixture = used(stand);
    fixture.shelf.lose_index();
    fixture.again().still_holds();
}

fn an_older_index_is_brought_up_to_the_ledger(stand: Stand) {
    let mut fixture = fixture(stand, 1);
    fixture.ledger.index.keep();
    let older = fixture.shelf.copy_index();
    let request = grounds::peters(9, |basis| basis.request_id = Some([7; 16]));
    fixture.ask(request).unwrap();
    fixture.next();
    let revoked = Revoked {
        keys: vec![PublicKey::from(public(8)).to_bytes().unwrap()],
        ..Revoked::default()
    };
    fixture
        .ledger
        .revoke_and_bar(Some(revoked), None, NOW)
        .unwrap();
    fixture.ledger.index.keep();
    drop(fixture.ledger);
    fixture.shelf.put_index(&*older);
    let ledger = fixture.shelf.open().unwrap();
    Fixture { ledger, ..fixture }.still_holds();
}

fn an_index_of_another_ledger_is_not_believed(stand: Stand) {
    let mut other = fixture(stand, 1);
    for _ in 0..2 {
        other.next();
    }
    other.ledger.index.keep();
    let foreign = other.shelf.copy_index();
    let fixture = used(stand);
    fixture.shelf.put_index(&*foreign);
    fixture.again().still_holds();
}

fn an_index_ahead_of_the_ledger_is_not_believed(stand: Stand) {
    let mut longer = fixture(stand, 1);
    for _ in 0..20 {
        longer.next();
    }
    longer.ledger.index.keep();
    let ahead = longer.shelf.copy_index();
    let fixture = used(stand);
    fixture.shelf.put_index(&*ahead);
    fixture.again().still_holds();
}

fn a_reader_follows_the_entries_and_not_the_rows_alone(stand: Stand) {
    let mut fixture = used(stand);
    fixture.next();
    let before = fixture.shelf.copy_index();
    let reader = fixture.shelf.open_to_read().unwrap();
    let mut serials = Vec::new();
    reader
        .each_record(&mut |record| serials.push(record.reserved.serial))
        .unwrap();
    assert_eq!(serials, [1, 2, 3]);
    let found = reader.record_of(&fixture.ca, 3.try_into().unwrap());
    assert_eq!(found.unwrap().unwrap().reserved.serial, 3);
    assert_eq!(reader.index_fault().unwrap(), None);
    // It shows what was there when it was opened, whatever the writer does since.
    fixture.next();
    fixture.ledger.index.keep();
    let newer = reader.record_of(&fixture.ca, 4.try_into().unwrap());
    assert!(newer.unwrap().is_none());
    drop(reader);
    fixture.shelf.lose_index();
    drop(fixture.shelf.open_to_read().unwrap());
    assert!(fixture.shelf.has_no_index(), "a reader leaves nothing");
    drop(before);
}

fn a_kind_of_a_later_version_stops_writing_and_no_reading(stand: Stand) {
    let fixture = used(stand);
    drop(fixture.ledger);
    fixture.shelf.append_raw(&[vec![200; 60]]);
    for _ in 0..2 {
        let mut ledger = fixture.shelf.open().unwrap();
        assert!(ledger.cas().is_ok());
        let refused = ledger.reserve(vec![wanted(9, SerialChoice::Next)], NOW);
        assert!(
            matches!(refused, Err(LedgerError::UnknownKind { kind: 200, .. })),
            "{refused:?}"
        );
        ledger.index.keep();
    }
}

fn a_damaged_entry_is_told_and_nothing_is_written_behind_it(stand: Stand) {
    let fixture = used(stand);
    drop(fixture.ledger);
    fixture.shelf.lose_index();
    fixture.shelf.tamper(3, &[2, 0]);
    let refused = fixture.shelf.open().unwrap_err();
    assert!(
        matches!(
            refused,
            LedgerError::Head | LedgerError::Frames(StoreError::Damaged { .. })
        ),
        "{refused:?}"
    );
    match fixture.shelf.open_to_read() {
        Ok(reader) => {
            assert!(reader.size() < 3, "up to the last whole frame");
            assert!(reader.tail().is_some());
        }
        Err(refused) => assert!(matches!(refused, LedgerError::Head)),
    }
}

fn what_was_drafted_and_failed_left_nothing(stand: Stand) {
    let mut fixture = used(stand);
    let reservation = fixture.reserve(SerialChoice::Next).unwrap();
    let failed = || Outcome::Failed(&reservation, "pulled".to_owned());
    let ledger = &mut fixture.ledger;
    let size = ledger.size();
    let twice = ledger.commit(
        &[failed(), failed()],
        vec![wanted(9, SerialChoice::Next)],
        NOW,
    );
    assert!(matches!(twice, Err(LedgerError::OutcomeKnown { .. })));
    assert_eq!(ledger.size(), size);
    fixture.is_whole();
    let taken = fixture
        .ledger
        .commit(&[failed()], vec![wanted(9, SerialChoice::Next)], NOW);
    let serial = taken.unwrap().remove(0).unwrap().serial();
    assert_eq!(serial.number(), 4);
    fixture.is_whole();
}

fn a_row_that_says_taken_is_checked_at_its_entry(stand: Stand) {
    let fixture = used(stand);
    let row = |table, key: Vec<u8>| Row {
        table,
        key,
        position: 1,
    };
    let blob = PublicKey::from(public(9)).to_bytes().unwrap();
    let lies = [
        row(
            rows::table::EXPLICIT,
            rows::serial_key(fixture.ca.position, 50),
        ),
        row(rows::table::REVOKED_KEY, rows::sha256(&blob).to_vec()),
        row(rows::table::LEDGER_KEY, rows::sha256(&blob).to_vec()),
        row(rows::table::BARRED_REQUESTER, b"operator".to_vec()),
    ];
    let follows = fixture.ledger.index.applied();
    let Fixture { ledger, shelf, ca } = fixture;
    // Whoever writes keeps the index to itself.
    drop(ledger);
    shelf.rows().apply(&lies, &follows).unwrap();
    let ledger = shelf.open().unwrap();
    let mut fixture = Fixture { ledger, shelf, ca };
    fixture.exactly(50).unwrap();
    assert_eq!(fixture.ledger.index_fault().unwrap(), Some("EXPLICIT"));
}

/// What only a file of SQLite can meet.
mod sqlite {
    use std::os::unix::fs::PermissionsExt;

    use rusqlite::Connection;

    use super::*;
    use crate::ledger::rules::tests::stores::Disk;

    /// A ledger as [`used`] leaves it, and its shelf.
    fn used_on_disk() -> Disk {
        let shelf = Disk::default();
        let mut ledger = shelf.open().unwrap();
        let ca = ledger.add_ca(added("users", 1, 1), NOW).unwrap();
        for _ in 0..3 {
            ledger
                .reserve(vec![wanted(9, SerialChoice::Next)], NOW)
                .unwrap();
        }
        ledger.index.keep();
        assert_eq!(ledger.next_serial(&ca).unwrap(), 4.try_into().ok());
        shelf
    }

    fn next(shelf: &Disk) -> u64 {
        let mut ledger = shelf.open().unwrap();
        assert_eq!(ledger.index_fault().unwrap(), None);
        ledger.index.keep();
        assert_eq!(ledger.index_fault().unwrap(), None);
        let ca = ledger.cas().unwrap().remove(0);
        ledger.next_serial(&ca).unwrap().unwrap().number()
    }

    /// What a power cut leaves of a write that was never synced: SQLite finds no fault.
    fn lose_a_page(shelf: &Disk) {
        let connection = Connection::open(shelf.index()).unwrap();
        let lost = connection.execute("DELETE FROM row WHERE key >= x'02' AND key < x'04'", []);
        assert_eq!(lost.unwrap(), 3);
    }

    fn set_boot(shelf: &Disk, boot: &str) {
        let connection = Connection::open(shelf.index()).unwrap();
        connection
            .execute("UPDATE note SET boot = ?1", [boot])
            .unwrap();
    }

    #[test]
    fn an_index_of_another_boot_may_lack_a_page_and_is_made_anew() {
        let shelf = used_on_disk();
        lose_a_page(&shelf);
        let faulty = shelf.open().unwrap();
        assert_eq!(faulty.index_fault().unwrap(), Some("AUTOMATIC"));
        drop(faulty);
        set_boot(&shelf, "another");
        assert_eq!(next(&shelf), 4);
    }

    #[test]
    fn an_index_that_was_synced_whole_is_believed_until_the_next_write() {
        let shelf = used_on_disk();
        set_boot(&shelf, "");
        lose_a_page(&shelf);
        let mut ledger = shelf.open().unwrap();
        assert_eq!(ledger.index_fault().unwrap(), Some("AUTOMATIC"), "believed");
        ledger.make_challenge(made(), NOW).unwrap();
        ledger.index.keep();
        drop(ledger);
        let connection = Connection::open(shelf.index()).unwrap();
        let boot: String = connection
            .query_row("SELECT boot FROM note", [], |row| row.get(0))
            .unwrap();
        assert_ne!(boot, "");
    }

    /// What an audit of the file says: how many entries it has, and which table is at fault.
    fn audited(shelf: &Disk) -> (u64, Option<&'static str>) {
        let auditor = Auditor::open(&shelf.ledger()).unwrap();
        assert_eq!(auditor.tail(), None);
        let audit = auditor.audit(Signatures::Check).unwrap();
        assert!(audit.replayed.is_in_order(), "{:?}", audit.replayed);
        let size = audit.replayed.size();
        (size, audit.index.map(|IndexFault(table)| table))
    }

    #[test]
    fn an_audit_needs_the_file_alone_and_holds_an_index_beside_it_against_the_entries() {
        let shelf = used_on_disk();
        let mut ledger = shelf.open().unwrap();
        // Behind what the index was told of.
        ledger.make_challenge(made(), NOW).unwrap();
        let size = ledger.size();
        assert_eq!(audited(&shelf), (size, None), "beside a writer");
        drop(ledger);
        lose_a_page(&shelf);
        assert_eq!(audited(&shelf), (size, Some("AUTOMATIC")));
        std::fs::remove_file(shelf.index()).unwrap();
        assert_eq!(audited(&shelf), (size, None));
        assert!(!shelf.index().exists());
    }

    #[test]
    fn whoever_writes_looks_in_one_transaction_that_no_reader_and_no_write_of_its_own_minds() {
        let shelf = used_on_disk();
        let mut writer = shelf.open().unwrap();
        assert_eq!(writer.cas().unwrap().len(), 1);
        let reader = Ledger::open_to_read(&shelf.ledger()).unwrap();
        assert_eq!(reader.cas().unwrap().len(), 1);
        writer.make_challenge(made(), NOW).unwrap();
        writer.index.keep();
        assert_eq!(writer.index.lag(), 0, "it was written");
        assert_eq!(writer.index_fault().unwrap(), None);
        assert_eq!(reader.cas().unwrap().len(), 1);
    }

    fn made() -> ChallengeMade {
        ChallengeMade {
            nonce: [1; 32],
            expires: NOW,
            keyboard: String::new(),
        }
    }

    #[test]
    fn what_is_no_index_of_ours_is_made_anew() {
        for spoil in [
            |shelf: &Disk| std::fs::write(shelf.index(), "no database".repeat(900)).unwrap(),
            |shelf: &Disk| std::fs::write(shelf.index(), "").unwrap(),
            |shelf: &Disk| {
                let connection = Connection::open(shelf.index()).unwrap();
                connection
                    .execute("UPDATE note SET version = 99", [])
                    .unwrap();
            },
            |shelf: &Disk| {
                let connection = Connection::open(shelf.index()).unwrap();
                connection.execute("DROP TABLE note", []).unwrap();
            },
            |shelf: &Disk| {
                let target = shelf.ledger().with_file_name("other.index");
                std::fs::rename(shelf.index(), &target).unwrap();
                std::os::unix::fs::symlink(&target, shelf.index()).unwrap();
            },
            |shelf: &Disk| {
                let anybody = std::fs::Permissions::from_mode(0o666);
                std::fs::set_permissions(shelf.index(), anybody).unwrap();
                lose_a_page(shelf);
            },
        ] {
            let shelf = used_on_disk();
            spoil(&shelf);
            assert_eq!(next(&shelf), 4);
            let index = shelf.index().symlink_metadata().unwrap();
            assert!(index.is_file());
            assert_eq!(index.permissions().mode() & 0o022, 0);
        }
    }

    #[test]
    fn a_folder_that_takes_no_index_costs_time_alone() {
        let shelf = used_on_disk();
        shelf.lose_index();
        std::fs::create_dir(shelf.index()).unwrap();
        let mut ledger = shelf.open().unwrap();
        let ca = ledger.cas().unwrap().remove(0);
        ledger
            .reserve(vec![wanted(9, SerialChoice::Next)], NOW)
            .unwrap();
        assert_eq!(ledger.next_serial(&ca).unwrap(), 5.try_into().ok());
    }
}
