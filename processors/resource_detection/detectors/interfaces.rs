//! Network interfaces. Source: the kernel's `Documentation/ABI/testing/sysfs-class-net`.

use super::Surroundings;

/// `IFF_UP` and `IFF_LOOPBACK` of `netdevice(7)`.
const UP: u32 = 0x1;
const LOOPBACK: u32 = 0x8;

/// Most interfaces that are looked at: a host of containers has one for each.
const MAX_INTERFACES: usize = 1024;

/// Names of all interfaces, sorted.
pub(super) fn names(at: &Surroundings) -> Vec<String> {
    let Ok(folder) = std::fs::read_dir(at.root.join("sys/class/net")) else {
        return Vec::new();
    };
    let names = folder.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.take(MAX_INTERFACES).collect();
    names.sort();
    names
}

/// Hardware addresses of the interfaces that are up, but not of the loopback, as semantic conventions want them:
/// `AC-DE-48-23-45-67`.
pub(super) fn hardware_addresses(at: &Surroundings) -> Vec<String> {
    let address = |name: &String| {
        let address = at.read(format!("sys/class/net/{name}/address"))?;
        (is_used(at, name) && !address.is_empty()).then(|| address.to_uppercase().replace(':', "-"))
    };
    names(at).iter().filter_map(address).collect()
}

/// Addresses of the interfaces that are up, but not of the loopback.
pub(super) fn addresses(at: &Surroundings) -> Vec<String> {
    let Ok(interfaces) = if_addrs::get_if_addrs() else {
        return Vec::new();
    };
    let used = interfaces
        .iter()
        .filter(|interface| !interface.ip().is_loopback() && is_used(at, &interface.name));
    let mut addresses: Vec<String> = used.map(|interface| interface.ip().to_string()).collect();
    addresses.sort();
    addresses.dedup();
    addresses.truncate(MAX_INTERFACES);
    addresses
}

fn is_used(at: &Surroundings, name: &str) -> bool {
    let flags = at.read(format!("sys/class/net/{name}/flags")).unwrap_or_default();
    let flags = flags
        .strip_prefix("0x")
        .and_then(|hex| u32::from_str_radix(hex, 16).ok());
    flags.is_some_and(|flags| flags & UP != 0 && flags & LOOPBACK == 0)
}
