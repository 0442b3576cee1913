//! Lists that leave groups to the servers.

use super::*;

#[test]
fn a_list_that_leaves_groups_to_servers_is_two_files_there() {
    let slapd = Slapd::start(
        &(people(&["anna", "ole"]) + &group("ops", &["uid=anna", "uid=ole"])),
        "",
    );
    let folder = folder(&slapd.settings(""));
    let signer = format!("anna {}", text(&folder, "anna.pub"));
    folder.write("signers", signer);
    publish(&folder, &["--unresolved"]).ok();
    let signed = folder.read("out.list");
    assert!(signed.starts_with(LIST.as_bytes()));
    let sync = |more: &[&str]| {
        let args = [
            "access",
            "sync",
            "out.list",
            "--out",
            "here.list",
            "--signers",
            "signers",
        ];
        folder.punchmark(&[&args[..], &["--directory", "directory.toml"], more].concat())
    };
    // Who doesn't ask takes no such list.
    let ran = sync(&[]).exits(2);
    assert!(ran.stdout.contains("is not resolved"), "{ran}");
    let ran = sync(&["--resolve"]).exits(0);
    assert!(ran.stdout.contains("replaced, signed by anna"), "{ran}");
    assert_eq!(folder.read("here.list.signed"), signed);
    assert_eq!(
        members(&text(&folder, "here.list")),
        "anna_physical ole_physical"
    );
    let ran = sync(&["--resolve"]).exits(0);
    assert!(ran.stdout.trim_end().ends_with(": unchanged"), "{ran}");
    // Who left gets in no longer, though nobody published anything, nor the source can be reached.
    slapd.modify(
        "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\ndelete: member\n\
         member: uid=anna,ou=people,dc=example,dc=org\n",
    );
    let ran = sync(&["--resolve"]).exits(0);
    assert!(
        ran.stdout.contains("the members of its groups replaced"),
        "{ran}"
    );
    assert_eq!(members(&text(&folder, "here.list")), "ole_physical");
    slapd.modify(
        "dn: cn=ops,ou=groups,dc=example,dc=org\nchangetype: modify\nreplace: member\n\
         member: uid=anna,ou=people,dc=example,dc=org\n",
    );
    std::fs::rename(
        folder.path().join("out.list.sig"),
        folder.path().join("away"),
    )
    .unwrap();
    sync(&["--resolve"]).exits(1);
    assert_eq!(members(&text(&folder, "here.list")), "anna_physical");
    std::fs::rename(
        folder.path().join("away"),
        folder.path().join("out.list.sig"),
    )
    .unwrap();
    // A directory that can't be asked leaves all as it is, and says so.
    drop(slapd);
    let before = folder.read("here.list");
    let ran = sync(&["--resolve"]).exits(1);
    assert!(
        ran.stdout.starts_with("WARNING: here.list: version "),
        "{ran}"
    );
    assert!(
        ran.stdout.contains("no connection to ldap://127.0.0.1:"),
        "{ran}"
    );
    assert_eq!(folder.read("here.list"), before);
}

#[test]
fn a_list_with_open_groups_is_reviewed_and_asked_about_by_its_members_alone() {
    let folder = folder("");
    folder
        .punchmark(&["access", "lint", "--list", "access.list"])
        .ok();
    folder.write("new.list", format!("{LIST}@ops postgres db1\n"));
    let diff = folder
        .punchmark(&["access", "diff", "access.list", "new.list"])
        .exits(1);
    assert!(diff.stdout.contains("someone-in-ops_physical"), "{diff}");
    for args in [
        &[
            "who",
            "--list",
            "access.list",
            "--user",
            "root",
            "--host",
            "db1",
        ][..],
        &["can", "--list", "access.list", "anna_physical"],
        &["explain", "--list", "access.list", "anna_physical"],
    ] {
        let ran = folder.punchmark(&[&["access"], args].concat()).fails();
        ran.says("group `@ops` of a directory service is not resolved")
            .says("access resolve");
    }
}
