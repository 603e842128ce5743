//! Where an answer sends on to.

use http::{Response, StatusCode, header};

/// Where a page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) is_https: bool,
    /// `host` or `host:port`.
    pub(super) address: String,
    /// Path and query.
    pub(super) path: String,
}

/// The place that an answer names, where it is a redirect with one.
pub(super) fn location<B>(response: &Response<B>) -> Option<&str> {
    let redirects = [
        StatusCode::MOVED_PERMANENTLY,
        StatusCode::FOUND,
        StatusCode::SEE_OTHER,
        StatusCode::TEMPORARY_REDIRECT,
        StatusCode::PERMANENT_REDIRECT,
    ];
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    redirects.contains(&response.status()).then_some(location)
}

impl Place {
    /// The place that a `Location` means here (RFC 3986, section 5.2, without dot segments); `None` for another scheme than
    /// `http` and `https`.
    pub(super) fn resolve(&self, location: &str) -> Option<Self> {
        let location = location.split('#').next().unwrap_or_default();
        if let Some((scheme, rest)) = location
            .split_once("://")
            .filter(|(scheme, _)| !scheme.contains('/'))
        {
            let is_https = match scheme.to_ascii_lowercase().as_str() {
                "http" => false,
                "https" => true,
                _ => return None,
            };
            return Self::of(is_https, rest);
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::of(self.is_https, rest);
        }
        let path = match location.strip_prefix('/') {
            Some(_) => location.to_owned(),
            None => {
                let here = self.path.split('?').next().unwrap_or_default();
                let folder = here.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{folder}/{location}")
            }
        };
        Some(Self { path, ..self.clone() })
    }

    fn of(is_https: bool, rest: &str) -> Option<Self> {
        let (address, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        (!address.is_empty()).then(|| Self {
            is_https,
            address: address.to_owned(),
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_understood_from_where_it_stands() {
        let here = Place {
            is_https: false,
            address: "h:1".to_owned(),
            path: "/a/b?c=d".to_owned(),
        };
        for (location, expected) in [
            ("/x?y", Some((false, "h:1", "/x?y"))),
            ("x", Some((false, "h:1", "/a/x"))),
            ("https://i/z", Some((true, "i", "/z"))),
            ("HTTP://i:2", Some((false, "i:2", "/"))),
            ("http://i?q=1", Some((false, "i", "/?q=1"))),
            ("//i:3/z#f", Some((false, "i:3", "/z"))),
            ("ftp://i/z", None),
            ("http:///z", None),
        ] {
            let found = here.resolve(location);
            let found = found
                .as_ref()
                .map(|place| (place.is_https, place.address.as_str(), place.path.as_str()));
            assert_eq!(found, expected, "{location}");
        }
    }
}
