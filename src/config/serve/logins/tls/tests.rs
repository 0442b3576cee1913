//! A client CA in the config, and what makes none.

use std::path::Path;

use crate::config::{Config, ServeConfig, ServeConfigError};
use crate::login::LoginKind;
use crate::login::tls::CertificateNames;

const SERVE: &str = "[serve]\nurl = \"https://ca.example.org\"\nlisten = [\"127.0.0.1:8443\"]\n\
    tls = { certificate = \"tls.pem\", key = \"tls.key\" }\n";
const CORP: &str = "[login.corp]\nkind = \"tls\"\nclient-ca = \"people.pem\"\nrequester = \"email\"\n\
    domains = [\"example.org\"]\n";

fn serve(text: &str) -> Result<ServeConfig, ServeConfigError> {
    let path = Path::new("/etc/punchmark/punchmark.toml");
    Config::of_text(path, text).unwrap().serve()
}

#[test]
fn a_client_ca_needs_four_lines_and_may_have_more() {
    let found = serve(&format!("{SERVE}{CORP}")).unwrap().logins.remove(0);
    assert_eq!((found.kind, found.issuer()), (LoginKind::Tls, None));
    let few = found.certificates.unwrap();
    assert_eq!(few.client_ca, Path::new("/etc/punchmark/people.pem"));
    let domains = ["example.org".to_owned()];
    assert_eq!(few.names, CertificateNames::email(&domains).unwrap());
    assert_eq!((few.client_crl, few.same_as), (None, vec![]));
    let more = CORP.replace("\"email\"", "\"spiffe\"").replace(
        "domains = [\"example.org\"]",
        "below = \"spiffe://example.org/\"",
    );
    let more = format!(
        "{SERVE}{more}client-crl = \"/run/people.crl\"\nsame-as = [\"keys\"]\n[login.keys]\nkind = \"key\"\n"
    );
    let found = serve(&more).unwrap().logins.remove(0);
    assert_eq!(found.same_as().len(), 1);
    let more = found.certificates.unwrap();
    assert_eq!(
        more.client_crl.as_deref(),
        Some(Path::new("/run/people.crl"))
    );
    let ids = CertificateNames::spiffe("spiffe://example.org/").unwrap();
    assert_eq!(more.names, ids);
}

#[test]
fn what_is_no_client_ca_is_said_in_words() {
    let without = |key: &str| {
        let lines = CORP.lines().filter(|line| !line.starts_with(key));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let instead = |from: &str, to: &str| CORP.replace(from, to);
    let domains = |text: &str| instead("[\"example.org\"]", text);
    let below = |text: &str| {
        let text = format!("below = \"{text}\"");
        instead("\"email\"", "\"spiffe\"").replace("domains = [\"example.org\"]", &text)
    };
    for (text, words) in [
        (without("client-ca"), "has no `client-ca`"),
        (without("requester"), "has no `requester`"),
        (without("domains"), "goes with `domains`"),
        (domains("[]"), "`domains` is empty"),
        (domains("[\"*.org\"]"), "is no domain"),
        (domains("[\"a@b.org\"]"), "is no domain"),
        (domains("[\"\"]"), "is no domain"),
        (domains("[\"b\u{e4}r.org\"]"), "is no domain"),
        (
            instead("\"email\"", "\"cn\""),
            "can be \"email\" or \"spiffe\"",
        ),
        (instead("\"email\"", "\"spiffe\""), "goes with `below`"),
        (
            format!("{CORP}below = \"spiffe://a/\"\n"),
            "without `below`",
        ),
        (below("spiffe://example.org"), "is no `below`"),
        (below("spiffe://Example.org/"), "is no `below`"),
        (below("spiffe:///people/"), "is no `below`"),
        (below("spiffe://a/../"), "is no `below`"),
        (below("https://a/"), "is no `below`"),
        (
            format!("{CORP}ca-file = \"a\"\n"),
            "has `ca-file`, which is for kind",
        ),
        (
            format!("{CORP}groups = \"a\"\n"),
            "has `groups`, which is for kind \"oidc\" alone",
        ),
        (
            instead("\"tls\"", "\"key\""),
            "has `client-ca`, which is for kind \"tls\" alone",
        ),
        (
            format!("{CORP}same-as = [\"keys\"]\n"),
            "no other login method",
        ),
    ] {
        let error = serve(&format!("{SERVE}{text}")).unwrap_err();
        let error = crate::wire::chain(&error);
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn behind_a_proxy_nobody_shows_the_server_a_certificate() {
    let proxy = SERVE.replace(
        "{ certificate = \"tls.pem\", key = \"tls.key\" }",
        "\"proxy\"\ntrusted-proxies = [\"127.0.0.1\"]",
    );
    let error = serve(&format!("{proxy}{CORP}")).unwrap_err();
    assert!(matches!(
        error,
        ServeConfigError::CertificatesBehindProxy(_)
    ));
    let words = error.to_string();
    assert!(
        words.contains("[login.corp] is of kind \"tls\", and `tls` is \"proxy\""),
        "{words}"
    );
    serve(&format!("{proxy}[login.keys]\nkind = \"key\"\n")).unwrap();
}

#[test]
fn a_certificate_tells_of_no_group_and_opens_the_roles_that_name_its_method() {
    let role = |more: &str| {
        format!(
            "{SERVE}{CORP}[role.floor]\nca = \"users\"\nprincipals = [\"{{requester}}\"]\n\
             lifetime = {{ default = \"1h\" }}\nlogin = {{ methods = [\"corp\"] }}\n{more}\n"
        )
    };
    let odd = |more: &str| {
        let path = Path::new("/etc/punchmark/punchmark.toml");
        let found = Config::of_text(path, &role(more)).unwrap().oddities();
        let words = found.iter().map(|odd| odd.oddity.to_string());
        words.filter(|odd| odd.contains("corp")).collect::<Vec<_>>()
    };
    assert_eq!(odd("requesters = [\"*\"]"), Vec::<String>::new());
    let of_group = odd("groups = [\"corp:engineers\"]");
    assert_eq!(of_group.len(), 1, "{of_group:?}");
}
