//! `sidelight dlq purge`: removes letters.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sidelight_component::grouped;

use super::picking::{Found, all, remove, sync, with_ids};
use crate::arguments::PurgeOptions;
use crate::commands::stopped::Stopped;
use crate::exit::Exit;

pub(super) fn run(options: &PurgeOptions) -> Result<Exit, Stopped> {
    let all = all(&options.place)?;
    let chosen: Vec<Found> = match options.older_than {
        Some(age) => {
            let before = before(age);
            all.into_iter()
                .filter(|found| found.listed.id.unix_ms < before)
                .collect()
        }
        None if options.all => all,
        None => with_ids(&options.id, all)?,
    };
    let mut folders = BTreeSet::new();
    let (mut removed, mut items) = (0_u64, 0_u64);
    for letter in &chosen {
        if remove(letter) {
            folders.insert(letter.folder.dead_letters());
            removed += 1;
            let refused = letter.listed.header.as_ref().map_or(0, |header| header.refused);
            items = items.saturating_add(refused);
        }
    }
    folders.iter().for_each(|folder| sync(folder));
    writeln!(
        io::stdout(),
        "{} letters with {} items were removed",
        grouped(removed),
        grouped(items)
    )?;
    let is_done = removed == chosen.len() as u64;
    Ok(if is_done { Exit::Success } else { Exit::Failure })
}

fn before(age: Duration) -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(now.saturating_sub(age).as_millis()).unwrap_or(u64::MAX)
}
