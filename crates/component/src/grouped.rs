//! Large numbers as people read them, for headlines and summaries.

/// `1,234,600`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_stand_in_groups_of_three() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (14_210, "14,210"),
            (1_000_000, "1,000,000"),
            (1_234_600, "1,234,600"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }
}
