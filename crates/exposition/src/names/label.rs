//! Names of labels.

use super::{TranslationStrategy, UnusableName, is_alphanumeric, is_underscores};

/// The label of an attribute with this key.
///
/// Where the strategy escapes, what is not a letter or digit becomes `_`, several of them one; a digit in front gets
/// `key_`, an underscore in front `key`. A key that begins and ends with two underscores (`__name__`) keeps them: such
/// labels are Prometheus' own.
///
/// Different keys may become one label: then the values are joined by `;` in the order of the keys.
///
/// # Errors
/// [`UnusableName`] for an empty key and where only underscores are left.
pub fn label_name(key: &str, strategy: TranslationStrategy) -> Result<String, UnusableName> {
    let unusable = || UnusableName(key.to_owned());
    if is_underscores(key) {
        return Err(unusable());
    }
    if !strategy.escapes() {
        return Ok(key.to_owned());
    }
    let reserved = key.strip_prefix("__").and_then(|rest| rest.strip_suffix("__"));
    let name = match reserved {
        Some(inner) => format!("__{}__", escape(inner)),
        None => lead(escape(key)),
    };
    // `key_` alone is what would be left of a key without a letter.
    if is_underscores(&name) || name == "key_" {
        return Err(unusable());
    }
    Ok(name)
}

/// The label of an attribute of the instrumentation scope.
///
/// # Errors
/// As [`label_name`].
pub fn scope_label_name(key: &str, strategy: TranslationStrategy) -> Result<String, UnusableName> {
    label_name(&format!("otel_scope_{key}"), strategy)
}

fn lead(name: String) -> String {
    match name.as_bytes().first() {
        Some(b'0'..=b'9') => format!("key_{name}"),
        Some(b'_') => format!("key{name}"),
        _ => name,
    }
}

fn escape(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 4);
    for c in key.chars() {
        if is_alphanumeric(c) {
            out.push(c);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_labels_that_every_prometheus_reads() {
        for (key, expected) in [
            ("http.route", "http_route"),
            ("CamelCase", "CamelCase"),
            ("with:colon", "with_colon"),
            ("a..b__c-d", "a_b_c_d"),
            ("ends.", "ends_"),
            ("naïve", "na_ve"),
            ("1st", "key_1st"),
            ("_private", "key_private"),
            (".hidden", "key_hidden"),
            ("__two", "key_two"),
            ("__name__", "__name__"),
            ("__a.b__c__", "__a_b_c__"),
            ("数", "!"),
            ("", "!"),
            ("_", "!"),
            ("__", "!"),
            ("____", "!"),
            ("_____", "!"),
        ] {
            let made = label_name(key, TranslationStrategy::UnderscoreEscapingWithSuffixes);
            assert_eq!(made.as_deref().unwrap_or("!"), expected, "{key}");
        }
    }

    #[test]
    fn other_characters_stay_where_the_strategy_says_so() {
        for (key, expected) in [("http.route", "http.route"), ("数", "数"), ("", "!"), ("__", "!")] {
            let made = label_name(key, TranslationStrategy::NoTranslation);
            assert_eq!(made.as_deref().unwrap_or("!"), expected, "{key}");
        }
    }

    #[test]
    fn attributes_of_the_scope_are_told_by_their_prefix() {
        let name = |key| scope_label_name(key, TranslationStrategy::default()).expect("usable");
        assert_eq!(name("library.mascot"), "otel_scope_library_mascot");
        assert_eq!(name("version"), "otel_scope_version");
    }
}
