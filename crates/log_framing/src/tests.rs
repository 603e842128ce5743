use std::sync::Arc;

use proptest::prelude::*;
use sidelight_config::ByteSize;

use crate::{Framer, Framing, FramingSettings, Multiline, Oversize, Preset};

type Owned = (String, u64, u64, bool);

fn settings() -> FramingSettings {
    FramingSettings::default()
}

fn multiline(start: Option<&str>, end: Option<&str>, preset: Option<Preset>) -> FramingSettings {
    let multiline = Multiline {
        line_start_pattern: start.map(str::to_owned),
        line_end_pattern: end.map(str::to_owned),
        preset,
        ..Multiline::default()
    };
    FramingSettings {
        multiline: Some(multiline),
        ..settings()
    }
}

/// All frames of bytes that come in pieces of these lengths, in turn.
fn framed(settings: &FramingSettings, at: u64, bytes: &[u8], pieces: &[usize]) -> Vec<Owned> {
    let framing = Arc::new(Framing::new(settings).expect("good settings"));
    let mut framer = Framer::new(framing, at);
    let mut frames = Vec::new();
    let mut rest = bytes;
    let mut pieces = pieces.iter().cycle();
    while !rest.is_empty() {
        let (piece, after) = rest.split_at((*pieces.next().expect("endless")).clamp(1, rest.len()));
        framer.feed(piece, &mut |frame| {
            frames.push((frame.text.to_owned(), frame.start, frame.end, frame.cut))
        });
        rest = after;
        let given = frames.last().map_or(at, |last| last.2);
        assert!(framer.pending_from() >= given);
    }
    framer.flush(&mut |frame| frames.push((frame.text.to_owned(), frame.start, frame.end, frame.cut)));
    assert_eq!(
        (framer.pending_from(), framer.pending_bytes()),
        (at + bytes.len() as u64, 0)
    );
    frames
}

fn texts(settings: &FramingSettings, bytes: &[u8]) -> Vec<String> {
    framed(settings, 0, bytes, &[1 << 20])
        .into_iter()
        .map(|frame| frame.0)
        .collect()
}

#[test]
fn lines_have_their_offsets_and_neither_ends_nor_white_space() {
    let frames = framed(&settings(), 100, b"one\r\n\n  two  \nthree", &[4]);
    let expected = [("one", 100, 105), ("two", 106, 114), ("three", 114, 119)];
    assert_eq!(
        frames,
        expected.map(|(text, start, end)| (text.to_owned(), start, end, false))
    );
    let kept = FramingSettings {
        preserve_leading_whitespaces: true,
        preserve_trailing_whitespaces: true,
        ..settings()
    };
    assert_eq!(texts(&kept, b"  two  \r\n\t\n"), ["  two  ", "\t"]);
}

#[test]
fn encodings_are_read() {
    for (name, bytes, expected) in [
        (
            "utf-8",
            b"\xef\xbb\xbfa\nb\xff\n".to_vec(),
            vec!["a", "b\u{fffd}"],
        ),
        (
            "utf-16le",
            b"\xff\xfea\0\n\0\x0a\x4e\n\0".to_vec(),
            vec!["a", "\u{4e0a}"],
        ),
        (
            "utf-16be",
            b"\0a\0\r\0\n\x0a\x00\0\n".to_vec(),
            vec!["a", "\u{0a00}"],
        ),
        ("latin-1", b"caf\xe9\n\x85x\n".to_vec(), vec!["caf\u{e9}", "x"]),
        ("gbk", b"\xc4\xe3\n\xba\xc3".to_vec(), vec!["你", "好"]),
        ("gb18030", b"\x81\x30\x81\x30\n".to_vec(), vec!["\u{80}"]),
        ("big5", b"\xa7\x41\n".to_vec(), vec!["你"]),
        ("shift_jis", b"\x93\xfa\n".to_vec(), vec!["日"]),
    ] {
        let settings = FramingSettings {
            encoding: name.to_owned(),
            ..settings()
        };
        assert_eq!(texts(&settings, &bytes), expected, "{name}");
    }
}

#[test]
fn records_of_several_lines_begin_and_end_where_the_settings_say() {
    let log = b"2026-11-25 a\n  x\n2026-11-26 b\n2026-11-27 c\r\n y\r\n";
    let start = multiline(Some(r"^\d{4}-\d{2}-\d{2}"), None, None);
    assert_eq!(
        texts(&start, log),
        ["2026-11-25 a\n  x", "2026-11-26 b", "2026-11-27 c\r\n y"]
    );
    let end = multiline(None, Some(";$"), None);
    assert_eq!(texts(&end, b"a\nb;\nc;\nd"), ["a\nb;", "c;", "d"]);
    let traces = multiline(None, None, Some(Preset::Python));
    let log = b"ERROR x\nTraceback (most recent call last):\n  File \"a\"\nValueError: y\nINFO z\n";
    assert_eq!(texts(&traces, log).len(), 2);
    let mut omitting = start;
    if let Some(multiline) = &mut omitting.multiline {
        multiline.omit_pattern = true;
    }
    assert_eq!(
        texts(&omitting, b"2026-11-25 a\nb\n2026-11-26c\n"),
        [" a\nb", "c"]
    );
}

#[test]
fn a_long_record_is_cut_and_the_source_goes_on() {
    let short = |behaviour| FramingSettings {
        max_log_size: ByteSize(8),
        max_log_size_behavior: behaviour,
        ..settings()
    };
    let cut = |frames: Vec<Owned>| {
        frames
            .into_iter()
            .map(|(text, _, end, cut)| (text, end, cut))
            .collect::<Vec<_>>()
    };
    let owned = |frames: &[(&str, u64, bool)]| {
        frames
            .iter()
            .map(|(text, end, cut)| ((*text).to_owned(), *end, *cut))
            .collect::<Vec<_>>()
    };
    let log = "12345678abc\u{20ac}\u{20ac}x\nshort\n".as_bytes();
    for pieces in [&[1][..], &[100]] {
        assert_eq!(
            cut(framed(&short(Oversize::Split), 0, log, pieces)),
            owned(&[
                ("12345678", 8, true),
                ("abc\u{20ac}", 14, true),
                ("\u{20ac}x", 19, false),
                ("short", 25, false)
            ])
        );
        assert_eq!(
            cut(framed(&short(Oversize::Truncate), 0, log, pieces)),
            owned(&[("12345678", 19, true), ("short", 25, false)])
        );
    }
}

#[test]
fn what_a_crash_leaves_is_passed_and_counted() {
    let framing = Arc::new(Framing::new(&settings()).expect("good"));
    let mut framer = Framer::new(framing.clone(), 0);
    let mut found = Vec::new();
    framer.feed(&[b"a\n".as_slice(), &[0; 4096], b"b\n"].concat(), &mut |frame| {
        found.push(frame.text.to_owned())
    });
    assert_eq!(
        (found, framing.nul_bytes()),
        (vec!["a".to_owned(), "b".to_owned()], 4096)
    );
}

fn some_settings() -> impl Strategy<Value = FramingSettings> {
    let boundary = prop_oneof![
        Just(settings()),
        Just(multiline(Some("^[a-c]"), None, None)),
        Just(multiline(None, Some("[x-z]$"), None)),
        Just(multiline(None, None, Some(Preset::Python))),
        Just(multiline(None, None, Some(Preset::Java))),
    ];
    (
        boundary,
        prop_oneof![Just(6_u64), Just(17), Just(1 << 20)],
        any::<bool>(),
        any::<bool>(),
        0..3_usize,
    )
        .prop_map(|(boundary, max, truncates, keeps, encoding)| FramingSettings {
            max_log_size: ByteSize(max),
            max_log_size_behavior: if truncates {
                Oversize::Truncate
            } else {
                Oversize::Split
            },
            preserve_leading_whitespaces: keeps,
            encoding: ["utf-8", "gbk", "utf-16le"][encoding].to_owned(),
            ..boundary
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn frames_do_not_depend_on_how_the_bytes_come(
        settings in some_settings(),
        text in "([a-cx-z \t\r€]{0,12}\n){0,8}[a-z]{0,5}",
        pieces in prop::collection::vec(1..20_usize, 1..5),
    ) {
        let bytes = encoded(&settings, &text);
        let whole = framed(&settings, 0, &bytes, &[usize::MAX]);
        prop_assert_eq!(&framed(&settings, 0, &bytes, &pieces), &whole);
        let mut before = 0;
        for (_, start, end, _) in &whole {
            prop_assert!(*start >= before && end > start);
            before = *end;
        }
    }

    #[test]
    fn whoever_begins_at_the_end_of_a_frame_gets_the_others(
        settings in some_settings(),
        text in "([a-cx-z \t]{0,12}\n){1,8}",
    ) {
        let bytes = encoded(&settings, &text);
        let whole = framed(&settings, 0, &bytes, &[usize::MAX]);
        for (index, (_, _, end, cut)) in whole.iter().enumerate() {
            // Within a record of several lines that was divided nothing says what the next line would be.
            if *cut && settings.multiline.is_some() {
                continue;
            }
            let at = usize::try_from(*end).expect("short");
            prop_assert_eq!(&framed(&settings, *end, &bytes[at..], &[usize::MAX])[..], &whole[index + 1..]);
        }
    }

    #[test]
    fn any_bytes_become_frames(settings in some_settings(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let whole = framed(&settings, 0, &bytes, &[usize::MAX]);
        prop_assert_eq!(framed(&settings, 0, &bytes, &[3, 1]), whole);
    }
}

fn encoded(settings: &FramingSettings, text: &str) -> Vec<u8> {
    match settings.encoding.as_str() {
        "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        "gbk" => encoding_rs::GBK.encode(text).0.into_owned(),
        _ => text.as_bytes().to_vec(),
    }
}
