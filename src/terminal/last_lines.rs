//! The end of a text file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use sidelight_config::escaped;

/// How much of the file's end is read.
const MAX_BYTES: u64 = 64 << 10;

/// The most characters of a line that are shown.
const MAX_CHARS: usize = 200;

/// Appends the last `count` lines of the file, or why there are none. The file is opened anew each time, so that
/// one that was rotated is followed.
pub(super) fn push(text: &mut String, path: &Path, count: usize) {
    match end_of(path) {
        Ok(end) => {
            for line in last_lines(&end, count) {
                text.push_str("  ");
                text.push_str(&line);
                text.push('\n');
            }
        }
        Err(error) => text.push_str(&format!("  cannot be read: {error}\n")),
    }
}

fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MAX_BYTES)))?;
    let mut end = Vec::new();
    file.take(MAX_BYTES).read_to_end(&mut end)?;
    Ok(end)
}

/// The last lines, the oldest first, safe to print and of bounded length. What stands behind the last line feed
/// is a line too.
fn last_lines(end: &[u8], count: usize) -> Vec<String> {
    let end = end.strip_suffix(b"\n").unwrap_or(end);
    if end.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<String> = end.rsplit(|byte| *byte == b'\n').take(count).map(shown).collect();
    lines.reverse();
    lines
}

fn shown(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = String::from_utf8_lossy(line);
    match line.char_indices().nth(MAX_CHARS) {
        Some((cut, _)) => format!("{}…", escaped(&line[..cut])),
        None => escaped(&line).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_shown_in_their_order_and_cannot_move_the_cursor() {
        for (end, count, lines) in [
            (&b""[..], 3, &[][..]),
            (b"\n", 3, &[]),
            (b"one", 3, &["one"]),
            (b"one\ntwo\nthree\r\nfour\n", 3, &["two", "three", "four"]),
            (b"one\n\n\x1b[2Jtwo\n", 2, &["", "\\u{1b}[2Jtwo"]),
            (b"one\nhalf a line", 2, &["one", "half a line"]),
            (b"\xff\n", 1, &["\u{fffd}"]),
            (b"one\n", 0, &[]),
        ] {
            assert_eq!(last_lines(end, count), lines, "{end:?}");
        }
        let long = "ü".repeat(MAX_CHARS + 1);
        assert_eq!(last_lines(long.as_bytes(), 1)[0].chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn of_a_long_file_only_the_end_is_read_and_a_missing_one_says_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("app.log");
        let line = "x".repeat(99);
        std::fs::write(&path, format!("{line}\n").repeat(2000) + "last\n").expect("written");
        assert!(end_of(&path).expect("read").len() as u64 <= MAX_BYTES);
        let mut text = String::new();
        push(&mut text, &path, 1);
        assert_eq!(text, "  last\n");
        text.clear();
        push(&mut text, &folder.path().join("none.log"), 1);
        assert!(text.starts_with("  cannot be read: No such file"), "{text}");
    }
}
