//! Settings, as the Collector's receiver has them.

use std::path::{Path, PathBuf};

use sidelight_config::{Check, settings};

use super::cpu::CpuSettings;
use super::disk::DiskSettings;
use super::filesystem::FileSystemSettings;
use super::host::Places;
use super::load::LoadSettings;
use super::memory::MemorySettings;
use super::network::NetworkSettings;
use super::paging::PagingSettings;
use super::process::ProcessSettings;
use super::processes::ProcessesSettings;
use super::scraper::Scraper;
use super::system::SystemSettings;
use crate::sampling::{Semconv, Timing};

settings! {
    /// What is measured; at least one.
    pub struct Scrapers {
        /// Times of the processors.
        cpu: Option<CpuSettings>,
        /// Memory.
        memory: Option<MemorySettings>,
        /// Load averages.
        load: Option<LoadSettings>,
        /// What disks read and wrote.
        disk: Option<DiskSettings>,
        /// The room on file systems.
        filesystem: Option<FileSystemSettings>,
        /// Network interfaces and connections.
        network: Option<NetworkSettings>,
        /// Swap and page faults.
        paging: Option<PagingSettings>,
        /// How many processes there are.
        processes: Option<ProcessesSettings>,
        /// Every process: a resource of its own each.
        process: Option<ProcessSettings>,
        /// Uptime and pressure.
        system: Option<SystemSettings>,
    }
    unsupported {
        "nfs" => "figures of NFS clients and servers are not read; remove it",
    }
    validate Scrapers::check;
}

settings! {
    /// Settings of the `host_metrics` receiver.
    pub struct Config {
        /// When samples are taken.
        flatten timing: Timing,
        /// Where the host's root directory is mounted, for a receiver in a container: `/hostfs`.
        root_path: String = "/",
        /// Whose names metrics and attributes have: `v1`, those of the semantic conventions; `legacy`, those the
        /// Collector emits; `dup`, both.
        semconv: Semconv = Semconv::V1,
        /// What is measured; at least one.
        required scrapers: Scrapers,
    }
    unsupported {
        harmless "metadata_collection_interval" => "there are no entity events as logs; remove it",
    }
    validate Config::check;
}

impl Config {
    fn check(&self, check: &mut Check<'_, '_>) {
        if !self.root_path.is_empty() && !self.root_path.starts_with('/') {
            check.error_hint(
                "root_path",
                "is no absolute path",
                "write it from the root: `/hostfs`",
            );
        }
    }

    /// Where the host's files are.
    pub(super) fn places(&self) -> Places {
        // The Collector takes an empty path for its own root.
        let root = if self.root_path.is_empty() {
            "/"
        } else {
            &self.root_path
        };
        Places::below(&PathBuf::from_iter(Path::new(root).components()))
    }
}

impl Scrapers {
    fn check(&self, check: &mut Check<'_, '_>) {
        let has_none = self.build(&Places::below(Path::new("/"))).is_empty();
        if has_none && self.process.is_none() {
            check.error_hint(
                "cpu",
                "and all others are missing: nothing would be measured",
                "add scrapers, such as `cpu:` and `memory:`; with nothing below it the defaults are used",
            );
        }
    }

    /// The scrapers of the host that are asked for, in the order of the headline.
    pub(super) fn build(&self, places: &Places) -> Vec<Box<dyn Scraper>> {
        let mut scrapers: Vec<Box<dyn Scraper>> = Vec::new();
        macro_rules! add {
            ($($setting:ident)+) => {
                $(if let Some(settings) = &self.$setting {
                    scrapers.push(Box::new(settings.scraper(places)));
                })+
            };
        }
        add!(cpu memory load disk filesystem network paging processes system);
        scrapers
    }
}
