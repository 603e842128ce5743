//! UCUM units as words.

use super::is_alphanumeric;

/// The words of a unit: what is measured, and per what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// `bytes`; empty for none.
    pub(super) main: String,
    /// `per_second`; empty for none.
    pub(super) per: String,
}

impl Words {
    /// Splits at the first `/`. What stands in braces is a remark (`{packet}`) and gives no word; unknown units are
    /// their own word.
    pub(super) fn of(unit: &str) -> Self {
        let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
        let is_word = |part: &&str| !part.is_empty() && !part.contains(['{', '}']);
        let main = Some(main.trim()).filter(is_word).map_or("", main_word);
        let per = Some(per.trim()).filter(is_word).map(per_word);
        Self {
            main: main.to_owned(),
            per: per.map(|word| format!("per_{word}")).unwrap_or_default(),
        }
    }

    /// The same with letters, digits, colons and single underscores alone, none of them first.
    pub(super) fn escaped(&self) -> Self {
        Self {
            main: escape(&self.main),
            per: escape(&self.per),
        }
    }
}

fn escape(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for c in word.chars() {
        if is_alphanumeric(c) || c == ':' {
            out.push(c);
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
    }
    out
}

/// `tibibytes` is Prometheus' spelling. Of kilobytes the specification writes `kBy`, Prometheus `KBy`.
fn main_word(unit: &str) -> &str {
    match unit {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "GiBy" => "gibibytes",
        "TiBy" => "tibibytes",
        "kBy" | "KBy" => "kilobytes",
        "MBy" => "megabytes",
        "GBy" => "gigabytes",
        "TBy" => "terabytes",
        "m" => "meters",
        "V" => "volts",
        "A" => "amperes",
        "J" => "joules",
        "W" => "watts",
        "g" => "grams",
        "Cel" => "celsius",
        "Hz" => "hertz",
        "1" => "",
        "%" => "percent",
        other => other,
    }
}

fn per_word(unit: &str) -> &str {
    match unit {
        "s" => "second",
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        "w" => "week",
        "mo" => "month",
        "y" => "year",
        other => other,
    }
}

/// A unit in words, as UNIT metadata has it: `By/s` is `bytes_per_second`, `{packet}` and `1` are empty.
///
/// ```
/// use sidelight_exposition::names::unit_words;
/// assert_eq!(unit_words("By/s", true), "bytes_per_second");
/// assert_eq!(unit_words("By/{packet}", true), "bytes");
/// ```
pub fn unit_words(unit: &str, escapes: bool) -> String {
    let words = Words::of(unit);
    let Words { main, per } = if escapes { words.escaped() } else { words };
    let joined = match (main.is_empty(), per.is_empty()) {
        (false, false) => format!("{main}_{per}"),
        (false, true) => main,
        (true, _) => per,
    };
    joined.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_become_words_and_remarks_vanish() {
        for (unit, words) in [
            ("", ""),
            ("1", ""),
            ("{request}", ""),
            ("By", "bytes"),
            ("kBy", "kilobytes"),
            ("%", "percent"),
            ("1/s", "per_second"),
            ("By/s", "bytes_per_second"),
            ("m/m", "meters_per_minute"),
            ("{operation}/s", "per_second"),
            ("By/{request}", "bytes"),
            (" ms ", "milliseconds"),
            ("light year/y", "light_year_per_year"),
            ("/", ""),
            ("//s", "per_s"),
            ("µs", "s"),
        ] {
            assert_eq!(unit_words(unit, true), words, "{unit}");
        }
        assert_eq!(unit_words("µs", false), "µs");
    }
}
