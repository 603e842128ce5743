//! `sidelight dlq replay`: sends letters again.

use std::io::{self, Write};

use sidelight_component::grouped;
use sidelight_config::escaped;
use sidelight_dead_letters::{Why, amend, read};
use sidelight_pipeline::Plan;

use super::picking::{Found, all_of, remove, sync, with_ids};
use super::sending::{Fate, Senders};
use crate::arguments::ReplayOptions;
use crate::commands::stopped::{Stopped, tell};
use crate::commands::storages;
use crate::exit::Exit;

/// What became of all letters.
#[derive(Default)]
struct Replayed {
    taken: u64,
    stayed: u64,
}

pub(super) fn run(options: &ReplayOptions) -> Result<Exit, Stopped> {
    let plan = storages::plan(&options.place.config)?;
    let all = all_of(&options.place, &plan)?;
    let chosen = if options.all {
        all
    } else {
        with_ids(&options.id, all)?
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Stopped::refused(format!("cannot start a worker: {error}")))?;
    let replayed = runtime.block_on(replay(&plan, &chosen, options.include_partial))?;
    writeln!(
        io::stdout(),
        "{} letters were taken and removed, {} stayed",
        grouped(replayed.taken),
        grouped(replayed.stayed)
    )?;
    Ok(if replayed.stayed == 0 {
        Exit::Success
    } else {
        Exit::Failure
    })
}

/// One after another, in the order in which they were refused.
async fn replay(plan: &Plan, chosen: &[Found], include_partial: bool) -> Result<Replayed, Stopped> {
    let mut senders = Senders::new(plan);
    let mut replayed = Replayed::default();
    for letter in chosen {
        let told = match send(&mut senders, letter, include_partial).await {
            Ok(told) => {
                replayed.taken += 1;
                told
            }
            Err(told) => {
                replayed.stayed += 1;
                format!("stays: {told}")
            }
        };
        let (id, folder) = (letter.listed.id, &letter.folder);
        let line = format!("{id} {} {}: {told}", folder.exporter, folder.signal);
        writeln!(io::stdout(), "{}", escaped(&line))?;
    }
    senders.stop().await;
    Ok(replayed)
}

/// # Errors
/// Why it stays.
async fn send(senders: &mut Senders<'_>, letter: &Found, include_partial: bool) -> Result<String, String> {
    let opened = read(&letter.listed.path).map_err(|unreadable| format!("it is damaged: {unreadable}"))?;
    if opened.header.why == Why::Partial && !include_partial {
        let taken = opened.header.items.saturating_sub(opened.header.refused);
        return Err(format!(
            "{} of its items were taken before: with --include-partial they are sent twice",
            grouped(taken)
        ));
    }
    let items = opened.header.items;
    match senders.send(opened).await {
        Fate::Taken => gone(letter, items),
        Fate::TakenInPart { refused: 0, reason } => {
            gone(letter, items).map(|told| format!("{told}; the destination says: {reason}"))
        }
        Fate::TakenInPart { refused, reason } => Err(partly_taken(letter, refused.min(items), &reason)),
        Fate::Stays(reason) => Err(reason),
    }
}

fn gone(letter: &Found, items: u64) -> Result<String, String> {
    if !remove(letter) {
        return Err("it was taken, and cannot be removed: it would be sent twice".to_owned());
    }
    sync(&letter.folder.dead_letters());
    Ok(format!("taken, {} items", grouped(items)))
}

/// From now on it is one of those of which a part was taken.
fn partly_taken(letter: &Found, refused: u64, reason: &str) -> String {
    if let Err(error) = amend(&letter.listed.path, Why::Partial, refused, reason) {
        tell(&format!(
            "cannot note in {} that a part of it was taken: {error}",
            letter.listed.path.display()
        ));
    }
    format!("taken without {} of its items: {reason}", grouped(refused))
}
