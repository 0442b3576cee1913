//! Whose members get into the list, by each kind of group.

use super::*;

#[test]
fn publish_puts_the_members_of_groups_within_groups_into_the_list() {
    let entries = people(&["ole", "anna", "peter", "hugo"])
        + &group("ops", &["uid=ole", "cn=inner", "uid=anna"])
        + &group("inner", &["uid=peter", "uid=anna", "cn=ops"]);
    let slapd = Slapd::start(&entries, "");
    let folder = folder(&slapd.settings(""));
    let ran = publish(&folder, &[]).ok();
    assert!(
        ran.stderr.contains(
            "@ops: 3 principals out of cn=ops,ou=groups,dc=example,dc=org, 2 groups looked through\n"
        ),
        "{ran}"
    );
    let published = text(&folder, "out.list");
    let server = slapd.plain();
    let expected = LIST.replace("@group ops", "# @group ops")
        + &format!(
            "# @ops: 3 out of \"cn=ops,ou=groups,dc=example,dc=org\" of {server}\n\
             @group ops = anna_physical ole_physical peter_physical\n@version "
        );
    assert!(published.starts_with(&expected), "{published}");
    // The same directory gives the same bytes, whatever order it gives members in.
    let once = resolve(&folder).ok().stdout;
    slapd.modify(
        "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\nreplace: member\n\
         member: cn=inner,ou=groups,dc=example,dc=org\nmember: uid=anna,ou=people,dc=example,dc=org\n\
         member: uid=ole,ou=people,dc=example,dc=org\n",
    );
    assert_eq!(resolve(&folder).ok().stdout, once);
    let who = [
        "access", "who", "--list", "out.list", "--user", "root", "--host", "db1",
    ];
    let who = folder.punchmark(&who).ok().stdout;
    for name in ["anna", "ole", "peter"] {
        assert!(who.contains(&format!("{name}_physical")), "{who}");
    }
    assert!(!who.contains("hugo"), "{who}");
}

#[test]
fn groups_of_each_kind_name_their_members() {
    let posix = "dn: cn=ops,ou=groups,dc=example,dc=org\nobjectClass: posixGroup\ncn: ops\n\
        gidNumber: 100\nmemberUid: ole\nmemberUid: anna\n\n";
    let unique = "dn: cn=ops,ou=groups,dc=example,dc=org\nobjectClass: groupOfUniqueNames\ncn: ops\n\
        uniqueMember: uid=anna,ou=people,dc=example,dc=org\n\
        uniqueMember: uid=ole,ou=people,dc=example,dc=org\n\n";
    let base = "base = \"ou=people,dc=example,dc=org\"\n";
    for (ldif, lines) in [(posix, base), (unique, "")] {
        let slapd = Slapd::start(&(people(&["anna", "ole"]) + ldif), "");
        let folder = folder(&slapd.settings(lines));
        let ran = resolve(&folder).ok();
        assert_eq!(members(&ran.stdout), "anna_physical ole_physical");
        // Those of a posixGroup are searched for, and somebody has to say where.
        if ldif == posix {
            folder.write("directory.toml", slapd.settings(""));
            resolve(&folder)
                .fails()
                .says("names its members by uid")
                .says("base = ");
        }
    }
}

#[test]
fn members_that_say_their_groups_are_found_a_page_at_a_time() {
    let names: Vec<_> = (0..57).map(|number| format!("user{number:02}")).collect();
    let of = "memberOf: cn=ops,ou=groups,dc=example,dc=org\n";
    let everybody: String = names.iter().map(|name| person(name, of)).collect();
    let first = format!("uid={}", names[0]);
    let slapd = Slapd::start(&(everybody + &group("ops", &[&first])), "");
    let lines = "members = \"member-of\"\nbase = \"dc=example,dc=org\"\npage-size = 10\n";
    let folder = folder(&slapd.settings(lines));
    let ran = resolve(&folder).ok();
    let expected: Vec<_> = names
        .iter()
        .map(|name| format!("{name}_physical"))
        .collect();
    assert_eq!(members(&ran.stdout), expected.join(" "));
}

#[test]
fn accounts_that_are_switched_off_are_left_out() {
    let account = |name: &str, control: &str| {
        format!(
            "dn: uid={name},ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nobjectClass: extensibleObject\ncn: {name}\nuid: {name}\n\
             sn: {name}\nsAMAccountName: {name}\nuserAccountControl: {control}\n\n"
        )
    };
    let entries =
        account("anna", "512") + &account("gone", "514") + &group("ops", &["uid=anna", "uid=gone"]);
    let slapd = Slapd::start(&entries, "");
    let folder = folder(&slapd.settings("attribute = \"sAMAccountName\"\n"));
    let ran = resolve(&folder)
        .ok()
        .says("1 account switched off and left out");
    assert_eq!(members(&ran.stdout), "anna_physical");
    let json = folder.punchmark(&[
        "--json",
        "access",
        "resolve",
        "access.list",
        "--directory",
        "directory.toml",
    ]);
    let json: Value = serde_json::from_str(&json.ok().stdout).unwrap();
    assert_eq!(json["groups"][0]["principals"][0], "anna_physical");
    assert_eq!(json["groups"][0]["disabled"], 1);
}

#[test]
fn a_large_group_is_published_and_its_members_get_in() {
    let names: Vec<_> = (0..1_500)
        .map(|number| format!("user{number:04}"))
        .collect();
    let everybody: String = names.iter().map(|name| person(name, "")).collect();
    let members: Vec<_> = names.iter().map(|name| format!("uid={name}")).collect();
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    let slapd = Slapd::start(&(everybody + &group("ops", &members)), "");
    let folder = folder(&slapd.settings(""));
    publish(&folder, &[]).ok();
    let explain = [
        "access", "explain", "--list", "out.list", "--user", "root", "--host", "db1",
    ];
    for name in ["user0000_physical", "user1499_physical"] {
        folder
            .punchmark(&[&explain[..], &[name]].concat())
            .ok()
            .says("");
    }
    let json = [
        "--json",
        "access",
        "publish",
        "access.list",
        "--out",
        "out.list",
        "--key",
        "anna",
    ];
    let json = folder.punchmark(&[&json[..], &["--directory", "directory.toml"]].concat());
    let json: Value = serde_json::from_str(&json.ok().stdout).unwrap();
    assert_eq!(json["groups"][0]["principals"][1_499], "user1499_physical");
    // Fewer members make fewer parts, which is no loss of a group.
    let few: String = members[..3].iter().fold(String::new(), |mut ldif, member| {
        writeln!(ldif, "member: {member},ou=people,dc=example,dc=org").unwrap();
        ldif
    });
    slapd.modify(&format!(
        "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\nreplace: member\n{few}"
    ));
    publish(&folder, &[]).ok();
    assert_eq!(
        text(&folder, "out.list")
            .lines()
            .filter(|line| line.contains(".."))
            .count(),
        0
    );
}
