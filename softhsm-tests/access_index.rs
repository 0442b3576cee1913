//! Lists with an index at a real sshd: forged, damaged, of another list; and a long one.

use std::os::unix::fs::chown;

use flate2::Crc;

use crate::harness::server::Server;
use crate::harness::write;

const BLOCK_BYTES: usize = 4_096;
/// Where an index says of which state of a list it is, and when it was made.
const STAMP: std::ops::Range<usize> = 32..88;

#[test]
fn a_forged_index_lets_nobody_in_whom_the_list_does_not() {
    let Some(server) = Server::start() else {
        return;
    };
    let (www, db) = (server.www.name(), server.db.name());
    let peter = server.certify("peter", "peter");
    let maria = server.certify("maria", "maria");
    let index = server.path("access/access.list.idx");
    server.put(&format!("maria {www} web1\npeter {db} web1\n"));
    server.compile();
    let other = std::fs::read(&index).unwrap();
    server.put(&format!("peter {www} web1\nmaria {db} web1\n"));
    server.compile();
    let own = std::fs::read(&index).unwrap();
    server.lets_in(www, &peter);
    server.refuses(www, &maria);
    // The index of the other list, with the state of this one and the checksum made anew.
    let mut forged = other.clone();
    forged[STAMP].copy_from_slice(&own[STAMP]);
    let mut crc = Crc::new();
    crc.update(&forged[..BLOCK_BYTES - 4]);
    forged[BLOCK_BYTES - 4..BLOCK_BYTES].copy_from_slice(&crc.sum().to_be_bytes());
    write(&index, &forged, 0o644);
    server.refuses(www, &maria);
    server.refuses(db, &peter);
    // One of another list, and one with a bit that fell over, count as none.
    let mut damaged = own.clone();
    damaged[BLOCK_BYTES * 2] ^= 1;
    for none in [other, damaged, own[..BLOCK_BYTES + 7].to_vec(), Vec::new()] {
        write(&index, &none, 0o644);
        server.lets_in(www, &peter);
        server.refuses(www, &maria);
    }
    // One that somebody else could have written is doubt.
    write(&index, &own, 0o664);
    server.refuses(www, &peter);
    write(&index, &own, 0o644);
    server.lets_in(www, &peter);
    chown(&index, Some(4_321), None).unwrap();
    server.refuses(www, &peter);
}

#[test]
fn an_index_that_is_older_than_its_list_changes_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    let peter = server.certify("peter", "peter");
    let maria = server.certify("maria", "maria");
    server.put(&format!("peter {www} web1\n"));
    server.compile();
    server.lets_in(www, &peter);
    server.put(&format!("maria {www} web1\n"));
    server.lets_in(www, &maria);
    server.refuses(www, &peter);
    // Also where it was changed in place, to the same length.
    server.compile();
    write(&server.list(), format!("peter {www} web1\n"), 0o644);
    server.lets_in(www, &peter);
    server.refuses(www, &maria);
}

#[test]
fn of_200_000_lines_the_one_that_fits_lets_in() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    let mut list = String::from("@suffixes _file\n");
    for number in 0..100_000 {
        list += &format!("user{number} {www} web{}\n", number % 500 + 2);
    }
    list += &format!("peter {www} web1\n");
    for number in 100_000..200_000 {
        list += &format!("user{number}*,host{number}_file {www} db*,web1 restrict\n");
    }
    server.put(&list);
    let peter = server.certify("peter", "peter");
    let last = server.certify("last", "user199999x");
    let elsewhere = server.certify("elsewhere", "user99999");
    for compiled in [false, true] {
        if compiled {
            server.compile();
        }
        server.lets_in(www, &peter);
        server.lets_in(www, &last);
        server.refuses(www, &elsewhere);
    }
    // One line that isn't understood, far behind, and nobody gets in.
    server.put(&(list + "erik www\n"));
    server.refuses(www, &peter);
}
