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
    match letter {
        'L' => items.fraction(3, true),
        'f' => items.fraction(6, true),
        's' => items.fraction(9, true),
        'n' => items.literal('\n'),
        't' => items.literal('\t'),
        '%' => items.literal('%'),
        'N' => return Err("`%N` is no directive: nanoseconds are `%s`".to_owned()),
        letter => match (part(letter), shorthand(letter)) {
            (Some(item), _) => items.push(item),
            (None, Some(directives)) => directives.chars().try_for_each(|c| {
                let is_directive = c.is_ascii_alphabetic();
                if is_directive {
                    directive(c, items)?;
                } else {
                    items.literal(c);
                }
                Ok::<(), String>(())
            })?,
            (None, None) => return Err(format!("`%{letter}` is no directive of the Collector's")),
        },
    }
    Ok(())
}

/// What one directive reads.
fn part(letter: char) -> Option<Item> {
    Some(match letter {
        'Y' => Item::Year,
        'y' => Item::ShortYear,
        'm' => Item::Month(Digits::Two),
        'o' => Item::Month(Digits::SpacePadded),
        'q' => Item::Month(Digits::OneOrTwo),
        'b' | 'h' | 'B' => Item::MonthName,
        'd' => Item::Day(Digits::Two),
        'e' => Item::Day(Digits::SpacePadded),
        'g' => Item::Day(Digits::OneOrTwo),
        'a' | 'A' => Item::WeekdayName,
        'H' => Item::Hour(Digits::OneOrTwo),
        'I' => Item::Hour12(Digits::Two),
        'l' => Item::Hour12(Digits::OneOrTwo),
        'p' | 'P' => Item::HalfDay,
        'M' => Item::Minute(Digits::Two),
        'S' => Item::Second(Digits::Two),
        'Z' => Item::ZoneName,
        'z' | 'w' | 'i' | 'j' | 'k' => Item::Offset { is_optional: false },
        _ => return None,
    })
}

/// Directives that stand for others, whose letters are written here.
fn shorthand(letter: char) -> Option<&'static str> {
    Some(match letter {
        'D' | 'x' => "m/d/Y",
        'F' => "Y-m-d",
        'T' | 'X' => "H:M:S",
        'R' => "H:M",
        'r' => "I:M:S p",
        'c' => "a b d H:M:S Y",
        _ => return None,
    })
}
