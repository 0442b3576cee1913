//! Options as ssh-keygen reads them, and where we differ on purpose.

use super::{OptionError, Place};
use crate::certificate::{Kind, Options};

fn parse(kind: Kind, args: &[&str]) -> Result<String, OptionError> {
    let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
    Options::parse(kind, &args).map(|options| {
        let words = |map: &std::collections::BTreeMap<String, String>| {
            let entry = |(name, value): (&String, &String)| match value.as_str() {
                "" => name.clone(),
                value => format!("{name}={value}"),
            };
            map.iter().map(entry).collect::<Vec<_>>().join(" ")
        };
        format!(
            "{} | {}",
            words(options.critical()),
            words(options.extensions())
        )
    })
}

fn user(args: &[&str]) -> Result<String, OptionError> {
    parse(Kind::User, args)
}

fn cleared(args: &[&str]) -> Result<String, OptionError> {
    user(&[&["clear"], args].concat())
}

#[test]
fn permits_five_things_to_users_and_nothing_to_hosts() {
    assert_eq!(
        user(&[]).unwrap(),
        " | permit-X11-forwarding permit-agent-forwarding permit-port-forwarding \
         permit-pty permit-user-rc"
    );
    assert_eq!(parse(Kind::Host, &[]).unwrap(), " | ");
}

#[test]
fn reads_flags_in_order_and_in_any_case() {
    assert_eq!(cleared(&["Permit-PTY"]).unwrap(), " | permit-pty");
    assert_eq!(user(&["permit-pty", "CLEAR", "clear"]).unwrap(), " | ");
    assert_eq!(cleared(&["permit-pty", "no-pty"]).unwrap(), " | ");
    assert_eq!(
        cleared(&["no-touch-required", "verify-required"]).unwrap(),
        "verify-required | no-touch-required"
    );
    assert_eq!(
        cleared(&[
            "no-touch-required",
            "touch-required",
            "verify-required",
            "no-verify-required"
        ]),
        Ok(" | ".to_owned())
    );
    assert_eq!(
        cleared(&["permit-X11-Forwarding"]).unwrap(),
        " | permit-X11-forwarding"
    );
}

#[test]
fn clear_keeps_options_with_a_value() {
    assert_eq!(
        user(&[
            "Force-Command=/bin/true -x",
            "source-address=10.0.0.0/8,::1",
            "clear"
        ])
        .unwrap(),
        "force-command=/bin/true -x source-address=10.0.0.0/8,::1 | "
    );
}

#[test]
fn takes_custom_options_with_and_without_a_value() {
    assert_eq!(
        cleared(&["critical:a@b=c=d", "EXTENSION:Flag", "extension:a@b=x"]).unwrap(),
        "a@b=c=d | Flag a@b=x"
    );
}

#[test]
fn refuses_an_empty_value() {
    for (argument, name) in [
        ("force-command=", "force-command"),
        ("source-address=", "source-address"),
        ("critical:x=", "x"),
        ("extension:y=", "y"),
    ] {
        assert_eq!(
            user(&[argument]),
            Err(OptionError::EmptyValue(name.to_owned()))
        );
    }
}

#[test]
fn refuses_an_option_twice_in_any_spelling() {
    for (args, name) in [
        (["force-command=a", "force-command=b"], "force-command"),
        (
            ["source-address=::1", "SOURCE-ADDRESS=::1"],
            "source-address",
        ),
        (
            ["critical:force-command=a", "force-command=a"],
            "force-command",
        ),
        (["extension:x", "extension:x=1"], "x"),
        (["extension:permit-pty", "permit-pty"], "permit-pty"),
    ] {
        assert_eq!(
            user(&args),
            Err(OptionError::Twice(name.to_owned())),
            "{args:?}"
        );
    }
}

#[test]
fn refuses_a_name_that_ssh_keygen_does_not_know() {
    for argument in [
        "",
        "pty",
        "permit-pty=yes",
        "force-command",
        "critical",
        "permitty",
        "é",
    ] {
        assert_eq!(
            user(&[argument]),
            Err(OptionError::Unknown(argument.to_owned()))
        );
    }
    for argument in ["critical:", "extension:=x", "extension:a b", "extension:é"] {
        assert!(matches!(
            user(&[argument]),
            Err(OptionError::Name(_) | OptionError::EmptyValue(_))
        ));
    }
}

#[test]
fn refuses_control_characters_in_a_value() {
    for character in ['\0', '\n', '\u{1b}', '\u{202e}'] {
        let name = "force-command".to_owned();
        assert_eq!(
            user(&[&format!("force-command=a{character}")]),
            Err(OptionError::Character { name, character })
        );
    }
}

#[test]
fn refuses_a_known_option_in_the_wrong_map_or_form() {
    let place = |name: &str, place| OptionError::Place {
        name: name.to_owned(),
        place,
    };
    assert_eq!(
        user(&["extension:force-command=ls"]),
        Err(place("force-command", Place::Extension))
    );
    assert_eq!(
        user(&["critical:permit-pty"]),
        Err(place("permit-pty", Place::Critical))
    );
    for (argument, name, flag) in [
        ("critical:force-command", "force-command", false),
        ("critical:source-address", "source-address", false),
        ("critical:verify-required=1", "verify-required", true),
        ("extension:permit-pty=1", "permit-pty", true),
    ] {
        let name = name.to_owned();
        assert_eq!(user(&[argument]), Err(OptionError::Form { name, flag }));
    }
}

#[test]
fn refuses_a_network_with_host_bits() {
    assert_eq!(
        user(&["source-address=10.0.0.1/8"]),
        Err(OptionError::SourceAddress("10.0.0.1/8".to_owned()))
    );
}

#[test]
fn refuses_more_than_8192_bytes_of_either_map() {
    let value = format!("critical:x={}", "a".repeat(8000));
    assert!(user(&[&value]).is_ok());
    assert_eq!(
        user(&[&value, &format!("critical:y={}", "a".repeat(200))]),
        Err(OptionError::TooLong {
            place: Place::Critical,
            length: 2 * 13 + 8200
        })
    );
}
