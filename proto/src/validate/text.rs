/// Longest string that is checked word by word; longer ones go to the SIMD validator.
const SHORT: usize = 96;

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Whether `text` is UTF-8.
///
/// Attribute keys and values are nearly always short and ASCII, for which an OR over overlapping words is several times
/// cheaper than setting up a vector loop.
#[inline(always)]
pub(super) fn is_utf8(text: &[u8]) -> bool {
    if text.len() <= SHORT && is_short_ascii(text) {
        true
    } else {
        is_utf8_by_simd(text)
    }
}

#[inline(never)]
fn is_utf8_by_simd(text: &[u8]) -> bool {
    simdutf8::basic::from_utf8(text).is_ok()
}

/// Whether no byte has its high bit set. Meant for short input; correct for any.
#[inline(always)]
pub(super) fn is_short_ascii(text: &[u8]) -> bool {
    let Some(last) = text.last_chunk::<8>() else {
        return is_tiny_ascii(text);
    };
    let mut seen = u64::from_le_bytes(*last);
    for word in text.chunks_exact(8) {
        // `chunks_exact` yields eight bytes, so the default is never taken.
        seen |= word
            .first_chunk::<8>()
            .map_or(HIGH_BITS, |word| u64::from_le_bytes(*word));
    }
    seen & HIGH_BITS == 0
}

/// Fewer than eight bytes, by two overlapping halves.
#[inline(always)]
fn is_tiny_ascii(text: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let seen = u32::from_le_bytes(*first) | u32::from_le_bytes(*last);
        return seen & HIGH_BITS as u32 == 0;
    }
    match *text {
        [] => true,
        [a] => a < 0x80,
        [a, b] => a | b < 0x80,
        [a, b, c, ..] => a | b | c < 0x80,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_high_byte_at_any_place_of_any_short_string_is_seen() {
        for len in 0..130 {
            let mut text = vec![b'a'; len];
            assert!(is_short_ascii(&text) && is_utf8(&text), "{len}");
            for at in 0..len {
                text[at] = 0x80;
                assert!(!is_short_ascii(&text) && !is_utf8(&text), "{len} {at}");
                text[at] = b'a';
            }
        }
    }

    #[test]
    fn text_beyond_ascii_is_utf8() {
        assert!(is_utf8("Größe".as_bytes()) && is_utf8("日本語".repeat(90).as_bytes()));
        assert!(!is_utf8(&"日本語".as_bytes()[..8]));
    }
}
