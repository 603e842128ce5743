//! Names of metric families.

use sidelight_proto::views::{DataView, MetricView};

use super::unit::Words;
use super::{TranslationStrategy, UnusableName, is_alphanumeric, is_underscores};

/// What a metric is, as far as its name shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A monotonic sum: ends in `_total`.
    Counter,
    /// A gauge: ends in `_ratio` where its unit is `1`.
    Gauge,
    /// A sum that is not monotonic, a histogram, a summary.
    Other,
}

impl Kind {
    /// The kind of an OTLP metric.
    pub fn of(metric: &MetricView<'_>) -> Self {
        match metric.data() {
            DataView::Gauge(_) => Self::Gauge,
            DataView::Sum(sum) if sum.is_monotonic() => Self::Counter,
            _ => Self::Other,
        }
    }
}

/// Makes names of metric families.
#[derive(Clone, Debug)]
pub struct MetricNamer {
    /// With its `_` behind it, or empty.
    prefix: String,
    strategy: TranslationStrategy,
}

impl MetricNamer {
    /// With `namespace` before every name; empty for none.
    pub fn new(namespace: &str, strategy: TranslationStrategy) -> Self {
        let namespace = if strategy.escapes() {
            pieces(namespace, |c| c == '_').join("_")
        } else {
            namespace.to_owned()
        };
        let prefix = if namespace.is_empty() {
            namespace
        } else {
            namespace + "_"
        };
        Self { prefix, strategy }
    }

    /// The name of the family of a metric with this OTLP name and UCUM unit. A counter's ends in `_total` where
    /// suffixes are added: OpenMetrics and metadata then name the family without it.
    ///
    /// # Errors
    /// [`UnusableName`] where nothing is left to tell it from others.
    pub fn name(&self, name: &str, unit: &str, kind: Kind) -> Result<String, UnusableName> {
        if name.is_empty() {
            return Err(UnusableName(String::new()));
        }
        let translated = match (self.strategy.escapes(), self.strategy.adds_suffixes()) {
            (true, true) => self.escaped_with_suffixes(name, unit, kind),
            (true, false) => self.lead(&pieces(name, |c| c == '_').join("_")),
            (false, true) => with_suffixes(self.lead(name), unit, kind),
            (false, false) => self.lead(name),
        };
        let is_usable = !self.strategy.escapes() || translated == name || !is_underscores(&translated);
        if translated.is_empty() || !is_usable {
            return Err(UnusableName(name.to_owned()));
        }
        Ok(translated)
    }

    /// A name that is made already, with the namespace in front.
    pub fn prefixed(&self, name: &str) -> String {
        self.lead(name)
    }

    /// With the namespace in front, and `_` before a digit that would otherwise be first.
    fn lead(&self, name: &str) -> String {
        if name.is_empty() {
            return String::new();
        }
        let mut out = String::with_capacity(self.prefix.len() + name.len() + 1);
        let first = self.prefix.chars().chain(name.chars()).next();
        if self.strategy.escapes() && first.is_some_and(|c| c.is_ascii_digit()) {
            out.push('_');
        }
        out.push_str(&self.prefix);
        out.push_str(name);
        out
    }

    fn escaped_with_suffixes(&self, name: &str, unit: &str, kind: Kind) -> String {
        let mut tokens = pieces(name, |_| false);
        let words = Words::of(unit).escaped();
        let per = words.per.trim_end_matches('_');
        // "per" alone: the unit had no character that is kept.
        let per = if per == "per" || tokens.contains(&per) {
            ""
        } else {
            per
        };
        let main = if tokens.contains(&words.main.as_str()) {
            ""
        } else {
            &words.main
        };
        let main = if per.is_empty() {
            main
        } else {
            main.trim_end_matches('_')
        };
        tokens.extend([main, per].into_iter().filter(|word| !word.is_empty()));
        if let Some(suffix) = suffix(unit, kind) {
            tokens.retain(|token| *token != suffix);
            tokens.push(suffix);
        }
        self.lead(&tokens.join("_"))
    }
}

/// What the type puts behind the name. Of metrics with the unit `1` only gauges are shares of something: counters of
/// things are often given that unit.
fn suffix(unit: &str, kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Counter => Some("total"),
        Kind::Gauge if unit == "1" => Some("ratio"),
        Kind::Gauge | Kind::Other => None,
    }
}

/// The pieces of letters, digits, colons and what else is kept, without what lies between them.
fn pieces(name: &str, keeps_too: impl Fn(char) -> bool) -> Vec<&str> {
    name.split(|c| !(is_alphanumeric(c) || c == ':' || keeps_too(c)))
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// Unit and type behind a name whose other characters stay. A suffix that is there already is moved to its place.
fn with_suffixes(name: String, unit: &str, kind: Kind) -> String {
    let suffix = suffix(unit, kind);
    let Words { main, per } = Words::of(unit);
    let mut out = name;
    for word in [suffix.unwrap_or_default(), &per] {
        cut_last_word(&mut out, word);
    }
    if !main.is_empty() && !out.ends_with(&main) {
        push_word(&mut out, &main);
    }
    for word in [&per, suffix.unwrap_or_default()] {
        if !word.is_empty() {
            push_word(&mut out, word);
        }
    }
    out
}

fn push_word(out: &mut String, word: &str) {
    out.push('_');
    out.push_str(word);
}

/// Takes `word` from the end, with the character before it, where that is a separator and something is left.
fn cut_last_word(name: &mut String, word: &str) {
    if word.is_empty() {
        return;
    }
    let Some(before) = name.strip_suffix(word) else {
        return;
    };
    let Some(separator) = before.chars().next_back().filter(|c| !c.is_alphanumeric()) else {
        return;
    };
    let length = before.len() - separator.len_utf8();
    if length > 0 {
        name.truncate(length);
    }
}

#[cfg(test)]
mod tests {
    use super::Kind::{Counter, Gauge, Other};
    use super::TranslationStrategy::{
        NoTranslation, NoUtf8EscapingWithSuffixes, UnderscoreEscapingWithSuffixes,
        UnderscoreEscapingWithoutSuffixes,
    };
    use super::*;

    fn name(strategy: TranslationStrategy, namespace: &str, name: &str, unit: &str, kind: Kind) -> String {
        let made = MetricNamer::new(namespace, strategy).name(name, unit, kind);
        made.unwrap_or_else(|UnusableName(_)| "!".to_owned())
    }

    #[test]
    fn escaped_names_get_unit_and_type_once() {
        for (metric, unit, kind, expected) in [
            (
                "http.server.request.duration",
                "s",
                Other,
                "http_server_request_duration_seconds",
            ),
            ("system.disk.io", "By", Counter, "system_disk_io_bytes_total"),
            (
                "system.memory.utilization",
                "1",
                Gauge,
                "system_memory_utilization_ratio",
            ),
            ("jobs", "1", Counter, "jobs_total"),
            ("queue.length", "1", Other, "queue_length"),
            ("disk.operations", "{operation}", Counter, "disk_operations_total"),
            ("net.rate", "By/s", Gauge, "net_rate_bytes_per_second"),
            ("calls", "1/s", Gauge, "calls_per_second"),
            ("calls", "{call}/s", Gauge, "calls_per_second"),
            ("bytes", "By/{call}", Gauge, "bytes"),
            ("fan.speed", "1/m", Gauge, "fan_speed_per_minute"),
            ("cpu.seconds", "s", Counter, "cpu_seconds_total"),
            ("cpu.total.seconds", "s", Counter, "cpu_seconds_total"),
            ("cpu_seconds_total", "s", Counter, "cpu_seconds_total"),
            ("load.ratio.one", "1", Gauge, "load_one_ratio"),
            ("a..b__c--d", "", Other, "a_b_c_d"),
            ("__edges__", "", Other, "edges"),
            ("5xx", "", Counter, "_5xx_total"),
            ("rule:with:colons", "", Other, "rule:with:colons"),
            ("temp", "Cel", Gauge, "temp_celsius"),
            ("custom", "light@year/tr@ck", Gauge, "custom_light_year_per_tr_ck"),
            ("custom", "a__b", Gauge, "custom_a_b"),
            ("odd", "@/@", Gauge, "odd"),
            ("größe", "By", Gauge, "gr_e_bytes"),
            ("数", "", Other, "!"),
            ("数", "By", Other, "bytes"),
            ("", "s", Counter, "!"),
        ] {
            let made = name(UnderscoreEscapingWithSuffixes, "", metric, unit, kind);
            assert_eq!(made, expected, "{metric} {unit} {kind:?}");
        }
    }

    #[test]
    fn escaped_names_without_suffixes_keep_their_underscores() {
        for (metric, expected) in [
            ("http.server.duration", "http_server_duration"),
            ("a@b#c", "a_b_c"),
            ("a@@##b", "a_b"),
            ("a__b", "a__b"),
            (".a.", "a"),
            ("9lives", "_9lives"),
            ("___", "___"),
            ("@_#_%", "!"),
            ("@#", "!"),
        ] {
            let made = name(UnderscoreEscapingWithoutSuffixes, "", metric, "By", Counter);
            assert_eq!(made, expected, "{metric}");
        }
    }

    #[test]
    fn names_of_all_characters_get_unit_and_type_once() {
        for (metric, unit, kind, expected) in [
            ("http.server.duration", "s", Other, "http.server.duration_seconds"),
            ("größe", "By", Counter, "größe_bytes_total"),
            ("requests.total", "", Counter, "requests_total"),
            ("cpu_seconds_total", "s", Counter, "cpu_seconds_total"),
            ("cpu_usage_ratio", "1", Gauge, "cpu_usage_ratio"),
            ("calls", "1/s", Counter, "calls_per_second_total"),
            ("calls_per_second_total", "1/s", Counter, "calls_per_second_total"),
            ("subtotal", "", Counter, "subtotal_total"),
            ("total", "", Counter, "total_total"),
            ("@#", "", Counter, "@#_total"),
            ("", "", Counter, "!"),
        ] {
            let made = name(NoUtf8EscapingWithSuffixes, "", metric, unit, kind);
            assert_eq!(made, expected, "{metric} {unit} {kind:?}");
        }
    }

    #[test]
    fn untranslated_names_stay_as_they_are() {
        for metric in ["http.server.duration", "9 lives", "___", "größe"] {
            assert_eq!(name(NoTranslation, "", metric, "By", Counter), metric);
        }
    }

    #[test]
    fn the_namespace_comes_first_and_takes_the_digits_prefix() {
        for (strategy, namespace, expected) in [
            (UnderscoreEscapingWithSuffixes, "my-app!", "my_app_2xx_total"),
            (UnderscoreEscapingWithSuffixes, "4", "_4_2xx_total"),
            (UnderscoreEscapingWithoutSuffixes, "my.app", "my_app_2xx"),
            (NoUtf8EscapingWithSuffixes, "my.app", "my.app_2xx_total"),
            (NoTranslation, "my.app", "my.app_2xx"),
        ] {
            assert_eq!(name(strategy, namespace, "2xx", "", Counter), expected);
        }
    }
}
