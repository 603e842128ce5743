//! Severities: what sources write, as OTLP's numbers (logs data model, `SeverityNumber`).

use std::collections::BTreeMap;

/// Words of the Collector's preset `default`, with the first number of their range.
const DEFAULT: [(&str, u8); 17] = [
    ("trace", 1),
    ("trace2", 2),
    ("trace3", 3),
    ("trace4", 4),
    ("debug", 5),
    ("debug2", 6),
    ("info", 9),
    ("info2", 10),
    ("notice", 10),
    ("warn", 13),
    ("warning", 13),
    ("warn2", 14),
    ("error", 17),
    ("err", 17),
    ("error2", 18),
    ("critical", 18),
    ("fatal", 21),
];

/// Which words mean which number. Upper and lower case are the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Severities {
    words: BTreeMap<String, u8>,
    ranges: Vec<(i64, i64, u8)>,
}

impl Severities {
    /// The words that are usual, or none.
    pub fn new(with_usual: bool) -> Self {
        let usual = DEFAULT.iter().filter(|_| with_usual);
        Self {
            words: usual
                .map(|(word, number)| ((*word).to_owned(), *number))
                .collect(),
            ranges: Vec::new(),
        }
    }

    /// The number of a level of the Collector's: `info`, `warn2`.
    pub fn number(level: &str) -> Option<u8> {
        let level = level.to_ascii_lowercase();
        let (name, step) = match level.strip_suffix(['2', '3', '4']) {
            Some(name) => (name.to_owned(), level.as_bytes()[level.len() - 1] - b'1'),
            None => (level, 0),
        };
        let first = match name.as_str() {
            "trace" => 1,
            "debug" => 5,
            "info" => 9,
            "warn" => 13,
            "error" => 17,
            "fatal" => 21,
            _ => return None,
        };
        Some(first + step)
    }

    /// A word means the number from now on.
    pub fn word(&mut self, word: &str, number: u8) {
        self.words.insert(word.to_lowercase(), number);
    }

    /// So do numbers from `min` to `max`.
    pub fn range(&mut self, min: i64, max: i64, number: u8) {
        self.ranges.push((min, max, number));
    }

    /// The number that a text means.
    pub fn find(&self, text: &str) -> Option<u8> {
        let text = text.trim();
        let known = match text.bytes().any(|byte| byte.is_ascii_uppercase()) || !text.is_ascii() {
            true => self.words.get(&text.to_lowercase()),
            false => self.words.get(text),
        };
        known.copied().or_else(|| {
            let number: i64 = text.parse().ok()?;
            let within = |(min, max, _): &&(i64, i64, u8)| (*min..=*max).contains(&number);
            self.ranges.iter().find(within).map(|(_, _, severity)| *severity)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_ranges_are_found() {
        let mut severities = Severities::new(true);
        severities.word("重大", 21);
        severities.range(500, 599, 17);
        for (text, expected) in [
            ("INFO", Some(9)),
            (" Warning ", Some(13)),
            ("重大", Some(21)),
            ("503", Some(17)),
            ("200", None),
            ("", None),
        ] {
            assert_eq!(severities.find(text), expected, "{text}");
        }
        assert_eq!(
            (Severities::number("error3"), Severities::number("loud")),
            (Some(19), None)
        );
    }
}
