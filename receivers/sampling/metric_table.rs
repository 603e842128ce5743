//! Tables of metrics: what a sampler measures, declared once.

use std::marker::PhantomData;

use super::Term;

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A cumulative sum that only grows.
    Counter,
    /// A cumulative sum that goes up and down.
    UpDownCounter,
    /// A value that makes no sense when added up.
    Gauge,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct MetricDef {
    /// Its name in the semantic conventions, or in our own namespace.
    pub name: &'static str,
    /// The Collector's older name, where it had another.
    pub legacy: Option<&'static str>,
    /// Its unit, in UCUM.
    pub unit: &'static str,
    /// What it measures, in one line.
    pub description: &'static str,
    /// Counter or gauge.
    pub kind: Kind,
    /// Whether it is written unless its settings say otherwise.
    pub enabled: bool,
    /// The keys of its points' attributes.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "tests hold README and points against it")
    )]
    pub(crate) attributes: &'static [Term],
}

/// The metrics of a sampler: an enum that `metric_table!` declares.
pub trait MetricTable: Copy + Send + Sync + 'static {
    /// All of them, in the order of their numbers.
    const METRICS: &'static [MetricDef];

    /// The place in [`MetricTable::METRICS`].
    fn number(self) -> usize;

    /// What it is.
    fn definition(self) -> &'static MetricDef;
}

/// Declares the metrics of a sampler as an enum with its `MetricTable`. The doc comment of a metric is its
/// description; `off` leaves it out unless it is asked for; `was` gives the Collector's older name.
///
/// ```text
/// metric_table! {
///     /// Metrics of the heart.
///     pub enum Heart {
///         /// Beats since birth.
///         Beats = Counter "heart.beats" "{beat}" on [SIDE] was "heart.count";
///         /// Pressure now.
///         Pressure = Gauge "heart.pressure" "Pa" off [];
///     }
/// }
/// ```
macro_rules! metric_table {
    (
        $(#[doc = $doc:literal])+
        $vis:vis enum $Table:ident {
            $(
                $(#[doc = $description:literal])+
                $Metric:ident = $kind:ident $name:literal $unit:literal $switch:ident [$($attribute:expr),* $(,)?]
                $(was $legacy:literal)?;
            )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $Table {
            $($(#[doc = $description])+ $Metric,)+
        }

        impl $crate::sampling::MetricTable for $Table {
            const METRICS: &'static [$crate::sampling::MetricDef] = &[
                $($crate::sampling::MetricDef {
                    name: $name,
                    legacy: $crate::sampling::metric_table!(@legacy $($legacy)?),
                    unit: $unit,
                    description: concat!($($description),+).trim_ascii(),
                    kind: $crate::sampling::Kind::$kind,
                    enabled: $crate::sampling::metric_table!(@$switch),
                    attributes: &[$($attribute),*],
                },)+
            ];

            fn number(self) -> usize {
                self as usize
            }

            fn definition(self) -> &'static $crate::sampling::MetricDef {
                &Self::METRICS[self as usize]
            }
        }
    };
    (@on) => { true };
    (@off) => { false };
    (@legacy) => { ::core::option::Option::None };
    (@legacy $legacy:literal) => { ::core::option::Option::Some($legacy) };
}
pub(crate) use metric_table;

/// Some of the metrics of a table: those that are enabled, or due. At most 128, which a table keeps to by a test.
#[derive(Debug)]
pub struct MetricSet<M> {
    bits: u128,
    table: PhantomData<M>,
}

impl<M> Clone for MetricSet<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for MetricSet<M> {}

impl<M> Default for MetricSet<M> {
    fn default() -> Self {
        Self {
            bits: 0,
            table: PhantomData,
        }
    }
}

impl<M: MetricTable> MetricSet<M> {
    /// Those of the table for which `is_member` is true.
    pub fn of(is_member: impl Fn(usize, &'static MetricDef) -> bool) -> Self {
        let mut set = Self::default();
        for (number, definition) in M::METRICS.iter().enumerate() {
            if is_member(number, definition) {
                set.bits |= bit(number);
            }
        }
        set
    }

    /// Whether the metric is one of them.
    pub fn contains(self, metric: M) -> bool {
        self.bits & bit(metric.number()) != 0
    }

    /// Whether one of these is one of them: what several metrics share need not be read for none.
    pub fn contains_any(self, metrics: &[M]) -> bool {
        metrics.iter().any(|metric| self.contains(*metric))
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.bits == 0
    }
}

fn bit(number: usize) -> u128 {
    u32::try_from(number)
        .ok()
        .and_then(|number| 1_u128.checked_shl(number))
        .unwrap_or(0)
}

/// The table of metrics as a README has it.
#[cfg(test)]
pub(crate) fn readme_table(metrics: &[MetricDef]) -> String {
    let mut out =
        String::from("| metric | kind, unit | attributes | default | meaning |\n|---|---|---|---|---|\n");
    for metric in metrics {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::UpDownCounter => "up-down counter",
            Kind::Gauge => "gauge",
        };
        let both = |v1: &str, legacy: &str| match v1 == legacy {
            true => format!("`{v1}`"),
            false => format!("`{v1}` (`{legacy}`)"),
        };
        let attributes: Vec<String> = metric
            .attributes
            .iter()
            .map(|key| both(key.v1, key.legacy))
            .collect();
        out.push_str(&format!(
            "| {} | {kind}, `{}` | {} | {} | {} |\n",
            both(metric.name, metric.legacy.unwrap_or(metric.name)),
            metric.unit,
            attributes.join(", "),
            if metric.enabled { "on" } else { "off" },
            metric.description,
        ));
    }
    out
}
