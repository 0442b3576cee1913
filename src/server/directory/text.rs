//! A list in which the members of directory groups stand.
//!
//! The line that names a directory becomes a comment, so that every other line keeps its number, and the
//! members stand at the end, with a comment that says whence. The same members give the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use super::super::access::{List, Members, PART_OF_GROUP};

/// The text of a list with the members of its groups, by their names, in the place of the directory
/// that `origin` names. Groups that aren't among them stay as they are.
///
/// A group whose members don't fit a line is made of parts, `ops..1`, `ops..2`.
#[must_use]
pub fn with_members(
    text: &str,
    list: &List<'_>,
    members: &BTreeMap<String, BTreeSet<String>>,
    origin: &str,
) -> String {
    let groups = list.header().groups().iter();
    let groups = groups.filter_map(|(name, group)| match group.members() {
        Members::Directory { dn, .. } => Some((group.line(), name, dn, members.get(name)?)),
        Members::Named(_) => None,
    });
    let mut lines = BTreeSet::new();
    let mut end = String::new();
    for (line, name, dn, principals) in groups {
        lines.insert(line);
        let count = principals.len();
        end.push_str(&format!("# @{name}: {count} out of \"{dn}\" of {origin}\n"));
        for line in definitions(name, principals) {
            end.push_str(&line);
            end.push('\n');
        }
    }
    let kept = (1_u64..).zip(text.split_inclusive('\n'));
    let kept = kept.map(|(number, line)| {
        let comment = if lines.contains(&number) { "# " } else { "" };
        format!("{comment}{line}")
    });
    kept.chain([end]).collect()
}

/// The lines that define a group: of its parts, then of itself.
fn definitions(name: &str, principals: &BTreeSet<String>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut members: Vec<String> = principals.iter().cloned().collect();
    let mut parts = 0_usize;
    while width(&members) > WIDTH {
        let mut references = Vec::new();
        for part in split(&members) {
            parts = parts.saturating_add(1);
            let part_name = format!("{name}{PART_OF_GROUP}{parts}");
            lines.push(format!("@group {part_name} = {}", part.join(" ")));
            references.push(format!("@{part_name}"));
        }
        members = references;
    }
    lines.push(format!("@group {name} = {}", members.join(" ")));
    lines
}

/// The members in pieces that each fit a line; a piece has more than one, so that there are fewer
/// pieces than members.
fn split(members: &[String]) -> Vec<Vec<&str>> {
    let mut pieces: Vec<Vec<&str>> = Vec::new();
    let mut width = 0_usize;
    for member in members {
        let more = width.saturating_add(member.len()).saturating_add(1);
        match pieces
            .last_mut()
            .filter(|piece| more <= WIDTH || piece.len() < 2)
        {
            Some(piece) => {
                piece.push(member);
                width = more;
            }
            None => {
                pieces.push(vec![member]);
                width = member.len();
            }
        }
    }
    pieces
}

fn width(members: &[String]) -> usize {
    let lengths = members.iter().map(|member| member.len().saturating_add(1));
    lengths.fold(0, usize::saturating_add)
}

/// The bytes of members in a line: few enough to be reviewed, and for the line's limit.
const WIDTH: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::access::{Host, Query, Resolved};
    use super::*;

    const LIST: &str = "@suffixes _physical\n\
        @group ops = directory \"cn=ops,dc=x\" attribute uid suffix _physical  # the night shift\n\
        @group dev = anna_physical\n@ops root *\n@dev www *\n";

    fn resolved(list: &str, principals: &[&str]) -> String {
        let parsed = List::parse(list.as_bytes()).unwrap();
        let principals = principals.iter().map(|name| (*name).to_owned()).collect();
        let members = BTreeMap::from([("ops".to_owned(), principals)]);
        with_members(list, &parsed, &members, "ldapi:///x")
    }

    #[test]
    fn members_stand_at_the_end_and_lines_keep_their_numbers() {
        let text = resolved(LIST, &["ole_physical", "anna_physical"]);
        assert_eq!(
            text,
            "@suffixes _physical\n\
             # @group ops = directory \"cn=ops,dc=x\" attribute uid suffix _physical  # the night shift\n\
             @group dev = anna_physical\n@ops root *\n@dev www *\n\
             # @ops: 2 out of \"cn=ops,dc=x\" of ldapi:///x\n\
             @group ops = anna_physical ole_physical\n"
        );
        let list = List::parse(text.as_bytes()).unwrap();
        assert_eq!(list.header().unresolved(), None);
        assert_eq!(list.entries().first().unwrap().0, 4);
    }

    #[test]
    fn a_group_that_was_not_asked_for_stays_as_it_is() {
        let parsed = List::parse(LIST.as_bytes()).unwrap();
        assert_eq!(with_members(LIST, &parsed, &BTreeMap::new(), "x"), LIST);
    }

    #[test]
    fn a_large_group_is_made_of_parts_that_all_count() {
        let names: Vec<_> = (0..20_000)
            .map(|n| format!("user{n:05}_physical"))
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        let text = resolved(LIST, &names);
        let list = List::parse(text.as_bytes()).unwrap();
        for name in [
            "user00000_physical",
            "user12345_physical",
            "user19999_physical",
        ] {
            let query = Query::new([name], "root", Host::parse("db1").unwrap()).unwrap();
            let resolved = Resolved::new(list.header(), &query);
            let entry = &list.entries().first().unwrap().1;
            assert_eq!(entry.fits(&resolved), Some(name));
        }
    }

    proptest! {
        #[test]
        fn whoever_is_in_a_group_stands_in_it_once(
            names in proptest::collection::btree_set("[a-z]{1,255}", 1..60)
        ) {
            let lines = definitions("ops", &names);
            let members = lines.iter().flat_map(|line| line.split(' ').skip(3));
            let members: Vec<_> = members.filter(|name| !name.starts_with('@')).collect();
            let expected: Vec<_> = names.iter().map(String::as_str).collect();
            prop_assert_eq!(members, expected);
            prop_assert!(lines.iter().all(|line| line.len() < 2_000));
        }
    }
}
