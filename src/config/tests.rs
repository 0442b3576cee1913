//! What a config says, and where it says that it is wrong.

use super::*;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("/etc/punchmark/punchmark.toml"), text.to_owned())
}

const USERS: &str = "[ca.users]\ncertificates = \"user\"\n\
    key = \"pkcs11:token=T;object=users\"\npublic-key = \"users.pub\"\n";

#[test]
fn an_unknown_key_is_an_error_with_line_and_column() {
    let error = parse(&format!("{USERS}  colour = \"red\"\n")).unwrap_err();
    assert!(
        matches!(&error, ConfigError::Syntax { line: 5, column: 3, message, .. }
            if message.contains("colour")),
        "{error}"
    );
}

#[test]
fn a_bad_locator_is_an_error_where_it_stands() {
    let error = parse(&USERS.replace("pkcs11:token=T", "pkcs11:pin-value=1")).unwrap_err();
    assert!(
        matches!(error, ConfigError::Syntax { line: 3, .. }),
        "{error}"
    );
}

#[test]
fn the_ledgers_settings_name_whole_paths() {
    let text = "kept-heads = [\"a\"]\nkept-heads-only = [\"/b\"]\nledger-allow = [\"nfs\"]\n";
    let settings = parse(text).unwrap().ledger_settings();
    assert_eq!(settings.kept_heads, [Path::new("/etc/punchmark/a")]);
    assert_eq!(settings.kept_heads_only.unwrap(), [Path::new("/b")]);
    assert_eq!(settings.allow, ["nfs"]);
    assert_eq!(parse("").unwrap().ledger_settings().kept_heads_only, None);
}

#[test]
fn the_ledgers_settings_name_whole_paths_also_by_a_config_that_is_named_from_here() {
    let mut config = parse("kept-heads = [\"a\"]\n").unwrap();
    config.folder = "here".into();
    let here = std::env::current_dir().unwrap().join("here/a");
    assert_eq!(config.ledger_settings().kept_heads, [here]);
}

#[test]
fn paths_are_relative_to_the_config() {
    let config = parse(&format!("ledger = \"../l\"\n{USERS}")).unwrap();
    assert_eq!(config.ledger(), Path::new("/etc/punchmark/../l"));
    let config = parse(USERS).unwrap();
    assert_eq!(
        config.ledger(),
        Path::new("/etc/punchmark/punchmark.ledger")
    );
}

#[test]
fn a_ca_that_is_not_there_is_named_with_those_that_are() {
    let error = parse(USERS).unwrap().ca("hosts").unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("has no CA `hosts`; it has `users`"),
        "{error}"
    );
}

#[test]
fn a_group_is_of_a_method_that_the_config_has() {
    let with = |groups: &str, login: &str| parse(&format!("[role.a]\n{groups}\n{login}"));
    let wrong = |groups: &str, login: &str| match with(groups, login).unwrap_err() {
        ConfigError::Syntax { line, message, .. } => (line, message),
        other => panic!("{other}"),
    };
    let login = "[login.work]\nkind = \"key\"\n";
    let (line, message) = wrong("groups = [\"engineers\"]", login);
    assert!(line == 2 && message.contains("work:engineers"), "{message}");
    let (line, message) = wrong("groups = [\"corp:engineers\"]", login);
    assert!(
        line == 1 && message.contains("write [login.corp]"),
        "{message}"
    );
    with("groups = [\"work:engineers\"]", login).unwrap();
}
