//! The program's metrics as a page for Prometheus.
//!
//! Names and labels are those of the OpenTelemetry Collector 0.157 at its default port: counters without
//! `_total`, no unit suffixes, no `otel_scope_*` labels, and the resource in `target_info` alone (since 0.149
//! no longer on every series). Source: the Collector's `service/telemetry/otelconftelemetry/factory.go`
//! (`WithoutTypeSuffix`, `WithoutUnits`, `WithoutScopeInfo`) and its changelog of 0.149.
//!
//! A series has one name, whichever format is asked for. OpenMetrics cannot write a counter without `_total`,
//! so there such a counter has the type `unknown`, and [`negotiate`] prefers the older text format, which keeps
//! the type, for everyone who takes both.

use sidelight_component::metrics::{FamilySnapshot, Kind, Labels};
use sidelight_exposition::labels::LabelTextBuilder;
use sidelight_exposition::names::{self, MetricNamer, TranslationStrategy};
use sidelight_exposition::write::{FamilyHead, FamilyType, LabelTexts, PageWriter, Sample, Value};
use sidelight_exposition::{Escaping, Number, Offers};

pub use sidelight_exposition::Format;

/// Names as they are, but for characters that not every reader takes.
const STRATEGY: TranslationStrategy = TranslationStrategy::UnderscoreEscapingWithoutSuffixes;

/// What of the exposition can be chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Counters end in `_total`, as the Collector writes them with `without_type_suffix: false`.
    pub type_suffix: bool,
}

/// The format for a scraper that sent this `Accept` header.
///
/// By weight where counters end in `_total`. Without the suffix OpenMetrics has no counters, so it is given only to
/// those who do not take a text format.
pub fn negotiate(accept: Option<&str>, style: Style) -> Format {
    let offers = Offers {
        open_metrics: true,
        protobuf: false,
        text_first: !style.type_suffix,
    };
    sidelight_exposition::negotiate(accept, offers).0
}

/// Writes all families, ordered as given, and `target_info` with the attributes of the resource.
pub fn render(families: &[FamilySnapshot], resource: &Labels, format: Format, style: Style) -> Vec<u8> {
    let mut page = Page {
        // All names are such that no scheme changes them.
        writer: PageWriter::new(format, Escaping::default()),
        namer: MetricNamer::new("", STRATEGY),
        labels: LabelTextBuilder::default(),
    };
    for family in families {
        page.family(family, style);
    }
    page.target_info(resource);
    page.writer.finish()
}

struct Page {
    writer: PageWriter,
    namer: MetricNamer,
    labels: LabelTextBuilder,
}

impl Page {
    fn family(&mut self, family: &FamilySnapshot, style: Style) {
        let mut name = self.name(&family.name);
        let family_type = match family.kind {
            Kind::Counter => FamilyType::Counter,
            Kind::Gauge => FamilyType::Gauge,
        };
        if style.type_suffix && family.kind == Kind::Counter && !name.ends_with("_total") {
            name.push_str("_total");
        }
        self.writer.begin_family(&FamilyHead {
            name: &name,
            help: family.help,
            unit: "",
            family_type,
        });
        for (labels, value) in &family.series {
            self.sample(labels, *value);
        }
        self.writer.end_family();
    }

    fn name(&self, name: &str) -> String {
        let made = self.namer.name(name, "", names::Kind::Other);
        // A name is a constant of the program; whatever it is, it is on the page.
        made.unwrap_or_else(|_| "_".to_owned())
    }

    fn sample(&mut self, labels: &Labels, value: f64) {
        self.labels.clear();
        for (name, value) in labels {
            // Readers that split lines in another way must not see a second line.
            let value = value.replace('\r', " ");
            self.labels.attribute(name, value.as_str().into(), STRATEGY);
        }
        self.writer.sample(&Sample {
            labels: LabelTexts([self.labels.text(), ""]),
            value: Value::Number(Number::Double(value)),
            start_unix_nano: 0,
            time_unix_nano: None,
            exemplars: &[],
        });
    }

    fn target_info(&mut self, resource: &Labels) {
        self.writer.begin_family(&FamilyHead {
            name: "target_info",
            help: "Target metadata",
            unit: "",
            family_type: FamilyType::Info,
        });
        self.sample(resource, 1.0);
        self.writer.end_family();
    }
}

#[cfg(test)]
mod tests;
