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
    if entry.len() > MAX_ENTRY_LEN {
        return false;
    }
    match entry.parse::<IpNet>() {
        Ok(network) => network.addr() == network.network(),
        Err(_) => entry.parse::<IpAddr>().is_ok(),
    }
}

/// `INET6_ADDRSTRLEN` and the length of a mask.
const MAX_ENTRY_LEN: usize = 49;

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
