//! Which names are valid.

use super::config::NameScheme;

/// Whether a label may have this name.
pub(super) fn is_label_name(name: &str, scheme: NameScheme) -> bool {
    match scheme {
        NameScheme::Utf8 => !name.is_empty(),
        NameScheme::Legacy => is_legacy(name) && !name.contains(':'),
    }
}

/// Whether a metric may have this name.
pub(super) fn is_metric_name(name: &str, scheme: NameScheme) -> bool {
    match scheme {
        NameScheme::Utf8 => !name.is_empty(),
        NameScheme::Legacy => is_legacy(name),
    }
}

fn is_legacy(name: &str) -> bool {
    let is_name_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    name.bytes().all(is_name_byte) && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_valid_by_their_scheme() {
        for (name, utf8, legacy_metric, legacy_label) in [
            ("up", true, true, true),
            ("a:b", true, true, false),
            ("1a", true, false, false),
            ("a.b", true, false, false),
            ("", false, false, false),
        ] {
            assert_eq!(is_metric_name(name, NameScheme::Utf8), utf8, "{name}");
            assert_eq!(is_metric_name(name, NameScheme::Legacy), legacy_metric, "{name}");
            assert_eq!(is_label_name(name, NameScheme::Legacy), legacy_label, "{name}");
        }
    }
}
