//! `/proc/pressure/{cpu,memory,io}` and `*.pressure` of cgroups (Documentation/accounting/psi.rst).

use crate::fields::{fraction, lines, number, words};

/// How long work stood still for want of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pressure {
    /// At least one task waited.
    pub some: Stalled,
    /// All tasks waited at the same time; `None` where the kernel does not tell it.
    pub full: Option<Stalled>,
}

/// One line of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stalled {
    /// Per cent of the last 10 s.
    pub avg10: f64,
    /// Per cent of the last 60 s.
    pub avg60: f64,
    /// Per cent of the last 300 s.
    pub avg300: f64,
    /// Microseconds since the boot.
    pub total_us: u64,
}

impl Pressure {
    /// Reads the file's text; `None` without a line `some`.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (mut some, mut full) = (None, None);
        for line in lines(text) {
            let mut fields = words(line);
            match fields.next() {
                Some(b"some") => some = Some(stalled(fields)),
                Some(b"full") => full = Some(stalled(fields)),
                _ => {}
            }
        }
        Some(Self { some: some?, full })
    }
}

fn stalled<'a>(fields: impl Iterator<Item = &'a [u8]>) -> Stalled {
    let mut found = Stalled::default();
    for field in fields {
        let Some(equals) = field.iter().position(|byte| *byte == b'=') else {
            continue;
        };
        let (name, value) = (&field[..equals], &field[equals + 1..]);
        match name {
            b"avg10" => found.avg10 = fraction(value).unwrap_or(0.0),
            b"avg60" => found.avg60 = fraction(value).unwrap_or(0.0),
            b"avg300" => found.avg300 = fraction(value).unwrap_or(0.0),
            b"total" => found.total_us = number(value).unwrap_or(0),
            _ => {}
        }
    }
    found
}
