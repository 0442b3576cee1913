//! Any text as suffixes and roles: no panic, what was read is read again, and whatever a
//! role decides, a name with a reserved suffix is never anybody's without proof.
#![no_main]

use libfuzzer_sys::fuzz_target;
use punchmark::certificate::{Kind, OptionsAsked, Principals};
use punchmark::policy::{CaFacts, Role, RoleTable, Rules, Suffixes, decide};
use punchmark::request::{Ask, KnownBy, Request, Requester, RoleName};

fuzz_target!(|text: &str| {
    let Ok(mut file) = text.parse::<toml::Table>() else {
        return;
    };
    let suffixes = file
        .remove("suffixes")
        .map(toml::Value::try_into::<Suffixes>);
    let Some(Ok(suffixes)) = suffixes.or(Some(Ok(Suffixes::default()))) else {
        return;
    };
    let Some(toml::Value::Table(roles)) = file.remove("role") else {
        return;
    };
    for (name, table) in roles {
        let (Ok(name), Ok(table)) = (name.parse::<RoleName>(), table.try_into::<RoleTable>())
        else {
            continue;
        };
        let written = toml::to_string(&table).unwrap();
        assert_eq!(toml::from_str::<RoleTable>(&written).unwrap(), table);
        if let Ok(role) = Role::new(name, table, &suffixes) {
            try_role(&role, &suffixes);
        }
    }
});

fn try_role(role: &Role, suffixes: &Suffixes) {
    let key = KEY.parse::<ssh_key::PublicKey>().unwrap();
    let rules = Rules {
        role,
        suffixes,
        ca: CaFacts {
            name: "users",
            public_key: key.key_data(),
            signs_users: true,
            signs_hosts: false,
            ca_keys: &[],
        },
    };
    for name in ["peter", "peter_physical"] {
        let request = Request {
            subject: key.key_data().clone(),
            ask: Ask {
                role: role.name().clone(),
                kind: Kind::User,
                key_id: None,
                principals: Principals::parse(name, Kind::User).ok(),
                validity: None,
                validity_as_asked: String::new(),
                options: OptionsAsked::default(),
                reason: None,
                serial: None,
            },
        };
        let peter = Requester::known("peter".parse().unwrap(), KnownBy::Vouch);
        let Ok(decided) = decide(&request, &peter, &[], &rules, 1_795_000_000) else {
            continue;
        };
        for principal in decided.body().principals.iter() {
            let end = suffixes.reserved_end(principal.as_str());
            let unproved = suffixes.unproved().map(|class| class.suffix());
            assert!(end.is_none() || end == unproved);
        }
    }
}

const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFBG/fUCXIRhD0pyGp6FnxZT7bSNg8YmUuhcrZHXR8bk";
