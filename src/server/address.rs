//! Lists of addresses, as `from=`, `AllowUsers` and `source-address` have them (match.c).

use std::net::IpAddr;

use ipnet::IpNet;

use crate::request::glob::matches;

/// A list of addresses, networks and patterns, as `from=` has it too (match_host_and_ip); names of
/// hosts are not looked up.
pub(crate) fn address_fits(list: &str, address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else {
        return false;
    };
    let fits = |pattern: &str| match pattern.parse::<IpNet>() {
        Ok(network) => network.contains(&address),
        Err(_) => matches(pattern.as_bytes(), address.to_string().as_bytes()),
    };
    let mut let_through = false;
    for pattern in list.split(',') {
        match pattern.strip_prefix('!') {
            Some(denied) if fits(denied) => return false,
            Some(_) => {}
            None => let_through |= fits(pattern),
        }
    }
    let_through
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_addresses_denies_before_it_lets_through() {
        for (list, address, fits) in [
            ("10.0.0.0/8", "10.1.1.1", true),
            ("10.0.0.0/8,!10.1.0.0/16", "10.1.1.1", false),
            ("192.0.2.*", "192.0.2.7", true),
            ("2001:db8::/32", "2001:db8::1", true),
            ("example.org", "192.0.2.7", false),
            ("*", "nonsense", false),
        ] {
            assert_eq!(address_fits(list, address), fits, "{list} {address}");
        }
    }
}
