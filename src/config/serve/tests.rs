//! What `[serve]` says, and what it can't.

use std::path::Path;

use super::*;
use crate::config::{ConfigError, LoginConfigError};
use crate::request::{LoginFacts, LoginWay};

const SERVE: &str = "[serve]\nurl = \"https://ca.example.org\"\nlisten = [\"[::]:8443\"]\n\
    tls = { certificate = \"tls.pem\", key = \"tls.key\" }\n";
const LOGIN: &str = "[login.keys]\nkind = \"key\"\n";

fn config(text: &str) -> Result<Config, ConfigError> {
    Config::of_text(Path::new("/etc/punchmark/punchmark.toml"), text)
}

fn serve(text: &str) -> Result<ServeConfig, ServeConfigError> {
    config(text).unwrap().serve()
}

#[test]
fn a_server_has_url_place_and_a_way_to_log_in() {
    let serve = serve(&format!("{SERVE}{LOGIN}")).unwrap();
    assert_eq!(serve.url.as_str(), "https://ca.example.org");
    assert_eq!(serve.listen, ["[::]:8443".parse().unwrap()]);
    assert_eq!((serve.longest, serve.idle), (43_200, 7_200));
    assert_eq!(serve.logins[0].name.as_str(), "keys");
    let ServeTls::Files { certificate, .. } = serve.tls else {
        panic!("{:?}", serve.tls);
    };
    assert_eq!(certificate, Path::new("/etc/punchmark/tls.pem"));
}

#[test]
fn lists_lie_beside_the_ledger_or_where_the_config_says() {
    let with = |lists: &str| {
        let more = format!("krl = {lists}\nadmins = [\"anna\"]\nlisten");
        let text = format!("{}{LOGIN}", SERVE.replace("listen", &more));
        serve(&format!(
            "ledger-key = \"key\"\nledger = \"l.ledger\"\n{text}"
        ))
        .unwrap()
    };
    let anna = "anna".parse().unwrap();
    let beside = with("{ every = \"1h\" }");
    let by_key = LoginFacts::new("keys".parse().unwrap(), LoginWay::EnrolledKey, None);
    assert!(beside.admins.have(&anna, &by_key) && !beside.auditors.have(&anna, &by_key));
    let beside = beside.lists.unwrap();
    assert_eq!(beside.every, Some(3600));
    assert_eq!(
        beside.krl(),
        Path::new("/etc/punchmark/l.lists/revoked.krl")
    );
    let there = with("{ folder = \"/srv/lists\" }").lists.unwrap();
    assert_eq!(
        (there.every, there.checkpoint()),
        (None, "/srv/lists/checkpoint".into())
    );
}

#[test]
fn what_makes_no_server_is_said_in_words() {
    let with = |from: &str, to: &str| format!("{}{LOGIN}", SERVE.replace(from, to));
    let files = "{ certificate = \"tls.pem\", key = \"tls.key\" }";
    let proxied = with(files, "\"proxy\"\ntrusted-proxies = [\"127.0.0.1\"]");
    for (text, expected) in [
        (String::new(), ServeConfigError::None),
        (SERVE.to_owned(), ServeConfigError::NoLogin),
        (with("\"[::]:8443\"", ""), ServeConfigError::NoListener),
        (
            proxied.clone(),
            ServeConfigError::NotLoopback("[::]:8443".parse().unwrap()),
        ),
        (
            format!("{SERVE}[login.a]\nkind = \"password\"\n[login.b]\nkind = \"password\"\n"),
            ServeConfigError::Login(LoginConfigError::Passwords(
                "a".parse().unwrap(),
                "b".parse().unwrap(),
            )),
        ),
        (
            with("[::]", "[::1]").replace(files, "\"proxy\""),
            ServeConfigError::NoProxies,
        ),
        (
            with("listen", "trusted-proxies = [\"10.0.0.0/8\"]\nlisten"),
            ServeConfigError::NoProxy("trusted-proxies"),
        ),
        (
            with("listen", "address-header = \"X-Forwarded-For\"\nlisten"),
            ServeConfigError::NoProxy("address-header"),
        ),
        (
            with("listen", "krl = { every = \"1h\" }\nlisten"),
            ServeConfigError::NoLedgerKey,
        ),
        (
            with("listen", "session = { longest = \"1h\" }\nlisten"),
            ServeConfigError::Idle,
        ),
    ] {
        assert_eq!(serve(&text).unwrap_err(), expected, "{text}");
    }
    let proxied = serve(&proxied.replace("[::]", "[::1]")).unwrap();
    assert!(matches!(proxied.tls, ServeTls::Proxy { header: None, .. }));
}

#[test]
fn a_wrong_value_is_an_error_where_it_stands() {
    for (from, to, line, word) in [
        ("url", "colour = 1\nurl", 2, "colour"),
        ("https://ca", "http://ca", 2, "https://HOST"),
        ("[::]:8443", "8443", 3, "socket address"),
        ("key = \"tls.key\"", "kee = \"tls.key\"", 4, "tls"),
        ("listen", "session = { longest = \"8d\" }\nlisten", 3, "7d"),
        ("listen", "trusted-proxies = [\"all\"]\nlisten", 3, "all"),
        ("listen", "address-header = \"a b\"\nlisten", 3, "a b"),
        ("listen", "krl = { every = \"10s\" }\nlisten", 3, "10s"),
        ("listen", "krl = { file = \"a\" }\nlisten", 3, "file"),
        ("listen", "admins = [\"a b\"]\nlisten", 3, "a b"),
        ("listen", "admins = [\"group:a\"]\nlisten", 3, "METHOD:NAME"),
    ] {
        let text = format!("{}{LOGIN}", SERVE.replacen(from, to, 1));
        let error = config(&text).unwrap_err();
        let ConfigError::Syntax {
            line: at, message, ..
        } = &error
        else {
            panic!("{error}");
        };
        assert!(
            *at == line && message.contains(word),
            "{to}: {at} {message}"
        );
    }
    for (text, word) in [
        ("[login.Keys]\nkind = \"key\"\n", "lower-case"),
        ("[login.keys]\nkind = \"radius\"\n", "radius"),
        ("[login.keys]\nkind = \"key\"\nissuers = \"a\"\n", "issuers"),
    ] {
        let error = config(text).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn metrics_have_an_address_of_their_own() {
    let with = |listen: &str, metrics: &str| {
        let more = format!("metrics = \"{metrics}\"\nlisten");
        let text = SERVE.replace("listen", &more).replace("[::]:8443", listen);
        config(&format!("{text}{LOGIN}")).unwrap()
    };
    for (listen, metrics, is_fine) in [
        ("[::]:8443", "127.0.0.1:9443", true),
        ("[::]:8443", "127.0.0.1:8443", false),
        ("[::]:8443", "[::1]:8443", false),
        ("192.0.2.1:8443", "127.0.0.1:8443", true),
        ("192.0.2.1:8443", "0.0.0.0:8443", false),
        ("192.0.2.1:8443", "[::ffff:192.0.2.1]:8443", false),
    ] {
        let serve = with(listen, metrics).serve();
        assert_eq!(serve.is_ok(), is_fine, "{listen} {metrics}");
        let is_refused = matches!(serve, Err(ServeConfigError::MetricsInPublic(..)));
        assert_eq!(is_refused, !is_fine);
    }
    let odd = |metrics: &str| with("[::]:8443", metrics).serve_oddities().len();
    assert_eq!(odd("127.0.0.1:9443"), 0);
    assert_eq!(odd("[::1]:9443"), 0);
    assert_eq!(odd("192.0.2.1:9443"), 1);
}

#[test]
fn limits_have_defaults_and_none_is_zero() {
    let with = |limits: &str| {
        let text = SERVE.replace("listen", &format!("limits = {limits}\nlisten"));
        config(&format!("{text}{LOGIN}"))
    };
    let limits = with("{ address = 7 }").unwrap().serve().unwrap().limits;
    assert_eq!((limits.address, limits.session), (7, 6_000));
    for wrong in ["{ address = 0 }", "{ session = -1 }", "{ sessions = 1 }"] {
        assert!(with(wrong).is_err(), "{wrong}");
    }
}
