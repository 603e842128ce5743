//! The program's metrics as text for Prometheus.
//!
//! Names and labels are those of the OpenTelemetry Collector 0.157 at its default port: counters without
//! `_total`, no unit suffixes, no `otel_scope_*` labels, and the resource in `target_info` alone (since 0.149
//! no longer on every series). Source: the Collector's `service/telemetry/otelconftelemetry/factory.go`
//! (`WithoutTypeSuffix`, `WithoutUnits`, `WithoutScopeInfo`) and its changelog of 0.149.
//!
//! A series has one name, whichever format is asked for. OpenMetrics cannot write a counter without `_total`,
//! so there such a counter has the type `unknown`, and [`Format::negotiate`] prefers the older text format,
//! which keeps the type, for everyone who takes both.

mod accept;
mod escape;

use std::fmt::Write as _;

use sidelight_component::metrics::{FamilySnapshot, Kind, Labels};

pub use accept::Format;
use escape::{Quoting, label_name, metric_name, push_escaped};

/// What of the exposition can be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Counters end in `_total`, as the Collector writes them with `without_type_suffix: false`.
    pub type_suffix: bool,
}

/// Writes all families, ordered as given, and `target_info` with the attributes of the resource.
pub fn render(families: &[FamilySnapshot], resource: &Labels, format: Format, style: Style) -> String {
    let series: usize = families.iter().map(|family| family.series.len()).sum();
    let mut page = Page {
        text: String::with_capacity(256 + families.len() * 128 + series * 96),
        format,
        style,
    };
    for family in families {
        page.family(family);
    }
    page.target_info(resource);
    if format == Format::OpenMetrics {
        page.text.push_str("# EOF\n");
    }
    page.text
}

struct Page {
    text: String,
    format: Format,
    style: Style,
}

impl Page {
    fn family(&mut self, family: &FamilySnapshot) {
        let name = metric_name(&family.name);
        let (family_name, sample_name, kind) = self.names(&name, family.kind);
        self.head(&family_name, family.help, kind);
        for (labels, value) in &family.series {
            self.sample(&sample_name, labels, *value);
        }
    }

    /// The names in the metadata and in the samples, and the type.
    fn names(&self, name: &str, kind: Kind) -> (String, String, &'static str) {
        let base = name.strip_suffix("_total").unwrap_or(name);
        match (kind, self.style.type_suffix, self.format) {
            (Kind::Gauge, _, _) => (name.to_owned(), name.to_owned(), "gauge"),
            (Kind::Counter, true, Format::Text) => {
                (format!("{base}_total"), format!("{base}_total"), "counter")
            }
            (Kind::Counter, true, Format::OpenMetrics) => {
                (base.to_owned(), format!("{base}_total"), "counter")
            }
            (Kind::Counter, false, Format::Text) => (name.to_owned(), name.to_owned(), "counter"),
            (Kind::Counter, false, Format::OpenMetrics) => (name.to_owned(), name.to_owned(), "unknown"),
        }
    }

    fn head(&mut self, name: &str, help: &str, kind: &str) {
        let quoting = match self.format {
            Format::Text => Quoting::Help,
            Format::OpenMetrics => Quoting::Value,
        };
        let _ = write!(self.text, "# HELP {name} ");
        push_escaped(&mut self.text, help, quoting);
        let _ = writeln!(self.text, "\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &Labels, value: f64) {
        self.text.push_str(name);
        self.labels(labels);
        self.text.push(' ');
        push_number(&mut self.text, value);
        self.text.push('\n');
    }

    /// Names that become equal when they are made legal share one label, their values joined by `;`: the rule
    /// of the OpenTelemetry specification "Prometheus and OpenMetrics Compatibility", Metric Attributes.
    fn labels(&mut self, labels: &Labels) {
        if labels.is_empty() {
            return;
        }
        let mut legal: Vec<(String, &str)> = labels
            .iter()
            .map(|(name, value)| (label_name(name), value.as_str()))
            .collect();
        legal.sort_by(|a, b| a.0.cmp(&b.0));
        let mut open = '{';
        let mut last: Option<&str> = None;
        for (name, value) in &legal {
            if last == Some(name.as_str()) {
                // Reopens the value that was closed below.
                self.text.pop();
                self.text.push(';');
            } else {
                let _ = write!(self.text, "{open}{name}=\"");
            }
            push_escaped(&mut self.text, value, Quoting::Value);
            self.text.push('"');
            open = ',';
            last = Some(name);
        }
        self.text.push('}');
    }

    fn target_info(&mut self, resource: &Labels) {
        let (family, kind) = match self.format {
            Format::Text => ("target_info", "gauge"),
            Format::OpenMetrics => ("target", "info"),
        };
        self.head(family, "Target metadata", kind);
        self.sample("target_info", resource, 1.0);
    }
}

/// Whole numbers that a double holds exactly are written without a fraction.
fn push_number(text: &mut String, value: f64) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let _ = if value.is_nan() {
        write!(text, "NaN")
    } else if value.is_infinite() {
        write!(text, "{}", if value > 0.0 { "+Inf" } else { "-Inf" })
    } else if value.fract() == 0.0 && value.abs() <= EXACT {
        write!(text, "{}", value as i64)
    } else {
        write!(text, "{value}")
    };
}

#[cfg(test)]
mod tests;
