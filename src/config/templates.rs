//! Roles to begin with: what `init` writes as comments, and `role add --like` fills in.

use crate::ledger::Purpose;

/// A role to begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoleTemplate {
    /// What it is called, here and where it is made.
    pub name: &'static str,
    /// What its CA signs.
    pub purpose: Purpose,
    text: &'static str,
}

impl RoleTemplate {
    /// All of them, in the order in which they stand in a new config.
    pub const ALL: [Self; 5] = [ENGINEER, PRODUCTION, HOST, AUTOMATION, EMERGENCY];

    /// The template of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.name == name)
    }

    /// The fields of the role, a line each, for this CA and these requesters.
    #[must_use]
    pub fn fields(self, ca: &str, requesters: &[String]) -> String {
        let names: Vec<_> = requesters.iter().map(|name| quoted(name)).collect();
        let of_roles = format!(
            "ca         = {}\nrequesters = [{}]\n",
            quoted(ca),
            names.join(", ")
        );
        of_roles + self.text
    }
}

/// What follows the first CA of users in a new config: a default for the direct form, and the
/// templates as comments.
pub(super) fn of_new_config(ca: &str) -> String {
    let mut text = OPERATOR.to_owned();
    for template in RoleTemplate::ALL {
        let ca = match template.purpose {
            Purpose::Host => "hosts",
            _ => ca,
        };
        let fields = template.fields(ca, &["peter".to_owned()]);
        let table = format!("[role.{}]\n{fields}", template.name);
        text.push_str("#\n");
        text.extend(table.lines().map(|line| format!("# {line}\n")));
    }
    text
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

const OPERATOR: &str = "
[role.operator] # who holds token and PIN, and says all by flags
lifetime = { default = \"8h\" } # where no -V is given; `maximum` would be a limit

# Roles to begin with: `punchmark role add engineer --like engineer --requester peter` makes one, `punchmark role try` tries
# it. What a role does not name is not allowed.
";

const ENGINEER: RoleTemplate = RoleTemplate {
    name: "engineer",
    purpose: Purpose::User,
    text: r#"principals = ["{requester}"]     # base names; the suffix is the CA's business
storage    = "mark"              # peter_physical when proved, else peter_file
lifetime   = { default = "8h", maximum = "24h", back-date = "5m" }
extensions = { default = ["permit-pty"], allowed = ["permit-port-forwarding"] }
"#,
};

const PRODUCTION: RoleTemplate = RoleTemplate {
    name: "production",
    purpose: Purpose::User,
    text: r#"principals = ["{requester}"]
storage    = "require"           # no proof, no certificate
proof      = { touch = "always" } # more than the class asks for, never less
lifetime   = { default = "1h", maximum = "4h", back-date = "5m" }
extensions = { default = ["permit-pty"] }
"#,
};

const HOST: RoleTemplate = RoleTemplate {
    name: "host",
    purpose: Purpose::Host,
    text: r#"principals = ["{requester-names}"] # those that `requester add --names` recorded
storage    = "ignore"
lifetime   = { default = "90d", maximum = "52w", back-date = "5m" }
"#,
};

const AUTOMATION: RoleTemplate = RoleTemplate {
    name: "automation",
    purpose: Purpose::User,
    text: r#"automation = true                # source-address and force-command must be there
principals = ["deploy"]
storage    = "mark"
lifetime   = { default = "1h", maximum = "24h", back-date = "5m" }
critical-options = { forced = { source-address = "192.0.2.10/32", force-command = "/usr/local/bin/deploy" } }
"#,
};

const EMERGENCY: RoleTemplate = RoleTemplate {
    name: "emergency",
    purpose: Purpose::User,
    text: r#"emergency  = true                # wants --reason; asks for no less proof
principals = ["root"]
storage    = "require"
lifetime   = { default = "1h", maximum = "2h", back-date = "5m" }
extensions = { default = ["permit-pty"] }
"#,
};

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{CaConfig, Config, with_ca, with_suffixes};
    use crate::policy::lint::lint;
    use crate::signer::Locator;

    /// A config as `init` writes it.
    fn new_config() -> String {
        let locator: Locator = "pkcs11:token=T;object=users".parse().unwrap();
        let ca = CaConfig {
            certificates: Purpose::User,
            keys: locator.into(),
            public_key: "users.pub".into(),
            description: None,
        };
        let empty = Config::empty(Path::new("c"));
        let name = "users".parse().unwrap();
        let text = with_ca(&empty, &name, &ca).unwrap();
        with_suffixes(&empty, &name, text)
    }

    fn parse(text: String) -> Config {
        Config::parse(Path::new("c"), text).unwrap()
    }

    #[test]
    fn every_template_is_a_role_that_nobody_warns_of() {
        for template in RoleTemplate::ALL {
            let ca = match template.purpose {
                Purpose::Host => "hosts",
                _ => "users",
            };
            let fields = template.fields(ca, &["peter".to_owned()]);
            let config = parse(format!("{}\n[role.mine]\n{fields}", new_config()));
            let found = lint(config.policy(), &["users", "hosts"], &[]);
            assert!(found.is_empty(), "{}: {found:?}", template.name);
        }
    }

    #[test]
    fn the_comments_of_a_new_config_are_the_templates() {
        let text = new_config();
        let (before, comments) = text.split_once("is not allowed.\n").unwrap();
        let roles = comments.lines().map(|line| line.trim_start_matches("# "));
        let roles: Vec<_> = roles.filter(|line| *line != "#").collect();
        let config = parse(format!("{before}\n{}", roles.join("\n")));
        let names: Vec<_> = config
            .policy()
            .roles()
            .map(|role| role.name().to_string())
            .collect();
        for template in RoleTemplate::ALL {
            assert!(names.iter().any(|name| name == template.name), "{names:?}");
        }
        assert_eq!(names.len(), RoleTemplate::ALL.len() + 1);
    }
}
