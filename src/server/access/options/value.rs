//! Options with a value, and what sshd takes for one.

use super::super::fault::Wrong;
use super::expiry::Expiry;
use super::source;

/// An option with a value.
pub(super) struct Valued {
    pub(super) name: &'static str,
    /// Whether sshd refuses a line that has it twice.
    pub(super) once: bool,
    pub(super) check: fn(&str) -> Result<(), Wrong>,
}

/// All that sshd knows on a line of principals, from 9.2 to 10.5.
pub(super) const VALUED: &[Valued] = &[
    Valued {
        name: "command",
        once: true,
        check: |_any| Ok(()),
    },
    Valued {
        name: "from",
        once: true,
        check: source::check,
    },
    Valued {
        name: "expiry-time",
        once: false,
        check: |value| wants(Expiry::parse(value).is_some(), "expiry-time", value, EXPIRY),
    },
    Valued {
        name: "environment",
        once: false,
        check: |value| wants(is_environment(value), "environment", value, "NAME=value"),
    },
    Valued {
        name: "permitopen",
        once: false,
        check: |value| wants(is_host_and_port(value), "permitopen", value, "HOST:PORT"),
    },
    Valued {
        name: "permitlisten",
        once: false,
        check: |value| {
            let listens = is_port(value) || is_host_and_port(value);
            wants(listens, "permitlisten", value, "[HOST:]PORT")
        },
    },
    Valued {
        name: "tunnel",
        once: false,
        check: |value| wants(is_tunnel(value), "tunnel", value, "a number, or any"),
    },
];

fn wants(holds: bool, option: &'static str, value: &str, form: &'static str) -> Result<(), Wrong> {
    if holds {
        return Ok(());
    }
    Err(Wrong::OptionValue {
        option,
        value: value.to_owned(),
        form,
    })
}

/// `valid_env_name` of OpenSSH: a name of letters, digits and `_`, and `=`.
fn is_environment(value: &str) -> bool {
    value.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// A host, a colon and a port; an address of IPv6 in brackets.
fn is_host_and_port(value: &str) -> bool {
    let Some((host, port)) = value.rsplit_once(':') else {
        return false;
    };
    let host_is_one = match host.strip_prefix('[') {
        Some(rest) => rest
            .strip_suffix(']')
            .is_some_and(|inner| !inner.is_empty()),
        None => !host.is_empty() && !host.contains([':', '/']),
    };
    host_is_one && is_port(port)
}

/// A port by number, or `*`; names of services depend on the machine, and are not taken.
fn is_port(text: &str) -> bool {
    let number = text.bytes().all(|byte| byte.is_ascii_digit());
    text == "*" || number && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// `a2tun` of OpenSSH; the two highest numbers have a meaning of their own.
fn is_tunnel(value: &str) -> bool {
    let number = value.bytes().all(|byte| byte.is_ascii_digit());
    value == "any"
        || number
            && value
                .parse::<u32>()
                .is_ok_and(|device| device < 0x7fff_fffd)
}

const EXPIRY: &str = "YYYYMMDD[HHMM[SS]][Z]";
