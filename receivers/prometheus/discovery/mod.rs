//! Which targets a job has: those that are written down, and those in files.

mod files;
mod glob;
mod group;
#[cfg(test)]
mod tests;

use sidelight_component::{ComponentId, beside_the_workers};

use self::files::TargetFiles;
use super::config::ScrapeConfig;
use super::labels::Labels;

/// Most targets of one job. A file with more is not a list of targets.
const MAX_TARGETS: usize = 100_000;

/// The sources of one job's targets.
#[derive(Debug)]
pub(super) struct Discovery {
    written_down: Vec<Labels>,
    /// `None` while they are being read.
    files: Option<TargetFiles>,
    /// They were looked at.
    has_looked: bool,
    /// Targets beyond [`MAX_TARGETS`] the last time.
    left_out: usize,
}

impl Discovery {
    pub(super) fn new(job: &ScrapeConfig) -> Self {
        let groups = job.static_configs.iter();
        let written_down = groups
            .flat_map(|group| group::targets(&group.targets, &group.labels, None))
            .collect();
        Self {
            written_down,
            files: (!job.file_sd_configs.is_empty()).then(|| TargetFiles::new(&job.file_sd_configs)),
            has_looked: false,
            left_out: 0,
        }
    }

    /// Whether there is anything that may change.
    pub(super) fn has_files(&self) -> bool {
        self.files.is_some()
    }

    /// How many targets were left out the last time because there were more than 100,000.
    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    /// The labels of every target; `None` where they are as they were.
    pub(super) async fn look(&mut self, receiver: &ComponentId) -> Option<Vec<Labels>> {
        let is_first = !std::mem::replace(&mut self.has_looked, true);
        let Some(mut files) = self.files.take() else {
            return is_first.then(|| self.written_down.clone());
        };
        let receiver = receiver.clone();
        let (files, has_changed) = beside_the_workers(move || {
            let has_changed = files.look(&receiver);
            (files, has_changed)
        })
        .await;
        let all = (is_first || has_changed).then(|| {
            let mut found = self.written_down.iter().cloned().chain(files.targets());
            let taken: Vec<Labels> = found.by_ref().take(MAX_TARGETS).collect();
            self.left_out = found.count();
            taken
        });
        self.files = Some(files);
        all
    }
}
