//! Who gains and who loses by a change, wherever lines and patterns meet.

use super::*;
use crate::server::access::review::{Book, Change, changes, changes_on};

fn rows(found: &[Change]) -> Vec<String> {
    let shown = |options: &Option<String>| options.clone().unwrap_or_else(|| "no".into());
    let row = |change: &Change| {
        let (before, after) = (shown(&change.before), shown(&change.after));
        let Change {
            principal,
            user,
            host,
            ..
        } = change;
        format!("{principal} {user} {host} {before}>{after}")
    };
    found.iter().map(row).collect()
}

fn told(old: &str, new: &str) -> Vec<String> {
    let lists = [old, new].map(|text| List::parse(text.as_bytes()).unwrap());
    let [old, new] = lists.each_ref().map(Book::new);
    rows(&changes(&old, &new, &moment()).unwrap())
}

#[test]
fn a_denial_that_is_gone_is_gained_by_each_name_that_it_kept_out() {
    let kept =
        "@suffixes _physical\n@hosts production = db* web*\ncontractor_bob_physical www web1\n";
    let old = format!("{kept}!contractor_* * @production\n");
    let row = "contractor_bob_physical www web1 no>";
    assert_eq!(told(&old, kept), [row]);
    let lists = [&old, kept].map(|text| List::parse(text.as_bytes()).unwrap());
    let [before, after] = lists.each_ref().map(Book::new);
    let there = |host| rows(&changes_on(&before, &after, host, &moment()).unwrap());
    assert_eq!(there("web1"), [row]);
    assert_eq!(there("web2"), [""; 0]);
    assert_eq!(
        told("bob www web2\n!b* w* web*\n", "bob www web2\n"),
        ["bob www web2 no>"]
    );
    assert_eq!(
        told(
            "b*_x www web2\n@suffixes _q\n!*o* * *\n",
            "b*_x www web2\n@suffixes _q\n"
        ),
        ["b*o*_x www web2 no>"]
    );
}

#[test]
fn a_line_that_is_gone_leaves_those_whom_it_hid_to_the_next() {
    let kept = "@suffixes _physical\nbob www web1\n";
    let with = "@suffixes _physical\nb* www web* restrict\nbob www web1\n";
    assert_eq!(
        told(with, kept),
        [
            "b* www web* restrict>no",
            "bob www web1 restrict>",
            "bob www web* restrict>no"
        ]
        .map(String::from)
        .into_iter()
        .filter(|row| row != "bob www web* restrict>no")
        .collect::<Vec<_>>()
    );
}

#[test]
fn places_are_asked_where_they_meet() {
    for (kept, denial, row) in [
        (
            "ann root +production",
            "!ann root db1",
            "ann root db1+production no>",
        ),
        (
            "ann root +production",
            "!ann root +old",
            "ann root +old+production no>",
        ),
        ("ann www w*", "!ann www *1", "ann www w*1 no>"),
        ("ann w* web1", "!ann *w web1", "ann w*w web1 no>"),
        ("ann www @some", "!ann www *1", "ann www w*1 no>"),
    ] {
        let kept = format!("@suffixes _physical\n@hosts some = w* !wx*\n{kept}\n");
        assert_eq!(told(&format!("{kept}{denial}\n"), &kept), [row], "{denial}");
        let lost = row.replace(" no>", " >no");
        assert_eq!(
            told(&kept, &format!("{kept}{denial}\n")),
            [lost],
            "{denial}"
        );
    }
}

#[test]
fn a_suffix_that_is_reserved_no_more_is_gained_by_patterns() {
    let old = "@suffixes _physical _file\na* www *\n";
    let new = old.replace(" _file", "");
    assert_eq!(told(old, &new), ["a*_file www * no>"]);
    assert_eq!(told(&new, old), ["a*_file www * >no"]);
}

#[test]
fn an_account_that_asks_the_ledger_no_more_is_told_for_patterns_of_users() {
    let ca = certificate::fingerprint(certificate::CA);
    let text = |known: &str| format!("@ca users {ca}\n{known}anna w* *\n");
    assert_eq!(
        told(&text("@known www 2h\n"), &text("")),
        ["anna www * (known, 2 hours)>"]
    );
}

#[test]
fn what_a_line_tells_by_itself_is_told_once() {
    let kept = "@suffixes _physical\nanna x web1\nole_physical x *\n";
    assert_eq!(
        told(kept, &format!("{kept}* www,r* web*,+t\n")),
        [
            "* r* +t no>",
            "* r* web* no>",
            "* www +t no>",
            "* www web* no>"
        ]
    );
    // No pattern without the suffix tells of those who have it.
    assert_eq!(
        told(kept, &format!("{kept}o*,ole_physical www web1\n")),
        ["o* www web1 no>", "ole_physical www web1 no>"]
    );
}

/// Small lists of letters that meet in many ways, and every name of them: what is silent is no
/// change for anybody.
#[test]
fn whoever_gains_or_loses_somewhere_some_row_is_told() {
    let mut state: u32 = 1;
    let mut pick = |of: &[&'static str]| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let at = usize::try_from(state >> 16).unwrap() % of.len();
        of[at]
    };
    let mut line = || {
        let names = ["a", "ab", "a*", "*b", "b", "*", "?b", "ab_f", "a*_f", "@g"];
        let (denial, name) = (pick(&["", "", "!"]), pick(&names));
        let user = pick(&["u", "uv", "u*", "*v", "root", "*"]);
        let host = pick(&["h", "hi", "h*", "*i", "+t", "+s", "@s", "*"]);
        let options = if denial.is_empty() {
            pick(&["", "", " restrict"])
        } else {
            ""
        };
        format!("{denial}{name} {user} {host}{options}\n")
    };
    let head = "@suffixes _f\n@group g = a b*\n@hosts s = h* !*i +s\n";
    let mut found = 0;
    for round in 0..400 {
        let lines: Vec<String> = (0..4).map(|_| line()).collect();
        let old = format!("{head}{}", lines.concat());
        let mut fewer = lines.clone();
        fewer.remove(round % 4);
        let new = format!("{head}{}", fewer.concat());
        // A row was asked; what was not asked is looked for here.
        let is_told = !told(&old, &new).is_empty();
        assert!(is_told || !differs(&old, &new), "{old}\n{new}");
        found += u32::from(is_told);
    }
    assert!(found > 100, "{found} of the lists change anything");
}

fn differs(old: &str, new: &str) -> bool {
    let lists = [old, new].map(|text| List::parse(text.as_bytes()).unwrap());
    let [old, new] = lists.each_ref().map(Book::new);
    let answer = |book: &Book<'_>, name: &str, user: &str, host: &str| match book
        .ask(name, user, host, &moment())
        .unwrap()
        .outcome
    {
        Outcome::Line { printed, .. } => Some(printed),
        Outcome::Nothing(_) => None,
    };
    let names = [
        "a", "b", "ab", "acb", "zb", "zzb", "ac", "bc", "c", "ab_f", "a_f", "acc_f", "b_f",
    ];
    let users = ["u", "uv", "v", "uxv", "ux", "xv", "x", "root"];
    let hosts = ["h", "i", "hi", "hxi", "hx", "xi", "x"];
    let tags = ["", "+t", "+s", "+s+t"];
    names.iter().any(|name| {
        users.iter().any(|user| {
            hosts.iter().any(|host| {
                tags.iter().any(|tag| {
                    let host = format!("{host}{tag}");
                    answer(&old, name, user, &host) != answer(&new, name, user, &host)
                })
            })
        })
    })
}
