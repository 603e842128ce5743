//! `sidelight explain`: what would become of samples, nothing opened or sent.

use std::io::{self, Read, Write};
use std::path::Path;

use bytes::Bytes;
use sidelight_component::{Chunk, ComponentId, Payload, Sampled, Sampler, Signal};
use sidelight_config::escaped;
use sidelight_pipeline::{Event, Rehearsal};
use sidelight_proto::{admit, json};

use crate::arguments::ExplainOptions;
use crate::commands::{check, show};
use crate::exit::Exit;

/// Longest sample in bytes.
const MAX_SAMPLE: u64 = 64 << 20;

/// Runs the command.
pub(crate) fn run(options: &ExplainOptions) -> Exit {
    let checked = check(&options.config);
    show(&checked.mistakes);
    let Some(plan) = checked.plan else {
        return Exit::Mistake;
    };
    let explained = read_sample(&options.input).and_then(|sample| {
        let rehearsal = Rehearsal::of(&plan).map_err(|error| error.to_string())?;
        let mut out = io::BufWriter::new(io::stdout().lock());
        match otlp_json(&sample) {
            Some(Ok(payloads)) => explain_payloads(&rehearsal, payloads, &mut out),
            Some(Err(problem)) => Err(problem),
            None => explain_lines(&rehearsal, options.receiver.as_deref(), &sample, &mut out),
        }
    });
    match explained {
        Ok(()) => Exit::Success,
        Err(problem) => {
            // Nobody is left to tell when standard error is gone.
            let _ = writeln!(io::stderr(), "sidelight: {problem}");
            Exit::Failure
        }
    }
}

fn read_sample(path: &Path) -> Result<Vec<u8>, String> {
    let mut sample = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().take(MAX_SAMPLE + 1).read_to_end(&mut sample)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_SAMPLE + 1).read_to_end(&mut sample))
    };
    match read {
        Err(error) => Err(format!("cannot read the sample {}: {error}", path.display())),
        Ok(read) if read as u64 > MAX_SAMPLE => Err(format!(
            "the sample {} is larger than {} MiB: give the lines that are in question",
            path.display(),
            MAX_SAMPLE >> 20
        )),
        Ok(_) => Ok(sample),
    }
}

/// The requests of a sample in OTLP/JSON; `None` where it is something else.
fn otlp_json(sample: &[u8]) -> Option<Result<Vec<(Signal, Payload)>, String>> {
    let text = std::str::from_utf8(sample).ok()?;
    let start = text.trim_start().strip_prefix('{')?.trim_start();
    let known = [
        ("\"resourceLogs\"", Signal::Logs),
        ("\"resourceSpans\"", Signal::Traces),
        ("\"resourceMetrics\"", Signal::Metrics),
    ];
    known.iter().find(|(key, _)| start.starts_with(key))?;
    let signal_of = |line: &str| {
        let at = |key: &str| line.find(key);
        let found = known.iter().filter_map(|(key, signal)| Some((at(key)?, *signal)));
        found.min_by_key(|(at, _)| *at).map(|(_, signal)| signal)
    };
    // A document that goes over several lines is one, else each line is.
    if let Some(signal) = signal_of(text)
        && let Ok(payload) = request(signal, text)
    {
        return Some(Ok(vec![(signal, payload)]));
    }
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    let requests = lines.map(|(at, line)| {
        let signal = signal_of(line).ok_or_else(|| format!("line {}: no OTLP/JSON request", at + 1))?;
        let payload = request(signal, line).map_err(|error| format!("line {}: {error}", at + 1))?;
        Ok((signal, payload))
    });
    Some(requests.collect())
}

fn request(signal: Signal, text: &str) -> Result<Payload, String> {
    let most = usize::try_from(MAX_SAMPLE).unwrap_or(usize::MAX);
    let transcoded = json::to_protobuf(signal, text.as_bytes(), most).map_err(|error| error.to_string())?;
    let admitted = admit(signal, Bytes::from(transcoded.protobuf)).map_err(|error| error.to_string())?;
    Ok(Payload::new(Chunk {
        bytes: admitted.bytes,
        items: admitted.items,
    }))
}

fn explain_payloads(
    rehearsal: &Rehearsal<'_>,
    payloads: Vec<(Signal, Payload)>,
    out: &mut impl Write,
) -> Result<(), String> {
    for (number, payload) in payloads.into_iter().enumerate() {
        let title = format!(
            "request {}: {} items of {}",
            number + 1,
            payload.1.items(),
            payload.0
        );
        written(writeln!(out, "{title}"))?;
        explain_payload(rehearsal, None, &payload, out)?;
    }
    written(out.flush())
}

fn explain_lines(
    rehearsal: &Rehearsal<'_>,
    wanted: Option<&str>,
    sample: &[u8],
    out: &mut impl Write,
) -> Result<(), String> {
    let (receiver, mut sampler) = choose(rehearsal, wanted)?;
    let mut problem = None;
    let mut number = 0_u64;
    let mut told = |sampled: Sampled| {
        number += 1;
        if problem.is_none() {
            problem = explain_record(rehearsal, &receiver, number, &sampled, out).err();
        }
    };
    sampler.read(sample, &mut told)?;
    problem.map_or_else(|| written(out.flush()), Err)
}

/// The receiver that reads the sample.
fn choose(
    rehearsal: &Rehearsal<'_>,
    wanted: Option<&str>,
) -> Result<(ComponentId, Box<dyn Sampler>), String> {
    let mut samplers = rehearsal.samplers().map_err(|error| error.to_string())?;
    let names = samplers
        .iter()
        .map(|(id, _)| id.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let place = match wanted {
        Some(wanted) => samplers
            .iter()
            .position(|(id, _)| id.as_str() == wanted)
            .ok_or_else(|| format!("no receiver {wanted} reads lines; those that do: {names}"))?,
        None if samplers.len() > 1 => {
            return Err(format!(
                "several receivers could read it: {names}; say which with --receiver"
            ));
        }
        None if samplers.is_empty() => {
            return Err(
                "no receiver of the configuration reads lines; a sample for the others is OTLP/JSON"
                    .to_owned(),
            );
        }
        None => 0,
    };
    Ok(samplers.swap_remove(place))
}

fn explain_record(
    rehearsal: &Rehearsal<'_>,
    receiver: &ComponentId,
    number: u64,
    sampled: &Sampled,
    out: &mut impl Write,
) -> Result<(), String> {
    written(writeln!(out, "{number}: {}", escaped(&sampled.input)))?;
    for step in &sampled.steps {
        written(writeln!(
            out,
            "  {receiver} ▸ {}: {}",
            step.by,
            escaped(&step.said)
        ))?;
    }
    if sampled.output.is_empty() {
        written(writeln!(out, "  nothing is handed over"))?;
    }
    for payload in &sampled.output {
        explain_payload(rehearsal, Some(receiver), payload, out)?;
    }
    Ok(())
}

fn explain_payload(
    rehearsal: &Rehearsal<'_>,
    receiver: Option<&ComponentId>,
    payload: &(Signal, Payload),
    out: &mut impl Write,
) -> Result<(), String> {
    let mut result = Ok(());
    let mut told = |event: Event| {
        if result.is_ok() {
            result = tell(&event, out);
        }
    };
    let ran = rehearsal.run(receiver, payload, &mut told);
    written(result)?;
    ran.map_err(|error| error.to_string())
}

fn tell(event: &Event, out: &mut impl Write) -> io::Result<()> {
    match event {
        Event::Pipeline(id) => writeln!(out, "  pipeline {id}"),
        Event::Processor { id, said } => writeln!(out, "    {id}: {}", escaped(said)),
        Event::Connector { id, said } => writeln!(out, "    → {id}: {}", escaped(said)),
        Event::Exporter {
            id, said, payload, ..
        } => {
            writeln!(out, "    → {id}")?;
            let verbatim = std::slice::from_ref(payload);
            let said = if said.is_empty() { verbatim } else { said };
            said.iter()
                .try_for_each(|line| writeln!(out, "        {}", escaped(line)))
        }
    }
}

fn written(result: io::Result<()>) -> Result<(), String> {
    result.map_err(|error| format!("cannot write: {error}"))
}
