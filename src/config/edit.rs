//! A config with one more CA. All that stood there stays as it was written.

use toml::Value;

use super::{CaConfig, CaName, Config, ConfigError};

/// Why a CA cannot be added to the config.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The name is taken.
    #[error("the config has a CA `{0}` already")]
    Taken(CaName),
    /// A path that is no text cannot stand in TOML.
    #[error("path {0:?} is not valid UTF-8")]
    NotText(std::path::PathBuf),
    /// `ca` stands there in a form that a table cannot be added to.
    #[error("a table cannot be added to this config")]
    Form(#[source] ConfigError),
}

/// The text of `config` with a table for `ca` at its end.
///
/// # Errors
/// [`EditError`].
pub fn with_ca(config: &Config, name: &CaName, ca: &CaConfig) -> Result<String, EditError> {
    if config.ca(name.as_str()).is_ok() {
        return Err(EditError::Taken(name.clone()));
    }
    let public_key = ca
        .public_key
        .to_str()
        .ok_or_else(|| EditError::NotText(ca.public_key.clone()))?;
    let mut text = if config.text.is_empty() {
        HEADING.to_owned()
    } else {
        config.text.clone()
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&format!(
        "\n[ca.{name}]\ncertificates = {}\nkey          = {}\npublic-key   = {}\n",
        quoted(&ca.certificates.to_string()),
        quoted(&ca.key.to_string()),
        quoted(public_key),
    ));
    Config::parse(&config.path, text.clone()).map_err(EditError::Form)?;
    Ok(text)
}

/// The text of a config with the suffixes that a new user CA begins with; as it is where
/// suffixes are reserved already.
pub fn with_suffixes(config: &Config, text: String) -> String {
    match config.policy().suffixes().is_empty() {
        true => text + SUFFIXES,
        false => text,
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

const HEADING: &str = "\
# punchmark.toml: holds no secret; paths are relative to this file; an unknown key is an error.
";

const SUFFIXES: &str = "
[suffixes] # the CA alone writes these; each is a class with its least proof
physical  = { suffix = \"_physical\", proof = [\"piv\", \"fido\"], touch = \"cached\", pin = \"once\" }
witnessed = { suffix = \"_witnessed\", proof = [\"witnessed\"] }
file      = { suffix = \"_file\" }
";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::ledger::Purpose;

    fn hosts() -> (CaName, CaConfig) {
        let ca = CaConfig {
            certificates: Purpose::Host,
            key: "pkcs11:token=T;object=hosts".parse().unwrap(),
            public_key: "hosts.pub".into(),
        };
        ("hosts".parse().unwrap(), ca)
    }

    #[test]
    fn keeps_comments_and_order() {
        let text = "# mine\nmodules = [ '/a' ] # why\n\n[ca]\n# none";
        let config = Config::parse(Path::new("c"), text.to_owned()).unwrap();
        let (name, ca) = hosts();
        let edited = with_ca(&config, &name, &ca).unwrap();
        assert!(edited.starts_with(text), "{edited}");
        let read = Config::parse(Path::new("c"), edited).unwrap();
        assert_eq!(read.ca("hosts").unwrap().key, ca.key);
    }

    #[test]
    fn refuses_a_name_that_is_taken() {
        let (name, ca) = hosts();
        let text = with_ca(&Config::empty(Path::new("c")), &name, &ca).unwrap();
        let config = Config::parse(Path::new("c"), text).unwrap();
        assert!(matches!(
            with_ca(&config, &name, &ca),
            Err(EditError::Taken(_))
        ));
    }

    #[test]
    fn refuses_an_inline_table_that_it_cannot_add_to() {
        let config = Config::parse(Path::new("c"), "ca = {}\n".to_owned()).unwrap();
        let (name, ca) = hosts();
        assert!(matches!(
            with_ca(&config, &name, &ca),
            Err(EditError::Form(_))
        ));
    }
}
