//! Where an address leads, whatever way it is written. Pure: no name is resolved.

use std::net::IpAddr;

/// An address as `connect` has it, in the one spelling of all that lead to the same place: host names in small letters
/// and without the dot at their end, IP addresses by their value, this machine as `localhost`, ports as numbers. What is
/// no host and port, such as the name of an interface, stays as it is.
pub fn place(address: &str) -> String {
    let Some((host, port)) = address.rsplit_once(':') else { return address.to_owned() };
    let Ok(port) = port.parse::<u16>() else { return address.to_owned() };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let host = match host.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        // What is connected to as "any address" is this machine.
        Ok(ip) if ip.is_loopback() && ip.to_string().ends_with('1') || ip.is_unspecified() => "localhost".to_owned(),
        Ok(ip) => ip.to_string(),
        Err(_) => host,
    };
    format!("{host}:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_spelling() {
        for (place_of, spellings) in [
            (
                "inverter.lan:502",
                &["inverter.lan:502", "Inverter.LAN:502", "inverter.lan.:502", "inverter.lan:0502"][..],
            ),
            (
                "localhost:502",
                &["127.0.0.1:502", "LocalHost:502", "[::1]:502", "::1:502", "[::ffff:127.0.0.1]:502", "0.0.0.0:502"],
            ),
            ("192.168.1.20:502", &["192.168.1.20:502", "[::ffff:192.168.1.20]:502", "[::FFFF:C0A8:0114]:502"]),
            ("fe80::1:502", &["[fe80::1]:502", "[FE80:0:0::0001]:502"]),
            ("127.0.0.2:502", &["127.0.0.2:502"]),
            ("can0", &["can0"]),
            ("CAN0", &["CAN0"]),
            ("log.txt:a", &["log.txt:a"]),
        ] {
            for spelling in spellings {
                assert_eq!(place(spelling), place_of, "{spelling}");
            }
        }
    }
}
