//! Lines that differ only in `from` are one for sshd, which looks at no second line that fits.

use super::entry::Entry;
use super::options::Options;

/// How many of the lines from the first on are one line: 1 where nothing is joined.
///
/// `fitting` are all grants that fit a query and aren't over, in the order of the list. Lines are
/// joined if all with the same columns and the same other options have a `from` without `!`, and
/// none of other form stands between them.
pub(super) fn joined(fitting: &[Entry<'_>]) -> usize {
    let Some((first, rest)) = fitting.split_first() else {
        return 0;
    };
    let same = rest.iter().filter(|entry| is_same(first, entry)).count();
    let (together, _) = rest.split_at_checked(same).unwrap_or_default();
    let side_by_side = together.iter().all(|entry| is_same(first, entry));
    let joinable = |entry: &Entry<'_>| entry.options().joins_by_from();
    if side_by_side && joinable(first) && together.iter().all(joinable) {
        return same.saturating_add(1);
    }
    1
}

/// The options of joined lines: those of the first, with every `from` in the place of its own.
pub(super) fn options(joined: &[Entry<'_>]) -> String {
    let Some(first) = joined.first() else {
        return String::new();
    };
    if joined.len() == 1 {
        return first.options().as_str().to_owned();
    }
    let from: Vec<_> = joined
        .iter()
        .filter_map(|entry| entry.options().from())
        .collect();
    let from = format!("from=\"{}\"", from.join(","));
    let options = first.options();
    let options = options.iter().map(|item| {
        if item.is("from") {
            from.as_str()
        } else {
            item.text
        }
    });
    options.collect::<Vec<_>>().join(",")
}

/// Whether two lines are one apart from `from`.
pub(super) fn is_same(one: &Entry<'_>, other: &Entry<'_>) -> bool {
    one.principals() == other.principals()
        && one.users() == other.users()
        && one.hosts() == other.hosts()
        && beside_from(one.options()) == beside_from(other.options())
}

/// The other options in their order, which counts for sshd; the case of a name does not.
fn beside_from(options: Options<'_>) -> Vec<(String, Option<&str>)> {
    let beside = options.iter().filter(|item| !item.is("from"));
    beside
        .map(|item| (item.name.to_ascii_lowercase(), item.value))
        .collect()
}
