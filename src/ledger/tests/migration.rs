//! How a ledger of an older format becomes one of today.

use super::*;

/// A ledger of today with `count` reservations, set back to format 1.
fn format_1(count: u32) -> (TempDir, PathBuf) {
    let Fixture {
        path,
        mut ledger,
        _folder,
        ..
    } = fixture(1);
    let many = (0..count).map(|_| wanted(9, SerialChoice::Next)).collect();
    ledger.reserve(many, NOW).unwrap();
    drop(ledger);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(WITHOUT_FORMAT_3).unwrap();
    connection.execute_batch(WITHOUT_FORMAT_2).unwrap();
    connection.execute_batch(WITHOUT_POLICY).unwrap();
    let mut entries = connection
        .prepare("SELECT position, bytes FROM entry WHERE position > 1 ORDER BY 1")
        .unwrap();
    let rows = entries.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    for row in rows.unwrap() {
        let (position, bytes): (u64, Vec<u8>) = row.unwrap();
        connection
            .execute(
                "UPDATE entry SET bytes = ?2 WHERE position = ?1",
                rusqlite::params![position, of_kind_2(&bytes)],
            )
            .unwrap();
    }
    (_folder, path)
}

fn of_kind_2(bytes: &[u8]) -> Vec<u8> {
    let mut entry = Entry::from_bytes(bytes).unwrap();
    let Event::Reserved(reserved) = &mut entry.event else {
        panic!("{entry:?}")
    };
    reserved.grounds = None;
    entry.to_bytes().unwrap()
}

#[track_caller]
fn in_order(ledger: &SqliteLedger) -> replay::Replayed {
    let audit = ledger.audit(Signatures::Skip).unwrap();
    assert!(
        audit.replayed.is_in_order(),
        "{:?}",
        audit.replayed.findings
    );
    assert!(audit.index.is_none(), "{:?}", audit.index);
    audit.replayed
}

#[test]
fn a_ledger_of_format_1_becomes_one_of_today() {
    let (_folder, path) = format_1(600);
    let reader = SqliteLedger::open_to_read(&path).unwrap_err();
    assert!(
        matches!(reader, LedgerError::OlderFormat { found: 1, .. }),
        "{reader}"
    );
    let ledger = SqliteLedger::open(&path).unwrap();
    assert_eq!(in_order(&ledger).reserved, 600);
    assert_eq!(ledger.head().unwrap().size(), 601);
}

#[test]
fn a_ledger_of_format_2_keeps_its_tree_and_is_found_in() {
    let (_folder, path) = format_1(600);
    let before = SqliteLedger::open(&path).unwrap().head().unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(WITHOUT_FORMAT_3).unwrap();
    connection.pragma_update(None, "user_version", 2).unwrap();
    drop(connection);
    let ledger = SqliteLedger::open(&path).unwrap();
    assert_eq!(ledger.head().unwrap(), before);
    in_order(&ledger);
    let mut found = 0;
    ledger
        .each_record_of(Term::Principal("peter"), &mut |record| {
            assert_eq!(record.reserved.grounds, None);
            found += 1;
        })
        .unwrap();
    assert_eq!(found, 600);
}

#[test]
fn an_older_ledger_takes_new_entries_behind_its_old_ones() {
    let (_folder, path) = format_1(3);
    let mut ledger = SqliteLedger::open(&path).unwrap();
    let wanted = vec![wanted(9, SerialChoice::Next)];
    let reserved = ledger.reserve(wanted, NOW).unwrap().remove(0).unwrap();
    assert_eq!(reserved.serial().number(), 4);
    assert_eq!(in_order(&ledger).reserved, 4);
}

const WITHOUT_FORMAT_3: &str = "PRAGMA foreign_keys = off;
    DROP TABLE term; DROP TABLE policy; DROP TABLE signed_head; DROP TABLE evidence; DROP TABLE requester;
    DROP TABLE certified; DROP TABLE request_id; DROP TABLE answer; DROP TABLE challenge;
    DROP TABLE barred_card; DROP TABLE barred_requester; DROP TABLE barred";
const WITHOUT_FORMAT_2: &str = "DROP TABLE tile; DROP TABLE head; DROP TABLE krl; DROP TABLE gap;
    DROP TABLE revoked_key; DROP TABLE revocation; PRAGMA user_version = 1";
/// The policy's entry, which older formats do not have, is the second.
const WITHOUT_POLICY: &str = "DROP TRIGGER entry_stays; DROP TRIGGER entry_remains;
    DELETE FROM entry WHERE position = 2;
    UPDATE entry SET position = -position WHERE position > 2;
    UPDATE entry SET position = -position - 1 WHERE position < 0;
    UPDATE reservation SET position = -position;
    UPDATE reservation SET position = -position - 1";
