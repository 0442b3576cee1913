//! Files that are damaged, cut, or another hand wrote.

use super::*;

#[test]
fn every_command_that_reads_a_ledger_warns_of_its_damaged_end() {
    let admin = ready();
    changed_copy(&admin, |bytes| {
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes.truncate(end - 4);
    });
    let commands: &[&[&str]] = &[
        &["list"],
        &["show", "users", "1"],
        &["export"],
        &["head", "show"],
        &["key", "list"],
    ];
    for command in commands {
        let read = |ledger: &str| {
            let more = ["--ledger", ledger];
            admin
                .punchmark
                .run(&[&["ledger"], *command, &more].concat())
                .ok()
        };
        let warned = read("copy").stderr;
        assert!(warned.contains("ends in a damaged frame: byte"), "{warned}");
        let sound = read(admin.ledger_file().to_str().unwrap()).stderr;
        assert!(!sound.contains("damaged"), "{sound}");
    }
}

#[test]
fn a_ledger_that_is_a_header_alone_is_called_empty() {
    let admin = ready();
    changed_copy(&admin, |bytes| bytes.truncate(64));
    let ran = admin
        .punchmark
        .run(&["ledger", "verify", "--ledger", "copy"]);
    assert!(ran.stdout.starts_with("empty: no entry"), "{ran}");
    assert!(!ran.stdout.contains("consistent"), "{ran}");
}

#[test]
fn a_hole_behind_the_frames_is_not_read_through() {
    let admin = ready();
    changed_copy(&admin, |_| ());
    let copy = admin.punchmark.path("copy");
    let copy = std::fs::File::options().write(true).open(copy).unwrap();
    copy.set_len(1 << 40).unwrap();
    let verify = ["ledger", "verify", "--ledger", "copy"];
    admin.punchmark.run(&verify).ok();
}

#[test]
fn an_entry_that_was_changed_is_named() {
    let admin = ready();
    rewrite(&admin, |entries| entries[3] = vec![0]);
    finds(verify(&admin, &[]), "entry 4: ");
    let key = admin.public_keys(4).pop().unwrap();
    let ran = admin.sign(&["-n", "erik", key.to_str().unwrap()]);
    ran.exits(1).says("ledger entry 4");
    assert_eq!(admin.certificates().len(), 3);
}

#[test]
fn an_index_that_says_something_else_than_the_entries_is_found() {
    let admin = ready();
    // Enough entries that the index was written.
    for _ in 0..12 {
        admin.sign(&["-n", "erik", "key0.pub"]).ok();
    }
    let index = admin.ledger_file().with_extension("ledger.index");
    let connection = rusqlite::Connection::open(index).unwrap();
    let lost = "DELETE FROM row WHERE key >= x'06' AND key < x'07' AND position < 9";
    assert!(connection.execute(lost, []).unwrap() > 0);
    drop(connection);
    let ran = verify(&admin, &[]);
    finds(ran, "the index: table OUTCOME has other rows");
}

/// The forgeries that pass every look-up, since the index is made of them.
#[test]
fn a_forger_who_writes_the_whole_file_anew_is_found_all_the_same() {
    // After the CA, the place of heads, the suffixes and the token's binding: a policy, then
    // serial 1 is reserved and issued.
    type Forgery = fn(&mut Vec<Vec<u8>>);
    let twice: Forgery = |entries| entries[7] = entries[5].clone();
    let outcome: Forgery = |entries| entries[8] = entries[6].clone();
    for (forgery, found) in [
        (twice, "entry 8: broken: serial 1 was taken before"),
        (
            outcome,
            "entry 9: broken: the outcome of entry 6 was recorded before",
        ),
    ] {
        let admin = ready();
        rewrite(&admin, forgery);
        finds(verify(&admin, &[]), found);
    }
}
