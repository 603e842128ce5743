//! What a layout is made of, whatever language it was written in.

/// How many digits a number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Digits {
    Two,
    OneOrTwo,
    /// One or two, with a space before a single one.
    SpacePadded,
}

/// A part of a layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// Text as it stands; a run of spaces stands for any run of spaces.
    Literal(Box<str>),
    /// `T`, `t` or a space, between date and time.
    Separator,
    /// Four digits.
    Year,
    /// Two digits: 69 to 99 are in the 20th century (POSIX, `strptime`).
    ShortYear,
    Month(Digits),
    /// `Jan` or `January`, in any case.
    MonthName,
    Day(Digits),
    /// Three digits; fewer with spaces before them.
    DayOfYear,
    /// `Mon` or `Monday`; it is not compared with the date.
    WeekdayName,
    Hour(Digits),
    /// 1 to 12; goes with [`Item::HalfDay`].
    Hour12(Digits),
    /// `AM` or `PM`, in any case.
    HalfDay,
    Minute(Digits),
    Second(Digits),
    /// A point or a comma and digits; those beyond nine are read and left out.
    Fraction {
        is_optional: bool,
    },
    /// So many digits of a fraction of a second, without a point.
    FractionDigits(u8),
    /// `Z`, `+hh`, `+hhmm`, `+hh:mm`, `+hh:mm:ss`, with either sign.
    Offset {
        is_optional: bool,
    },
    /// `CET`, `Europe/Berlin`, `UTC`, or an offset.
    ZoneName,
}

impl Item {
    /// What is expected where it is not there.
    pub(super) fn expected(&self) -> &'static str {
        match self {
            Self::Literal(_) => "the layout's text",
            Self::Separator => "`T` or a space",
            Self::Year => "four digits of the year",
            Self::ShortYear => "two digits of the year",
            Self::Month(Digits::Two) => "two digits of the month",
            Self::Month(_) => "the number of the month",
            Self::MonthName => "the English name of a month",
            Self::Day(Digits::Two) => "two digits of the day",
            Self::Day(_) => "the day of the month",
            Self::DayOfYear => "the day of the year in three digits",
            Self::WeekdayName => "the English name of a weekday",
            Self::Hour(Digits::Two) | Self::Hour12(Digits::Two) => "two digits of the hour",
            Self::Hour(_) | Self::Hour12(_) => "the hour",
            Self::HalfDay => "AM or PM",
            Self::Minute(Digits::Two) => "two digits of the minute",
            Self::Minute(_) => "the minute",
            Self::Second(Digits::Two) => "two digits of the second",
            Self::Second(_) => "the second",
            Self::Fraction { .. } => "a point or comma and the fraction of the second",
            Self::FractionDigits(_) => "the digits of the fraction of the second",
            Self::Offset { .. } => "an offset such as +02:00 or Z",
            Self::ZoneName => "the name of a time zone",
        }
    }

    /// A number whose end the text need not show.
    fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Year
                | Self::ShortYear
                | Self::Month(_)
                | Self::Day(_)
                | Self::DayOfYear
                | Self::Hour(_)
                | Self::Hour12(_)
                | Self::Minute(_)
                | Self::Second(_)
                | Self::FractionDigits(_)
        )
    }

    fn digits(&mut self) -> Option<&mut Digits> {
        match self {
            Self::Month(digits)
            | Self::Day(digits)
            | Self::Hour(digits)
            | Self::Hour12(digits)
            | Self::Minute(digits)
            | Self::Second(digits) => Some(digits),
            _ => None,
        }
    }
}

/// Collects the parts of a layout.
#[derive(Debug, Default)]
pub(super) struct Items(Vec<Item>);

impl Items {
    pub(super) fn push(&mut self, item: Item) {
        self.0.push(item);
    }

    pub(super) fn extend<const N: usize>(&mut self, items: [Item; N]) {
        for item in items {
            match item {
                Item::Literal(text) => text.chars().for_each(|c| self.literal(c)),
                item => self.push(item),
            }
        }
    }

    /// A character that stands for itself.
    pub(super) fn literal(&mut self, c: char) {
        match self.0.last_mut() {
            Some(Item::Literal(text)) => *text = format!("{text}{c}").into(),
            _ => self.push(Item::Literal(c.to_string().into())),
        }
    }

    /// A fraction of a second: with the point or comma before it, where one stands there.
    pub(super) fn fraction(&mut self, digits: u8, is_optional: bool) {
        let before = match self.0.last() {
            Some(Item::Literal(text)) => text.strip_suffix(['.', ',']).map(str::to_owned),
            _ => None,
        };
        let Some(before) = before else {
            return self.push(Item::FractionDigits(digits));
        };
        self.0.pop();
        if !before.is_empty() {
            self.push(Item::Literal(before.into()));
        }
        self.push(Item::Fraction { is_optional });
    }

    /// The parts. Numbers that touch have all their digits. A second may have a fraction that the layout does not show (Go's
    /// `time.Parse`), unless a point or comma follows in the layout.
    pub(super) fn finish(mut self) -> Vec<Item> {
        let touches: Vec<bool> = (0..self.0.len())
            .map(|index| {
                let is_number = |at: usize| self.0.get(at).is_some_and(Item::is_number);
                is_number(index) && (is_number(index + 1) || index.checked_sub(1).is_some_and(is_number))
            })
            .collect();
        for (item, _) in self.0.iter_mut().zip(touches).filter(|(_, touches)| *touches) {
            if let Some(digits) = item.digits() {
                *digits = Digits::Two;
            }
        }
        let mut items = Vec::with_capacity(self.0.len() + 1);
        let mut rest = self.0.into_iter().peekable();
        while let Some(item) = rest.next() {
            let is_second = matches!(item, Item::Second(_));
            items.push(item);
            let has_own = match rest.peek() {
                Some(Item::Fraction { .. } | Item::FractionDigits(_)) => true,
                Some(Item::Literal(text)) => text.starts_with(['.', ',']),
                _ => false,
            };
            if is_second && !has_own {
                items.push(Item::Fraction { is_optional: true });
            }
        }
        items
    }
}
