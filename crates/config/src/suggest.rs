//! "Did you mean": the nearest of the known names.

/// Longest name that is compared; longer ones get no suggestion.
const MAX_NAME_CHARS: usize = 64;
/// Most known names that are compared.
const MAX_CANDIDATES: usize = 2_000;

/// The known name most similar to `name`: the same but for case and `-`/`_`, or at most a third of its
/// characters mistyped, or one is the beginning of the other. `None` when nothing is near.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = normalised(name)?;
    let candidates = known.into_iter().take(MAX_CANDIDATES);
    candidates
        .filter_map(|candidate| Some((dissimilarity(&wanted, &normalised(candidate)?)?, candidate)))
        .min_by_key(|(dissimilarity, _)| *dissimilarity)
        .map(|(_, candidate)| candidate)
}

/// Lower case, words joined by `_`: `pollInterval`, `poll-interval` and `poll_interval` are one name.
fn normalised(name: &str) -> Option<Vec<char>> {
    if name.chars().nth(MAX_NAME_CHARS).is_some() {
        return None;
    }
    let mut out = Vec::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | ' ' | '.' => out.push('_'),
            c if c.is_ascii_uppercase() => {
                if out.last().is_some_and(|last: &char| last.is_ascii_lowercase()) {
                    out.push('_');
                }
                out.push(c.to_ascii_lowercase());
            }
            c => out.push(c),
        }
    }
    Some(out)
}

/// How far apart two names are; `None` when too far to be meant.
fn dissimilarity(wanted: &[char], candidate: &[char]) -> Option<usize> {
    let distance = edit_distance(wanted, candidate);
    let shorter = wanted.len().min(candidate.len());
    if distance <= (wanted.len().max(candidate.len()) / 3).max(1) && distance < shorter.max(1) {
        return Some(distance);
    }
    let is_prefix = shorter >= 3 && wanted[..shorter] == candidate[..shorter];
    is_prefix.then(|| wanted.len().max(candidate.len()))
}

/// Optimal string alignment: insert, delete, replace, swap neighbours.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(from != to);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0 && j > 0 && a[i - 1] == *to && b[j - 1] == *from;
            if swapped {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 6] = [
        "interval",
        "metric",
        "endpoint",
        "max_size",
        "tls",
        "read_buffer_size",
    ];

    #[test]
    fn a_typing_mistake_finds_the_setting() {
        for (typed, meant) in [
            ("intervall", "interval"),
            ("intreval", "interval"),
            ("maxSize", "max_size"),
            ("max-size", "max_size"),
            ("endpont", "endpoint"),
            ("Metric", "metric"),
            ("tsl", "tls"),
            ("read_buffer", "read_buffer_size"),
        ] {
            assert_eq!(closest(typed, KNOWN), Some(meant), "{typed}");
        }
    }

    #[test]
    fn a_different_word_finds_nothing() {
        for typed in ["x", "", "colour", "password", &"interval".repeat(20)] {
            assert_eq!(closest(typed, KNOWN), None, "{typed}");
        }
    }
}
