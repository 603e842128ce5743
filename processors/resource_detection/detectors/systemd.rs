//! The unit of systemd that the program runs in.

use super::super::found::Found;
use super::Surroundings;

/// The unit, from the control group (version 2, else systemd's own hierarchy of version 1): `proc_pid_cgroup(5)`. The
/// innermost one counts: `user@1000.service/app.slice/app.service` is `app.service`.
///
/// It never replaces another one: a sidecar in a unit of its own is not in the application's. Name of the attribute:
/// the Collector's `systemd` receiver.
pub(super) fn unit(at: &Surroundings) -> Option<Found> {
    let groups = at.read("proc/self/cgroup")?;
    let path = |hierarchy: &str| groups.lines().find_map(|line| line.split_once(hierarchy));
    let (_, path) = path("0::").or_else(|| path(":name=systemd:"))?;
    let is_unit = |part: &&str| part.ends_with(".service") || part.ends_with(".scope");
    let unit = path.rsplit('/').find(is_unit)?;
    Some(Found::text("systemd.unit.name", unit).only_added())
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::surroundings;
    use super::*;

    #[test]
    fn the_innermost_unit_of_the_control_group_counts() {
        for (groups, expected) in [
            ("0::/system.slice/sidelight.service", Some("sidelight.service")),
            (
                "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app.service/payload",
                Some("app.service"),
            ),
            ("0::/user.slice/session-3.scope", Some("session-3.scope")),
            (
                "5:cpu:/\n1:name=systemd:/system.slice/app.service\n0::/system.slice/other.service",
                Some("other.service"),
            ),
            (
                "5:cpu:/a.service\n1:name=systemd:/system.slice/app.service",
                Some("app.service"),
            ),
            ("0::/system.slice", None),
            ("0::/", None),
            ("", None),
        ] {
            let (_folder, at) = surroundings(&[("proc/self/cgroup", groups)]);
            let found = unit(&at);
            let found = found.as_ref().and_then(|found| found.value().as_str());
            assert_eq!(found, expected, "{groups}");
        }
    }
}
