//! The container that the program runs in.

use super::super::found::Found;
use super::Surroundings;

/// Digits of a container's id, as runtimes that follow OCI give them.
const ID_DIGITS: usize = 64;

/// The id of the container, from the files that the SDKs' detectors look at: the control group (version 1), else the
/// mounts that the runtime makes for `/etc/hostname` and its like (version 2).
///
/// It never replaces another one: a sidecar in a container of its own is not in the application's.
pub(super) fn id(at: &Surroundings) -> Option<Found> {
    let groups = at.read("proc/self/cgroup").unwrap_or_default();
    let mounts = || at.read("proc/self/mountinfo").unwrap_or_default();
    let id = groups
        .lines()
        .find_map(|line| line.rsplit('/').next().and_then(of_group))
        .or_else(|| mounts().lines().find_map(of_mount))?;
    Some(Found::text("container.id", &id).only_added())
}

/// `<id>`, `docker-<id>.scope`, `cri-containerd-<id>.scope`, `cri-containerd:<id>`.
fn of_group(name: &str) -> Option<String> {
    let name = name.strip_suffix(".scope").unwrap_or(name);
    let name = name.rsplit(['-', ':']).next().unwrap_or(name);
    is_id(name).then(|| name.to_owned())
}

/// A mount from a folder that is named by the container: field 4 of `proc_pid_mountinfo(5)`, as
/// `/var/lib/docker/containers/<id>/hostname`.
fn of_mount(line: &str) -> Option<String> {
    let mut fields = line.split(' ');
    let (root, target) = (fields.nth(3)?, fields.next()?);
    if !matches!(target, "/etc/hostname" | "/etc/hosts" | "/etc/resolv.conf") {
        return None;
    }
    root.split('/').find(|part| is_id(part)).map(str::to_owned)
}

fn is_id(text: &str) -> bool {
    text.len() == ID_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::surroundings;
    use super::*;

    const ID: &str = "3f1e9d3c0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d";

    #[test]
    fn the_id_is_found_in_control_groups_and_mounts() {
        let mount = |root: &str, target: &str| {
            format!("473 456 254:1 {root} {target} rw,relatime - ext4 /dev/vda1 rw")
        };
        let containers = format!("/var/lib/docker/containers/{ID}/hostname");
        let sandbox = format!("/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/{ID}/hostname");
        let table = [
            (format!("12:cpu:/docker/{ID}\n0::/"), String::new(), true),
            (format!("0::/system.slice/docker-{ID}.scope"), String::new(), true),
            (
                format!("1:name=systemd:/kubepods/besteffort/pod1/cri-containerd-{ID}.scope"),
                String::new(),
                true,
            ),
            (
                format!("0::/kubepods/pod1/cri-containerd:{ID}"),
                String::new(),
                true,
            ),
            ("0::/".to_owned(), mount(&containers, "/etc/hostname"), true),
            ("0::/".to_owned(), mount(&sandbox, "/etc/hostname"), true),
            ("0::/".to_owned(), mount(&containers, "/data"), false),
            (
                "0::/user.slice/session-1.scope".to_owned(),
                mount("/", "/etc/hosts"),
                false,
            ),
            (String::new(), "short line".to_owned(), false),
        ];
        for (groups, mounts, expected) in table {
            let files = [
                ("proc/self/cgroup", groups.as_str()),
                ("proc/self/mountinfo", &mounts),
            ];
            let (_folder, at) = surroundings(&files);
            let found = id(&at);
            let found = found.as_ref().and_then(|found| found.value().as_str());
            assert_eq!(found, expected.then_some(ID), "{groups} {mounts}");
        }
    }
}
