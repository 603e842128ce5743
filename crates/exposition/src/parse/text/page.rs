//! A page, read event by event.

use std::borrow::Cow;

use super::cursor::Cursor;
use super::metadata::{self, Comment};
use super::sample::{self, Sample, Tail};
use crate::parse::{Format, MetricType, ParseError};

/// What a page says next.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// The type of a family.
    Type {
        /// The family.
        family: Cow<'a, str>,
        /// Its type.
        kind: MetricType,
    },
    /// What a family is about.
    Help {
        /// The family.
        family: Cow<'a, str>,
        /// The text, without escapes.
        text: Cow<'a, str>,
    },
    /// The unit of a family, as a word: `seconds`.
    Unit {
        /// The family.
        family: Cow<'a, str>,
        /// The unit; may be empty.
        unit: &'a str,
    },
    /// A series with its value.
    Sample(Sample<'a>),
}

/// A text page that is being read. It is UTF-8 as a whole; that is checked once.
///
/// ```
/// use sidelight_exposition::parse::{Format, text::{Event, Page}};
///
/// let mut page = Page::new(b"# TYPE up gauge\nup{job=\"a\"} 1\n", Format::Text).expect("UTF-8");
/// assert!(matches!(page.next(), Ok(Some(Event::Type { .. }))));
/// let Ok(Some(Event::Sample(sample))) = page.next() else { panic!() };
/// assert_eq!((sample.series.as_str(), sample.tail.value), ("up{job=\"a\"}", 1.0));
/// assert_eq!(page.next(), Ok(None));
/// ```
#[derive(Clone, Debug)]
pub struct Page<'a> {
    cursor: Cursor<'a>,
    format: Format,
    /// The end was seen: that of the bytes, or `# EOF`.
    ended: bool,
    series_end: usize,
}

impl<'a> Page<'a> {
    /// A page in [`Format::Text`] or [`Format::OpenMetrics`].
    ///
    /// # Errors
    /// [`ParseError`] at the first byte that is not UTF-8.
    pub fn new(bytes: &'a [u8], format: Format) -> Result<Self, ParseError> {
        let page = simdutf8::compat::from_utf8(bytes)
            .map_err(|error| ParseError::at(bytes, error.valid_up_to(), "this is not UTF-8"))?;
        Ok(Self {
            cursor: Cursor { page, at: 0 },
            format,
            ended: false,
            series_end: 0,
        })
    }

    /// Where the page is read next, in bytes.
    pub fn position(&self) -> usize {
        self.cursor.at
    }

    /// The text between two positions of this page; empty where they are none of its positions.
    pub fn between(&self, from: usize, to: usize) -> &'a str {
        self.cursor.page.get(from..to).unwrap_or_default()
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// [`ParseError`] where the page breaks the grammar. There is no going on behind an error.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator of results would be asked again behind an error"
    )]
    pub fn next(&mut self) -> Result<Option<Event<'a>>, ParseError> {
        let event = self.step().map_err(|reason| self.error(reason))?;
        Ok(event)
    }

    /// Reads a sample whose line, and all lines before it since the last one, are known: where the page goes on with
    /// exactly `known`, which ended with a series then, they are stepped over and what follows the series is returned.
    /// `None` where it goes on otherwise; the position is then as it was.
    ///
    /// A page that says the same as last time is read at the speed of comparing memory.
    ///
    /// # Errors
    /// As [`Page::next`].
    #[inline]
    pub fn resume(&mut self, known: &str) -> Result<Option<Tail<'a>>, ParseError> {
        let rest = self.cursor.rest();
        // Behind the series there must be a blank, or `a` would be found at the beginning of `ab`.
        let is_known =
            rest.starts_with(known.as_bytes()) && matches!(rest.get(known.len()), Some(b' ' | b'\t'));
        if !is_known || self.ended {
            return Ok(None);
        }
        self.cursor.at += known.len();
        self.series_end = self.cursor.at;
        let tail = sample::tail(&mut self.cursor, self.format).map_err(|reason| self.error(reason))?;
        Ok(Some(tail))
    }

    /// Where the series of the sample that was read last ends. The text from where the sample before it ended
    /// ([`Page::position`] then) up to here is what [`Page::resume`] is to know next time.
    pub fn series_end(&self) -> usize {
        self.series_end
    }

    fn step(&mut self) -> Result<Option<Event<'a>>, &'static str> {
        while !self.ended {
            self.cursor.skip_spaces();
            match self.cursor.peek() {
                None => return self.end(),
                Some(b'\n' | b'\r') if self.cursor.end_of_line() => {}
                Some(b'#') => match metadata::comment(&mut self.cursor, self.format)? {
                    Comment::Event(event) => return Ok(Some(event)),
                    Comment::End => return self.end_of_openmetrics(),
                    Comment::Other => {}
                },
                Some(_) => return self.sample().map(|sample| Some(Event::Sample(sample))),
            }
        }
        Ok(None)
    }

    fn sample(&mut self) -> Result<Sample<'a>, &'static str> {
        let start = self.cursor.at;
        let series = sample::series(&mut self.cursor)?;
        self.series_end = start + series.as_str().len();
        let tail = sample::tail(&mut self.cursor, self.format)?;
        Ok(Sample { series, tail })
    }

    fn end(&mut self) -> Result<Option<Event<'a>>, &'static str> {
        self.ended = true;
        match self.format {
            Format::OpenMetrics => Err("the page breaks off: there is no `# EOF`"),
            Format::Text | Format::Protobuf => Ok(None),
        }
    }

    fn end_of_openmetrics(&mut self) -> Result<Option<Event<'a>>, &'static str> {
        self.ended = true;
        match self.cursor.rest() {
            [] => Ok(None),
            _ => Err("there is more behind `# EOF`"),
        }
    }

    #[cold]
    fn error(&self, reason: &'static str) -> ParseError {
        ParseError::at(self.cursor.page.as_bytes(), self.cursor.at, reason)
    }
}
