//! Which lines of two lists are not the same, so that nobody else has to be looked at.

use std::collections::{BTreeSet, HashMap};

use super::super::entry::Entry;
use super::super::header::Header;
use super::book::Book;

/// The names and patterns of all lines that the other list doesn't have in the same words, with the
/// same definitions, or in the same order.
///
/// A line that stays is told by a common run of both lists, whichever: what stands outside of it is
/// looked at, so that a line that only moved, and may hide another now, is among those.
pub(super) fn touched<'l>(old: &Book<'l>, new: &Book<'l>) -> BTreeSet<&'l str> {
    let (before, after) = (old.list().entries(), new.list().entries());
    if !same_definitions(old.list().header(), new.list().header()) {
        return names(old, before).chain(names(new, after)).collect();
    }
    let start = same(before.iter(), after.iter());
    let (before, after) = (rest(before, start), rest(after, start));
    let end = same(before.iter().rev(), after.iter().rev());
    let (before, after) = (but_the_last(before, end), but_the_last(after, end));
    let stays = staying(before, after);
    let outside = |entries: &'l [Line<'l>], stays: BTreeSet<usize>| -> Vec<_> {
        let all = entries.iter().enumerate();
        let outside = all.filter(|(position, _)| !stays.contains(position));
        outside.map(|(_, line)| *line).collect()
    };
    let gone = outside(before, stays.iter().map(|(old, _)| *old).collect());
    let come = outside(after, stays.iter().map(|(_, new)| *new).collect());
    names(old, &gone).chain(names(new, &come)).collect()
}

/// A line of a list, with its number.
type Line<'l> = (u64, Entry<'l>);

fn rest<'l>(lines: &'l [Line<'l>], start: usize) -> &'l [Line<'l>] {
    lines.get(start..).unwrap_or_default()
}

fn but_the_last<'l>(lines: &'l [Line<'l>], end: usize) -> &'l [Line<'l>] {
    lines
        .get(..lines.len().saturating_sub(end))
        .unwrap_or_default()
}

fn same<'l, 'a: 'l>(
    one: impl Iterator<Item = &'l Line<'a>>,
    other: impl Iterator<Item = &'l Line<'a>>,
) -> usize {
    let both = one.zip(other);
    both.take_while(|((_, one), (_, other))| one.is_same_as(other))
        .count()
}

/// The positions of lines that stand once in each list and in the same order (patience diff).
fn staying(before: &[Line<'_>], after: &[Line<'_>]) -> Vec<(usize, usize)> {
    let (old, new) = (once(before), once(after));
    let mut both: Vec<(usize, usize)> = old
        .iter()
        .filter_map(|(words, at)| {
            let (old_at, old_line) = (*at)?;
            let (new_at, new_line) = new.get(words).copied().flatten()?;
            old_line.is_same_as(new_line).then_some((old_at, new_at))
        })
        .collect();
    both.sort_unstable();
    let positions: Vec<usize> = both.iter().map(|(_, new)| *new).collect();
    let run = growing(&positions).into_iter();
    run.filter_map(|index| both.get(index).copied()).collect()
}

/// The columns of a line.
type Words<'l> = (&'l str, &'l str, &'l str);

/// Each line whose columns stand once, by them; none for columns that stand more often.
fn once<'l>(lines: &'l [Line<'l>]) -> HashMap<Words<'l>, Option<(usize, &'l Entry<'l>)>> {
    let mut found = HashMap::with_capacity(lines.len());
    for (position, (_, entry)) in lines.iter().enumerate() {
        let words = (entry.principals(), entry.users(), entry.hosts());
        found
            .entry(words)
            .and_modify(|known| *known = None)
            .or_insert(Some((position, entry)));
    }
    found
}

/// The indices of a longest run of numbers that only grow (patience sorting).
fn growing(numbers: &[usize]) -> Vec<usize> {
    let mut last_of_length: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let is_less = |last: &usize| numbers.get(*last).is_some_and(|last| last < number);
        let length = last_of_length.partition_point(is_less);
        let shorter = length.checked_sub(1);
        before.push(shorter.and_then(|shorter| last_of_length.get(shorter).copied()));
        match last_of_length.get_mut(length) {
            Some(last) => *last = index,
            None => last_of_length.push(index),
        }
    }
    let mut run = Vec::new();
    let mut next = last_of_length.last().copied();
    while let Some(index) = next {
        run.push(index);
        next = before.get(index).copied().flatten();
    }
    run.reverse();
    run
}

fn names<'l>(book: &Book<'l>, lines: &[Line<'l>]) -> impl Iterator<Item = &'l str> + use<'l> {
    let all: BTreeSet<_> = lines
        .iter()
        .flat_map(|(_, entry)| book.names(entry))
        .collect();
    all.into_iter()
}

fn same_definitions(one: &Header, other: &Header) -> bool {
    let members = |header: &Header| {
        let all = [header.groups(), header.sets()].map(|definitions| {
            let members = definitions
                .iter()
                .map(|(name, of)| (name.clone(), of.members().clone()));
            members.collect::<Vec<_>>()
        });
        let known = header.known().to_vec();
        (all, header.suffixes().to_vec(), known)
    };
    members(one) == members(other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::list::List;
    use super::*;

    fn names_of(old: &str, new: &str) -> Vec<String> {
        let (old, new) = (List::parse(old.as_bytes()), List::parse(new.as_bytes()));
        let (old, new) = (old.unwrap(), new.unwrap());
        let (old, new) = (Book::new(&old), Book::new(&new));
        touched(&old, &new).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn only_lines_that_changed_or_moved_are_looked_at() {
        let old = "a u h\nb u h\nc u h\nd u h\ne u h\n";
        assert_eq!(names_of(old, old), Vec::<String>::new());
        let changed = "a u h\nb u i\nc u h\nd u h restrict\ne u h\n";
        assert_eq!(names_of(old, changed), ["b", "d"]);
        assert_eq!(names_of(old, "a u h\nc u h\nd u h\nb u h\ne u h\n"), ["b"]);
        assert_eq!(
            names_of(old, "x u h\na u h\nc u h\ne u h\n"),
            ["b", "d", "x"]
        );
        // What stands twice is looked at.
        assert_eq!(
            names_of(old, "b u h\nb u h\nc u h\nd u h\ne u h\n"),
            ["a", "b"]
        );
    }

    proptest! {
        #[test]
        fn a_longest_growing_run_grows_and_none_is_longer(numbers in prop::collection::vec(0_usize..30, 0..12)) {
            let run = growing(&numbers);
            prop_assert!(run.is_sorted_by(|one, other| one < other && numbers[*one] < numbers[*other]));
            let grows = |chosen: u32| {
                let all = numbers.iter().enumerate();
                let chosen = all.filter(|(index, _)| chosen >> index & 1 == 1).map(|(_, number)| *number);
                chosen.is_sorted_by(|one, other| one < other)
            };
            let longest = (0..1_u32 << numbers.len()).filter(|chosen| grows(*chosen)).map(u32::count_ones).max();
            prop_assert_eq!(Some(u32::try_from(run.len()).unwrap()), longest);
        }
    }
}
