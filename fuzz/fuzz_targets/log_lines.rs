//! Whatever stands in a log file, its lines become a valid request, however its bytes come. First byte: encoding and kind of record; second:
//! the length of the pieces; third: what reads the lines.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use sidelight_config::ByteSize;
use sidelight_log_formats::grok::Grok;
use sidelight_log_formats::access_log::{AccessLog, Format};
use sidelight_log_formats::{Layout, LayoutKind, Map, Pattern, json, key_value, message_pattern};
use sidelight_log_framing::{Framer, Framing, FramingSettings, Multiline, Oversize, Preset};

type Frames = Vec<(String, u64, u64, bool)>;

const ENCODINGS: [&str; 6] = ["utf-8", "utf-16le", "utf-16be", "gb18030", "shift_jis", "latin-1"];

fn settings(choice: u8) -> FramingSettings {
    let multiline = |start: Option<&str>, end: Option<&str>, preset| Multiline {
        line_start_pattern: start.map(str::to_owned),
        line_end_pattern: end.map(str::to_owned),
        preset,
        ..Multiline::default()
    };
    FramingSettings {
        encoding: ENCODINGS[usize::from(choice) % ENCODINGS.len()].to_owned(),
        multiline: match choice / 6 % 7 {
            0 => None,
            1 => Some(multiline(Some("^[0-9]"), None, None)),
            2 => Some(multiline(None, Some(";$"), None)),
            3 => Some(multiline(None, None, Some(Preset::Python))),
            4 => Some(multiline(None, None, Some(Preset::Java))),
            5 => Some(multiline(None, None, Some(Preset::Go))),
            _ => Some(multiline(None, None, Some(Preset::Rust))),
        },
        max_log_size: ByteSize(64),
        max_log_size_behavior: if choice < 128 { Oversize::Split } else { Oversize::Truncate },
        ..FramingSettings::default()
    }
}

fn framed(framing: &Arc<Framing>, bytes: &[u8], piece: usize) -> Frames {
    let mut framer = Framer::new(framing.clone(), 0);
    let mut frames = Frames::new();
    let mut take = |frame: sidelight_log_framing::Frame<'_>| {
        frames.push((frame.text.to_owned(), frame.start, frame.end, frame.cut));
    };
    for part in bytes.chunks(piece) {
        framer.feed(part, &mut take);
    }
    framer.flush(&mut take);
    frames
}

fuzz_target!(|data: &[u8]| {
    let [choice, piece, reader, bytes @ ..] = data else { return };
    let framing = Arc::new(Framing::new(&settings(*choice)).expect("good settings"));
    let whole = framed(&framing, bytes, usize::MAX);
    assert_eq!(framed(&framing, bytes, usize::from(*piece) + 1), whole);
    let mut before = 0;
    for (text, start, end, _) in &whole {
        assert!(*start >= before && end > start);
        before = *end;
        read(text, *reader);
    }
});

/// No text makes a reader panic.
fn read(text: &str, reader: u8) {
    let mut map = Map::new();
    match reader % 8 {
        0 => drop(json::parse(text)),
        1 => drop(key_value::parse(text, "=", "")),
        2 => {
            for (_, format) in Format::ALL {
                let log = AccessLog::new(format, Some("UTC")).expect("known");
                let _ = log.parse(text, &mut map);
            }
            let pattern = message_pattern(text);
            assert_eq!(message_pattern(&pattern), pattern);
        }
        3 => {
            let own = std::collections::BTreeMap::new();
            if let Ok(mut grok) = Grok::compile(&[text.to_owned()], &own) {
                let _ = grok.captures(text.into(), &mut map);
                let _ = grok.reach(text);
            }
        }
        4 => {
            if let Ok(mut pattern) = Pattern::compile(text) {
                let _ = pattern.captures(text.into(), &mut map);
            }
        }
        kind => {
            let kinds = [LayoutKind::Strptime, LayoutKind::Gotime, LayoutKind::Java];
            let (layout, value) = text.split_once('|').unwrap_or((text, text));
            if let Ok(layout) = Layout::parse(layout, kinds[usize::from(kind) - 5], Some("Europe/Berlin")) {
                let _ = layout.read(value, 1_764_000_000_000_000_000);
            }
            if let Ok(layout) = Layout::parse("s.ns", LayoutKind::Epoch, None) {
                let _ = layout.read(value, 0);
            }
        }
    }
}
