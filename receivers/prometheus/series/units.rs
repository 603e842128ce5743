//! Units: Prometheus' words as UCUM has them, which is what OTLP wants.

/// The unit in UCUM of a word such as `seconds`; a word that is not known stays as it is (OpenTelemetry's "Prometheus and
/// OpenMetrics Compatibility", section "Unit").
pub(super) fn in_ucum(word: &str) -> &str {
    match word {
        "days" => "d",
        "hours" => "h",
        "minutes" => "min",
        "seconds" => "s",
        "milliseconds" => "ms",
        "microseconds" => "us",
        "nanoseconds" => "ns",
        "bytes" => "By",
        "kibibytes" => "KiBy",
        "mebibytes" => "MiBy",
        "gibibytes" => "GiBy",
        "tibibytes" => "TiBy",
        "kilobytes" => "KBy",
        "megabytes" => "MBy",
        "gigabytes" => "GBy",
        "terabytes" => "TBy",
        "meters" => "m",
        "volts" => "V",
        "amperes" => "A",
        "joules" => "J",
        "watts" => "W",
        "grams" => "g",
        "celsius" => "Cel",
        "hertz" => "Hz",
        "percent" => "%",
        "ratio" => "1",
        other => other,
    }
}

/// The name of a metric without `_total` and the unit's name, where they stand at its end.
pub(super) fn trimmed<'n>(name: &'n str, is_counter: bool, unit: &str) -> &'n str {
    let name = match is_counter {
        true => shorter(name, "total"),
        false => name,
    };
    shorter(name, unit)
}

fn shorter<'n>(name: &'n str, word: &str) -> &'n str {
    let without = name.strip_suffix(word).and_then(|name| name.strip_suffix('_'));
    match without {
        Some(short) if !short.is_empty() && !word.is_empty() => short,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_cut_where_they_are_suffixes() {
        for (name, is_counter, unit, expected) in [
            (
                "singing_duration_seconds_total",
                true,
                "seconds",
                "singing_duration",
            ),
            (
                "singing_duration_seconds_total",
                true,
                "",
                "singing_duration_seconds",
            ),
            ("singing_duration_seconds", false, "seconds", "singing_duration"),
            ("x_total", false, "", "x_total"),
            ("total", true, "", "total"),
            ("_total", true, "", "_total"),
            ("milliseconds", false, "seconds", "milliseconds"),
        ] {
            assert_eq!(trimmed(name, is_counter, unit), expected, "{name}");
        }
        assert_eq!((in_ucum("seconds"), in_ucum("wombats")), ("s", "wombats"));
    }
}
