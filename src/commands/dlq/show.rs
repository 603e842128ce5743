//! `sidelight dlq show`: why a letter was refused, and what is in it.

use std::io::{self, BufWriter, Write};

use sidelight_component::grouped;
use sidelight_config::escaped;
use sidelight_dead_letters::{Header, Opened, Why, read};
use sidelight_proto::json;

use super::indented;
use super::picking::{Found, all, with_ids};
use crate::arguments::ShowOptions;
use crate::commands::stopped::{Stopped, tell};
use crate::exit::Exit;
use crate::terminal::utc;

/// Bytes of a payload that are shown where not all of it is asked for.
const SHOWN_BYTES: usize = 64 << 10;

pub(super) fn run(options: &ShowOptions) -> Result<Exit, Stopped> {
    let ids = std::slice::from_ref(&options.id);
    let found = with_ids(ids, all(&options.place)?)?;
    let mut exit = Exit::Success;
    for letter in &found {
        match read(&letter.listed.path) {
            Ok(opened) => show(letter, opened, options.full)?,
            Err(unreadable) => {
                tell(&format!(
                    "{} is damaged: {unreadable}",
                    letter.listed.path.display()
                ));
                exit = Exit::Failure;
            }
        }
    }
    Ok(exit)
}

fn show(letter: &Found, opened: Opened, full: bool) -> Result<(), Stopped> {
    let mut out = BufWriter::new(io::stdout().lock());
    let Opened { header, payload } = opened;
    write!(out, "{}", head(letter, &header))?;
    // A file comes from outside.
    match sidelight_proto::admit(header.signal, payload.into()) {
        Ok(admitted) => {
            let mut text = Vec::new();
            json::from_protobuf(header.signal, &admitted.bytes, &mut text);
            let most = if full { usize::MAX } else { SHOWN_BYTES };
            if !indented::write(&text, most, &mut out)? {
                writeln!(out, "… the rest is shown with --full")?;
            }
        }
        Err(malformed) => writeln!(out, "the payload is not OTLP: {malformed}")?,
    }
    Ok(out.flush()?)
}

fn head(letter: &Found, header: &Header) -> String {
    let items = match header.why {
        Why::Partial => format!(
            "{} of {} were refused, which of them is not known; the others were taken",
            grouped(header.refused),
            grouped(header.items)
        ),
        _ => grouped(header.items),
    };
    format!(
        "id:        {}\nwhen:      {}\nexporter:  {}\nsignal:    {}\nitems:     {items}\nwhy:       {}\nreason:    {}\nfile:      {}\n\n",
        letter.listed.id,
        utc(header.unix_ms),
        escaped(&header.exporter),
        header.signal,
        header.why.as_str(),
        escaped(&header.reason),
        escaped(&letter.listed.path.display().to_string()),
    )
}
