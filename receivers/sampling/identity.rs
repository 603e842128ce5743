//! Whose figures they are.

use std::fs;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sidelight_proto::encode::ResourceEncoder;
use sidelight_proto::json::write::hexadecimal;

/// The version of the semantic conventions that names are taken from.
pub(crate) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// The longest name or id that is taken from a file.
const MAX_TEXT: usize = 255;

/// The host: read once, it does not change while the program runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HostIdentity {
    /// `host.name`.
    pub(crate) name: Option<Box<str>>,
    /// `host.id`: the machine id, machine-id(5).
    pub(crate) id: Option<Box<str>>,
}

/// What a resource is called: the host under `sidelight`, or an application under its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    host: HostIdentity,
    /// `service.name`.
    service_name: Box<str>,
    /// `service.instance.id`.
    instance_id: Box<str>,
}

impl HostIdentity {
    /// Reads the identity of the host whose root directory is `root`. What cannot be read is left out.
    pub(crate) fn read(root: &Path) -> Self {
        let first_of = |paths: &[&str]| paths.iter().find_map(|path| first_line(&root.join(path)));
        let name = match root == Path::new("/") {
            true => first_of(&["proc/sys/kernel/hostname", "etc/hostname"]),
            // The kernel's answer would be the name in our own namespace.
            false => first_of(&["etc/hostname", "proc/sys/kernel/hostname"]),
        };
        Self {
            name,
            id: first_of(&["etc/machine-id", "var/lib/dbus/machine-id"]),
        }
    }

    /// The same host under a service's name. `selector` says what on the host it is; the same selector on the same
    /// host is the same instance for ever.
    pub(crate) fn instance(&self, service_name: &str, selector: &str) -> Instance {
        let host = self.id.as_deref().or(self.name.as_deref()).unwrap_or_default();
        Instance {
            host: self.clone(),
            service_name: service_name.into(),
            instance_id: uuid(&[host, service_name, selector]).into(),
        }
    }
}

impl Instance {
    /// Writes it.
    pub(crate) fn write(&self, resource: &mut ResourceEncoder<'_>) {
        resource.attribute("service.name", &*self.service_name);
        resource.attribute("service.instance.id", &*self.instance_id);
        let host = [("host.name", &self.host.name), ("host.id", &self.host.id)];
        for (key, value) in host {
            if let Some(value) = value {
                resource.attribute(key, &**value);
            }
        }
    }

    /// `service.instance.id`.
    #[cfg(test)]
    pub(crate) fn id(&self) -> &str {
        &self.instance_id
    }
}

fn first_line(path: &Path) -> Option<Box<str>> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty() && line.len() <= MAX_TEXT).then(|| line.into())
}

/// A UUID made of names (RFC 9562, version 8 with SHA-256 as in its appendix B.2).
fn uuid(names: &[&str]) -> String {
    let mut hash = Sha256::new();
    for name in names {
        // With its length, so that `a`, `bc` is not `ab`, `c`.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
    }
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    id[6] = id[6] & 0x0f | 0x80;
    id[8] = id[8] & 0x3f | 0x80;
    let hex = hexadecimal(&id);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
