//! Attributes from the environment.
//!
//! Source: OpenTelemetry specification, "Resource SDK", section "Specifying resource information via an environment
//! variable", and "SDK environment variables".

use super::super::found::Found;

/// The variables that are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// `OTEL_RESOURCE_ATTRIBUTES`, else the older `OTEL_RESOURCE`.
    pub(crate) attributes: Option<String>,
    /// `OTEL_SERVICE_NAME`.
    pub(crate) service_name: Option<String>,
}

/// Most attributes of one variable.
const MAX_ATTRIBUTES: usize = 128;

impl Environment {
    pub(crate) fn of_the_program() -> Self {
        let variable = |name| {
            let value = std::env::var(name).ok()?;
            (!value.trim().is_empty()).then(|| value.trim().to_owned())
        };
        Self {
            attributes: variable("OTEL_RESOURCE_ATTRIBUTES").or_else(|| variable("OTEL_RESOURCE")),
            service_name: variable("OTEL_SERVICE_NAME"),
        }
    }
}

/// # Errors
/// What is wrong with the variable; all of it is then left out, as the specification wants.
pub(super) fn detect(environment: &Environment) -> Result<Vec<Found>, String> {
    let mut found: Vec<Found> = Vec::new();
    for (nth, pair) in entries(environment.attributes.as_deref().unwrap_or_default()) {
        let problem = |what: &str| Err(format!("OTEL_RESOURCE_ATTRIBUTES: entry {} {what}", nth + 1));
        let Some((key, value)) = pair.split_once('=') else {
            return problem("has no `=`; write `key=value,key=value`");
        };
        let (Some(key), Some(value)) = (decoded(key.trim()), decoded(value.trim())) else {
            return problem("has a `%` that is not followed by two hexadecimal digits");
        };
        if key.is_empty() {
            return problem("has no key");
        }
        if found.len() == MAX_ATTRIBUTES {
            return problem("is one too many; 128 are read");
        }
        // Of a key that stands twice the last counts.
        found.retain(|other| other.key() != key);
        found.push(Found::text(&key, &value));
    }
    let names_service = found.iter().any(|attribute| attribute.key() == "service.name");
    if let (Some(name), false) = (&environment.service_name, names_service) {
        found.push(Found::text("service.name", name).only_added());
    }
    Ok(found)
}

/// The entries that are not empty, with their places.
fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(',')
        .enumerate()
        .filter(|(_, entry)| !entry.trim().is_empty())
}

/// Percent-decoding (RFC 3986, section 2.1); `None` for a broken escape or what is no UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let value = digit(rest.next()?)? * 16 + digit(rest.next()?)?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(attributes: &str, service_name: Option<&str>) -> Result<Vec<(String, String)>, String> {
        let environment = Environment {
            attributes: Some(attributes.to_owned()),
            service_name: service_name.map(str::to_owned),
        };
        let found = detect(&environment)?;
        let text = |found: &Found| found.value().as_str().unwrap_or("?").to_owned();
        Ok(found
            .iter()
            .map(|found| (found.key().to_owned(), text(found)))
            .collect())
    }

    #[test]
    fn pairs_are_read_as_the_specification_has_them() {
        let table: [(&str, &[(&str, &str)]); 6] = [
            ("a=1", &[("a", "1")]),
            (" a = 1 , b=x y ,", &[("a", "1"), ("b", "x y")]),
            ("a=x%2Cy%3D%20z,b=+", &[("a", "x,y= z"), ("b", "+")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a=,a=2", &[("a", "2")]),
            ("m=%E6%97%A5", &[("m", "日")]),
        ];
        for (text, expected) in table {
            let expected: Vec<_> = expected
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect();
            assert_eq!(shown(text, None).as_ref(), Ok(&expected), "{text}");
        }
        assert_eq!(shown("", None), Ok(vec![]));
    }

    #[test]
    fn a_mistake_leaves_out_all_and_is_named() {
        for (text, problem) in [
            ("a=1,b", "entry 2 has no `=`"),
            ("a=%2", "entry 1 has a `%`"),
            ("a=%GG", "entry 1 has a `%`"),
            ("a=%FF", "entry 1 has a `%`"),
            ("=1", "entry 1 has no key"),
        ] {
            let error = shown(text, None).expect_err(text);
            assert!(error.contains(problem), "{text}: {error}");
        }
        let many: String = (0..129).map(|n| format!("k{n}=v,")).collect();
        assert!(shown(&many, None).expect_err("too many").contains("entry 129"));
    }

    #[test]
    fn the_name_of_the_service_comes_from_its_own_variable_unless_the_list_has_it() {
        let name = |name: &str| Ok(vec![("service.name".to_owned(), name.to_owned())]);
        assert_eq!(shown("", Some("own")), name("own"));
        assert_eq!(shown("service.name=list", Some("own")), name("list"));
    }
}
