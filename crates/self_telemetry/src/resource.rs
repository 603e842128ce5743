//! Who the program says it is.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use sidelight_component::metrics::Labels;

use crate::settings::ResourceSettings;

/// The attributes of the program's own telemetry, sorted by name: `service.name` is `sidelight`,
/// `service.version` the program's, `service.instance.id` random for each start; the settings add to them,
/// replace them and take them away.
pub fn resource(settings: &ResourceSettings, version: &str) -> Labels {
    let mut attributes = BTreeMap::from([
        ("service.instance.id".to_owned(), instance_id()),
        ("service.name".to_owned(), "sidelight".to_owned()),
        ("service.version".to_owned(), version.to_owned()),
    ]);
    for (name, value) in &settings.attributes {
        match value {
            Some(value) => attributes.insert(name.clone(), value.clone()),
            None => attributes.remove(name),
        };
    }
    attributes.into_iter().collect()
}

/// A random UUID, version 4 (RFC 9562, section 5.4). The standard library seeds its hash maps from the
/// system's random numbers; an identity needs no more.
fn instance_id() -> String {
    let random = || u128::from(RandomState::new().hash_one(std::process::id()));
    let bits = (random() << 64) | random();
    let bits = (bits & !(0xf << 76)) | (0x4 << 76);
    let bits = (bits & !(0x3 << 62)) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_add_replace_and_take_away() {
        let settings = ResourceSettings {
            attributes: BTreeMap::from([
                ("service.name".to_owned(), Some("edge".to_owned())),
                ("service.instance.id".to_owned(), None),
                ("host.name".to_owned(), Some("h1".to_owned())),
            ]),
        };
        let shown: Vec<String> = resource(&settings, "1.2.3")
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect();
        assert_eq!(
            shown,
            ["host.name=h1", "service.name=edge", "service.version=1.2.3"]
        );
    }

    #[test]
    fn instance_ids_are_different_uuids() {
        let (one, two) = (instance_id(), instance_id());
        assert_ne!(one, two);
        for id in [one, two] {
            let groups: Vec<usize> = id.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
            assert!(
                id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]),
                "{id}"
            );
        }
    }
}
