//! What the index finds is what the text says.

use std::fs::File;

use proptest::prelude::*;

use super::*;
use crate::server::access::index::{Stamp, find, make};

/// A list and its index in files.
struct Files {
    _folder: tempfile::TempDir,
    list: File,
    index: File,
    stamp: Stamp,
}

fn files(list: &str) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list");
    std::fs::write(&path, list).unwrap();
    let file = File::open(&path).unwrap();
    let stamp = Stamp::of(&rustix::fs::fstat(&file).unwrap());
    let bytes = make(list.as_bytes(), &stamp, stamp.settled()).unwrap();
    std::fs::write(folder.path().join("index"), bytes).unwrap();
    Files {
        list: file,
        index: File::open(folder.path().join("index")).unwrap(),
        stamp,
        _folder: folder,
    }
}

fn found(files: &Files, query: &Query<'_>) -> Option<Vec<u64>> {
    let (_, lines) = find(&files.index, &files.list, &files.stamp, query)?;
    Some(lines.into_iter().map(|(number, _)| number).collect())
}

fn query<'q>(names: &[&'q str], user: &'q str, host: &'q str) -> Query<'q> {
    Query::new(names.iter().copied(), user, Host::parse(host).unwrap()).unwrap()
}

#[test]
fn an_index_finds_names_beginnings_and_groups_among_many_lines() {
    let mut list = with_suffixes("@group dba = anna_file *_witnessed\n@hosts prod = db*\n");
    for number in 0..20_000 {
        list += &format!("user{number}_file www{} web{}\n", number % 7, number % 100);
    }
    list += "@dba postgres @prod\nuser1*_file * +canary\n!user15* * *\n";
    let files = files(&list);
    assert_eq!(
        found(&files, &query(&["user42_file"], "www0", "web42")),
        Some(vec![46])
    );
    assert_eq!(
        found(&files, &query(&["user42_file"], "www0", "web43")),
        Some(vec![])
    );
    assert_eq!(
        found(&files, &query(&["x_witnessed"], "postgres", "db1")),
        Some(vec![20_004])
    );
    assert_eq!(
        found(&files, &query(&["anna_file"], "postgres", "db1")),
        Some(vec![20_004])
    );
    let both = found(&files, &query(&["user1500_file"], "www2", "web0+canary"));
    assert_eq!(both, Some(vec![1_504, 20_005, 20_006]));
}

#[test]
fn an_index_of_another_state_of_the_list_or_with_a_flipped_bit_counts_as_none() {
    let list = with_suffixes("peter www *\n@group dba = anna\n@dba www *\n");
    let files = files(&list);
    let peter = query(&["peter"], "www", "a");
    assert_eq!(found(&files, &peter), Some(vec![2]));
    let other = self::files(&format!("{list}# x\n"));
    assert_eq!(find(&files.index, &files.list, &other.stamp, &peter), None);
    // Made in the second in which the list changed.
    let early = make(list.as_bytes(), &files.stamp, files.stamp.settled() - 1).unwrap();
    let good = make(list.as_bytes(), &files.stamp, files.stamp.settled()).unwrap();
    let asked = |bytes: &[u8]| {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, bytes).unwrap();
        find(&file, &files.list, &files.stamp, &peter).is_some()
    };
    assert!(asked(&good) && !asked(&early) && !asked(&[]));
    for at in (0..good.len()).step_by(97) {
        let mut flipped = good.clone();
        flipped[at] ^= 1;
        // Blocks that the query doesn't need are not looked at.
        let needed = at < 4_096 * 2;
        assert!(!needed || !asked(&flipped), "byte {at}");
    }
    for cut in (0..good.len()).step_by(1_000) {
        assert!(!asked(&good[..cut]), "cut at {cut}");
    }
}

proptest! {
    #[test]
    fn the_lines_of_an_index_are_those_of_the_text(
        lines in prop::collection::vec(
            ("!?", "(@g|[ab*?]{1,3}(_file|))(,[ab]{1,2}){0,5}", "(root|www|\\*|r\\*)(,u[0-9]){0,12}",
             "(a|\\*|@s|\\+t|b)(,h[0-9]){0,12}"),
            1..12,
        ),
        names in prop::collection::vec("[ab]{1,2}(_file|)", 0..5),
        user in "root|www|u1",
        host in "(a|b|h1)(\\+t)?",
    ) {
        let lines = lines.into_iter().map(|(denies, names, users, hosts)| format!("{denies}{names} {users} {hosts}\n"));
        let list = with_suffixes("@group g = a* b_file @h\n@group h = ab\n@hosts s = a h*\n") + &lines.collect::<String>();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let query = query(&names, &user, &host);
        let parsed = List::parse(list.as_bytes()).unwrap();
        let resolved = Resolved::new(parsed.header(), &query);
        let fits = |lines: &mut dyn Iterator<Item = (u64, Entry<'_>)>| -> Vec<u64> {
            lines.filter(|(_, entry)| entry.fits(&resolved).is_some()).map(|(line, _)| line).collect()
        };
        let files = files(&list);
        let (header, lines) = find(&files.index, &files.list, &files.stamp, &query).unwrap();
        prop_assert_eq!(header.groups(), parsed.header().groups());
        let mut by_index = lines.iter().map(|(number, line)| {
            let Ok(Row::Entry(entry)) = Reader::default().read(line) else { panic!() };
            (*number, entry)
        });
        prop_assert_eq!(fits(&mut by_index), fits(&mut parsed.entries().iter().copied()));
    }
}
