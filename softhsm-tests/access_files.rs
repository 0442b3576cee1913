//! Lists as files: what sshd does by them is what it does by the command.

use std::os::unix::fs::PermissionsExt;

use crate::harness::server::Server;
use crate::harness::sshd::{Configuration, Sshd};

/// Numbers that are the same in each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 40).unwrap() % end
    }
}

/// Lines that files can say, or nearly: some hide one another, some are joined.
fn list(numbers: &mut Numbers, www: &str, db: &str) -> String {
    let names = ["anna", "erik_file", "@g", "peter,anna", "peter"];
    let users = [www.to_owned(), db.to_owned(), format!("{db},{www}")];
    let hosts = ["*", "web1", "db1", "+production"];
    let options = [
        "",
        "restrict",
        "from=\"127.0.0.1\"",
        "from=\"192.0.2.7\"",
        "from=\"127.0.0.0/8\",restrict",
        "expiry-time=\"20200101Z\"",
        "expiry-time=\"20990101Z\"",
    ];
    let mut list = String::from("@group g = erik_file anna\n");
    for _line in 0..3 {
        let name = names[numbers.below(names.len())];
        let user = &users[numbers.below(users.len())];
        let host = hosts[numbers.below(hosts.len())];
        let option = options[numbers.below(options.len())];
        list += &format!("{name} {user} {host} {option}\n");
    }
    list
}

#[test]
fn files_let_in_whom_the_command_lets_in_wherever_both_can_say_it() {
    let Some(server) = Server::start() else {
        return;
    };
    let trusting = |lines: &[String]| {
        let configuration = Configuration::default();
        let lines = lines.iter();
        Sshd::start(&lines.fold(configuration, |configuration, line| {
            configuration.line(line)
        }))
    };
    let by_files = trusting(&[
        format!("TrustedUserCAKeys {}", server.path("trusted.pub").display()),
        format!(
            "AuthorizedPrincipalsFile {}/%u",
            server.path("files").display()
        ),
    ]);
    let by_keys = trusting(&[
        format!(
            "AuthorizedKeysCommand /usr/bin/cat {}/%u",
            server.path("keys").display()
        ),
        "AuthorizedKeysCommandUser root".to_owned(),
    ]);
    let ca = server.ca("users");
    let keys = ["anna", "peter", "erik_file"].map(|name| server.certify(name, name));
    let mut numbers = Numbers(11);
    let mut said = 0;
    for _round in 0..24 {
        let list = list(&mut numbers, server.www.name(), server.db.name());
        server.put(&list);
        if server.render("files", &[]).code != Some(0) {
            continue;
        }
        server
            .render("keys", &["--authorized-keys", ca.to_str().unwrap()])
            .ok();
        said += 1;
        let user = [server.www.name(), server.db.name()][said % 2];
        let key = &keys[said % 3];
        let command = server.login(user, key).code;
        assert_eq!(by_files.login_as(user, key).code, command, "{list}");
        assert_eq!(by_keys.login_as(user, key).code, command, "{list}");
    }
    assert!(said >= 8, "only {said} lists could be said in files");
}

#[test]
fn lines_of_authorized_keys_trust_the_cas_of_the_list_alone() {
    let Some(server) = Server::start() else {
        return;
    };
    let (users, partner) = (server.ca("users"), server.ca("partner"));
    let (users, partner) = (users.to_str().unwrap(), partner.to_str().unwrap());
    server.put(&format!(
        "@ca users {}\npeter www *\n",
        server.fingerprint("users")
    ));
    server
        .render("keys", &[])
        .fails()
        .says("`@ca` can't be said in a file");
    server
        .render("keys", &["--authorized-keys", partner])
        .fails()
        .says("CA users of the list can't be said without its key");
    server
        .render(
            "keys",
            &["--authorized-keys", users, "--authorized-keys", partner],
        )
        .fails()
        .says("no `@ca` of the list names the key SHA256:");
    server.render("keys", &["--authorized-keys", users]).ok();
    let text = std::fs::read_to_string(server.path("keys/www")).unwrap();
    let line = std::fs::read_to_string(users).unwrap();
    let key: Vec<_> = line.split(' ').take(2).collect();
    assert_eq!(
        text,
        format!("cert-authority,principals=\"peter\" {}\n", key.join(" "))
    );
}

/// A folder that was named by mistake may be somebody's `~/.ssh`.
#[test]
fn a_file_that_was_not_rendered_is_never_taken_away() {
    let Some(server) = Server::start() else {
        return;
    };
    let ca = server.ca("users");
    let ca = ca.to_str().unwrap();
    let (anna, peter) = ("anna www *\n", "peter db * from=\"10.0.0.0/8\"\n");
    server.put(&format!("{anna}{peter}"));
    let key = std::fs::read_to_string(ca.trim_end_matches(".pub")).unwrap();
    let public = std::fs::read_to_string(ca).unwrap();
    for (folder, more) in [("files", &[][..]), ("keys", &["--authorized-keys", ca])] {
        server.render(folder, more).ok();
        let path = |name: &str| server.path(&format!("{folder}/{name}"));
        let strangers = [
            ("id_ecdsa", key.as_str(), 0o600),
            ("id_ecdsa.pub", &public, 0o644),
            ("known_hosts", &format!("web1 {public}"), 0o644),
            ("config", "Host web1\n  User www\n", 0o644),
            // Written by somebody for himself alone.
            ("secret", "74291536\n", 0o600),
        ];
        for (name, text, mode) in strangers {
            crate::harness::write(&path(name), text, mode);
            server
                .render(folder, more)
                .fails()
                .says("is none that this command wrote, and stays");
            assert_eq!(std::fs::read_to_string(path(name)).unwrap(), text);
            let check = [more, &["--check"]].concat();
            let ran = server.render(folder, &check).exits(1);
            assert!(ran.stdout.contains(&format!("{name} differs")), "{ran}");
            std::fs::remove_file(path(name)).unwrap();
        }
        std::os::unix::fs::symlink(ca, path("link")).unwrap();
        server
            .render(folder, more)
            .fails()
            .says("is none that this command wrote");
        std::fs::remove_file(path("link")).unwrap();
        // What it wrote itself goes when nobody is listed any more.
        server.put(anna);
        server.render(folder, more).ok();
        assert!(path("www").exists() && !path("db").exists());
        server.put(&format!("{anna}{peter}"));
    }
}

#[test]
fn a_file_of_another_mode_differs() {
    let Some(server) = Server::start() else {
        return;
    };
    server.put("anna www *\n");
    server.render("files", &[]).ok();
    server.render("files", &["--check"]).ok();
    let file = server.path("files/www");
    let mode = |mode| std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(&file, mode(0o666)).unwrap();
    let ran = server.render("files", &["--check"]).exits(1);
    assert!(ran.stdout.contains("files/www differs"), "{ran}");
    server.render("files", &[]).ok();
    assert_eq!(file.metadata().unwrap().permissions(), mode(0o100_644));
    server.render("files", &["--check"]).ok();
}
