//! Labels of a target or a sample.

use std::collections::BTreeMap;

/// Names and values, sorted by name, no name twice. A label with an empty value is as good as none, so there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Labels(Vec<(String, String)>);

/// Two labels of one name, which Prometheus refuses as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeated(pub(super) String);

impl Labels {
    /// Sorts what a page has.
    ///
    /// # Errors
    /// The name that stands twice.
    pub(super) fn from_unsorted(mut labels: Vec<(String, String)>) -> Result<Self, Repeated> {
        labels.sort_unstable();
        if let Some(pair) = labels.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Repeated(pair[0].0.clone()));
        }
        labels.retain(|(_, value)| !value.is_empty());
        Ok(Self(labels))
    }

    /// The value of a label; empty where it is not there.
    pub(super) fn get(&self, name: &str) -> &str {
        match self.find(name) {
            Ok(at) => &self.0[at].1,
            Err(_) => "",
        }
    }

    /// Sets a label; an empty value removes it.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        let value = value.into();
        match (self.find(name), value.is_empty()) {
            (Ok(at), true) => {
                self.0.remove(at);
            }
            (Ok(at), false) => self.0[at].1 = value,
            (Err(_), true) => {}
            (Err(at), false) => self.0.insert(at, (name.to_owned(), value)),
        }
    }

    /// Sets a label that is not there yet.
    pub(super) fn set_default(&mut self, name: &str, value: &str) {
        if self.find(name).is_err() {
            self.set(name, value);
        }
    }

    /// Removes a label and gives its value.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.find(name).ok()?;
        Some(self.0.remove(at).1)
    }

    /// Removes the labels that do not satisfy the condition.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|(name, _)| keep(name));
    }

    /// Names and values by rising name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn find(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| other.as_str().cmp(name))
    }
}

impl From<&BTreeMap<String, String>> for Labels {
    fn from(map: &BTreeMap<String, String>) -> Self {
        let given = map.iter().filter(|(_, value)| !value.is_empty());
        Self(given.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_value_is_no_label_and_a_name_stands_once() {
        let owned = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect::<Vec<_>>()
        };
        let mut labels = Labels::from_unsorted(owned(&[("b", "2"), ("a", "1"), ("c", "")])).expect("unique");
        labels.set("b", "");
        labels.set("d", "4");
        labels.set_default("d", "5");
        assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "1"), ("d", "4")]);
        assert_eq!(labels.get("b"), "");
        let twice = Labels::from_unsorted(owned(&[("a", "1"), ("b", ""), ("a", "2")]));
        assert_eq!(twice, Err(Repeated("a".to_owned())));
    }
}
