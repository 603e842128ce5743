//! Lines, words and numbers of the kernel's text files.
//!
//! Everything here takes any bytes: what does not look as expected is `None`, never a panic.

/// The lines, without their ends. A last line without one counts.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The words, whatever stands between them.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
}

/// A decimal number; `None` for anything else and for more than 64 bits.
pub(crate) fn number(word: &[u8]) -> Option<u64> {
    if word.is_empty() {
        return None;
    }
    word.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| sum.checked_mul(10)?.checked_add(u64::from(digit)))?
    })
}

/// A decimal number with a sign or without.
#[cfg(target_os = "linux")]
pub(crate) fn signed(word: &[u8]) -> Option<i64> {
    match word.strip_prefix(b"-") {
        Some(digits) => 0_i64.checked_sub_unsigned(number(digits)?),
        None => i64::try_from(number(word)?).ok(),
    }
}

/// What stands after the `key` that begins a line. The key is given with what ends it (`VmRSS:`, `usage_usec `).
#[cfg(target_os = "linux")]
pub(crate) fn value_after<'t>(text: &'t [u8], key: &str) -> Option<&'t [u8]> {
    lines(text).find_map(|line| line.strip_prefix(key.as_bytes()))
}

/// The first number after the `key` that begins a line: `VmRSS: 123 kB`.
#[cfg(target_os = "linux")]
pub(crate) fn number_after(text: &[u8], key: &str) -> Option<u64> {
    number(words(value_after(text, key)?).next()?)
}

/// A hexadecimal number of at most 64 bits.
pub(crate) fn hexadecimal(word: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(word).ok()?;
    // `from_str_radix` would take a sign.
    let digits = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    digits.then(|| u64::from_str_radix(text, 16).ok())?
}

/// A decimal fraction such as `0.42`.
pub(crate) fn fraction(word: &[u8]) -> Option<f64> {
    let plain = word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    plain.then(|| std::str::from_utf8(word).ok()?.parse().ok())?
}

/// Text that may contain `\040` for a space and the like, as `mountinfo` and `swaps` write it. What is not UTF-8 is
/// replaced.
pub(crate) fn unescaped(word: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((first, behind)) = rest.split_first() {
        let code = (*first == b'\\')
            .then(|| behind.get(..3))
            .flatten()
            .and_then(octal);
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn octal(digits: &[u8]) -> Option<u8> {
    let value = digits.iter().try_fold(0_u32, |sum, digit| {
        matches!(digit, b'0'..=b'7').then(|| sum * 8 + u32::from(digit - b'0'))
    });
    u8::try_from(value?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_decimal_numbers_of_64_bits_are_numbers() {
        for (word, value) in [
            ("0", Some(0)),
            ("007", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("99999999999999999999", None),
            ("", None),
            ("-1", None),
            ("+1", None),
            ("1.0", None),
            ("x", None),
        ] {
            assert_eq!(number(word.as_bytes()), value, "{word:?}");
        }
        assert_eq!(hexadecimal(b"0A"), Some(10));
        assert_eq!((hexadecimal(b"+A"), hexadecimal(b"g")), (None, None));
        assert_eq!(
            (fraction(b"0.42"), fraction(b"-1"), fraction(b"1e9")),
            (Some(0.42), None, None)
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_value_belongs_to_the_line_that_begins_with_its_key() {
        let text = b"VmRSSx: 1 kB\nVmRSS:\t  22 kB\n\nlast 3";
        assert_eq!(number_after(text, "VmRSS:"), Some(22));
        assert_eq!(number_after(text, "last "), Some(3));
        assert_eq!(number_after(text, "kB"), None);
        assert_eq!(signed(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!((signed(b"9223372036854775808"), signed(b"-")), (None, None));
    }

    #[test]
    fn octal_escapes_are_undone_and_anything_else_stays() {
        for (word, text) in [
            ("/mnt/my\\040disk", "/mnt/my disk"),
            ("tab\\011back\\134", "tab\tback\\"),
            ("\\04", "\\04"),
            ("\\", "\\"),
            ("\\777", "\\777"),
            ("plain", "plain"),
        ] {
            assert_eq!(unescaped(word.as_bytes()), text, "{word:?}");
        }
    }
}
