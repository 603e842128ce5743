//! The `filesystem` scraper: the room on file systems.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sidelight_config::settings;
use sidelight_procfs::host::mountinfo::{self, Mount};
use sidelight_procfs::host::space::Space;

use super::filter::{Devices, Filter, FsTypes, MountPoints, filter};
use super::host::{Host, Places, share};
use super::kernel_file::KernelFile;
use super::names::*;
use super::patient::Patient;
use super::scraper::Scraper;
use crate::sampling::{Attr, FailedReads, MetricSet, MetricSettings, Sink, Term, metric_table};

metric_table! {
    /// Metrics of the `filesystem` scraper.
    pub enum FileSystem {
        /// Bytes by state; reserved is what only root can use.
        Usage = UpDownCounter "system.filesystem.usage" "By" on [DEVICE, FS_MODE, MOUNT_POINT, FS_TYPE, FILE_SYSTEM_STATE];
        /// Share of the bytes that everyone can use and that are used, 0 to 1.
        Utilization = Gauge "system.filesystem.utilization" "1" off [DEVICE, FS_MODE, MOUNT_POINT, FS_TYPE];
        /// Inodes by state.
        Inodes = UpDownCounter "system.filesystem.inodes.usage" "{inode}" on [DEVICE, FS_MODE, MOUNT_POINT, FS_TYPE, FILE_SYSTEM_STATE];
        /// Size.
        Limit = UpDownCounter "system.filesystem.limit" "By" off [DEVICE, FS_MODE, MOUNT_POINT, FS_TYPE];
    }
}

settings! {
    /// The `filesystem` scraper.
    pub struct FileSystemSettings {
        /// Which metrics are written.
        metrics: MetricSettings<FileSystem>,
        /// Devices to look at, no others.
        include_devices: Option<Devices>,
        /// Devices to leave out.
        exclude_devices: Option<Devices>,
        /// Types to look at, no others.
        include_fs_types: Option<FsTypes>,
        /// Types to leave out.
        exclude_fs_types: Option<FsTypes>,
        /// Mount points to look at, no others.
        include_mount_points: Option<MountPoints>,
        /// Mount points to leave out.
        exclude_mount_points: Option<MountPoints>,
        /// File systems without a device too: `tmpfs`, `overlay`, network file systems.
        include_virtual_filesystems: bool = false,
    }
}

/// Most file systems that are looked at; each takes a system call.
const MAX_FILE_SYSTEMS: usize = 1000;

#[derive(Debug)]
pub(super) struct FileSystemScraper {
    metrics: MetricSet<FileSystem>,
    devices: Filter,
    fs_types: Filter,
    mount_points: Filter,
    include_virtual: bool,
    root: PathBuf,
    mountinfo: KernelFile,
    types: KernelFile,
    /// The text that `watched` was made of: mounts seldom change.
    read: Vec<u8>,
    watched: Vec<Watched>,
    patient: Patient,
}

/// A file system that is looked at.
#[derive(Debug)]
struct Watched {
    mount: Mount,
    /// Where this process finds it.
    path: PathBuf,
    /// Whether its answers come over a network, or from a program, and may not come at all.
    may_hang: bool,
    space: Option<Space>,
}

impl FileSystemSettings {
    pub(super) fn scraper(&self, places: &Places) -> FileSystemScraper {
        let advice = "file systems are missing";
        FileSystemScraper {
            metrics: self.metrics.enabled(),
            devices: filter!(self.include_devices, self.exclude_devices),
            fs_types: filter!(self.include_fs_types, self.exclude_fs_types),
            mount_points: filter!(self.include_mount_points, self.exclude_mount_points),
            include_virtual: self.include_virtual_filesystems,
            root: places.root().into(),
            mountinfo: KernelFile::new(&places.own_process(), "mountinfo", advice),
            types: KernelFile::new(
                &places.proc(),
                "filesystems",
                "file systems without a device are shown too",
            ),
            read: Vec::new(),
            watched: Vec::new(),
            patient: Patient::default(),
        }
    }
}

impl Scraper for FileSystemScraper {
    fn scrape(&mut self, host: &mut Host, sink: &mut Sink<'_>) {
        let Some(text) = self.mountinfo.read(&mut host.failed) else {
            return;
        };
        if text != self.read {
            self.look_again(&mut host.failed);
        }
        for watched in &mut self.watched {
            watched.measure(&mut self.patient, &mut host.failed);
        }
        let measured: Vec<(&Watched, Space)> = self
            .watched
            .iter()
            .filter_map(|watched| Some((watched, watched.space?)))
            .collect();
        write(self.metrics, &measured, sink);
    }
}

impl FileSystemScraper {
    /// Decides anew which file systems are looked at.
    fn look_again(&mut self, failed: &mut FailedReads) {
        self.read.clear();
        self.read.extend_from_slice(self.mountinfo.content());
        let types = match self.include_virtual {
            true => &[],
            false => self.types.read(failed).unwrap_or_default(),
        };
        let mut seen = HashSet::new();
        self.watched.clear();
        for mount in mountinfo::mounts(&self.read) {
            let wanted = self.devices.takes(&mount.device)
                && self.fs_types.takes(&mount.fs_type)
                && self.mount_points.takes(&mount.mount_point)
                && is_measured(&mount.fs_type, types);
            if !wanted || !seen.insert((mount.mount_point.clone(), mount.device.clone())) {
                continue;
            }
            if self.watched.len() >= MAX_FILE_SYSTEMS {
                let error = format!("there are more than {MAX_FILE_SYSTEMS}");
                failed.count(
                    "file systems",
                    &error,
                    "the rest is missing; leave some out with exclude_mount_points",
                );
                break;
            }
            self.watched.push(Watched::new(mount, &self.root));
        }
    }
}

/// Whether a type is looked at. A look at an automounter would mount what it stands for.
fn is_measured(fs_type: &str, types: &[u8]) -> bool {
    // ZFS counts as a file system without a device, because it has several.
    fs_type != "autofs" && (fs_type == "zfs" || mountinfo::is_on_a_device(types, fs_type))
}

impl Watched {
    fn new(mount: Mount, root: &Path) -> Self {
        let mount_point = Path::new(&mount.mount_point);
        // A path of our own mount namespace begins with the root already.
        let path = match mount_point.starts_with(root) {
            true => mount_point.to_owned(),
            false => root.join(mount_point.strip_prefix("/").unwrap_or(mount_point)),
        };
        let may_hang = [
            "nfs", "cifs", "smb", "ceph", "fuse", "9p", "afs", "lustre", "gluster", "ocfs", "gfs",
        ]
        .iter()
        .any(|kind| mount.fs_type.starts_with(kind));
        Self {
            mount,
            path,
            may_hang,
            space: None,
        }
    }

    fn measure(&mut self, patient: &mut Patient, failed: &mut FailedReads) {
        let measured = match self.may_hang {
            true => patient.space_of(&self.path),
            false => Space::of(&self.path),
        };
        self.space = match measured {
            // One that has no blocks has nothing to tell.
            Ok(space) => (space.total > 0).then_some(space),
            Err(error) => {
                let error = format!("{}: {error}", self.path.display());
                failed.count(
                    "statvfs",
                    &error,
                    "the room there is missing; leave it out with exclude_mount_points",
                );
                None
            }
        };
    }

    fn attributes(&self) -> [(Term, Attr<'_>); 4] {
        let mode = if self.mount.read_only { "ro" } else { "rw" };
        [
            (DEVICE, self.mount.device.as_str().into()),
            (FS_MODE, mode.into()),
            (MOUNT_POINT, self.mount.mount_point.as_str().into()),
            (FS_TYPE, self.mount.fs_type.as_str().into()),
        ]
    }

    fn attributes_and(&self, state: Term) -> [(Term, Attr<'_>); 5] {
        let [device, mode, mount_point, fs_type] = self.attributes();
        [
            device,
            mode,
            mount_point,
            fs_type,
            (FILE_SYSTEM_STATE, state.into()),
        ]
    }
}

fn write(metrics: MetricSet<FileSystem>, measured: &[(&Watched, Space)], sink: &mut Sink<'_>) {
    sink.metric(metrics, FileSystem::Usage, |points| {
        for (watched, space) in measured {
            for (state, bytes) in [
                (USED, space.used()),
                (FREE, space.available),
                (RESERVED, space.reserved()),
            ] {
                points.add(bytes, &watched.attributes_and(state));
            }
        }
    });
    sink.metric(metrics, FileSystem::Utilization, |points| {
        for (watched, space) in measured {
            let usable = space.used().saturating_add(space.available);
            points.add(share(space.used(), usable), &watched.attributes());
        }
    });
    sink.metric(metrics, FileSystem::Inodes, |points| {
        for (watched, space) in measured {
            let used = space.inodes.saturating_sub(space.inodes_free);
            for (state, inodes) in [(USED, used), (FREE, space.inodes_free)] {
                points.add(inodes, &watched.attributes_and(state));
            }
        }
    });
    sink.metric(metrics, FileSystem::Limit, |points| {
        for (watched, space) in measured {
            points.add(space.total, &watched.attributes());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_below_the_root() {
        let path_of = |mount_point: &str, root: &str| {
            let mount = Mount {
                mount_point: mount_point.into(),
                device: "/dev/sda1".into(),
                fs_type: "ext4".into(),
                read_only: false,
            };
            Watched::new(mount, Path::new(root)).path
        };
        assert_eq!(path_of("/home", "/"), Path::new("/home"));
        assert_eq!(path_of("/home", "/hostfs"), Path::new("/hostfs/home"));
        assert_eq!(path_of("/", "/hostfs"), Path::new("/hostfs"));
        assert_eq!(path_of("/hostfs/home", "/hostfs"), Path::new("/hostfs/home"));
        assert_eq!(path_of("/hostfs2", "/hostfs"), Path::new("/hostfs/hostfs2"));
    }

    #[test]
    fn automounters_are_never_looked_at_and_zfs_is() {
        let types = b"nodev\tautofs\nnodev\tzfs\nnodev\ttmpfs\n\text4\n";
        for (fs_type, on_devices, all) in [
            ("ext4", true, true),
            ("tmpfs", false, true),
            ("zfs", true, true),
            ("autofs", false, false),
        ] {
            assert_eq!(is_measured(fs_type, types), on_devices, "{fs_type}");
            assert_eq!(is_measured(fs_type, b""), all, "{fs_type}");
        }
    }
}
