//! `/proc/<pid>/cmdline`, proc_pid_cmdline(5).

/// The arguments of a process: NUL after each. Empty for a kernel thread and a zombie. A process that writes its
/// title there (nginx, postgres) has a single argument with spaces in it.
pub fn arguments(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = trim_end(text);
    let count = if text.is_empty() { 0 } else { usize::MAX };
    text.split(|byte| *byte == 0).take(count)
}

/// Titles are filled up with NULs to the length of the first command line.
fn trim_end(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_end_with_nul_and_titles_with_many() {
        let of = |text: &'static [u8]| arguments(text).collect::<Vec<_>>();
        assert_eq!(
            of(b"python3\0main.py\0\0-x\0"),
            [&b"python3"[..], b"main.py", b"", b"-x"]
        );
        assert_eq!(of(b"nginx: worker process\0\0\0\0"), [b"nginx: worker process"]);
        assert!(of(b"").is_empty());
        assert!(of(b"\0\0").is_empty());
    }
}
