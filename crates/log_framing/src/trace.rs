//! Stack traces: does a line belong to the one before it?

use crate::settings::Preset;

/// What the lines before were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Before {
    /// Ordinary ones.
    #[default]
    Text,
    /// Within a stack trace.
    Trace,
    /// Behind the last line of one: what goes on with it says so.
    End,
}

/// Whether the line belongs to the record before it; notes what it was. A few comparisons of its first bytes.
pub(crate) fn joins(preset: Preset, before: &mut Before, line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let after = match preset {
        Preset::Python => python(*before, line),
        Preset::Java => java(*before, line),
        Preset::Go => go(*before, line),
        Preset::Node => node(*before, line),
        Preset::Rust => rust(*before, line),
    };
    *before = after.unwrap_or_default();
    after.is_some()
}

fn is_indented(line: &[u8]) -> bool {
    matches!(line.first(), Some(b' ' | b'\t'))
}

fn starts_with_any(line: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| line.starts_with(word.as_bytes()))
}

fn python(before: Before, line: &[u8]) -> Option<Before> {
    const GO_ON: [&str; 4] = [
        "Traceback (most recent call last):",
        "During handling of the above exception",
        "The above exception was the direct cause",
        "  + Exception Group Traceback",
    ];
    if starts_with_any(line, &GO_ON) {
        return Some(Before::Trace);
    }
    match before {
        _ if is_indented(line) => Some(Before::Trace),
        Before::Trace if line.is_empty() => Some(Before::Trace),
        Before::Trace if is_exception(line) => Some(Before::End),
        Before::End if line.is_empty() => Some(Before::End),
        _ => None,
    }
}

/// `ValueError: text`, `app.errors.OutOfMoney`.
fn is_exception(line: &[u8]) -> bool {
    let name = line
        .iter()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_')))
        .unwrap_or(line.len());
    let starts = line
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    starts && (name == line.len() || line[name] == b':')
}

fn java(before: Before, line: &[u8]) -> Option<Before> {
    if starts_with_any(
        line,
        &[
            "Caused by: ",
            "Suppressed: ",
            "Exception in thread \"",
            "Wrapped by: ",
        ],
    ) {
        return Some(Before::Trace);
    }
    if is_indented(line) {
        return Some(Before::Trace);
    }
    // The exception itself, under the line that was logged with it.
    let name = line
        .iter()
        .position(|byte| *byte == b':' || *byte == b' ')
        .unwrap_or(line.len());
    let is_throwable = line[..name].contains(&b'.')
        && (line[..name].ends_with(b"Exception") || line[..name].ends_with(b"Error"));
    (is_throwable || (line.is_empty() && before == Before::Trace)).then_some(Before::Trace)
}

fn go(before: Before, line: &[u8]) -> Option<Before> {
    if starts_with_any(
        line,
        &[
            "goroutine ",
            "created by ",
            "\t",
            "[signal ",
            "panic: ",
            "exit status ",
        ],
    ) {
        return Some(Before::Trace);
    }
    let is_call = || line.ends_with(b")") && !line.contains(&b' ');
    (before == Before::Trace && (line.is_empty() || is_call() || line == b"main.main()"))
        .then_some(Before::Trace)
}

fn node(before: Before, line: &[u8]) -> Option<Before> {
    let is_closed = matches!(line, b"}" | b"]" | b"})") && before == Before::Trace;
    (is_indented(line) || is_closed || (line.is_empty() && before == Before::Trace)).then_some(Before::Trace)
}

fn rust(before: Before, line: &[u8]) -> Option<Before> {
    const GO_ON: [&str; 4] = ["stack backtrace:", "note: ", "thread '", "Caused by:"];
    if starts_with_any(line, &GO_ON) || is_indented(line) {
        return Some(Before::Trace);
    }
    match before {
        // The text of a panic has a line of its own.
        Before::Trace if !line.is_empty() && !line[0].is_ascii_digit() && line[0] != b'[' => {
            Some(Before::End)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(preset: Preset, text: &str) -> Vec<usize> {
        let mut before = Before::default();
        let mut counts: Vec<usize> = Vec::new();
        for line in text.lines() {
            match (joins(preset, &mut before, line.as_bytes()), counts.last_mut()) {
                (true, Some(count)) => *count += 1,
                _ => counts.push(1),
            }
        }
        counts
    }

    #[test]
    fn stack_traces_belong_to_the_line_before_them() {
        for (preset, text, expected) in [
            (
                Preset::Python,
                "2026-11-25 ERROR boom\nTraceback (most recent call last):\n  File \"a.py\", line 1, in f\n    g()\nValueError: x\n\n\
                 During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  \
                 File \"b.py\", line 2, in g\napp.errors.Bad: y\n2026-11-25 INFO on\nINFO: no trace",
                vec![11, 1, 1],
            ),
            (
                Preset::Java,
                "10:00 ERROR boom\njava.lang.IllegalStateException: x\n\tat a.B.c(B.java:1)\nCaused by: java.io.IOException: y\n\t... 12 more\n10:01 INFO on",
                vec![5, 1],
            ),
            (
                Preset::Go,
                "2026/11/25 start\npanic: boom\n\ngoroutine 1 [running]:\nmain.f(0x1)\n\t/src/main.go:7 +0x1d\nmain.main()\n\t/src/main.go:3\nexit status 2\n2026/11/25 again",
                vec![9, 1],
            ),
            (
                Preset::Node,
                "Error: boom\n    at f (/srv/a.js:1:2)\n    at node:internal/x:3:4 {\n  code: 'E'\n}\nnext",
                vec![5, 1],
            ),
            (
                Preset::Rust,
                "2026 start\nthread 'main' panicked at src/main.rs:2:5:\nboom\nstack backtrace:\n   0: rust_begin_unwind\n             at /rustc/x\nnote: Some details are omitted\n2026 again",
                vec![7, 1],
            ),
        ] {
            assert_eq!(records(preset, text), expected, "{preset:?}");
        }
    }
}
