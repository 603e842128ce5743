//! Which `Host` headers are answered.

use std::net::IpAddr;

use sidelight_config::Endpoint;

/// The hosts by which the server may be called.
///
/// A web page that makes its own name resolve to this machine still sends that name: so names are allowed
/// one by one. Addresses cannot be forged in that way; an address is allowed where the server listens on it.
#[derive(Clone, Debug)]
pub struct AllowedHosts {
    /// Lower case, without port and brackets.
    names: Vec<String>,
    /// Listening beyond loopback: any address may be one of the machine's own.
    any_address: bool,
}

impl AllowedHosts {
    /// Loopback names, the host of the endpoint, and `extra` names.
    pub fn new(endpoint: &Endpoint, extra: &[String]) -> Self {
        let mut names = vec!["localhost".to_owned()];
        if let Endpoint::Tcp { host, .. } = endpoint {
            names.push(host.to_ascii_lowercase());
        }
        names.extend(extra.iter().map(|name| name.to_ascii_lowercase()));
        names.retain(|name| !name.is_empty());
        Self {
            names,
            any_address: !endpoint.is_loopback(),
        }
    }

    /// Whether a `Host` header (or the authority of an absolute URI), with or without a port, is allowed.
    pub fn allow(&self, host: &str) -> bool {
        let Some(name) = without_port(host) else {
            return false;
        };
        // A name with the root's dot at its end is the same name.
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if self.names.contains(&name) {
            return true;
        }
        match name.parse::<IpAddr>() {
            Ok(address) => self.any_address || address.to_canonical().is_loopback(),
            Err(_) => false,
        }
    }
}

/// The host without brackets; `None` where the text is no host with an optional port (RFC 3986, 3.2.2).
fn without_port(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => {
            let (name, behind) = rest.split_once(']')?;
            name.parse::<std::net::Ipv6Addr>().ok()?;
            (
                name,
                if behind.is_empty() {
                    None
                } else {
                    Some(behind.strip_prefix(':')?)
                },
            )
        }
        None => match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host, None),
        },
    };
    let port_is_good = port.is_none_or(|port| port.bytes().all(|digit| digit.is_ascii_digit()));
    (port_is_good && !name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(endpoint: &str, extra: &[&str]) -> AllowedHosts {
        let extra: Vec<String> = extra.iter().map(|name| (*name).to_owned()).collect();
        AllowedHosts::new(&Endpoint::parse(endpoint).expect("an endpoint"), &extra)
    }

    #[test]
    fn on_loopback_only_loopback_names_are_answered() {
        let hosts = hosts("localhost:8888", &[]);
        for host in [
            "localhost",
            "LOCALHOST:8888",
            "localhost.:1",
            "127.0.0.1:8888",
            "127.9.9.9",
            "[::1]:8888",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8888",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "10.0.0.1:8888",
            "[fe80::1]",
            "",
            ":8888",
            "[::1",
            "[::1]8888",
            "[localhost]",
            "localhost:80:80",
            "localhost:x",
            "localhost, evil.example",
            "0x7f000001",
            "2130706433",
            "0.0.0.0",
        ] {
            assert!(!hosts.allow(host), "{host}");
        }
    }

    #[test]
    fn beyond_loopback_addresses_are_answered_and_foreign_names_are_not() {
        let hosts = hosts("0.0.0.0:8888", &["Sidelight.monitoring"]);
        for host in [
            "10.1.2.3:8888",
            "[2001:db8::1]:8888",
            "sidelight.monitoring:8888",
            "localhost",
        ] {
            assert!(hosts.allow(host), "{host}");
        }
        assert!(!hosts.allow("evil.example:8888"));
        assert!(!hosts.allow(":8888"));
    }

    #[test]
    fn the_configured_name_is_answered() {
        assert!(hosts("metrics.internal:8888", &[]).allow("metrics.internal:8888"));
        assert!(hosts(":8888", &[]).allow("10.1.2.3"));
    }
}
