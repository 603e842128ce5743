//! `sidelight queue export`: what was not delivered, as the exporter `file` writes it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::ops::Range;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sidelight_component::{Signal, grouped};
use sidelight_proto::json;
use sidelight_wal::inspect::{Inspection, LiveRecord};

use super::inspections;
use crate::arguments::{ExportFormat, ExportOptions};
use crate::commands::stopped::{Stopped, tell};
use crate::commands::storages::{LogFolder, logs};
use crate::exit::Exit;

/// What was written, and what could not be.
#[derive(Default)]
struct Exported {
    requests: u64,
    items: u64,
    /// Damaged ones, of which no record is left.
    lost_items: u64,
    failed: bool,
}

pub(super) fn run(options: &ExportOptions) -> Result<Exit, Stopped> {
    let logs = logs(&options.place)?;
    check_signals(options.format, &logs)?;
    let mut exported = Exported::default();
    match &options.output {
        Some(path) => {
            let mut file = BufWriter::new(create(path)?);
            export(&logs, options.format, &mut file, &mut exported)?;
            file.into_inner()
                .map_err(io::IntoInnerError::into_error)?
                .sync_all()?;
        }
        None => {
            let mut out = BufWriter::new(io::stdout().lock());
            export(&logs, options.format, &mut out, &mut exported)?;
            out.flush()?;
        }
    }
    tell(&format!(
        "{} items in {} requests were written",
        grouped(exported.items),
        grouped(exported.requests)
    ));
    if exported.lost_items > 0 {
        tell(&format!(
            "{} items more are lost in damaged places: `sidelight queue verify` names them",
            grouped(exported.lost_items)
        ));
    }
    Ok(if exported.failed {
        Exit::Failure
    } else {
        Exit::Success
    })
}

/// A request does not say of which signal it is; as JSON it does.
fn check_signals(format: ExportFormat, logs: &[LogFolder]) -> Result<(), Stopped> {
    if let Some(unknown) = logs.iter().find(|log| log.signal.is_none()) {
        return Err(Stopped::refused(format!(
            "{unknown} does not say which signal it holds: give --signal"
        )));
    }
    let first = logs.first().and_then(|log| log.signal);
    if format == ExportFormat::Proto && logs.iter().any(|log| log.signal != first) {
        return Err(Stopped::refused(
            "there are several signals, and protobuf does not tell them apart: give --signal, or --format json",
        ));
    }
    Ok(())
}

fn create(path: &Path) -> Result<File, Stopped> {
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    created.map_err(|error| {
        let hint = match error.kind() {
            io::ErrorKind::AlreadyExists => "; nothing is overwritten, give another name",
            _ => "",
        };
        Stopped::refused(format!("cannot make {}: {error}{hint}", path.display()))
    })
}

fn export(
    logs: &[LogFolder],
    format: ExportFormat,
    out: &mut impl Write,
    exported: &mut Exported,
) -> io::Result<()> {
    for (log, inspection) in inspections(logs) {
        match (inspection, log.signal) {
            (Some(of), Some(signal)) => export_log(log, &of, signal, format, out, exported)?,
            _ => exported.failed = true,
        }
    }
    Ok(())
}

fn export_log(
    log: &LogFolder,
    of: &Inspection,
    signal: Signal,
    format: ExportFormat,
    out: &mut impl Write,
    exported: &mut Exported,
) -> io::Result<()> {
    exported.lost_items += of.lost_items;
    for record in of.records() {
        let requests = match record {
            Ok(record) => requests(signal, record),
            Err(error) => Err(format!("a file cannot be read: {error}")),
        };
        match requests {
            Ok(requests) => {
                for (request, items) in requests {
                    write(signal, &request, format, out)?;
                    exported.requests += 1;
                    exported.items += items;
                }
            }
            Err(reason) => {
                tell(&format!("{log}: {reason}; it is left out"));
                exported.failed = true;
            }
        }
    }
    Ok(())
}

/// What is live of a record, a request for each stretch of it.
fn requests(signal: Signal, record: LiveRecord) -> Result<Vec<(bytes::Bytes, u64)>, String> {
    let LiveRecord {
        first,
        items,
        live,
        payload,
        ..
    } = record;
    // A file comes from outside.
    let admitted = sidelight_proto::admit(signal, payload.into()).map_err(|malformed| {
        format!("the request of ordinal {first} is not OTLP for {signal}: {malformed}")
    })?;
    if admitted.items != items as usize {
        return Err(format!(
            "the request of ordinal {first} has {} {signal} items instead of {items}",
            admitted.items
        ));
    }
    let cut = |part: &Range<u64>| {
        let (from, to) = ((part.start - first) as usize, (part.end - first) as usize);
        let head = sidelight_proto::split(signal, &admitted.bytes, to).0;
        let request = if from == 0 {
            head
        } else {
            sidelight_proto::split(signal, &head, from).1
        };
        (request, part.end - part.start)
    };
    Ok(live.iter().map(cut).collect())
}

fn write(signal: Signal, request: &[u8], format: ExportFormat, out: &mut impl Write) -> io::Result<()> {
    match format {
        ExportFormat::Json => {
            let mut line = Vec::new();
            json::from_protobuf(signal, request, &mut line);
            line.push(b'\n');
            out.write_all(&line)
        }
        ExportFormat::Proto => {
            let length = u32::try_from(request.len()).map_err(io::Error::other)?;
            out.write_all(&length.to_be_bytes())?;
            out.write_all(request)
        }
    }
}
