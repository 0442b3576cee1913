//! Names, wildcards, groups and host sets; first match and veto.

use super::*;

#[test]
fn the_first_line_that_fits_counts() {
    let list = with_suffixes(
        "peter_physical www web* restrict\nerik_physical www web*\npeter_* www *\npeter_physical www web*\n",
    );
    let printed = |name| printed(&list, &[name], "www", "web1");
    assert_eq!(
        printed("peter_physical").as_deref(),
        Some("restrict peter_physical")
    );
    assert_eq!(printed("erik_physical").as_deref(), Some("erik_physical"));
    let decision = decision(&list, &["peter_physical"], "www", "web1");
    let lines: Vec<_> = decision
        .fitting
        .iter()
        .map(|fitting| fitting.line)
        .collect();
    assert_eq!(lines, [2, 5]);
}

#[test]
fn a_line_that_is_over_is_passed_over() {
    let list = "peter www * expiry-time=\"20260101Z\"\npeter www * restrict\n";
    assert_eq!(
        printed(list, &["peter"], "www", "a").as_deref(),
        Some("restrict peter")
    );
    let one = "peter www * expiry-time=\"20260101Z\"\n";
    assert_eq!(why(one, &["peter"], "www", "a"), Why::Expired { line: 1 });
    // sshd takes the earliest, and the named second itself still.
    let two = "peter www * expiry-time=\"20270101Z\",expiry-time=\"20261126035959Z\"\n";
    assert_eq!(why(two, &["peter"], "www", "a"), Why::Expired { line: 1 });
    assert!(lets_in(
        "peter www * expiry-time=\"20261126040000Z\"\n",
        "peter",
        "www",
        "a"
    ));
}

#[test]
fn an_expiry_without_z_is_in_the_zone_of_the_machine() {
    let list = "peter www * expiry-time=\"202611260430\"\n";
    let presented = Presented::from_blob(&certificate::user(&["peter"])).unwrap();
    let at = |hours| {
        let moment = Moment {
            zone: &|| TimeZone::fixed(jiff::tz::offset(hours)),
            ..moment()
        };
        let decision = decision_at(list, &presented, "www", "a", &moment).unwrap();
        matches!(decision.outcome, Outcome::Line { .. })
    };
    assert!(at(0) && at(-5) && !at(1));
}

#[test]
fn a_denial_vetoes_the_whole_certificate_wherever_it_stands() {
    let list = with_suffixes("peter_physical root *\n!contractor_* root prod*\n");
    let both = &["peter_physical", "contractor_x_file"];
    let denied = Why::Denied {
        line: 3,
        principal: "contractor_x_file".into(),
    };
    assert_eq!(why(&list, both, "root", "prod1"), denied);
    assert!(printed(&list, both, "root", "web1").is_some());
    assert!(printed(&list, &both[..1], "root", "prod1").is_some());
    assert_eq!(
        wrong("!peter www * restrict\n"),
        "line 1, column 14: a denial (`!`) takes no options"
    );
}

#[test]
fn a_denial_covers_all_of_its_principals_and_every_wildcard_reaches_anything() {
    let list = "@group out = peter* ole\nanna,peter_file,ole root *\n!nobody,@out r*,x *\n";
    assert!(lets_in(list, "anna", "root", "a"));
    assert!(!lets_in(list, "ole", "root", "a"));
    assert!(!lets_in(&with_suffixes(list), "peter_file", "root", "a"));
    assert!(!lets_in("anna root *\n!* ???? *\n", "anna", "root", "a"));
    assert!(wrong("anna,!ole www *\n").contains("`!` stands once"));
    assert!(wrong("!anna,!ole www *\n").contains("`!` stands once"));
    assert!(wrong("!!anna www *\n").contains("`!` stands once"));
    assert!(wrong("anna !www *\n").contains("`!` in the users"));
    assert!(wrong("anna www *,!web1\n").contains("`!` in the hosts"));
}

#[test]
fn no_wildcard_of_a_grant_matches_root() {
    for users in ["*", "r*", "????", "ro?t", "*,www"] {
        let list = format!("peter {users} *\n");
        assert!(!lets_in(&list, "peter", "root", "a"), "{users}");
    }
    assert!(lets_in("peter *,root *\n", "peter", "root", "a"));
    assert!(lets_in("peter r* *\n", "peter", "ralf", "a"));
}

#[test]
fn no_wildcard_of_a_grant_matches_a_reserved_suffix_or_a_part_of_it() {
    for (pattern, name, fits) in [
        ("*", "peter", true),
        ("*", "peter_file", false),
        ("peter*", "peter_file", false),
        ("peter_*", "peter_file", false),
        ("peter*e", "peter_file", false),
        ("peter_fil?", "peter_file", false),
        ("?????_file", "peter_file", true),
        ("*_file", "peter_file", true),
        ("*_file", "peter_physical", false),
        ("*_physical", "peter_physical", true),
        ("peter_file", "peter_file", true),
        ("*file", "peter_file", false),
        ("*e", "peter_other_e", true),
        // Only the last suffix counts.
        ("*_file", "peter_physical_file", true),
        ("*_physical*", "peter_physical_file", false),
        // A suffix in other letters is the same suffix, and nobody's but who writes it so.
        ("*", "peter_FILE", false),
        ("*_FILE", "peter_FILE", false),
    ] {
        let line = with_suffixes(&format!("{pattern} www *\n"));
        let group = with_suffixes(&format!("@g www *\n@group g = {pattern}\n"));
        assert_eq!(lets_in(&line, name, "www", "a"), fits, "{pattern} {name}");
        assert_eq!(
            lets_in(&group, name, "www", "a"),
            fits,
            "@g = {pattern} {name}"
        );
    }
}

#[test]
fn a_wildcard_in_a_grant_wants_the_suffixes_to_be_named() {
    for list in [
        "peter* www *\n",
        "@group g = peter*\n@g www *\n",
        "@group g = @h\n@group h = x peter?\n@g www *\n",
        "@stale 7d ops*\n@version 1\npeter www *\n",
    ] {
        assert!(wrong(list).contains("no `@suffixes` line"), "{list}");
    }
    for list in [
        "!peter* www *\nole www *\n",
        "@group g = peter*\n!@g www *\n",
        "@group g = peter*\nole www *\n",
        "peter w* web*\n",
    ] {
        List::parse(list.as_bytes()).unwrap();
    }
    assert_eq!(
        wrong("ole www *\nole,peter* www *\n"),
        format!("line 2, column 5: {}", Wrong::WildcardWithoutSuffixes)
    );
}

#[test]
fn commas_may_stand_in_all_three_columns() {
    let list = "peter,erik www,db web1,web2\n";
    for (name, user, host) in [("peter", "www", "web2"), ("erik", "db", "web1")] {
        assert!(lets_in(list, name, user, host));
    }
    assert!(!lets_in(list, "peter", "www", "web3") && !lets_in(list, "ole", "www", "web1"));
}

#[test]
fn of_several_names_the_first_of_the_line_and_then_of_the_bytes_is_printed() {
    let list = with_suffixes("z,@g,* www *\n@group g = c b\n");
    let print = |names: &[&str]| printed(&list, names, "www", "a").unwrap();
    assert_eq!(print(&["a", "b", "z"]), "z");
    assert_eq!(print(&["z", "b", "a"]), "z");
    assert_eq!(print(&["c", "b", "a"]), "b");
    assert_eq!(print(&["y", "x"]), "x");
    assert_eq!(print(&["x", "y"]), "x");
}

#[test]
fn groups_may_hold_groups_and_stand_behind_their_use() {
    let list = "@a root *\n@group a = @b peter\n@group b = ole @c\n@group c = anna\n";
    for name in ["peter", "ole", "anna"] {
        assert!(lets_in(list, name, "root", "x"), "{name}");
    }
    assert!(!lets_in(list, "erik", "root", "x"));
}

#[test]
fn a_host_set_takes_out_wherever_the_mark_stands() {
    let list = "@hosts p = !web-test* db* web* !@old !+canary +production\n@hosts old = db0*\nanna root @p\n";
    for (host, fits) in [
        ("web1", true),
        ("db1", true),
        ("db01", false),
        ("web-test1", false),
        ("x+production", true),
        ("web-test1+production", false),
        ("web1+canary", false),
        ("x+production+canary", false),
        ("x+prod", false),
        ("production", false),
    ] {
        assert_eq!(lets_in(list, "anna", "root", host), fits, "{host}");
    }
    assert!(lets_in("anna root +canary\n", "anna", "root", "x+canary"));
    assert!(!lets_in(
        "@hosts none = !web1\nanna root @none\n",
        "anna",
        "root",
        "web2"
    ));
}

#[test]
fn tags_take_no_wildcard_and_hosts_no_capitals() {
    assert!(wrong("anna root +prod*\n").contains("a wildcard in a tag"));
    assert!(wrong("@hosts p = +prod?\nanna root @p\n").contains("a wildcard in a tag"));
    assert!(wrong("anna root Web1\n").contains("lower case"));
    assert!(wrong("@hosts p = Web1\nanna root @p\n").contains("lower case"));
    for host in [
        "",
        "Web1",
        "web1+",
        "+a",
        "web 1",
        "web*",
        "web1+a*",
        "web1,web2",
    ] {
        let refused = Host::parse(host).unwrap_err();
        assert_eq!(refused, QueryError::Host(host.to_owned()));
    }
}

#[test]
fn a_name_without_a_definition_or_with_two_makes_the_file_invalid() {
    assert_eq!(
        wrong("peter www *\n@dba www *\n"),
        "line 2, column 2: group `@dba` is not defined"
    );
    assert_eq!(
        wrong("peter www @db\n"),
        "line 1, column 12: host set `@db` is not defined"
    );
    assert!(wrong("!@dba www *\n").contains("not defined"));
    assert!(wrong("@group a = @b\npeter www *\n").contains("group `@b` is not defined"));
    assert!(wrong("@hosts a = !@b\npeter www *\n").contains("host set `@b` is not defined"));
    assert!(wrong("@version 1\n@stale 1d @ops\npeter www *\n").contains("group `@ops`"));
    for twice in ["@group a = x", "@hosts a = x"] {
        let list = format!("{twice}\n{twice}\npeter www *\n");
        assert!(
            wrong(&list).contains("`a` is defined in line 1 already"),
            "{list}"
        );
    }
    let (one, other) = (
        certificate::fingerprint(b"1"),
        certificate::fingerprint(b"2"),
    );
    let list = |second: &str| format!("@ca users {one}\n@ca {second}\npeter www *\n");
    assert!(wrong(&list(&format!("users {other}"))).contains("CA `users` is defined in line 1"));
    assert!(wrong(&list(&format!("old {one}"))).contains("key of this CA stands in line 1"));
    List::parse(list(&format!("old {other}")).as_bytes()).unwrap();
    assert!(wrong("@group hosts = x\npeter www *\n").contains("name of a directive"));
}

#[test]
fn groups_and_sets_are_nested_sixteen_deep_and_hold_no_circle() {
    for (directive, what) in [("@group", "group"), ("@hosts", "host set")] {
        let chain = |length: usize| {
            let mut list = String::from("peter www *\n");
            for number in 1..length {
                list += &format!("{directive} g{number} = @g{}\n", number + 1);
            }
            list + &format!("{directive} g{length} = x\n")
        };
        List::parse(chain(16).as_bytes()).unwrap();
        assert!(wrong(&chain(17)).contains("more than 16"), "{what}");
        for circle in [
            format!("{directive} a = @a\n"),
            format!("{directive} a = x @b\n{directive} b = @c\n{directive} c = @a\n"),
        ] {
            let words = wrong(&format!("{circle}peter www *\n"));
            assert!(
                words.contains(&format!("{what} `@")) && words.contains("holds itself"),
                "{words}"
            );
        }
    }
}

#[test]
fn definitions_that_name_each_other_a_thousand_times_end_soon() {
    let mut list = String::from("@g1 www *\n");
    for number in 1..16 {
        list += &format!(
            "@group g{number} = {}\n",
            format!("@g{} ", number + 1).repeat(800)
        );
    }
    list += "@group g16 = peter\n";
    assert!(lets_in(&list, "peter", "www", "a"));
    assert!(!lets_in(&list, "ole", "www", "a"));
}

mod any {
    use proptest::prelude::*;

    use super::*;

    fn principal() -> impl Strategy<Value = String> {
        "[ab]{1,2}(_file|_physical|)"
    }

    fn pattern() -> impl Strategy<Value = String> {
        prop_oneof!["[ab*?]{1,3}(_file|_physical|)", Just("@g".to_owned())]
    }

    fn line() -> impl Strategy<Value = String> {
        let user = prop_oneof![Just("root"), Just("www"), Just("*"), Just("r*")];
        let host = prop_oneof![Just("a"), Just("*"), Just("@s"), Just("+t")];
        let options = prop_oneof![Just(""), Just("restrict"), Just("from=\"10.0.0.0/8\"")];
        (any::<bool>(), pattern(), user, host, options).prop_map(
            |(denies, name, user, host, options)| {
                if denies {
                    format!("!{name} {user} {host}\n")
                } else {
                    format!("{name} {user} {host} {options}\n")
                }
            },
        )
    }

    proptest! {
        #[test]
        fn a_denial_never_lets_anybody_in(
            lines in prop::collection::vec(line(), 1..8),
            name in principal(),
            user in "root|www",
        ) {
            let list = with_suffixes("@group g = a* b_file\n@hosts s = a\n") + &lines.concat();
            let grants = lines.iter().filter(|line| !line.starts_with('!')).cloned();
            let without = with_suffixes("@group g = a* b_file\n@hosts s = a\nnobody nobody nobody\n")
                + &grants.collect::<String>();
            if lets_in(&list, &name, &user, "a+t") {
                prop_assert!(lets_in(&without, &name, &user, "a+t"));
            }
        }

        #[test]
        fn the_order_of_groups_and_of_principals_changes_nothing(
            lines in prop::collection::vec(line(), 1..8),
            mut names in prop::collection::vec(principal(), 1..5),
            user in "root|www",
        ) {
            let lines = lines.concat();
            let before = with_suffixes("@group g = a* b_file\n@hosts s = a\n") + &lines;
            let behind = lines + &with_suffixes("@hosts s = a\n@group g = b_file a*\n");
            let ask = |list: &str, names: &[String]| {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                printed(list, &names, &user, "a")
            };
            let answer = ask(&before, &names);
            names.reverse();
            prop_assert_eq!(ask(&behind, &names), answer);
        }

        #[test]
        fn whoever_is_named_nowhere_gets_no_line(
            lines in prop::collection::vec(line(), 1..8),
            user in "root|www",
        ) {
            // No pattern of these lines has a letter other than a and b.
            let list = with_suffixes("@group g = a* b_file\n@hosts s = a\n") + &lines.concat();
            prop_assert_eq!(printed(&list, &["zzzzz"], &user, "a").filter(|_| !list.contains("*")), None);
            prop_assert_eq!(printed(&list, &[], &user, "a"), None);
        }
    }
}
