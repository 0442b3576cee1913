//! Login methods of every kind, and what makes none.

use std::path::Path;

use crate::config::{Config, LoginConfigError, LoginMethod, ServeConfigError};
use crate::login::LoginKind;
use crate::login::oidc::PlainHttp;

const SERVE: &str = "[serve]\nurl = \"https://ca.example.org\"\nlisten = [\"[::]:8443\"]\n\
    tls = { certificate = \"tls.pem\", key = \"tls.key\" }\n";
const WORK: &str = "[login.work]\nkind = \"oidc\"\nissuer = \"https://id.example.org/realms/work\"\n\
    client-id = \"punchmark\"\nclient-secret-file = \"work.secret\"\n";

fn logins(text: &str) -> Result<Vec<LoginMethod>, LoginConfigError> {
    let path = Path::new("/etc/punchmark/punchmark.toml");
    // What a test has behind `@` stands there too.
    let admins = if text.contains('@') {
        "admins = [\"group:work:a\"]\nauditors = [\"group:keys:a\"]\n"
    } else {
        ""
    };
    let text = text.replace('@', "");
    let config = Config::of_text(path, &format!("{SERVE}{admins}{text}")).unwrap();
    match config.serve() {
        Ok(serve) => Ok(serve.logins),
        Err(ServeConfigError::Login(error)) => Err(error),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_provider_needs_four_lines_and_may_have_more() {
    let few = logins(WORK).unwrap().remove(0);
    assert_eq!((few.name.as_str(), few.kind), ("work", LoginKind::Oidc));
    let few = few.provider.unwrap();
    assert_eq!(few.issuer.as_str(), "https://id.example.org/realms/work");
    assert_eq!(
        few.client_secret_file,
        Path::new("/etc/punchmark/work.secret")
    );
    assert_eq!(
        (few.scopes, few.requester, few.groups),
        (
            vec!["profile".to_owned()],
            "preferred_username".to_owned(),
            None
        )
    );
    assert_eq!(
        (few.http, few.code, few.max_age, few.ca_file),
        (PlainHttp::Refused, false, None, None)
    );
    let more = "scopes = [\"groups\"]\nrequester = \"email\"\ngroups = \"groups\"\ncode = true\n\
        same-as = [\"keys\"]\nca-file = \"/etc/ssl/id.pem\"\n[login.keys]\nkind = \"key\"\n";
    let more = logins(&format!("{WORK}{more}")).unwrap().remove(1);
    let more = more.provider.unwrap();
    assert_eq!((more.code, more.same_as.len()), (true, 1));
    assert_eq!(more.groups.as_deref(), Some("groups"));
    assert_eq!(more.ca_file.as_deref(), Some(Path::new("/etc/ssl/id.pem")));
}

#[test]
fn the_shortest_age_that_a_role_asks_for_is_asked_of_the_provider() {
    let role = |name: &str, methods: &str, age: &str| {
        format!(
            "[role.{name}]\nca = \"users\"\nrequesters = [\"*\"]\nprincipals = [\"{{requester}}\"]\n\
             lifetime = {{ default = \"1h\" }}\nlogin = {{ methods = [{methods}], max-age = \"{age}\" }}\n"
        )
    };
    let text = [
        WORK,
        "[login.keys]\nkind = \"key\"\n",
        &role("a", "\"work\"", "8h"),
        &role("b", "\"keys\", \"work\"", "2h"),
        &role("c", "\"keys\"", "1m"),
    ]
    .concat();
    let methods = logins(&text).unwrap();
    let work = methods.iter().find_map(|method| method.provider.as_ref());
    assert_eq!(work.unwrap().max_age, Some(7200));
}

#[test]
fn what_is_no_way_to_log_in_is_said_in_words() {
    let without = |key: &str| {
        let lines = WORK.lines().filter(|line| !line.starts_with(key));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let http = WORK.replace("https://id", "http://id");
    let twice = WORK.replace("login.work", "login.also");
    for (text, words) in [
        (without("issuer"), "has no `issuer`"),
        (without("client-id"), "has no `client-id`"),
        (without("client-secret"), "has no `client-secret-file`"),
        (http.clone(), "doesn't begin with https://"),
        (
            format!("{http}allow-http = true\n"),
            "127.0.0.1 or [::1] alone",
        ),
        (format!("{WORK}scopes = [\"a b\"]\n"), "in `scopes`"),
        (format!("{WORK}groups = \"\"\n"), "in `groups`"),
        (
            format!("{WORK}same-as = [\"keys\"]\n"),
            "no other login method",
        ),
        (
            format!("{WORK}same-as = [\"work\"]\n"),
            "no other login method",
        ),
        (format!("{WORK}{twice}"), "have the same `issuer`"),
        (
            format!("[login.keys]\nkind = \"key\"\n@{WORK}"),
            "names group:keys:a, which no login method",
        ),
        (
            "[login.keys]\nkind = \"key\"\ncode = false\n".to_owned(),
            "[login.keys] has `code`",
        ),
        (
            "[login.start]\nkind = \"password\"\nissuer = \"https://a.example\"\n".to_owned(),
            "for kind \"oidc\" or \"jwt\" alone",
        ),
    ] {
        let error = logins(&text).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

const DIRECTORY: &str = "[login.work]\nkind = \"ldap\"\n[login.work.directory]\nserver = \"ldaps://ldap.example.org\"\n\
    ca-file = \"ldap.pem\"\nbind-dn = \"cn=reader,dc=x\"\nbind-password-file = \"ldap-password\"\nbase = \"ou=people,dc=x\"\n";

#[test]
fn a_directory_needs_five_lines_and_may_have_more() {
    let few = logins(DIRECTORY).unwrap().remove(0);
    assert_eq!((few.kind, few.provider.is_none()), (LoginKind::Ldap, true));
    assert_eq!(
        few.issuer(),
        Some("ldaps://ldap.example.org/ou=people,dc=x")
    );
    let few = few.directory.unwrap();
    assert_eq!(
        few.bind_password_file,
        Path::new("/etc/punchmark/ldap-password")
    );
    assert_eq!((&few.requester[..], &few.subject[..]), ("uid", "entryUUID"));
    assert_eq!(
        (few.filter, few.groups, few.timeout.as_secs()),
        (None, None, 5)
    );
    let more = "requester = \"sAMAccountName\"\nsubject = \"objectGUID\"\nfilter = \"(objectClass=person)\"\n\
        groups = \"member\"\ngroup-base = \"ou=groups,dc=x\"\nissuer = \"ldaps://old.example.org/dc=x\"\n\
        same-as = [\"keys\"]\ntimeout = \"10s\"\n[login.keys]\nkind = \"key\"\n";
    let more = logins(&format!("{DIRECTORY}{more}")).unwrap().remove(1);
    assert_eq!(more.issuer(), Some("ldaps://old.example.org/dc=x"));
    assert_eq!(more.same_as().len(), 1);
    assert_eq!(more.directory.unwrap().groups.unwrap().attribute, "member");
}

#[test]
fn what_is_no_directory_to_log_in_at_is_said_in_words() {
    let with = |line: &str| format!("{DIRECTORY}{line}\n");
    let instead = |from: &str, to: &str| DIRECTORY.replace(from, to);
    for (text, words) in [
        (
            "[login.work]\nkind = \"ldap\"\n".to_owned(),
            "has no [login.work.directory]",
        ),
        (instead("\"ldap\"", "\"key\""), "for kind \"ldap\" alone"),
        (
            instead("ldaps:", "ldap:"),
            "without TLS, which is for this machine",
        ),
        (
            instead("ldaps://ldap.example.org", "ldap://127.0.0.1"),
            "passwords of people go by ldaps://",
        ),
        (
            instead("ldaps://ldap.example.org", "ldapi:///run/ldapi"),
            "passwords of people go by ldaps://",
        ),
        (
            instead("ldaps://ldap.example.org", "ldaps://a/b"),
            "is no server",
        ),
        (with("start-tls = true"), "start-tls is for ldap: alone"),
        (
            instead("ou=people,dc=x", "people"),
            "`base` is no name of an entry",
        ),
        (
            instead("cn=reader,dc=x", ""),
            "`bind-dn` is no name of an entry",
        ),
        (
            with("requester = \"uid)(a\""),
            "in `requester` is no name of an attribute",
        ),
        (
            with("subject = \"\""),
            "in `subject` is no name of an attribute",
        ),
        (with("filter = \"(a=b)(c=d)\""), "no filter in brackets"),
        (with("groups = \"memberOf\""), "go together"),
        (with("group-base = \"dc=x\""), "go together"),
        (
            with("groups = \"cn\"\ngroup-base = \"dc=x\""),
            "can be memberOf",
        ),
        (
            with("groups = \"member\"\ngroup-base = \"x\""),
            "`group-base` is no name",
        ),
        (with("issuer = \"\""), "`issuer` is empty"),
        (with("timeout = \"1m\""), "from 1s to 10s"),
        (with("same-as = [\"keys\"]"), "no other login method"),
        (format!("@{DIRECTORY}"), "which no login method tells"),
        (
            format!("{DIRECTORY}{}", instead("login.work", "login.also")),
            "have the same `issuer`",
        ),
    ] {
        let error = crate::wire::chain(&logins(&text).unwrap_err());
        assert!(error.contains(words), "{words}: {error}");
    }
}
