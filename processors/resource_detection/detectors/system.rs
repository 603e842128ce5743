//! The host and its operating system, from the kernel's files.

use std::collections::{BTreeMap, BTreeSet};

use super::super::config::HostnameSource;
use super::super::found::Found;
use super::{Surroundings, host_name, interfaces};

/// What is enabled, and what could not be found of it.
pub(super) fn detect(
    at: &Surroundings,
    sources: &[HostnameSource],
    enabled: &BTreeSet<&'static str>,
) -> (Vec<Found>, Option<String>) {
    let cpu = enabled.iter().any(|name| name.starts_with("host.cpu."));
    let cpu = if cpu { cpu_info(at) } else { BTreeMap::new() };
    let release = os_release(at);
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for name in enabled.iter().copied() {
        let text = |value: Option<String>| {
            value
                .filter(|text| !text.is_empty())
                .map(|text| Found::text(name, &text))
        };
        let list = |values: Vec<String>| (!values.is_empty()).then(|| Found::texts(name, &values));
        let of_cpu = |field: &str| text(cpu.get(field).cloned());
        let attribute = match name {
            "host.name" => text(host_name::host_name(at, sources)),
            "os.type" => text(Some(std::env::consts::OS.to_owned())),
            "host.arch" => Some(Found::text(name, architecture(std::env::consts::ARCH))),
            "host.id" => text(machine_id(at)),
            "host.ip" => list(interfaces::addresses(at)),
            "host.mac" => list(interfaces::hardware_addresses(at)),
            "host.interface" => list(interfaces::names(at)),
            "host.cpu.cache.l2.size" => level_2_cache(at).map(|bytes| Found::integer(name, bytes)),
            "host.cpu.family" => of_cpu("cpu family"),
            "host.cpu.model.id" => of_cpu("model"),
            "host.cpu.model.name" => of_cpu("model name"),
            "host.cpu.stepping" => of_cpu("stepping"),
            "host.cpu.vendor.id" => of_cpu("vendor_id"),
            "os.build.id" => text(
                release
                    .get("BUILD_ID")
                    .cloned()
                    .or_else(|| kernel(at, "osrelease")),
            ),
            "os.description" => text(description(at, &release)),
            "os.name" => text(release.get("ID").cloned()),
            "os.version" => text(release.get("VERSION_ID").cloned()),
            _ => None,
        };
        match attribute {
            Some(attribute) => found.push(attribute),
            None => missing.push(name),
        }
    }
    let problem = (!missing.is_empty()).then(|| format!("this machine does not say {}", missing.join(", ")));
    (found, problem)
}

/// The machine's id: `machine-id(5)`, or the one that D-Bus keeps, as the SDKs do it.
fn machine_id(at: &Surroundings) -> Option<String> {
    let files = ["etc/machine-id", "var/lib/dbus/machine-id"];
    files
        .iter()
        .find_map(|path| at.read(path).filter(|id| !id.is_empty()))
}

/// The architecture in the words of the semantic conventions (`host.arch`).
fn architecture(rust: &str) -> &str {
    match rust {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "arm" => "arm32",
        "powerpc" => "ppc32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

/// A line of `/proc/sys/kernel`.
fn kernel(at: &Surroundings, name: &str) -> Option<String> {
    at.read(format!("proc/sys/kernel/{name}"))
}

/// As the SDKs have it: `Debian GNU/Linux 13 (trixie) (Linux web1 6.12.1 #1 SMP x86_64)`.
fn description(at: &Surroundings, release: &BTreeMap<String, String>) -> Option<String> {
    let parts = ["ostype", "hostname", "osrelease", "version"].map(|name| kernel(at, name));
    let parts: Option<Vec<String>> = parts.into_iter().collect();
    let kernel = format!("{} {}", parts?.join(" "), std::env::consts::ARCH);
    Some(match release.get("PRETTY_NAME") {
        Some(name) => format!("{name} ({kernel})"),
        None => kernel,
    })
}

/// `os-release(5)`.
fn os_release(at: &Surroundings) -> BTreeMap<String, String> {
    let files = ["etc/os-release", "usr/lib/os-release"];
    let text = files.iter().find_map(|path| at.read(path)).unwrap_or_default();
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| {
            (
                key.trim().to_owned(),
                value.trim().trim_matches(['"', '\'']).to_owned(),
            )
        })
        .collect()
}

/// The first processor of `/proc/cpuinfo`, `proc_cpuinfo(5)`.
fn cpu_info(at: &Surroundings) -> BTreeMap<String, String> {
    let text = at.read("proc/cpuinfo").unwrap_or_default();
    let first = text.lines().take_while(|line| !line.trim().is_empty());
    first
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// Bytes of the level 2 cache of the first processor; the kernel's `sysfs-devices-system-cpu`.
fn level_2_cache(at: &Surroundings) -> Option<i64> {
    (0..8).find_map(|index| {
        let cache = |file: &str| at.read(format!("sys/devices/system/cpu/cpu0/cache/index{index}/{file}"));
        if cache("level")? != "2" {
            return None;
        }
        let size = cache("size")?;
        let (digits, factor) = match size.strip_suffix('K') {
            Some(digits) => (digits, 1 << 10),
            None => (size.strip_suffix('M')?, 1 << 20),
        };
        digits.parse::<i64>().ok()?.checked_mul(factor)
    })
}

#[cfg(test)]
mod tests {
    use sidelight_proto::views::ValueView;

    use super::super::super::tests::surroundings;
    use super::*;

    fn all() -> BTreeSet<&'static str> {
        super::super::SYSTEM_ATTRIBUTES
            .iter()
            .map(|(name, _)| *name)
            .collect()
    }

    #[test]
    fn a_machine_is_described_from_its_files() {
        let (_folder, at) = surroundings(&[
            ("etc/machine-id", "0123456789abcdef0123456789abcdef\n"),
            (
                "etc/os-release",
                "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\n",
            ),
            ("proc/sys/kernel/ostype", "Linux\n"),
            ("proc/sys/kernel/hostname", "web1\n"),
            ("proc/sys/kernel/osrelease", "6.12.1\n"),
            ("proc/sys/kernel/version", "#1 SMP\n"),
            (
                "proc/cpuinfo",
                "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\nmodel name\t: Xeon\nstepping\t: 8\n\nmodel name\t: second\n",
            ),
            ("sys/devices/system/cpu/cpu0/cache/index0/level", "1"),
            ("sys/devices/system/cpu/cpu0/cache/index2/level", "2"),
            ("sys/devices/system/cpu/cpu0/cache/index2/size", "2048K"),
            ("sys/class/net/eth0/address", "ac:de:48:23:45:67\n"),
            ("sys/class/net/eth0/flags", "0x1003\n"),
            ("sys/class/net/lo/address", "00:00:00:00:00:00\n"),
            ("sys/class/net/lo/flags", "0x9\n"),
            ("sys/class/net/eth1/address", "ac:de:48:23:45:68\n"),
            ("sys/class/net/eth1/flags", "0x1002\n"),
        ]);
        let mut enabled = all();
        // That of the test's machine.
        enabled.remove("host.ip");
        let (found, problem) = detect(&at, &[HostnameSource::Os], &enabled);
        assert_eq!(problem, None);
        let shown = |name: &str| {
            let found = found.iter().find(|found| found.key() == name).expect(name);
            match found.value() {
                ValueView::String(text) => text.to_owned(),
                ValueView::Int(value) => value.to_string(),
                ValueView::Array(array) => {
                    let values: Vec<_> = array.values().filter_map(|value| value.as_str()).collect();
                    values.join(" ")
                }
                other => panic!("{other:?}"),
            }
        };
        let kernel = format!("(Linux web1 6.12.1 #1 SMP {})", std::env::consts::ARCH);
        for (name, expected) in [
            ("host.name", "web1"),
            ("os.type", "linux"),
            ("host.id", "0123456789abcdef0123456789abcdef"),
            ("host.cpu.vendor.id", "GenuineIntel"),
            ("host.cpu.family", "6"),
            ("host.cpu.model.id", "143"),
            ("host.cpu.model.name", "Xeon"),
            ("host.cpu.stepping", "8"),
            ("host.cpu.cache.l2.size", "2097152"),
            ("host.interface", "eth0 eth1 lo"),
            ("host.mac", "AC-DE-48-23-45-67"),
            ("os.name", "debian"),
            ("os.version", "13"),
            ("os.build.id", "6.12.1"),
            (
                "os.description",
                &format!("Debian GNU/Linux 13 (trixie) {kernel}"),
            ),
        ] {
            assert_eq!(shown(name), expected, "{name}");
        }
        assert_eq!(found.len(), enabled.len());
    }

    #[test]
    fn what_a_machine_does_not_say_is_named_and_the_rest_is_found() {
        let (_folder, at) = surroundings(&[("proc/sys/kernel/hostname", "web1")]);
        let (found, problem) = detect(
            &at,
            &[HostnameSource::Os],
            &BTreeSet::from(["host.name", "host.id"]),
        );
        assert_eq!(found, [Found::text("host.name", "web1")]);
        assert_eq!(problem.as_deref(), Some("this machine does not say host.id"));
    }

    #[test]
    fn the_real_machine_says_its_name_and_architecture() {
        let enabled = BTreeSet::from([
            "host.name",
            "os.type",
            "host.arch",
            "os.description",
            "host.cpu.model.name",
        ]);
        let (found, problem) = detect(&Surroundings::real(), &[HostnameSource::Os], &enabled);
        assert_eq!((found.len(), problem), (5, None));
    }
}
