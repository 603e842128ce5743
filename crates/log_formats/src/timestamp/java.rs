//! Java's patterns (`java.time.format.DateTimeFormatter`, and Joda-Time's, which Logstash's `date` filter has): `yyyy-MM-dd
//! HH:mm:ss,SSS`. Logstash's word `ISO8601` is understood as well.

use std::iter::Peekable;
use std::str::CharIndices;

use super::LayoutError;
use super::item::{Digits, Item, Items};

/// The parts of a pattern.
pub(super) fn items(pattern: &str) -> Result<Vec<Item>, LayoutError> {
    let mut items = Items::default();
    if pattern == "ISO8601" {
        return Ok(iso8601());
    }
    let mut chars = pattern.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => quoted(&mut chars, &mut items)
                .map_err(|problem| LayoutError::at(pattern, at, problem.to_owned()))?,
            '[' | ']' | '{' | '}' | '#' => {
                let problem = format!(
                    "`{c}` means something in a pattern that is not supported: quote it, or give several layouts"
                );
                return Err(LayoutError::at(pattern, at, problem));
            }
            c if c.is_ascii_alphabetic() => {
                let mut count = 1;
                while chars.next_if(|(_, next)| *next == c).is_some() {
                    count += 1;
                }
                letters(c, count, &mut items).map_err(|problem| LayoutError::at(pattern, at, problem))?;
            }
            c => items.literal(c),
        }
    }
    Ok(items.finish())
}

fn iso8601() -> Vec<Item> {
    let mut items = Items::default();
    let literal = |text: &str| Item::Literal(text.into());
    let two = Digits::Two;
    items.extend([
        Item::Year,
        literal("-"),
        Item::Month(two),
        literal("-"),
        Item::Day(two),
        Item::Separator,
    ]);
    items.extend([
        Item::Hour(two),
        literal(":"),
        Item::Minute(two),
        literal(":"),
        Item::Second(two),
    ]);
    items.extend([
        Item::Fraction { is_optional: true },
        Item::Offset { is_optional: true },
    ]);
    items.finish()
}

fn letters(letter: char, count: u8, items: &mut Items) -> Result<(), String> {
    let number = Digits::OneOrTwo;
    match (letter, count) {
        ('y' | 'u' | 'Y', 2) => items.push(Item::ShortYear),
        ('y' | 'u' | 'Y', _) => items.push(Item::Year),
        ('M' | 'L', 1 | 2) => items.push(Item::Month(number)),
        ('M' | 'L', _) => items.push(Item::MonthName),
        ('d', _) => items.push(Item::Day(number)),
        ('D', _) => items.push(Item::DayOfYear),
        ('H' | 'k', _) => items.push(Item::Hour(number)),
        ('h' | 'K', _) => items.push(Item::Hour12(number)),
        ('m', _) => items.push(Item::Minute(number)),
        ('s', _) => items.push(Item::Second(number)),
        ('S' | 'n', count) => items.fraction(count.min(9), false),
        ('a', _) => items.push(Item::HalfDay),
        ('E', _) => items.push(Item::WeekdayName),
        ('Z', 3) | ('z' | 'V' | 'v', _) => items.push(Item::ZoneName),
        ('Z' | 'X' | 'x' | 'O', _) => items.push(Item::Offset { is_optional: false }),
        _ => {
            return Err(format!(
                "`{letter}` is no letter that is understood; text stands in quotes: `'{letter}'`"
            ));
        }
    }
    Ok(())
}

/// Text between single quotes, the first of which is taken; two of them are one.
fn quoted(chars: &mut Peekable<CharIndices<'_>>, items: &mut Items) -> Result<(), &'static str> {
    if chars.next_if(|(_, c)| *c == '\'').is_some() {
        items.literal('\'');
        return Ok(());
    }
    loop {
        match chars.next() {
            Some((_, '\'')) => match chars.next_if(|(_, c)| *c == '\'') {
                Some(_) => items.literal('\''),
                None => return Ok(()),
            },
            Some((_, c)) => items.literal(c),
            None => return Err("the quote is not closed"),
        }
    }
}
