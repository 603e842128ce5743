//! Severities: what sources write, as OTLP's numbers (logs data model, `SeverityNumber`).

use std::collections::BTreeMap;

use crate::value::Value;

/// The names of the six ranges of four numbers each.
const LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "error", "fatal"];

/// The short names of all numbers (logs data model, "Displaying severity").
const NAMES: [&str; 24] = [
    "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO", "INFO2", "INFO3",
    "INFO4", "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2",
    "FATAL3", "FATAL4",
];

/// What [`Preset::Extended`] knows beyond the Collector's words: levels of Python, Java, syslog and others, by where the data model's
/// appendix B has them.
const EXTENDED: [(&str, u8); 20] = [
    ("finest", 1),
    ("finer", 2),
    ("fine", 5),
    ("config", 8),
    ("verbose", 5),
    ("dbg", 5),
    ("information", 9),
    ("informational", 9),
    ("notice", 10),
    ("success", 10),
    ("wrn", 13),
    ("severe", 17),
    ("failure", 17),
    ("crit", 18),
    ("critical", 18),
    ("alert", 19),
    ("emerg", 21),
    ("emergency", 21),
    ("panic", 21),
    ("dpanic", 21),
];

/// Words that are known without a mapping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// The Collector's: `trace` to `fatal4`, 1 to 24, `warning` and `err` with their numbers.
    #[default]
    Default,
    /// `trace` to `fatal4`, 1 to 24.
    Otel,
    /// None.
    None,
    /// The default's and `critical`, `notice`, `severe` and others. Not in the Collector.
    Extended,
}

/// Which words and numbers mean which severity. Upper and lower case are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeverityMap {
    words: BTreeMap<String, u8>,
    ranges: Vec<(i64, i64, u8)>,
}

impl SeverityMap {
    /// The words of [`Preset::Default`], or none.
    pub fn new(with_usual: bool) -> Self {
        Self::preset(if with_usual { Preset::Default } else { Preset::None })
    }

    /// The words of a preset.
    pub fn preset(preset: Preset) -> Self {
        let mut map = Self {
            words: BTreeMap::new(),
            ranges: Vec::new(),
        };
        if preset == Preset::None {
            return map;
        }
        for (number, name) in (1..).zip(NAMES) {
            map.word(name, number);
            map.word(&number.to_string(), number);
        }
        if matches!(preset, Preset::Default | Preset::Extended) {
            for (step, suffix) in (0..).zip(["", "2", "3", "4"]) {
                map.word(&format!("warning{suffix}"), 13 + step);
                map.word(&format!("err{suffix}"), 17 + step);
            }
        }
        if preset == Preset::Extended {
            EXTENDED.iter().for_each(|(word, number)| map.word(word, *number));
        }
        map
    }

    /// The number of a level as the keys of a mapping name it: `info`, `warn2`; `default` is 0.
    pub fn number(level: &str) -> Option<u8> {
        let level = level.to_ascii_lowercase();
        if level == "default" {
            return Some(0);
        }
        let (name, step) = match level.as_bytes() {
            [.., digit @ b'2'..=b'4'] => (level.get(..level.len() - 1)?, digit - b'1'),
            _ => (level.as_str(), 0),
        };
        let range = LEVELS.iter().position(|known| *known == name)?;
        u8::try_from(1 + 4 * range).ok().map(|first| first + step)
    }

    /// The short name of a number: `ERROR3`; empty for 0 and what is no severity.
    pub fn name(number: u8) -> &'static str {
        let index = usize::from(number).checked_sub(1);
        index
            .and_then(|index| NAMES.get(index))
            .copied()
            .unwrap_or_default()
    }

    /// A word means the number from now on.
    pub fn word(&mut self, word: &str, number: u8) {
        self.words.insert(word.to_lowercase(), number);
    }

    /// So do numbers from `min` to `max`, both included, in either order.
    pub fn range(&mut self, min: i64, max: i64, number: u8) {
        self.ranges.push((min.min(max), min.max(max), number));
    }

    /// A value as a mapping has it: a word, a number, or a class of HTTP statuses such as `4xx` (2 to 5, as in the Collector).
    pub fn meaning(&mut self, text: &str, number: u8) {
        match text.as_bytes() {
            [class @ b'2'..=b'5', b'x', b'x'] => {
                let first = i64::from(class - b'0') * 100;
                self.range(first, first + 99, number);
            }
            _ => self.word(text, number),
        }
    }

    /// The number that a text means; words come before ranges.
    pub fn find(&self, text: &str) -> Option<u8> {
        let text = text.trim();
        self.known(text).or_else(|| {
            let number: i64 = text.parse().ok()?;
            self.in_range(number)
        })
    }

    /// The number that a value means: a text, an integer, or a double without a fraction.
    pub fn find_value(&self, value: &Value<'_>) -> Option<u8> {
        match value {
            Value::Text(text) => self.find(text),
            Value::Bytes(bytes) => self.find(std::str::from_utf8(bytes).ok()?),
            Value::Int(number) => self.known(&number.to_string()).or_else(|| self.in_range(*number)),
            Value::Double(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
                self.find_value(&Value::Int(*number as i64))
            }
            _ => None,
        }
    }

    fn known(&self, text: &str) -> Option<u8> {
        /// No word that is known is longer, nearly always.
        const SHORT: usize = 16;
        let lower = |byte: &u8| byte.to_ascii_lowercase();
        if text.is_ascii() && text.len() <= SHORT {
            let mut word = [0; SHORT];
            let bytes = word.iter_mut().zip(text.as_bytes());
            bytes.for_each(|(to, from)| *to = lower(from));
            let word = std::str::from_utf8(word.get(..text.len())?).ok()?;
            return self.words.get(word).copied();
        }
        self.words.get(&text.to_lowercase()).copied()
    }

    fn in_range(&self, number: i64) -> Option<u8> {
        let within = |(min, max, _): &&(i64, i64, u8)| (*min..=*max).contains(&number);
        self.ranges.iter().find(within).map(|(_, _, severity)| *severity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_preset_is_the_collectors() {
        let map = SeverityMap::preset(Preset::Default);
        for (text, expected) in [
            ("INFO", Some(9)),
            ("info4", Some(12)),
            (" Warning ", Some(13)),
            ("WARNING3", Some(15)),
            ("err2", Some(18)),
            ("FATAL", Some(21)),
            ("1", Some(1)),
            ("24", Some(24)),
            ("25", None),
            ("critical", None),
            ("", None),
        ] {
            assert_eq!(map.find(text), expected, "{text}");
        }
        assert_eq!(SeverityMap::preset(Preset::Otel).find("warning"), None);
        assert_eq!(SeverityMap::preset(Preset::None).find("info"), None);
        assert_eq!(SeverityMap::preset(Preset::Extended).find("CRITICAL"), Some(18));
        assert_eq!(SeverityMap::new(true), map);
    }

    #[test]
    fn words_ranges_and_classes_are_found() {
        let mut map = SeverityMap::preset(Preset::None);
        map.meaning("重大", 21);
        map.meaning("YSK, really: a long one", 14);
        map.meaning("5xx", 17);
        map.meaning("404", 13);
        map.range(499, 400, 9);
        for (text, expected) in [
            ("重大", Some(21)),
            ("ysk, REALLY: a long one", Some(14)),
            ("503", Some(17)),
            ("404", Some(13)),
            ("405", Some(9)),
            ("200", None),
        ] {
            assert_eq!(map.find(text), expected, "{text}");
        }
        for (value, expected) in [
            (Value::Int(503), Some(17)),
            (Value::Double(404.0), Some(13)),
            (Value::Double(404.5), None),
            (Value::Bool(true), None),
            (Value::Bytes(b"503".as_slice().into()), Some(17)),
        ] {
            assert_eq!(map.find_value(&value), expected, "{value:?}");
        }
    }

    #[test]
    fn levels_have_numbers_and_names() {
        for (level, number, name) in [
            ("default", 0, ""),
            ("trace", 1, "TRACE"),
            ("Debug4", 8, "DEBUG4"),
            ("error3", 19, "ERROR3"),
            ("fatal4", 24, "FATAL4"),
        ] {
            assert_eq!(SeverityMap::number(level), Some(number));
            assert_eq!(SeverityMap::name(number), name);
        }
        for bad in ["loud", "info5", "2", ""] {
            assert_eq!(SeverityMap::number(bad), None);
        }
        assert_eq!(SeverityMap::name(25), "");
    }
}
