//! The value of `source-address`.

use std::net::IpAddr;

use ipnet::IpNet;

/// Whether a text is a list of addresses and networks that OpenSSH reads: separated by commas,
/// each a numeric address, or a network with its length and without host bits.
///
/// (`addr_match_cidr_list` of OpenSSH; short and octal forms of IPv4 are not taken here.)
pub(super) fn is_cidr_list(list: &str) -> bool {
    list.split(',').all(is_network)
}

fn is_network(entry: &str) -> bool {
    let (address, length) = match entry.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (entry, None),
    };
    // Not ipnet's own parser: it reads 010.0.0.0 as 10.0.0.0, which servers read as 8.0.0.0.
    match (address.parse::<IpAddr>(), length) {
        (Ok(address), Some(length)) => is_network_of(address, length),
        (Ok(_), None) => true,
        (Err(_), _) => false,
    }
}

fn is_network_of(address: IpAddr, length: &str) -> bool {
    let digits = length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit());
    let network = length
        .parse()
        .ok()
        .and_then(|n| IpNet::new(address, n).ok());
    digits && network.is_some_and(|network| network.network() == address)
}

#[cfg(test)]
mod tests {
    use super::is_cidr_list;

    #[test]
    fn takes_addresses_and_networks() {
        for list in [
            "10.0.0.0/8",
            "192.0.2.1",
            "192.0.2.1/32,::1,2001:db8::/32",
            "0.0.0.0/0",
            "::/0",
            "::ffff:192.0.2.0/120",
        ] {
            assert!(is_cidr_list(list), "{list}");
        }
    }

    #[test]
    fn refuses_host_bits_wildcards_names_gaps_and_junk() {
        for list in [
            "",
            ",",
            "10.0.0.0/8,",
            "10.0.0.1/8",
            "2001:db8::1/32",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.*",
            "localhost",
            "10",
            "010.0.0.0/8",
            "10.0.0.0/8 ",
            " ::1",
            "fe80::1%eth0",
            "!10.0.0.0/8",
            "10.0.0.0/255.0.0.0",
        ] {
            assert!(!is_cidr_list(list), "{list}");
        }
    }
}
