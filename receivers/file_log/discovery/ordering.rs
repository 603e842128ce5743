//! Which of many files are read: the Collector's `ordering_criteria`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::Regex;

use super::super::config::{OrderingCriteria, SortBy, SortType};
use super::Found;

/// The criteria, compiled.
#[derive(Debug)]
pub(in super::super) struct Ordering {
    regex: Option<Regex>,
    group_by: Option<Regex>,
    top_n: usize,
    sort_by: Vec<Criterion>,
}

#[derive(Debug)]
struct Criterion {
    settings: SortBy,
    zone: TimeZone,
}

/// What a file is sorted by. Values of one criterion are of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Number(i128),
    Text(String),
}

impl Ordering {
    /// # Errors
    /// The setting that is wrong, and what is wrong with it.
    pub(in super::super) fn new(criteria: &OrderingCriteria) -> Result<Self, (String, String)> {
        let compile = |setting: &str, pattern: &str| match pattern {
            "" => Ok(None),
            pattern => Regex::new(pattern)
                .map(Some)
                .map_err(|error| (setting.to_owned(), format!("is no regular expression: {error}"))),
        };
        let regex = compile("regex", &criteria.regex)?;
        let mut sort_by = Vec::new();
        for (number, settings) in criteria.sort_by.iter().enumerate() {
            let at = |setting: &str| format!("sort_by.{number}.{setting}");
            sort_by.push(
                Criterion::new(settings, regex.as_ref())
                    .map_err(|(setting, problem)| (at(setting), problem))?,
            );
        }
        Ok(Self {
            regex,
            group_by: compile("group_by", &criteria.group_by)?,
            top_n: usize::try_from(criteria.top_n).unwrap_or(usize::MAX),
            sort_by,
        })
    }

    /// The first files of each group.
    pub(super) fn choose(&self, files: Vec<Found>, unix_nanos: u64) -> Vec<Found> {
        if self.sort_by.is_empty() && self.group_by.is_none() {
            return files;
        }
        let mut groups: BTreeMap<String, Vec<(Vec<SortKey>, Found)>> = BTreeMap::new();
        for found in files {
            let path = found.path.to_string_lossy().into_owned();
            if let Some(keys) = self.keys(&path, &found, unix_nanos) {
                groups.entry(self.group(&path)).or_default().push((keys, found));
            }
        }
        let chosen = groups.into_values().flat_map(|group| self.first_of(group));
        chosen.collect()
    }

    fn first_of(&self, mut group: Vec<(Vec<SortKey>, Found)>) -> impl Iterator<Item = Found> {
        // From the least important criterion to the most important one: sorting is stable.
        for (number, criterion) in self.sort_by.iter().enumerate().rev() {
            match criterion.settings.ascending {
                true => group.sort_by_cached_key(|(keys, _)| keys.get(number).cloned()),
                false => group.sort_by_cached_key(|(keys, _)| Reverse(keys.get(number).cloned())),
            }
        }
        group.into_iter().take(self.top_n).map(|(_, found)| found)
    }

    fn group(&self, path: &str) -> String {
        let captures = self.group_by.as_ref().and_then(|regex| regex.captures(path));
        let first = captures.and_then(|captures| Some(captures.get(1)?.as_str().to_owned()));
        first.unwrap_or_default()
    }

    /// `None` where the file is left out.
    fn keys(&self, path: &str, found: &Found, unix_nanos: u64) -> Option<Vec<SortKey>> {
        let captures = self.regex.as_ref().and_then(|regex| regex.captures(path));
        let key = |criterion: &Criterion| match criterion.settings.sort_type {
            SortType::Mtime => criterion.mtime(found, unix_nanos),
            _ => criterion.of_text(captures.as_ref()?.name(&criterion.settings.regex_key)?.as_str()),
        };
        self.sort_by.iter().map(key).collect()
    }
}

impl Criterion {
    fn new(settings: &SortBy, regex: Option<&Regex>) -> Result<Self, (&'static str, String)> {
        if settings.sort_type != SortType::Mtime {
            let Some(regex) = regex else {
                return Err((
                    "sort_type",
                    "takes `regex`, which finds it in the path".to_owned(),
                ));
            };
            let key = settings.regex_key.as_str();
            if !regex.capture_names().flatten().any(|name| name == key) {
                return Err(("regex_key", format!("names no group of `regex`: `(?P<{key}>…)`")));
            }
        }
        if settings.sort_type == SortType::Timestamp && settings.layout.is_empty() {
            return Err(("layout", "must be given, such as `%Y%m%d%H`".to_owned()));
        }
        let zone = match settings.location.as_str() {
            "" | "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|_| ("location", format!("`{name}` is no time zone")))?,
        };
        Ok(Self {
            settings: settings.clone(),
            zone,
        })
    }

    fn mtime(&self, found: &Found, unix_nanos: u64) -> Option<SortKey> {
        let limit = i64::try_from(self.settings.max_time.as_secs()).unwrap_or(i64::MAX);
        if limit > 0 && found.stat.age_seconds(unix_nanos) > limit {
            return None;
        }
        let (seconds, nanos) = found.stat.mtime;
        Some(SortKey::Number(
            i128::from(seconds) * 1_000_000_000 + i128::from(nanos),
        ))
    }

    fn of_text(&self, text: &str) -> Option<SortKey> {
        match self.settings.sort_type {
            SortType::Numeric => text.parse().ok().map(SortKey::Number),
            SortType::Timestamp => self.time(text).map(SortKey::Number),
            SortType::Alphabetical | SortType::Mtime => Some(SortKey::Text(text.to_owned())),
        }
    }

    fn time(&self, text: &str) -> Option<i128> {
        let parsed = jiff::fmt::strtime::parse(&self.settings.layout, text).ok()?;
        let date = parsed.to_date().ok()?;
        let time = parsed.to_time().unwrap_or_default();
        let at = self.zone.to_zoned(DateTime::from_parts(date, time)).ok()?;
        Some(at.timestamp().as_nanosecond())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::file_log::discovery::Stat;
    use crate::file_log::identity::FileKey;

    fn found(path: &str, mtime: i64) -> Found {
        Found {
            path: path.into(),
            stat: Stat {
                key: FileKey { dev: 1, ino: 1 },
                size: 0,
                mtime: (mtime, 0),
                is_regular: true,
            },
        }
    }

    fn by(sort_type: SortType, regex_key: &str, ascending: bool) -> SortBy {
        SortBy {
            sort_type,
            regex_key: regex_key.to_owned(),
            ascending,
            layout: "%Y%m%d%H".to_owned(),
            location: "UTC".to_owned(),
            max_time: Duration::from_secs(100),
        }
    }

    fn chosen(regex: &str, group_by: &str, top_n: u32, sort_by: Vec<SortBy>, paths: &[&str]) -> Vec<String> {
        let criteria = OrderingCriteria {
            regex: regex.to_owned(),
            top_n,
            group_by: group_by.to_owned(),
            sort_by,
        };
        let files = paths
            .iter()
            .zip(0..)
            .map(|(path, number)| found(path, number * 30));
        let chosen = Ordering::new(&criteria)
            .expect("good criteria")
            .choose(files.collect(), 130_000_000_000);
        chosen
            .iter()
            .map(|found| found.path.display().to_string())
            .collect()
    }

    #[test]
    fn the_first_files_by_each_criterion_are_chosen() {
        let number = r"\.(?P<n>\d+)\.";
        let hour = r"_(?P<t>\d{10})\.";
        for (regex, group_by, top_n, sort_by, paths, expected) in [
            (
                number,
                "",
                1,
                vec![by(SortType::Numeric, "n", false)],
                &["a.9.log", "a.10.log", "a.x.log"][..],
                &["a.10.log"][..],
            ),
            (
                number,
                "",
                2,
                vec![by(SortType::Numeric, "n", true)],
                &["a.10.log", "a.9.log", "a.8.log"],
                &["a.8.log", "a.9.log"],
            ),
            (
                number,
                "",
                1,
                vec![by(SortType::Alphabetical, "n", false)],
                &["a.9.log", "a.10.log"],
                &["a.9.log"],
            ),
            (
                hour,
                "",
                1,
                vec![by(SortType::Timestamp, "t", false)],
                &["a_2026112501.log", "a_2026112502.log", "a_9999999999.log"],
                &["a_2026112502.log"],
            ),
            (
                "",
                "",
                2,
                vec![by(SortType::Mtime, "", false)],
                &["old", "b", "c", "d"],
                &["d", "c"],
            ),
            (
                number,
                r"^(?P<g>\w+)\.",
                1,
                vec![by(SortType::Numeric, "n", false)],
                &["a.1.log", "a.2.log", "b.1.log"],
                &["a.2.log", "b.1.log"],
            ),
            ("", "", 1, vec![], &["a", "b"], &["a", "b"]),
        ] {
            assert_eq!(
                chosen(regex, group_by, top_n, sort_by, paths),
                expected,
                "{regex} {paths:?}"
            );
        }
    }

    #[test]
    fn the_first_criterion_counts_more_than_the_second() {
        let sort_by = vec![
            by(SortType::Alphabetical, "k", true),
            by(SortType::Numeric, "n", false),
        ];
        let paths = ["b.9", "a.1", "a.2"];
        assert_eq!(
            chosen(r"(?P<k>\w)\.(?P<n>\d)", "", 3, sort_by, &paths),
            ["a.2", "a.1", "b.9"]
        );
    }

    #[test]
    fn a_mistake_is_found_at_its_setting() {
        for (regex, sort_by, setting) in [
            ("(", vec![], "regex"),
            ("", vec![by(SortType::Numeric, "n", true)], "sort_by.0.sort_type"),
            (
                r"(?P<m>\d)",
                vec![by(SortType::Numeric, "n", true)],
                "sort_by.0.regex_key",
            ),
        ] {
            let criteria = OrderingCriteria {
                regex: regex.to_owned(),
                sort_by,
                ..OrderingCriteria::default()
            };
            assert_eq!(Ordering::new(&criteria).expect_err(regex).0, setting);
        }
    }
}
