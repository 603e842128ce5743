//! What the kernel's text files are made of: words, decimal numbers, lines of a key and a value.
//!
//! A word that is not what it should be is `None`, never a panic: the files of a fixture or of a future kernel are
//! foreign input.

/// The words of a text, whatever stands between them.
pub(crate) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// The lines of a text, without the empty ones.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// A decimal number that fills the word. `None` also where 64 bits do not hold it.
pub(crate) fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A decimal number with a sign or without.
pub(crate) fn signed(word: &[u8]) -> Option<i64> {
    match word.strip_prefix(b"-") {
        Some(digits) => 0_i64.checked_sub_unsigned(number(digits)?),
        None => i64::try_from(number(word)?).ok(),
    }
}

/// A hexadecimal number that fills the word, without `0x`.
pub(crate) fn hexadecimal(word: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()
}

/// The first number after the `key` that begins a line: `VmRSS:	  123 kB`, `usage_usec 5`. The key is given with
/// what ends it (`VmRSS:`, `usage_usec `).
pub(crate) fn number_after(text: &[u8], key: &str) -> Option<u64> {
    number(words(value_after(text, key)?).next()?)
}

/// What stands after the `key` that begins a line.
pub(crate) fn value_after<'t>(text: &'t [u8], key: &str) -> Option<&'t [u8]> {
    lines(text).find_map(|line| line.strip_prefix(key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_fill_their_word_and_fit_64_bits() {
        for (word, expected) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("", None),
            ("-1", None),
            ("1a", None),
            ("+1", None),
        ] {
            assert_eq!(number(word.as_bytes()), expected, "{word}");
        }
        assert_eq!(signed(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(signed(b"9223372036854775808"), None);
        assert_eq!(signed(b"-"), None);
        assert_eq!(hexadecimal(b"fF"), Some(255));
    }

    #[test]
    fn a_value_belongs_to_the_line_that_begins_with_its_key() {
        let text = b"VmRSSx: 1 kB\nVmRSS:\t  22 kB\n\nlast 3";
        assert_eq!(number_after(text, "VmRSS:"), Some(22));
        assert_eq!(number_after(text, "last "), Some(3));
        assert_eq!(number_after(text, "kB"), None);
    }
}
