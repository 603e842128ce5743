//! Go's layouts (package `time`, "Layout"): the reference time Mon Jan 2 15:04:05 MST 2006 as the text would have it.

use super::LayoutError;
use super::item::{Digits, Item, Items};

/// The parts of a layout.
pub(super) fn items(layout: &str) -> Result<Vec<Item>, LayoutError> {
    let mut items = Items::default();
    let (mut at, mut parts) = (0, 0);
    while let Some(c) = layout.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = layout.get(at..).unwrap_or_default();
        let length = fraction(rest, &mut items).or_else(|| part(rest, &mut items));
        match length {
            Some(length) => {
                at += length;
                parts += 1;
            }
            None => {
                items.literal(c);
                at += c.len_utf8();
            }
        }
    }
    match parts {
        0 => {
            let problem = "no part of the reference time `Mon Jan 2 15:04:05 MST 2006` is in it";
            Err(LayoutError::at(layout, 0, problem.to_owned()))
        }
        _ => Ok(items.finish()),
    }
}

/// `.000`, `,999999`: zeros have to be there, nines need not.
fn fraction(rest: &str, items: &mut Items) -> Option<usize> {
    let digits = rest.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let after = digits.trim_start_matches(digit);
    if after.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    items.push(Item::Fraction {
        is_optional: digit == '9',
    });
    Some(rest.len() - after.len())
}

/// A part of the reference time at the beginning, with its length.
fn part(rest: &str, items: &mut Items) -> Option<usize> {
    // Of those with a common beginning the longer one comes first.
    let parts: [(&str, Item); 34] = [
        ("January", Item::MonthName),
        ("Jan", Item::MonthName),
        ("Monday", Item::WeekdayName),
        ("Mon", Item::WeekdayName),
        ("MST", Item::ZoneName),
        ("2006", Item::Year),
        ("-070000", Item::Offset { is_optional: false }),
        ("-07:00:00", Item::Offset { is_optional: false }),
        ("-07:00", Item::Offset { is_optional: false }),
        ("-0700", Item::Offset { is_optional: false }),
        ("-07", Item::Offset { is_optional: false }),
        ("Z070000", Item::Offset { is_optional: false }),
        ("Z07:00:00", Item::Offset { is_optional: false }),
        ("Z07:00", Item::Offset { is_optional: false }),
        ("Z0700", Item::Offset { is_optional: false }),
        ("Z07", Item::Offset { is_optional: false }),
        ("002", Item::DayOfYear),
        ("__2", Item::DayOfYear),
        ("01", Item::Month(Digits::Two)),
        ("02", Item::Day(Digits::Two)),
        ("03", Item::Hour12(Digits::Two)),
        ("04", Item::Minute(Digits::Two)),
        ("05", Item::Second(Digits::Two)),
        ("06", Item::ShortYear),
        ("15", Item::Hour(Digits::OneOrTwo)),
        ("PM", Item::HalfDay),
        ("pm", Item::HalfDay),
        ("_2006", Item::Literal("_".into())),
        ("_2", Item::Day(Digits::SpacePadded)),
        ("1", Item::Month(Digits::OneOrTwo)),
        ("2", Item::Day(Digits::OneOrTwo)),
        ("3", Item::Hour12(Digits::OneOrTwo)),
        ("4", Item::Minute(Digits::OneOrTwo)),
        ("5", Item::Second(Digits::OneOrTwo)),
    ];
    let (text, item) = parts.into_iter().find(|(text, _)| rest.starts_with(text))?;
    let is_short_name = matches!(text, "Jan" | "Mon");
    let goes_on = rest
        .get(text.len()..)?
        .starts_with(|c: char| c.is_ascii_lowercase());
    if is_short_name && goes_on {
        return None;
    }
    if let Item::Literal(_) = item {
        items.literal('_');
        return Some(1);
    }
    items.push(item);
    Some(text.len())
}
