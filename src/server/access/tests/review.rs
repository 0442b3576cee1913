//! What reviewers and auditors are told.

use super::*;
use crate::server::access::review::{
    Book, CaKey, CaKeyError, CannotRender, Change, Oddity, Reach, can, changes, changes_on, import,
    lint, render, render_authorized_keys, who,
};

fn list(text: &str) -> List<'_> {
    List::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}\n{text}"))
}

fn rows(ways: &[Reach]) -> Vec<String> {
    let row = |way: &Reach| {
        let barred = way.barred.as_ref().map(|why| format!(" ({why})"));
        format!(
            "{} {} {} {}{}",
            way.line,
            way.principal,
            way.users,
            way.hosts,
            barred.unwrap_or_default()
        )
    };
    ways.iter().map(row).collect()
}

#[test]
fn who_gets_in_is_told_by_name_and_pattern_with_what_takes_it_back() {
    let text = with_suffixes(
        "@group dba = anna_file @more\n@group more = ole_file\n@dba root db*\nx_* root,www *\npeter_file root web1\n\
         !ole_* * *\nold_file root * expiry-time=\"20200101Z\"\n",
    );
    let list = list(&text);
    let ways = who(&Book::new(&list), "root", "db1", &moment()).unwrap();
    assert_eq!(
        rows(&ways),
        [
            "4 anna_file root db1",
            "8 old_file root db1 (line 8 has expired)",
            "4 ole_file root db1 (line 7 denies ole_file)",
            "5 x_* root db1",
        ]
    );
    assert_eq!(
        rows(&can(&Book::new(&list), "anna_file", &moment())),
        ["4 anna_file root db*"]
    );
    let ole = can(&Book::new(&list), "ole_file", &moment());
    assert_eq!(rows(&ole), ["4 ole_file root db* (line 7 denies ole_file)"]);
    assert!(can(&Book::new(&list), "nobody", &moment()).is_empty());
}

#[test]
fn an_account_that_asks_the_ledger_is_told_so_and_a_change_of_that_is_one() {
    let ca = certificate::fingerprint(certificate::CA);
    let text = |known: &str| format!("@ca users {ca}\n{known}anna root,www *\n");
    let with = text("@known root 2h\n@known * 4h\n");
    let list = list(&with);
    let within = |user: &str| {
        let ways = who(&Book::new(&list), user, "db1", &moment()).unwrap();
        ways.first().and_then(|way| way.known_within)
    };
    assert_eq!((within("root"), within("www")), (Some(7_200), Some(14_400)));
    let ways = can(&Book::new(&list), "anna", &moment());
    assert_eq!(ways[0].known_within, Some(7_200));
    let root = text("@known root 2h\n");
    assert_eq!(told(&text(""), &root), ["anna root * >(known, 2 hours)"]);
    assert_eq!(told(&root, &text("")), ["anna root * (known, 2 hours)>"]);
    assert_eq!(told(&root, &root), [""; 0]);
    let lost = text("@known postgres,r*,w?? 2h\n");
    let found = lint(&Book::new(&self::list(&lost)), &[], &[], &moment()).unwrap();
    let odd: Vec<_> = found.into_iter().map(|finding| finding.oddity).collect();
    assert_eq!(odd, [Oddity::KnownUser("postgres".into())]);
}

#[test]
fn a_way_in_of_which_a_denial_takes_back_a_part_says_so() {
    let text = "@suffixes _physical\n@hosts production = db* web*\nbob_physical www,x web1\n\
        bob_physical root +old\nbob_physical y mail\n!b* * @production\n!*_physical x *\n";
    let list = list(text);
    let ways = can(&Book::new(&list), "bob_physical", &moment());
    let parts: Vec<_> = ways
        .iter()
        .map(|way| (way.line, way.denied_in_part))
        .collect();
    assert_eq!(parts, [(3, Some(6)), (4, Some(6)), (5, None)]);
    assert!(ways.iter().all(|way| way.barred.is_none()));
}

fn told(old: &str, new: &str) -> Vec<String> {
    let (old, new) = (list(old), list(new));
    let found = changes(&Book::new(&old), &Book::new(&new), &moment()).unwrap();
    let row = |change: &Change| {
        let shown = |options: &Option<String>| options.clone().unwrap_or_else(|| "no".into());
        format!(
            "{} {} {} {}>{}",
            change.principal,
            change.user,
            change.host,
            shown(&change.before),
            shown(&change.after)
        )
    };
    found.iter().map(row).collect()
}

#[test]
fn a_change_is_told_for_whom_it_makes_a_difference() {
    let old = "@group dba = anna\npeter www *\n@dba root db1\nole www *\n";
    assert_eq!(told(old, old), [""; 0]);
    assert_eq!(
        told(old, &old.replace("peter www *\n", "")),
        ["peter www * >no"]
    );
    assert_eq!(
        told(old, &format!("{old}erik www web1\n")),
        ["erik www web1 no>"]
    );
    assert_eq!(
        told(old, &old.replace("anna", "anna erik")),
        ["erik root db1 no>"]
    );
    assert_eq!(
        told(old, &format!("{old}!peter www *\n")),
        ["peter www * >no"]
    );
    assert_eq!(
        told(&format!("{old}!peter www *\n"), old),
        ["peter www * no>"]
    );
    assert_eq!(
        told(old, &old.replace("peter www *", "peter www * restrict")),
        ["peter www * >restrict"]
    );
    // Lines that only changed places, and now hide each other in another way.
    let (one, other) = (
        "peter www * restrict\npeter www web1\nole x *\n",
        "peter www web1\npeter www * restrict\nole x *\n",
    );
    assert_eq!(told(one, other), ["peter www web1 restrict>"]);
    assert_eq!(
        told(
            old,
            &format!("ole www *\n{}", old.replace("ole www *\n", ""))
        ),
        [""; 0]
    );
}

fn oddities(text: &str) -> Vec<(u64, Oddity)> {
    let list = list(text);
    let found = lint(
        &Book::new(&list),
        &["root".into(), "ole".into()],
        &["_file".into()],
        &moment(),
    );
    let found = found.unwrap().into_iter();
    found
        .map(|finding| (finding.line, finding.oddity))
        .collect()
}

#[test]
fn lint_finds_nothing_in_a_good_list_and_each_oddity_by_its_line() {
    let ca = format!(
        "@ca users {}\n@suffixes _file _physical\n",
        certificate::fingerprint(b"k")
    );
    let good = format!("{ca}@group dba = anna_physical\n@dba root *\npeter_file www web*\n");
    assert_eq!(oddities(&good), []);
    assert_eq!(
        oddities(good.split_once('\n').unwrap().1),
        [(0, Oddity::NoCa)]
    );
    let missing = oddities(&good.replace("_file _physical", "_physical"));
    assert_eq!(missing, [(0, Oddity::MissingSuffix("_file".into()))]);
    let more = |lines: &str| oddities(&format!("{ca}{lines}"));
    assert_eq!(
        more("@group a =\n@group b = x\n@hosts c = y\np_physical,@a www *\n"),
        [
            (3, Oddity::Empty("group", "a".into())),
            (4, Oddity::Unused("group", "b".into())),
            (5, Oddity::Unused("host set", "c".into())),
        ]
    );
    assert_eq!(
        more("@hosts none = !web1\np_physical www @none\n"),
        [(4, Oddity::NeverMatches)]
    );
    assert_eq!(
        more("@group e =\n@e www *\n"),
        [
            (3, Oddity::Empty("group", "e".into())),
            (4, Oddity::NeverMatches)
        ]
    );
    assert_eq!(
        more("@group g = p_physical\np_physical www web*\nq_physical,@g www web1 restrict\n"),
        [(
            5,
            Oddity::Hidden {
                by: 4,
                principal: "p_physical".into(),
                user: "www".into(),
                host: "web1".into()
            }
        )]
    );
    assert_eq!(
        more("p_physical www *\n!p* * *\n"),
        [(
            3,
            Oddity::Denied {
                by: 4,
                principal: "p_physical".into()
            }
        )]
    );
    assert_eq!(
        more("p_file,q root *\n"),
        [
            (
                3,
                Oddity::FileKey {
                    principal: "p_file".into(),
                    user: "root".into()
                }
            ),
            (
                3,
                Oddity::FileKey {
                    principal: "q".into(),
                    user: "root".into()
                }
            ),
        ]
    );
    assert_eq!(more("ole www *\n"), [(3, Oddity::LocalUser("ole".into()))]);
    assert_eq!(
        more("p_physical www * expiry-time=\"20200101\"\n"),
        [(3, Oddity::Expired), (3, Oddity::ExpiryWithoutZone)]
    );
    let from = "p_physical www * from=\"10.0.0.0/8\"\np_physical www * from=\"!10.1.0.0/16,*\"\n";
    assert!(more(from).contains(&(4, Oddity::NotJoined { with: 3 })));
    let joined = "p_physical www * from=\"10.0.0.0/8\"\np_physical www * from=\"192.0.2.7\"\n";
    assert_eq!(more(joined), []);
}

fn files(text: &str, names: Option<&[String]>) -> Result<Vec<(String, String)>, CannotRender> {
    let list = list(text);
    render(&Book::new(&list), "web1", names, &moment()).map(|files| files.into_iter().collect())
}

#[test]
fn files_say_what_the_command_says_or_a_line_is_refused() {
    let file = |user: &str, text: &str| (user.to_owned(), text.to_owned());
    assert_eq!(
        files(
            "@group g = c b\nz,@g www,db web* restrict\nb www *\nold www * expiry-time=\"20200101Z\"\nx www db1\n",
            None
        ),
        Ok(vec![
            file("db", "restrict z\nrestrict b\nrestrict c\n"),
            file("www", "restrict z\nrestrict b\nrestrict c\n"),
        ])
    );
    let joined = "a www * from=\"10.0.0.0/8\"\na www * from=\"192.0.2.7\"\n";
    assert_eq!(
        files(joined, None),
        Ok(vec![file("www", "from=\"10.0.0.0/8,192.0.2.7\" a\n")])
    );
    let refused = |text: &str| files(text, None).unwrap_err();
    assert_eq!(refused("a www *\n!b www *\n"), CannotRender::Denial(2));
    assert!(matches!(
        refused("a * *\n"),
        CannotRender::Users { line: 1, .. }
    ));
    assert!(matches!(
        refused("@suffixes _f1\na* www *\n"),
        CannotRender::Pattern { line: 2, .. }
    ));
    assert_eq!(
        refused("@version 1\n@stale 1d\na www *\n"),
        CannotRender::Directive("@stale")
    );
    let ends = "a www * expiry-time=\"20990101Z\"\na www *\n";
    assert_eq!(
        refused(ends),
        CannotRender::BehindExpiry { line: 2, first: 1 }
    );
    let between = "a www * from=\"10.0.0.0/8\"\nb www *\na www * from=\"192.0.2.7\"\n";
    assert_eq!(
        refused(between),
        CannotRender::JoinedForSome { line: 3, first: 1 }
    );
    let names = ["a1".to_owned(), "a2_file".to_owned(), "b".to_owned()];
    assert_eq!(
        files("@suffixes _file\na* www *\n", Some(&names)),
        Ok(vec![file("www", "a1\n")])
    );
}

#[test]
fn authorized_keys_trust_each_ca_for_each_principal() {
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0OIMFVkxbpkCZ+u3PExjwSVKXAE1MZCOHyjHFqGvo4";
    let ca = CaKey::parse(&format!("{key} a comment\n")).unwrap();
    let list = list("a,b www * restrict\nc db *\n");
    let files = |cas: &[CaKey]| {
        let files = render_authorized_keys(&Book::new(&list), "web1", None, cas, &moment());
        files.map(|files| files.into_iter().collect::<Vec<_>>())
    };
    let file = |user: &str, text: String| (user.to_owned(), text);
    let line = |options: &str| format!("cert-authority,principals={options} {key}\n");
    assert_eq!(
        files(&[ca]),
        Ok(vec![
            file("db", line("\"c\"")),
            file("www", line("\"a\",restrict") + &line("\"b\",restrict")),
        ])
    );
    for none in [
        "",
        "ssh-ed25519",
        "ssh-rsa AAAA",
        &key.replace("ed25519 ", "rsa "),
    ] {
        assert_eq!(CaKey::parse(none), Err(CaKeyError), "{none}");
    }
}

#[test]
fn a_change_is_told_for_one_host() {
    let (old, new) = (
        list("a www web*\nb www db1\n"),
        list("a www db1\nb www db1\n"),
    );
    let on = |host: &str| {
        let found = changes_on(&Book::new(&old), &Book::new(&new), host, &moment()).unwrap();
        let found = found.into_iter();
        found
            .map(|change| (change.principal, change.host, change.after.is_some()))
            .collect::<Vec<_>>()
    };
    assert_eq!(on("web1"), [("a".into(), "web1".into(), false)]);
    assert_eq!(on("db1+canary"), [("a".into(), "db1+canary".into(), true)]);
    assert_eq!(on("mail"), []);
    let refused = changes_on(&Book::new(&old), &Book::new(&new), "Web1", &moment()).unwrap_err();
    let is_host = matches!(&refused, crate::server::access::review::AskError::Query(QueryError::Host(host)) if host == "Web1");
    assert!(is_host, "{refused}");
}

#[test]
fn lines_of_files_are_carried_over_or_named() {
    let (carried, left_out) = import(
        "# principals\npeter\nfrom=\"10.0.0.0/8\",command=\"a b\" erik # why\nssh-ed25519 AAAA mine\n\
         no-pty ssh-ed25519 AAAA mine\ncert-authority,principals=\"a,b\",no-pty ssh-rsa AAAA ca\n\
         cert-authority ssh-rsa AAAA ca\nunknown-option x\na b c\n",
        "www",
        "web*",
    );
    let lines: Vec<_> = carried
        .iter()
        .map(|carried| carried.line.as_str())
        .collect();
    assert_eq!(
        lines,
        [
            "peter www web*",
            "erik www web* from=\"10.0.0.0/8\",command=\"a b\"",
            "a,b www web* no-pty",
        ]
    );
    let left: Vec<_> = left_out.iter().map(|left| left.line).collect();
    assert_eq!(left, [4, 5, 7, 8, 9]);
}
