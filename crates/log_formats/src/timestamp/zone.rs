//! Time zones: from a local time to UTC, without asking the database each time.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Changes of a zone that are kept: enough for two a year from 1970 to 2200.
const MAX_CHANGES: usize = 512;

/// Longest name of a zone in bytes.
const MAX_NAME: usize = 48;

/// A zone as the changes of its offset.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    /// Before the first change, in seconds east of UTC.
    first: i32,
    /// In ascending order.
    changes: Arc<[Change]>,
    zone: TimeZone,
}

#[derive(Clone, Copy, Debug)]
struct Change {
    at: i64,
    /// From this local time on the new offset counts: of a local time that was there twice the first one is meant, and one that was left
    /// out is as much later as the clock was put forward.
    from_local: i64,
    offset: i32,
}

impl Zone {
    pub(super) fn utc_itself() -> Self {
        Self::new(TimeZone::UTC)
    }

    /// The zone of this machine.
    pub(super) fn system() -> Self {
        Self::new(TimeZone::system())
    }

    /// By its name in the IANA time zone database.
    pub(super) fn get(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self::new)
    }

    fn new(zone: TimeZone) -> Self {
        let begin = Timestamp::UNIX_EPOCH;
        let first = zone.to_offset(begin).seconds();
        let mut before = first;
        let changes = zone.following(begin).take(MAX_CHANGES).map(|change| {
            let (at, offset) = (change.timestamp().as_second(), change.offset().seconds());
            let from_local = at + i64::from(before.max(offset));
            before = offset;
            Change {
                at,
                from_local,
                offset,
            }
        });
        let changes = changes.collect();
        Self { first, changes, zone }
    }

    /// UTC of a local time, both in seconds since 1970 began there.
    pub(super) fn utc(&self, local: i64) -> i64 {
        let after = self.changes.partition_point(|change| change.from_local <= local);
        local - i64::from(self.offset(after))
    }

    /// The local time of a time in UTC.
    pub(super) fn local(&self, utc: i64) -> i64 {
        let after = self.changes.partition_point(|change| change.at <= utc);
        utc.saturating_add(i64::from(self.offset(after)))
    }

    /// After so many changes.
    fn offset(&self, after: usize) -> i32 {
        let last = after.checked_sub(1).and_then(|index| self.changes.get(index));
        last.map_or(self.first, |change| change.offset)
    }

    /// UTC of a local time that says by an abbreviation which offset is meant, if the zone uses that abbreviation about then.
    fn abbreviated(&self, name: &str, local: i64) -> Option<i64> {
        let about = Timestamp::from_second(self.utc(local)).ok()?;
        let half_a_year = 183 * 86_400;
        [0, -half_a_year, half_a_year].into_iter().find_map(|aside| {
            let then = Timestamp::from_second(about.as_second() + aside).ok()?;
            let info = self.zone.to_offset_info(then);
            let is_named = info.abbreviation().eq_ignore_ascii_case(name);
            is_named.then(|| local - i64::from(info.offset().seconds()))
        })
    }
}

/// Abbreviations that mean one offset wherever they are used, in hours: those of RFC 822, section 5.1, and some beyond America.
const ABBREVIATIONS: [(&str, i64); 17] = [
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("WEST", 1),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("HKT", 8),
    ("JST", 9),
    ("KST", 9),
];

/// The zones that a layout can come to.
#[derive(Clone, Debug)]
pub(super) struct Zones {
    /// For times without a zone.
    usual: Zone,
    /// What the settings say that abbreviations mean.
    named: BTreeMap<String, Zone>,
}

impl Zones {
    pub(super) fn new(usual: Zone) -> Self {
        Self {
            usual,
            named: BTreeMap::new(),
        }
    }

    pub(super) fn usual(&self) -> &Zone {
        &self.usual
    }

    pub(super) fn name(&mut self, abbreviation: String, zone: Zone) {
        self.named.insert(abbreviation, zone);
    }

    /// UTC of a local time in a zone that the text names: what the settings say, what the usual zone calls itself, what is the
    /// same everywhere, what the database knows.
    pub(super) fn named(&self, name: &str, local: i64) -> Option<i64> {
        if let Some(zone) = self.named.get(name) {
            return Some(zone.utc(local));
        }
        if let Some(utc) = self.usual.abbreviated(name, local) {
            return Some(utc);
        }
        if let Some((_, hours)) = ABBREVIATIONS.iter().find(|(known, _)| *known == name) {
            return Some(local - hours * 3600);
        }
        // A zone's own name has a `/`: only such a text is worth asking for.
        let is_name = name.len() <= MAX_NAME && name.contains('/');
        let zone = is_name.then(|| TimeZone::get(name).ok()).flatten()?;
        let begin = Timestamp::from_second(local).ok()?;
        let civil = TimeZone::UTC.to_datetime(begin);
        zone.to_timestamp(civil).ok().map(Timestamp::as_second)
    }
}
