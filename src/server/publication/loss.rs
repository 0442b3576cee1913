//! What is gone from a list, where that is more than a day's work: half of it, a group, root.
//!
//! A guard against a wrong or cut file, which enough persons signed all the same. It takes nothing
//! from those who mean it: they say so when they publish.

use std::collections::BTreeSet;

use super::super::access::review::lets_anybody_in;
use super::super::access::{
    Definition, Entry, Host, List, Members, Moment, PART_OF_GROUP, Purpose,
};

/// What a list lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Loss {
    /// Half of the lines, or more.
    #[error("{gone} of {before} lines are gone")]
    Lines {
        /// Lines of before of which none with the same three columns is left.
        gone: usize,
        /// Lines before.
        before: usize,
    },
    /// A group that had members is empty or gone.
    #[error("group `@{0}` is gone or empty")]
    Group(String),
    /// Nobody gets into root any more.
    #[error("nobody gets into root")]
    Root,
}

/// What is gone from `before`, for this host or, where none is named, for all.
#[must_use]
pub fn losses(
    before: &List<'_>,
    after: &List<'_>,
    host: Option<&Host<'_>>,
    moment: &Moment<'_>,
) -> Vec<Loss> {
    let mut losses = Vec::new();
    losses.extend(lines(before, after));
    let groups = before.header().groups().iter();
    let gone = groups.filter(|(name, group)| {
        !name.contains(PART_OF_GROUP)
            && has_members(group)
            && !after.header().groups().get(*name).is_some_and(has_members)
    });
    losses.extend(gone.map(|(name, _)| Loss::Group(name.clone())));
    let lets_into_root = |list| lets_anybody_in(list, "root", host, moment);
    if lets_into_root(before) && !lets_into_root(after) {
        losses.push(Loss::Root);
    }
    losses
}

fn lines(before: &List<'_>, after: &List<'_>) -> Option<Loss> {
    let left: BTreeSet<_> = after
        .entries()
        .iter()
        .map(|(_, entry)| columns(entry))
        .collect();
    let entries = before.entries();
    let gone = entries
        .iter()
        .filter(|(_, entry)| !left.contains(&columns(entry)))
        .count();
    let half = gone.saturating_mul(2) >= entries.len();
    half.then_some(Loss::Lines {
        gone,
        before: entries.len(),
    })
}

fn columns<'l>(entry: &Entry<'l>) -> (bool, &'l str, &'l str, &'l str) {
    let grant = entry.purpose() == Purpose::Grant;
    (grant, entry.principals(), entry.users(), entry.hosts())
}

fn has_members(group: &Definition) -> bool {
    match group.members() {
        Members::Named(names) => !names.is_empty(),
        Members::Directory { .. } => true,
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::server::access::Refreshed;

    fn lost(before: &str, after: &str, host: Option<&str>) -> Vec<Loss> {
        let moment = Moment {
            now: 1_795_000_000,
            refreshed: Refreshed::AsPublished,
            zone: &|| TimeZone::UTC,
        };
        let before = List::parse(before.as_bytes()).unwrap();
        let after = List::parse(after.as_bytes()).unwrap();
        let host = host.map(|host| Host::parse(host).unwrap());
        losses(&before, &after, host.as_ref(), &moment)
    }

    #[test]
    fn a_denial_of_all_who_get_into_root_takes_the_last_way_as_well() {
        let list = "@suffixes _p\nanna,e*_p root web*\npeter www *\n";
        for denial in ["!* root *", "!anna,*_p * web*", "!* * *"] {
            let after = format!("{list}{denial}\n");
            assert_eq!(lost(list, &after, None), [Loss::Root], "{denial}");
            assert_eq!(lost(&after, &after, None), []);
        }
        for denial in ["!anna root *", "!* root web1", "!* www *"] {
            assert_eq!(
                lost(list, &format!("{list}{denial}\n"), None),
                [],
                "{denial}"
            );
        }
        let here = format!("{list}!* root web1\n");
        assert_eq!(lost(list, &here, Some("web1")), [Loss::Root]);
        assert_eq!(lost(list, &here, Some("web2")), []);
        // Freshness is another matter: what is too old today is refreshed tomorrow.
        let stale = format!("@version 1\n@stale 7d\n{list}x www *\n");
        assert_eq!(lost(&stale, &stale.replace("anna,e*_p", "ole"), None), []);
    }

    #[test]
    fn half_of_the_lines_is_much_and_other_options_are_no_loss() {
        let list = "a u *\nb u *\nc u *\nd u *\n";
        assert_eq!(lost(list, "a u * restrict\nb u *\nc u *\n", None), []);
        assert_eq!(lost(list, "a u *\nb u *\nc u *\ne u *\nf u *\n", None), []);
        let (gone, before) = (2, 4);
        assert_eq!(
            lost(list, "a u *\nb u *\ne u *\nf u *\ng u *\n", None),
            [Loss::Lines { gone, before }]
        );
        // A line that keeps out where one let in is another line.
        let (gone, before) = (1, 1);
        assert_eq!(
            lost("a u *\n", "!a u *\n", None),
            [Loss::Lines { gone, before }]
        );
    }

    #[test]
    fn a_group_that_is_gone_or_empty_is_told() {
        let list = "@group g = a\n@group none =\n@g u *\n";
        assert_eq!(lost(list, "@group g = b\n@g u *\n", None), []);
        assert_eq!(
            lost(list, "@group g =\n@g u *\n", None),
            [Loss::Group("g".into())]
        );
        // A part of a directory's group goes as its members become fewer.
        let parts = "@group g..1 = a\n@group g..2 = b\n@group g = @g..1 @g..2\n@g u *\n";
        assert_eq!(lost(parts, "@group g = a\n@g u *\n", None), []);
    }

    #[test]
    fn root_that_nobody_gets_into_any_more_is_told_for_the_host() {
        let list = "@hosts db = db* !db9\na u *\nb u *\nc root @db\n";
        let without = "a u *\nb u *\n";
        assert_eq!(lost(list, without, None), [Loss::Root]);
        assert_eq!(lost(list, without, Some("db1")), [Loss::Root]);
        for elsewhere in ["db9", "web1"] {
            assert_eq!(lost(list, without, Some(elsewhere)), []);
        }
        // A wildcard reaches no root, and what is over lets nobody in.
        for line in [
            "c * *\n",
            "c root * expiry-time=\"20200101Z\"\n",
            "!c root *\n",
        ] {
            assert_eq!(
                lost(list, &format!("{without}{line}"), None),
                [Loss::Root],
                "{line}"
            );
        }
        assert_eq!(lost(without, without, None), []);
    }
}
