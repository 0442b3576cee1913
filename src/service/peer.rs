//! Who asks, by address: the connection's, or what a trusted proxy says of it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

use crate::config::ServeTls;

/// The address that a request came from. Of the header that a trusted proxy writes, the right-most
/// address that is no trusted proxy's: what stands left of it, anybody can have written.
pub(super) fn of(connection: SocketAddr, headers: &HeaderMap, tls: &ServeTls) -> IpAddr {
    let address = connection.ip().to_canonical();
    let ServeTls::Proxy {
        trusted,
        header: Some(name),
    } = tls
    else {
        return address;
    };
    if !is_trusted(trusted, address) {
        return address;
    }
    let values = headers.get_all(name).iter();
    let listed: Vec<&str> = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    let mut told = address;
    for text in listed.into_iter().rev() {
        let Ok(next) = text.trim().parse::<IpAddr>() else {
            break;
        };
        told = next.to_canonical();
        if !is_trusted(trusted, told) {
            break;
        }
    }
    told
}

/// What is taken for one household: an IPv4 address, or an IPv6 network of 64 bits.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

fn is_trusted(trusted: &[IpNet], address: IpAddr) -> bool {
    trusted.iter().any(|network| network.contains(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(connection: &str, header: &[&str]) -> String {
        let tls = ServeTls::Proxy {
            trusted: vec![
                "127.0.0.1/32".parse().unwrap(),
                "10.0.0.0/8".parse().unwrap(),
            ],
            header: Some("x-forwarded-for".to_owned()),
        };
        let mut headers = HeaderMap::new();
        for value in header {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        of(connection.parse().unwrap(), &headers, &tls).to_string()
    }

    #[test]
    fn the_right_most_address_that_is_no_proxys_counts() {
        for (connection, header, expected) in [
            ("127.0.0.1:9", &[][..], "127.0.0.1"),
            ("127.0.0.1:9", &["192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1:9", &["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1:9", &["192.0.2.1, 10.1.1.1"], "192.0.2.1"),
            ("127.0.0.1:9", &["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1:9", &["192.0.2.1, unknown"], "127.0.0.1"),
            ("127.0.0.1:9", &["::ffff:192.0.2.1"], "192.0.2.1"),
            ("198.51.100.1:9", &["192.0.2.1"], "198.51.100.1"),
        ] {
            assert_eq!(told(connection, header), expected, "{header:?}");
        }
    }

    #[test]
    fn a_household_is_an_ipv4_address_or_64_bits_of_ipv6() {
        for (address, expected) in [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ] {
            assert_eq!(network(address.parse().unwrap()).to_string(), expected);
        }
    }
}
