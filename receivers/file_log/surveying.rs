//! The full look: the truth about what files there are.

use std::time::{Duration, Instant};

use sidelight_component::Now;
use tracing::warn;

use super::discovery::Survey;
use super::file::{KnownFile, Stage};
use super::tailer::Tailer;

/// Time between two full looks where the system tells of changes.
const SURVEY_INTERVAL: Duration = Duration::from_secs(30);

/// A full look is not repeated before so many times its own length.
const SURVEY_SHARE: u32 = 20;

impl Tailer {
    pub(super) fn look_at_everything(&mut self, now: Now) {
        let survey = self.discovery.survey(now.unix_nanos);
        self.survey.number += 1;
        self.meters.looks.add(1);
        self.report(&survey, now.instant);
        self.watch(&survey);
        let is_first = std::mem::take(&mut self.is_first);
        let mut strangers = Vec::new();
        for found in survey.files {
            match self.catalogue.of_key(found.stat.key) {
                Some(id) => self.look_again(id, &found, now.instant),
                None => strangers.push(found),
            }
        }
        self.miss_the_unseen(now.instant);
        for found in strangers {
            self.meet(&found, is_first, now);
        }
        self.look_at_active(now);
        let took = self.clock.now().instant.saturating_duration_since(now.instant);
        let interval = match self.watcher {
            Some(_) => SURVEY_INTERVAL,
            None => self.settings.poll_interval,
        };
        self.survey.earliest = now.instant + self.settings.poll_interval.max(took * SURVEY_SHARE);
        self.survey.next = (now.instant + interval).max(self.survey.earliest);
    }

    fn report(&mut self, survey: &Survey, now: Instant) {
        let left_out = i64::try_from(survey.left_out).unwrap_or(i64::MAX);
        if left_out > 0 && self.meters.left_out.get() == 0 {
            warn!(left_out, "there are more files or folders than can be followed");
        }
        self.meters.left_out.set(left_out);
        for (folder, reason) in &survey.closed {
            if self.survey.number == 1 {
                self.complain(now, folder, reason);
            }
        }
    }

    fn watch(&mut self, survey: &Survey) {
        let Some(watcher) = &mut self.watcher else { return };
        self.link_folders = survey.link_folders.clone();
        let folders = survey.folders.union(&survey.link_folders).cloned().collect();
        if let Err(reason) = watcher.watch(&folders) {
            warn!(%reason, "the system does not tell of all changes; all files are looked at on time");
            self.watcher = None;
        }
    }

    fn miss_the_unseen(&mut self, now: Instant) {
        let number = self.survey.number;
        let is_missed = |file: &&KnownFile| {
            let is_named = matches!(
                file.stage,
                Stage::New | Stage::Held { .. } | Stage::Followed | Stage::Refused { .. }
            );
            is_named && file.seen != number
        };
        let missed: Vec<u64> = self
            .catalogue
            .iter()
            .filter(is_missed)
            .map(|file| file.id)
            .collect();
        missed.into_iter().for_each(|id| self.miss(id, now));
    }
}
