//! Bytes as text: hexadecimal for trace and span ids, base64 (RFC 4648) for all other bytes.

/// Marks a character that is no digit.
const NONE: u8 = 0xff;

const HEX_VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut i = 0;
    while i < 16 {
        values[b"0123456789abcdef"[i] as usize] = i as u8;
        values[b"0123456789ABCDEF"[i] as usize] = i as u8;
        i += 1;
    }
    values
};

const HEX_PAIRS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut i = 0;
    while i < 256 {
        pairs[i] = [digits[i >> 4], digits[i & 15]];
        i += 1;
    }
    pairs
};

const BASE64_ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Both alphabets of RFC 4648: `+` and `-` are 62, `/` and `_` are 63.
const BASE64_VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut i = 0;
    while i < 64 {
        values[BASE64_ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
};

/// The text is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotEncoded;

/// Appends the bytes that `text` stands for in hexadecimal, in either case. On an error the bytes appended so far stay.
#[inline]
pub(super) fn append_hex(text: &[u8], out: &mut Vec<u8>) -> Result<(), NotEncoded> {
    let (pairs, rest) = text.as_chunks::<2>();
    let mut invalid = u8::from(!rest.is_empty()) << 7;
    out.extend(pairs.iter().map(|&[high, low]| {
        let (high, low) = (HEX_VALUES[usize::from(high)], HEX_VALUES[usize::from(low)]);
        // A digit is below 16, so only `NONE` has the highest bit.
        invalid |= high | low;
        high << 4 | low
    }));
    if invalid & 0x80 != 0 {
        Err(NotEncoded)
    } else {
        Ok(())
    }
}

/// Appends `bytes` in lower-case hexadecimal.
#[inline]
pub(super) fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().flat_map(|&byte| HEX_PAIRS[usize::from(byte)]));
}

/// Appends the bytes that `text` stands for in base64: either alphabet, with or without padding. Bits behind the last
/// byte are ignored. On an error the bytes appended so far stay.
pub(super) fn append_base64(text: &[u8], out: &mut Vec<u8>) -> Result<(), NotEncoded> {
    let unpadded = match text {
        [short @ .., b'=', b'='] | [short @ .., b'='] if text.len().is_multiple_of(4) => short,
        _ => text,
    };
    out.reserve(unpadded.len() / 4 * 3 + 2);
    let mut invalid = 0;
    let mut group = |digits: &[u8]| {
        digits.iter().fold(0u32, |bits, &digit| {
            let value = BASE64_VALUES[usize::from(digit)];
            invalid |= value;
            bits << 6 | u32::from(value & 63)
        })
    };
    let (groups, rest) = unpadded.as_chunks::<4>();
    for digits in groups {
        out.extend_from_slice(&group(digits).to_be_bytes()[1..]);
    }
    match rest.len() {
        0 => {}
        1 => return Err(NotEncoded),
        2 => out.push((group(rest) >> 4) as u8),
        _ => out.extend_from_slice(&(group(rest) >> 2).to_be_bytes()[2..]),
    }
    if invalid & 0x80 != 0 {
        Err(NotEncoded)
    } else {
        Ok(())
    }
}

/// Appends `bytes` in base64, standard alphabet, padded.
pub(super) fn write_base64(bytes: &[u8], out: &mut Vec<u8>) {
    let digit = |bits: u32| BASE64_ALPHABET[(bits & 63) as usize];
    out.reserve(bytes.len().div_ceil(3) * 4);
    let (groups, rest) = bytes.as_chunks::<3>();
    for &[a, b, c] in groups {
        let bits = u32::from_be_bytes([0, a, b, c]);
        out.extend_from_slice(&[
            digit(bits >> 18),
            digit(bits >> 12),
            digit(bits >> 6),
            digit(bits),
        ]);
    }
    match *rest {
        [a] => {
            let bits = u32::from(a) << 16;
            out.extend_from_slice(&[digit(bits >> 18), digit(bits >> 12), b'=', b'=']);
        }
        [a, b] => {
            let bits = u32::from(a) << 16 | u32::from(b) << 8;
            out.extend_from_slice(&[digit(bits >> 18), digit(bits >> 12), digit(bits >> 6), b'=']);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hex(text: &[u8]) -> Result<Vec<u8>, NotEncoded> {
        let mut out = Vec::new();
        append_hex(text, &mut out).map(|()| out)
    }

    fn base64(text: &[u8]) -> Result<Vec<u8>, NotEncoded> {
        let mut out = Vec::new();
        append_base64(text, &mut out).map(|()| out)
    }

    #[test]
    fn hexadecimal_is_read_in_any_case() {
        assert_eq!(hex(b""), Ok(vec![]));
        assert_eq!(hex(b"00fFaB09"), Ok(vec![0x00, 0xff, 0xab, 0x09]));
        for text in [
            &b"0"[..],
            b"abc",
            b"0g",
            b"g0",
            b" 0",
            b"0x",
            b"--",
            b"\xc3\xa9",
            b"==",
        ] {
            assert_eq!(hex(text), Err(NotEncoded), "{text:?}");
        }
    }

    #[test]
    fn base64_is_read_in_either_alphabet_with_or_without_padding() {
        // RFC 4648 section 10, and the characters in which the alphabets differ.
        for (text, bytes) in [
            (&b""[..], &b""[..]),
            (b"Zg==", b"f"),
            (b"Zg", b"f"),
            (b"Zm8=", b"fo"),
            (b"Zm8", b"fo"),
            (b"Zm9v", b"foo"),
            (b"Zm9vYg==", b"foob"),
            (b"Zm9vYmE=", b"fooba"),
            (b"Zm9vYmFy", b"foobar"),
            (b"+/+/", b"\xfb\xff\xbf"),
            (b"-_-_", b"\xfb\xff\xbf"),
            (b"+_-/", b"\xfb\xff\xbf"),
            (b"Zh==", b"f"),
        ] {
            assert_eq!(base64(text), Ok(bytes.to_vec()), "{text:?}");
        }
        for text in [
            &b"Z"[..],
            b"Zm9vY",
            b"Zg=",
            b"Zm8==",
            b"====",
            b"=",
            b"Z===",
            b"Zm=v",
            b"Zm9v Zm9v",
            b"Zg==Zg==",
            b"Zm9\xff",
        ] {
            assert_eq!(base64(text), Err(NotEncoded), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes: Vec<u8>) {
            let mut out = Vec::new();
            write_hex(&bytes, &mut out);
            prop_assert_eq!(hex(&out), Ok(bytes.clone()));
            out.clear();
            write_base64(&bytes, &mut out);
            prop_assert_eq!(out.len() % 4, 0);
            prop_assert_eq!(base64(&out), Ok(bytes));
        }
    }
}
