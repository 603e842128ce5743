//! The line about the host on the terminal.

use std::fmt::{self, Display, Write as _};

/// Made of what each scraper has to say, in their order.
#[derive(Debug, Default)]
pub(super) struct Headline {
    line: String,
}

impl Headline {
    /// An empty line.
    pub(super) fn begin(&mut self) {
        self.line.clear();
    }

    /// Adds a part.
    pub(super) fn say(&mut self, part: fmt::Arguments<'_>) {
        if !self.line.is_empty() {
            self.line.push_str("  ");
        }
        // Writing to a string does not fail.
        let _ = self.line.write_fmt(part);
    }

    /// The line.
    pub(super) fn line(&self) -> &str {
        &self.line
    }
}

/// Bytes with a unit: `23.5 GB`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes(pub(super) f64);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(f64, &str); 4] = [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
        // From 999.95 on a unit would show as 1000.0.
        match UNITS.iter().find(|(size, _)| self.0 >= size * 0.99995) {
            Some((size, unit)) => write!(f, "{:.1} {unit}", self.0 / size),
            None => write!(f, "{:.0} B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_the_unit_that_gives_one_to_four_digits() {
        for (bytes, text) in [
            (0.0, "0 B"),
            (999.0, "999 B"),
            (1000.0, "1.0 kB"),
            (999_960.0, "1.0 MB"),
            (1_234_567.0, "1.2 MB"),
            (24_684_092.0 * 1024.0, "25.3 GB"),
            (5e15, "5000.0 TB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    #[test]
    fn parts_stand_apart() {
        let mut headline = Headline::default();
        headline.say(format_args!("cpu {:.1} %", 12.34));
        headline.say(format_args!("load 0.42"));
        assert_eq!(headline.line(), "cpu 12.3 %  load 0.42");
        headline.begin();
        assert_eq!(headline.line(), "");
    }
}
