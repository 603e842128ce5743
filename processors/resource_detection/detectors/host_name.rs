//! The host's name, from where the settings say.

use std::net::IpAddr;

use super::super::config::HostnameSource;
use super::Surroundings;

/// A resolver. Its answers can take as long as the system's resolver waits for its servers.
pub(crate) trait Names: Send + Sync {
    /// Canonical name and addresses of a host.
    fn canonical(&self, host: &str) -> Option<(Option<String>, Vec<IpAddr>)>;

    /// The name of an address.
    fn of_address(&self, address: IpAddr) -> Option<String>;
}

/// The system's resolver: `getaddrinfo(3)` and `getnameinfo(3)`.
pub(crate) struct SystemNames;

impl Names for SystemNames {
    fn canonical(&self, host: &str) -> Option<(Option<String>, Vec<IpAddr>)> {
        let hints = dns_lookup::AddrInfoHints {
            // AI_CANONNAME, POSIX `netdb.h`; the same number on Linux and the BSDs.
            flags: 2,
            // SOCK_STREAM: every address once.
            socktype: 1,
            ..dns_lookup::AddrInfoHints::default()
        };
        let answers: Vec<_> = dns_lookup::getaddrinfo(Some(host), None, Some(hints))
            .ok()?
            .flatten()
            .collect();
        let name = answers.iter().find_map(|answer| answer.canonname.clone());
        Some((name, answers.iter().map(|answer| answer.sockaddr.ip()).collect()))
    }

    fn of_address(&self, address: IpAddr) -> Option<String> {
        let name = dns_lookup::lookup_addr(&address).ok()?;
        // Without a name the address comes back as text.
        (name.parse::<IpAddr>().is_err()).then_some(name)
    }
}

/// The name from the first source that knows it.
pub(super) fn host_name(at: &Surroundings, sources: &[HostnameSource]) -> Option<String> {
    let kernel = at
        .read("proc/sys/kernel/hostname")
        .filter(|name| !name.is_empty())?;
    let resolved = |host: &str| at.names.canonical(host);
    sources.iter().find_map(|source| match source {
        HostnameSource::Os => Some(kernel.clone()),
        HostnameSource::Cname => resolved(&kernel)?.0.map(without_dot),
        HostnameSource::Lookup => reverse(at, &resolved(&kernel)?.1),
        HostnameSource::Dns => full_name(at, &kernel),
    })
}

/// The full name: with a dot in it, whoever gives it.
fn full_name(at: &Surroundings, kernel: &str) -> Option<String> {
    let is_full = |name: &String| name.contains('.');
    if let Some(name) = of_hosts_file(&at.read("etc/hosts").unwrap_or_default(), kernel) {
        return Some(name);
    }
    let (canonical, addresses) = at.names.canonical(kernel)?;
    let canonical = canonical.map(without_dot).filter(is_full);
    canonical.or_else(|| reverse(at, &addresses).filter(is_full))
}

fn reverse(at: &Surroundings, addresses: &[IpAddr]) -> Option<String> {
    let name = |address: &IpAddr| at.names.of_address(*address);
    addresses.iter().find_map(name).map(without_dot)
}

/// The full name on the line of `hosts(5)` that names the host.
fn of_hosts_file(hosts: &str, host: &str) -> Option<String> {
    hosts.lines().find_map(|line| {
        let line = line.split('#').next().unwrap_or_default();
        let names: Vec<&str> = line.split_whitespace().skip(1).collect();
        let is_it = names.contains(&host);
        let full = names
            .into_iter()
            .find(|name| name.contains('.') && !name.starts_with("localhost"));
        full.filter(|_| is_it).map(str::to_owned)
    })
}

fn without_dot(mut name: String) -> String {
    if name.ends_with('.') {
        name.pop();
    }
    name
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::super::tests::surroundings;
    use super::*;
    use HostnameSource::{Cname, Dns, Lookup, Os};

    /// Knows what it was given.
    struct Scripted {
        canonical: Option<&'static str>,
        reverse: Option<&'static str>,
    }

    impl Names for Scripted {
        fn canonical(&self, host: &str) -> Option<(Option<String>, Vec<IpAddr>)> {
            assert_eq!(host, "web1");
            let address = IpAddr::from([192, 0, 2, 1]);
            Some((self.canonical.map(str::to_owned), vec![address]))
        }

        fn of_address(&self, _: IpAddr) -> Option<String> {
            self.reverse.map(str::to_owned)
        }
    }

    #[test]
    fn the_first_source_that_knows_the_name_counts() {
        let hosts = "127.0.0.1 localhost\n10.0.0.5 web1.corp web1 # this\n";
        let (none, dot, bare) = (None, Some("web1.example.org."), Some("web1"));
        type Row<'t> = (
            &'t [HostnameSource],
            &'t str,
            Option<&'static str>,
            Option<&'static str>,
            Option<&'t str>,
        );
        let table: [Row<'_>; 10] = [
            (&[Os], hosts, dot, none, Some("web1")),
            (&[Dns, Os], hosts, dot, none, Some("web1.corp")),
            (&[Dns, Os], "127.0.1.1 web1", dot, none, Some("web1.example.org")),
            (
                &[Dns, Os],
                "",
                bare,
                Some("web1.reverse.org."),
                Some("web1.reverse.org"),
            ),
            (&[Dns, Os], "", bare, none, Some("web1")),
            (&[Dns], "", bare, none, None),
            (&[Cname, Os], "", dot, none, Some("web1.example.org")),
            (&[Cname], "", none, none, None),
            (&[Lookup, Os], "", none, Some("r."), Some("r")),
            (&[Lookup, Os], "", none, none, Some("web1")),
        ];
        for (sources, hosts, canonical, reverse, expected) in table {
            let files = [("proc/sys/kernel/hostname", "web1\n"), ("etc/hosts", hosts)];
            let (_folder, mut at) = surroundings(&files);
            at.names = Arc::new(Scripted { canonical, reverse });
            assert_eq!(
                host_name(&at, sources).as_deref(),
                expected,
                "{sources:?} {hosts} {canonical:?}"
            );
        }
    }

    #[test]
    fn the_resolver_of_the_machine_knows_its_own_loopback() {
        let (_, addresses) = SystemNames.canonical("localhost").expect("every machine does");
        assert!(addresses.iter().all(IpAddr::is_loopback), "{addresses:?}");
    }
}
