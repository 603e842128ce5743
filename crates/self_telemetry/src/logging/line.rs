//! From an event to a line.
//!
//! Console: `2026-11-20T13:58:01.123Z info sidelight_net::server: listening endpoint=127.0.0.1:4317`.
//! JSON, with the Collector's keys: `{"level":"info","ts":"…","logger":"…","msg":"…","endpoint":"…"}`.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::output::Output;
use super::sink::{Escapes, Sink};
use crate::settings::LogEncoding;

/// Bytes of a line; the rest of an event is left out and the line says so.
pub const MAX_LINE_BYTES: usize = 16 << 10;

/// The layer that writes events as lines.
pub(super) struct Lines {
    encoding: LogEncoding,
    output: Output,
}

impl Lines {
    pub(super) fn new(encoding: LogEncoding, output: Output) -> Self {
        Self { encoding, output }
    }
}

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _cx: Context<'_, S>) {
        let at = jiff::Timestamp::now();
        let line = match self.encoding {
            LogEncoding::Console => console(event, at),
            LogEncoding::Json => json(event, at),
        };
        self.output.write(line.as_str());
    }
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

fn console(event: &Event<'_>, at: jiff::Timestamp) -> Sink {
    let mut line = Sink::new(MAX_LINE_BYTES);
    let meta = event.metadata();
    // Errors of the sink mean that it is full; then the line is marked below.
    let _ = write!(
        line.escaping(Escapes::Console),
        "{at:.3} {:<5} {}:",
        level_word(*meta.level()),
        meta.target()
    );
    event.record(&mut Message(
        &mut line,
        |line: &mut Sink, message: &dyn fmt::Debug| {
            line.raw(" ");
            let _ = write!(line.escaping(Escapes::Console), "{message:?}");
        },
    ));
    event.record(&mut ConsoleFields(&mut line));
    line.raw(if line.is_cut() { " … (cut)\n" } else { "\n" });
    line
}

fn json(event: &Event<'_>, at: jiff::Timestamp) -> Sink {
    let mut line = Sink::new(MAX_LINE_BYTES);
    let meta = event.metadata();
    line.raw("{\"level\":\"");
    line.raw(level_word(*meta.level()));
    line.raw("\",\"ts\":");
    quoted(&mut line, format_args!("{at:.3}"));
    line.raw(",\"logger\":");
    quoted(&mut line, format_args!("{}", meta.target()));
    event.record(&mut Message(
        &mut line,
        |line: &mut Sink, message: &dyn fmt::Debug| {
            line.raw(",\"msg\":");
            quoted(line, format_args!("{message:?}"));
        },
    ));
    event.record(&mut JsonFields(&mut line));
    line.raw(if line.is_cut() { ",\"cut\":true}\n" } else { "}\n" });
    line
}

fn quoted(line: &mut Sink, value: fmt::Arguments<'_>) {
    line.raw("\"");
    let _ = line.escaping(Escapes::Json).write_fmt(value);
    line.raw("\"");
}

/// Visits the message alone.
struct Message<'a, F>(&'a mut Sink, F);

impl<F: FnMut(&mut Sink, &dyn fmt::Debug)> Visit for Message<'_, F> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            (self.1)(self.0, value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        // Without the quotation marks of its `Debug` form.
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// Visits everything but the message: ` name=value`, a text in quotation marks where it could be mistaken
/// for several fields.
struct ConsoleFields<'a>(&'a mut Sink);

impl ConsoleFields<'_> {
    fn name(&mut self, field: &Field) -> bool {
        if field.name() == "message" || self.0.is_cut() {
            return false;
        }
        write!(self.0.escaping(Escapes::Console), " {}=", field.name()).is_ok()
    }
}

impl Visit for ConsoleFields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.name(field) {
            let _ = write!(self.0.escaping(Escapes::Console), "{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let plain = !value.is_empty() && !value.contains([' ', '=', '"']);
        if self.name(field) {
            let mut out = self.0.escaping(Escapes::Console);
            let _ = if plain {
                out.write_str(value)
            } else {
                let inner = value.split('"').enumerate();
                out.write_char('"')
                    .and_then(|()| {
                        for (index, part) in inner {
                            if index > 0 {
                                out.write_str("\\\"")?;
                            }
                            out.write_str(part)?;
                        }
                        Ok(())
                    })
                    .and_then(|()| out.write_char('"'))
            };
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_str(field, &chain(value));
    }
}

/// Visits everything but the message: `,"name":value`.
struct JsonFields<'a>(&'a mut Sink);

/// Keys of the line itself; a field of such a name gets `field.` before it.
const OWN_KEYS: [&str; 5] = ["level", "ts", "logger", "msg", "cut"];

impl JsonFields<'_> {
    /// False once the line is full: a field is written whole or with its value cut, never half a name.
    fn name(&mut self, field: &Field) -> bool {
        if field.name() == "message" || self.0.is_cut() {
            return false;
        }
        let before = if OWN_KEYS.contains(&field.name()) {
            "field."
        } else {
            ""
        };
        self.0.raw(",");
        quoted(self.0, format_args!("{before}{}", field.name()));
        self.0.raw(":");
        true
    }

    fn bare(&mut self, field: &Field, value: impl fmt::Display) {
        if self.name(field) {
            self.0.raw(&value.to_string());
        }
    }
}

impl Visit for JsonFields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if self.name(field) {
            quoted(self.0, format_args!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if self.name(field) {
            quoted(self.0, format_args!("{value}"));
        }
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.record_str(field, &chain(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.bare(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.bare(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.bare(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.bare(field, value);
        } else {
            // JSON has no such numbers.
            self.record_debug(field, &value);
        }
    }
}

/// Causes of an error that are written, outermost first.
const MAX_CAUSES: usize = 8;

/// The error and what caused it, on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source()).take(MAX_CAUSES);
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}
