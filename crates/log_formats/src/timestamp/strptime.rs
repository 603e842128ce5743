//! The Collector's directives (pkg/stanza, "timestamp parsing parameters"): `%Y-%m-%d %H:%M:%S`.
//!
//! They are not those of C everywhere: `%j`, `%k` and `%i` are offsets, `%s` is nanoseconds, `%L` milliseconds, `%g` the day and `%q` the
//! month without padding.

use super::LayoutError;
use super::item::{Digits, Item, Items};

/// The parts of a layout.
pub(super) fn items(layout: &str) -> Result<Vec<Item>, LayoutError> {
    let mut items = Items::default();
    let mut chars = layout.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, chars.clone().next()) {
            ('%', Some((_, letter))) => {
                chars.next();
                directive(letter, &mut items).map_err(|problem| LayoutError::at(layout, at, problem))?;
            }
            ('%', None) => {
                return Err(LayoutError::at(
                    layout,
                    at,
                    "nothing stands behind the last `%`".to_owned(),
                ));
            }
            (c, _) => items.literal(c),
        }
    }
    Ok(items.finish())
}

fn directive(letter: char, items: &mut Items) -> Result<(), String> {
    let literal = |text: &str| Item::Literal(text.into());
    let two = Digits::Two;
    let date_us = || [Item::Month(two), literal("/"), Item::Day(two), literal("/")];
    let time = || {
        [
            Item::Hour(Digits::OneOrTwo),
            literal(":"),
            Item::Minute(two),
            literal(":"),
            Item::Second(two),
        ]
    };
    match letter {
        'Y' => items.push(Item::Year),
        'y' => items.push(Item::ShortYear),
        'm' => items.push(Item::Month(two)),
        'o' => items.push(Item::Month(Digits::SpacePadded)),
        'q' => items.push(Item::Month(Digits::OneOrTwo)),
        'b' | 'h' | 'B' => items.push(Item::MonthName),
        'd' => items.push(Item::Day(two)),
        'e' => items.push(Item::Day(Digits::SpacePadded)),
        'g' => items.push(Item::Day(Digits::OneOrTwo)),
        'a' | 'A' => items.push(Item::WeekdayName),
        'H' => items.push(Item::Hour(Digits::OneOrTwo)),
        'I' => items.push(Item::Hour12(two)),
        'l' => items.push(Item::Hour12(Digits::OneOrTwo)),
        'p' | 'P' => items.push(Item::HalfDay),
        'M' => items.push(Item::Minute(two)),
        'S' => items.push(Item::Second(two)),
        'L' => items.fraction(3, true),
        'f' => items.fraction(6, true),
        's' => items.fraction(9, true),
        'Z' => items.push(Item::ZoneName),
        'z' | 'w' | 'i' | 'j' | 'k' => items.push(Item::Offset { is_optional: false }),
        'D' | 'x' => {
            items.extend(date_us());
            items.push(Item::Year);
        }
        'F' => items.extend([
            Item::Year,
            literal("-"),
            Item::Month(two),
            literal("-"),
            Item::Day(two),
        ]),
        'T' | 'X' => items.extend(time()),
        'R' => items.extend([Item::Hour(Digits::OneOrTwo), literal(":"), Item::Minute(two)]),
        'r' => {
            items.extend([Item::Hour12(two), literal(":"), Item::Minute(two), literal(":")]);
            items.extend([Item::Second(two), literal(" "), Item::HalfDay]);
        }
        'c' => {
            items.extend([
                Item::WeekdayName,
                literal(" "),
                Item::MonthName,
                literal(" "),
                Item::Day(two),
            ]);
            items.literal(' ');
            items.extend(time());
            items.extend([literal(" "), Item::Year]);
        }
        'n' => items.literal('\n'),
        't' => items.literal('\t'),
        '%' => items.literal('%'),
        'N' => return Err("`%N` is no directive: nanoseconds are `%s`".to_owned()),
        other => return Err(format!("`%{other}` is no directive of the Collector's")),
    }
    Ok(())
}
