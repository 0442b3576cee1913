//! `from`: where a login may come from.

use std::net::IpAddr;

use ipnet::IpNet;

use super::super::fault::Wrong;

/// Checks each entry: an address, a network, or a pattern of hosts; `!` before what is taken out.
///
/// By one network whose length doesn't fit its address, or one empty entry, sshd refuses every
/// login by this line (`addr_match_list`; measured).
pub(super) fn check(value: &str) -> Result<(), Wrong> {
    value.split(',').try_for_each(|entry| {
        let bare = entry.strip_prefix('!').unwrap_or(entry);
        if bare.is_empty() || bare.contains(['"', '\\']) || bare.contains([' ', '\t']) {
            return Err(refused(value));
        }
        if bare.contains('/') && !is_network(bare) {
            return Err(Wrong::Network(entry.to_owned()));
        }
        Ok(())
    })
}

/// Whether an entry takes something out.
pub(super) fn is_negated(value: &str) -> bool {
    value.split(',').any(|entry| entry.starts_with('!'))
}

fn is_network(entry: &str) -> bool {
    let Some((address, length)) = entry.split_once('/') else {
        return false;
    };
    let digits = length.bytes().all(|byte| byte.is_ascii_digit()) && length.len() <= 3;
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let network = length
        .parse()
        .ok()
        .and_then(|length| IpNet::new(address, length).ok());
    digits && network.is_some_and(|network| network.network() == address)
}

fn refused(value: &str) -> Wrong {
    Wrong::OptionValue {
        option: "from",
        value: value.to_owned(),
        form: "addresses, networks and patterns of hosts, separated by commas alone",
    }
}
