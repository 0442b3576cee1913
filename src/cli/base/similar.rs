//! Did you mean: the name that somebody hardly missed.

/// A question after the nearest of the names that there are, if one is near.
pub(crate) fn did_you_mean<'a>(
    typed: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let most = typed.chars().count().min(LONGEST) / 3;
    let near = names.into_iter().filter_map(|name| {
        let distance = distance(typed, name);
        let is_begun = !typed.is_empty() && name.starts_with(typed);
        (distance <= most || is_begun).then_some((distance, name))
    });
    let (_, name) = near.min()?;
    (name != typed).then(|| format!("did you mean `{name}`?"))
}

/// How many letters must be changed, added, left out or swapped with their neighbour (optimal
/// string alignment), as far as the first letters of both tell.
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        let lower = text.chars().flat_map(char::to_lowercase);
        lower.take(LONGEST).collect()
    };
    let (a, b) = (letters(a), letters(b));
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, other) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(LONGEST);
            let change = at(&row, j) + usize::from(letter != other);
            let mut least = change.min(at(&row, j + 1) + 1).min(at(&next, j) + 1);
            let swapped =
                i > 0 && j > 0 && a.get(i - 1) == Some(other) && b.get(j - 1) == Some(letter);
            if swapped {
                least = least.min(at(&before, j - 1) + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(LONGEST)
}

/// The longest part of a name that is looked at, in characters.
const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_nearest_name_and_none_that_is_far() {
        let names = ["hosts", "users", "engineer"];
        let asked = |typed| did_you_mean(typed, names);
        assert_eq!(asked("user").as_deref(), Some("did you mean `users`?"));
        assert_eq!(asked("suers").as_deref(), Some("did you mean `users`?"));
        assert_eq!(asked("Hosts").as_deref(), Some("did you mean `hosts`?"));
        assert_eq!(asked("hosts"), None);
        assert_eq!(
            asked("enginer").as_deref(),
            Some("did you mean `engineer`?")
        );
        assert_eq!(asked("eng").as_deref(), Some("did you mean `engineer`?"));
        assert_eq!(asked("ca_key"), None);
        assert_eq!(did_you_mean("users", []), None);
    }

    #[test]
    fn counts_changes_and_swaps() {
        for (a, b, count) in [
            ("", "abc", 3),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("abcd", "bcx", 2),
        ] {
            assert_eq!(distance(a, b), count, "{a} {b}");
        }
    }
}
