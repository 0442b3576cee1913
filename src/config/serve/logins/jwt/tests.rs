//! What lists programs, and what lists none.

use std::path::Path;

use crate::config::{Config, ServeConfigError};
use crate::login::LoginKind;
use crate::wire::chain;

const SERVE: &str = "[serve]\nurl = \"https://ca.example.org\"\nlisten = [\"[::]:8443\"]\n\
    tls = { certificate = \"tls.pem\", key = \"tls.key\" }\n\
    [suffixes]\nfile = { suffix = \"_file\" }\n";
const CI: &str = "[login.ci]\nkind = \"jwt\"\nissuer = \"https://token.actions.example.org\"\n";
const WEB: &str = "[[login.ci.is]]\nrequester = \"deploy-web\"\n\
    claims = { repository_id = \"74\", ref = \"refs/heads/main\" }\n";
const ROLE: &str =
    "[role.deploy]\nca = \"users\"\nrequesters = [\"deploy-*\"]\nautomation = true\n";

fn config(text: &str) -> Config {
    let path = Path::new("/etc/punchmark/punchmark.toml");
    Config::of_text(path, &format!("{SERVE}{text}")).unwrap()
}

#[test]
fn a_platform_needs_an_issuer_and_its_programs() {
    let serve = config(&format!("{CI}{WEB}")).serve().unwrap();
    let method = &serve.logins[0];
    assert_eq!((method.name.as_str(), method.kind), ("ci", LoginKind::Jwt));
    let platform = method.platform.as_ref().unwrap();
    // The server's own address, where nothing else is said.
    assert_eq!(platform.audience, "https://ca.example.org");
    assert_eq!((&platform.keys, &platform.ca_file), (&None, &None));
    let more = "audience = \"punchmark\"\nca-file = \"k8s.pem\"\njwks-uri = \"https://10.0.0.1:6443/openid/v1/jwks\"\n";
    let serve = config(&format!("{CI}{more}{WEB}")).serve().unwrap();
    let platform = serve.logins[0].platform.as_ref().unwrap();
    assert_eq!(platform.audience, "punchmark");
    assert_eq!(
        platform.ca_file.as_deref(),
        Some(Path::new("/etc/punchmark/k8s.pem"))
    );
    assert!(platform.keys.is_some());
}

#[test]
fn what_lists_no_program_is_said_in_words() {
    let is = |requester: &str, claims: &str| {
        format!("[[login.ci.is]]\nrequester = \"{requester}\"\nclaims = {{ {claims} }}\n")
    };
    let of_web = |claims: &str| format!("{CI}{}", is("deploy-web", claims));
    let oidc = "[login.work]\nkind = \"oidc\"\nissuer = \"https://id.example.org\"\n\
        client-id = \"a\"\nclient-secret-file = \"b\"\naudience = \"c\"\n";
    for (text, words) in [
        (CI.to_owned(), "no program is listed"),
        (
            format!("[login.ci]\nkind = \"jwt\"\n{WEB}"),
            "is of kind \"jwt\" and has no `issuer`",
        ),
        (of_web(""), "none of repository_id, project_id and sub"),
        (of_web("ref = \"a\""), "none of repository_id"),
        (of_web("sub = \"\""), "claim \"sub\" is empty"),
        (
            format!("{CI}{}", is("a,b", "sub = \"a\"")),
            "program 1: \"a,b\" is no requester's name",
        ),
        (
            format!("{CI}{}", is("web_file", "sub = \"a\"")),
            "`web_file` ends in `_file`",
        ),
        (
            format!("{CI}{}", is("operator", "sub = \"a\"")),
            "and no program",
        ),
        (
            format!("{CI}{WEB}{}", is("deploy", "repository_id = \"74\"")),
            "each token of `deploy-web` is one of `deploy`",
        ),
        (
            format!("{CI}jwks-uri = \"http://10.0.0.1/\"\n{WEB}"),
            "`jwks-uri` is no address of keys: it doesn't begin with https://",
        ),
        (
            format!("{CI}groups = \"g\"\n{WEB}"),
            "for kind \"oidc\" alone",
        ),
        (
            oidc.to_owned(),
            "has `audience`, which is for kind \"jwt\" alone",
        ),
        (
            "[login.keys]\nkind = \"key\"\nissuer = \"https://a.example\"\n".to_owned(),
            "for kind \"oidc\" or \"jwt\" alone",
        ),
        (
            format!(
                "{CI}{WEB}{}",
                format!("{CI}{WEB}").replace("login.ci", "login.also")
            ),
            "have the same `issuer`",
        ),
    ] {
        let error = config(&text).serve().unwrap_err();
        let error = chain(&error);
        assert!(error.contains(words), "{error}");
    }
    let number = Config::of_text(
        Path::new("/a.toml"),
        &format!("{SERVE}{}", of_web("repository_id = 74")),
    );
    let number = chain(&number.unwrap_err());
    assert!(number.contains("invalid type: integer `74`"), "{number}");
    // The same program by two ways, and two that share a claim.
    for text in [
        format!("{CI}{WEB}{}", is("deploy-web", "repository_id = \"74\"")),
        format!(
            "{CI}{WEB}{}",
            is("deploy", "repository_id = \"74\", ref = \"b\"")
        ),
    ] {
        assert!(config(&text).serve().is_ok(), "{text}");
    }
    let nobody = config(&format!("{CI}{WEB}[login.keys]\nkind = \"key\"\n"));
    assert!(!matches!(nobody.serve(), Err(ServeConfigError::NoLogin)));
}

#[test]
fn a_program_that_no_role_is_for_is_odd() {
    let odd = |role: &str| config(&format!("{CI}{WEB}{role}")).serve_oddities();
    let named = "login = { methods = [\"ci\"] }\n";
    assert_eq!(odd(&format!("{ROLE}{named}")), [""; 0]);
    for idle in [
        String::new(),
        ROLE.to_owned(),
        format!("{ROLE}{named}").replace("automation = true\n", ""),
        format!("{ROLE}{named}").replace("deploy-*", "other-*"),
    ] {
        let odd = odd(&idle);
        assert!(odd.len() == 1 && odd[0].starts_with("`deploy-web` of [login.ci] reaches no role"));
    }
}
