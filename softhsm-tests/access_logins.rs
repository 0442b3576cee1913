//! Logins at a real sshd of root's, by an access list.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

use crate::harness::keygen::{ED25519, SUBJECTS};
use crate::harness::process::{bounded, run};
use crate::harness::server::Server;
use crate::harness::write;

#[test]
fn whoever_is_listed_gets_in_as_that_user_on_that_host_alone() {
    let Some(server) = Server::start() else {
        return;
    };
    let (www, db) = (server.www.name(), server.db.name());
    server.put(&format!(
        "@suffixes _physical _file\n\
         @group dba = anna_physical *_team_file\n\
         @hosts here = web* !web9\n\
         peter_physical {www} web*\n\
         @dba {db} @here\n\
         ole_physical * +production\n\
         erik_physical {www} db*\n\
         anna_physical root *\n"
    ));
    let key = |name: &str| server.certify(name, &format!("{name},other"));
    let peter = key("peter_physical");
    server.lets_in(www, &peter);
    server.refuses(db, &peter);
    server.refuses("root", &peter);
    let anna = key("anna_physical");
    server.lets_in(db, &anna);
    server.lets_in("root", &anna);
    server.refuses(www, &anna);
    // A wildcard reaches no suffix that it doesn't write out, and root in no grant.
    server.lets_in(db, &key("x_team_file"));
    server.refuses(db, &key("x_team_physical"));
    let ole = key("ole_physical");
    server.lets_in(www, &ole);
    server.lets_in(db, &ole);
    server.refuses("root", &ole);
    server.refuses(www, &key("erik_physical"));
    server.refuses(www, &key("nobody"));
}

#[test]
fn options_restrict_and_lines_that_differ_in_from_are_one() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    let peter = server.certify("peter", "peter");
    let put = |lines: &str| server.put(&lines.replace("WWW", www));
    put("peter WWW * from=\"127.0.0.0/8\",restrict\n");
    server.lets_in(www, &peter);
    put("peter WWW * from=\"192.0.2.7\"\n");
    server.refuses(www, &peter);
    put("peter WWW * from=\"192.0.2.7\"\nerik WWW *\npeter WWW * from=\"127.0.0.1\"\n");
    server.lets_in(www, &peter);
    // sshd looks at no second line that fits.
    put("peter WWW * from=\"192.0.2.7\"\npeter,erik WWW * from=\"127.0.0.1\"\n");
    server.refuses(www, &peter);
    put("peter WWW * from=\"192.0.2.7\"\npeter WWW * from=\"!192.0.2.8,127.0.0.1\"\n");
    server.refuses(www, &peter);
    put("peter WWW * restrict,command=\"echo \\\"forced, and\\\" 'quoted'\"\n");
    assert_eq!(
        server.login(www, &peter).ok().stdout,
        "forced, and quoted\n"
    );
    put("peter WWW * expiry-time=\"20200101Z\"\n");
    server.refuses(www, &peter);
    put("peter WWW * expiry-time=\"20200101Z\"\npeter WWW * expiry-time=\"20990101Z\"\n");
    server.lets_in(www, &peter);
    put(
        "peter WWW * environment=\"A=b\",permitopen=\"[::1]:80\",permitlisten=\"80\",tunnel=\"0\",no-pty\n",
    );
    server.lets_in(www, &peter);
}

#[test]
fn a_denial_keeps_the_whole_certificate_out() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    server.put(&format!(
        "peter {www} *\n!contractor_* * +production\nanna {www} *\n"
    ));
    server.refuses(www, &server.certify("peter", "peter,contractor_peter"));
    server.lets_in(www, &server.certify("anna", "anna"));
}

#[test]
fn a_list_that_is_broken_half_written_or_not_roots_alone_lets_nobody_in() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    let peter = server.certify("peter", "peter");
    let good = format!("peter {www} *\n");
    let doubts = |what: &str| {
        server.refuses(www, &peter);
        let doubts = server.log().matches("AuthorizedPrincipalsCommand").count();
        assert!(doubts > 0, "{what}: {}", server.log());
        server.put(&good);
        server.lets_in(www, &peter);
    };
    server.put(&good);
    server.lets_in(www, &peter);
    for list in [
        "".to_owned(),
        good.trim_end().to_owned(),
        format!("{good}erik www\n"),
        format!("{good}erik {www} * permit-pty\n"),
        format!("{good}erik {www} * from=\"10.0.0.1/8\"\n"),
        format!("{good}@undefined {www} *\n"),
        format!("@group ops = directory \"cn=ops\" suffix _physical\n{good}"),
    ] {
        server.put(&list);
        doubts(&list);
    }
    let list = server.list();
    for mode in [0o666, 0o664, 0o600] {
        write(&list, &good, mode);
        doubts(&format!("mode {mode:o}"));
    }
    chown(&list, Some(4_321), None).unwrap();
    doubts("another owner");
    let folder = list.parent().unwrap();
    std::fs::set_permissions(folder, Permissions::from_mode(0o777)).unwrap();
    server.refuses(www, &peter);
    std::fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&list, server.path("elsewhere")).unwrap();
    symlink(server.path("elsewhere"), &list).unwrap();
    doubts("a link");
    std::fs::remove_file(&list).unwrap();
    doubts("no list");
    // The command too: Debian's sshd takes one that a group may write to.
    let program = server.path("punchmark-principals");
    std::fs::set_permissions(&program, Permissions::from_mode(0o775)).unwrap();
    server.refuses(www, &peter);
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    server.lets_in(www, &peter);
}

#[test]
fn odd_key_ids_and_every_key_type_are_nothing_special() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    server.put(&format!("peter {www} *\n"));
    for (number, id) in ["--help", "%u", "$(x)", "a\nb", "-n", "\u{202e}x"]
        .iter()
        .enumerate()
    {
        let arguments = ["-I", id, "-n", "peter"];
        server.lets_in(
            www,
            &server.certify_as(&format!("id{number}"), ED25519, "users", &arguments),
        );
    }
    for (number, subject) in SUBJECTS.into_iter().enumerate() {
        let arguments = ["-I", "x", "-n", "peter"];
        server.lets_in(
            www,
            &server.certify_as(&format!("key{number}"), subject, "users", &arguments),
        );
    }
}

#[test]
fn of_256_principals_the_one_that_is_listed_lets_in() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    let names: Vec<_> = (0..256).map(|number| format!("name{number}")).collect();
    let key = server.certify("many", &names.join(","));
    server.put(&format!("name255 {www} *\n"));
    server.lets_in(www, &key);
    server.put(&format!("name256 {www} *\n"));
    server.refuses(www, &key);
}

#[test]
fn a_principal_of_two_cas_lets_in_by_the_one_that_the_list_names() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    let arguments = ["-I", "peter", "-n", "peter_physical"];
    let ours = server.certify_as("ours", ED25519, "users", &arguments);
    let theirs = server.certify_as("theirs", ED25519, "partner", &arguments);
    let line = format!("peter_physical {www} *\n");
    server.put(&line);
    server.lets_in(www, &theirs);
    server.put(&format!(
        "@ca users {}\n{line}",
        server.fingerprint("users")
    ));
    server.lets_in(www, &ours);
    server.refuses(www, &theirs);
}

#[test]
fn a_certificate_with_a_principal_that_could_not_be_printed_lets_nobody_in() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    server.put(&format!("@suffixes _file\n* {www} *\nerik {www} *\n"));
    server.refuses(www, &server.certify("feed", "erik\nroot,peter"));
    server.refuses(www, &server.certify("blank", "erik,restrict peter"));
    server.refuses(www, &server.certify("hash", "erik,#"));
    server.lets_in(www, &server.certify("erik", "erik"));
}

/// Lists of lines that hide, join and deny one another.
#[test]
fn what_explain_says_is_what_sshd_does() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    let both = server.certify("both", "anna_file,peter_file");
    let one = server.certify("one", "erik_file");
    let names = [
        "anna_file",
        "peter_file",
        "erik_file",
        "*_file",
        "@g",
        "!erik_*",
    ];
    let options = [
        "",
        "restrict",
        "from=\"127.0.0.1\"",
        "from=\"192.0.2.7\"",
        "from=\"!127.0.0.1,*\"",
        "from=\"127.0.0.0/8\",restrict",
        "from=\"10.0.0.0/8\",restrict",
        "expiry-time=\"20200101Z\"",
        "expiry-time=\"20990101Z\",from=\"198.51.100.0/24\"",
    ];
    let mut random = 7_u64;
    let mut pick = |of: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(random >> 40).unwrap() % of
    };
    for _round in 0..20 {
        let mut list = String::from("@suffixes _file\n@group g = erik_file anna_file\n");
        for _line in 0..4 {
            let name = names[pick(names.len())];
            let host = ["*", "web1", "db1", "+production"][pick(4)];
            let option = if name.starts_with('!') {
                ""
            } else {
                options[pick(options.len())]
            };
            list += &format!("{name} {www} {host} {option}\n");
        }
        server.put(&list);
        for key in [&both, &one] {
            let said = server.explain(www, key);
            let lets_in = said.code == Some(0) && from_here(&said.stdout);
            let ran = server.login(www, key);
            assert_eq!(ran.code == Some(0), lets_in, "{list}\n{said}\n{ran}");
        }
    }
}

/// Whether the `from` of the printed line, if it has one, lets in who comes from 127.0.0.1.
fn from_here(said: &str) -> bool {
    let (_, printed) = said.split_once("printed for sshd: ").unwrap();
    let Some((_, from)) = printed.lines().next().unwrap().split_once("from=\"") else {
        return true;
    };
    let (from, _) = from.split_once('"').unwrap();
    let here = |item: &str| ["127.0.0.1", "127.0.0.0/8", "*"].contains(&item);
    let taken_out = |item: &str| item.strip_prefix('!').is_some_and(here);
    from.split(',').any(here) && !from.split(',').any(taken_out)
}

/// What sshd refuses whatever the list says.
#[test]
fn explain_names_what_sshd_refuses_in_a_certificate() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    server.put(&format!(
        "peter {www} *\nerik {www} * command=\"echo hi\"\n"
    ));
    let arguments = ["-I", "x", "-n", "peter"];
    let with = |name: &str, more: &[&str]| {
        let arguments = [&arguments[..], more].concat();
        server.certify_as(name, ED25519, "users", &arguments)
    };
    let good = with("good", &["-O", "source-address=127.0.0.0/8"]);
    let said = server.explain(www, &good).ok().stdout;
    for words in [
        "signed by   Ed25519 SHA256:",
        "and every CA counts that sshd trusts (no @ca)",
        "critical    source-address",
        "KRL         not looked at",
    ] {
        assert!(said.contains(words), "{said}");
    }
    server.lets_in(www, &good);
    let refused = |key: &std::path::Path, words: &str| {
        let said = server.explain(www, key).exits(1).stdout;
        assert!(said.contains(&format!("  sshd refuses: {words}")), "{said}");
        server.refuses(www, key);
    };
    refused(
        &with("late", &["-V", "+1d:+2d"]),
        "the certificate is not valid yet",
    );
    refused(
        &with("over", &["-V", "-2d:-1d"]),
        "the certificate has expired",
    );
    refused(
        &with("odd", &["-O", "critical:odd@example.org=1"]),
        "critical option odd@example.org",
    );
    let forced = ["-I", "x", "-n", "erik", "-O", "force-command=echo ho"];
    refused(
        &server.certify_as("forced", ED25519, "users", &forced),
        "the certificate's force-command is another",
    );
    server.put(&format!(
        "@ca users {}\npeter {www} *\n",
        server.fingerprint("users")
    ));
    let said = server.explain(www, &good).ok().stdout;
    assert!(said.contains(", CA users of the list"), "{said}");
    server.lets_in(www, &good);
}

#[test]
fn explain_holds_a_certificate_against_a_krl() {
    let Some(server) = Server::start() else {
        return;
    };
    let www = server.www.name();
    server.put(&format!("peter {www} *\n"));
    let peter = server.certify("peter", "peter");
    let krl = server.path("revoked.krl");
    let revoke = |what: &str| {
        write(&server.path("spec"), format!("{what}\n"), 0o644);
        let mut keygen = bounded("ssh-keygen");
        keygen.args(["-q", "-k", "-f"]).arg(&krl).arg("-s");
        run(keygen.arg(server.ca("users")).arg(server.path("spec"))).ok();
    };
    let krl = krl.to_str().unwrap();
    revoke("serial: 41");
    let said = server
        .explain_with(www, &peter, &["--krl", krl])
        .ok()
        .stdout;
    assert!(said.contains("KRL         doesn't revoke it"), "{said}");
    revoke("serial: 42");
    let said = server
        .explain_with(www, &peter, &["--krl", krl])
        .exits(1)
        .stdout;
    let words = "  sshd refuses: the KRL revokes it by its serial";
    assert!(said.contains(words), "{said}");
}
