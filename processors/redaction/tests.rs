use std::sync::LazyLock;
use std::time::Instant;

use bytes::Bytes;
use proptest::prelude::*;
use sidelight_component::{Ack, Batch, Chunk, Now, Out, Payload, ProcessorConfig, Role, Signal};
use sidelight_proto::admit;
use sidelight_proto::json::{from_protobuf, to_protobuf};
use sidelight_testkit::component::{context, settings};

use super::masks::Masks;
use super::{Config, Preset};

const ALL: &[Preset] = &[
    Preset::Secrets,
    Preset::Tokens,
    Preset::CardNumbers,
    Preset::UrlCredentials,
];

fn masked(presets: &[Preset], text: &str) -> String {
    let masks = Masks::new(presets, &[]).expect("patterns");
    masks.masked(text).unwrap_or_else(|| text.to_owned())
}

#[test]
fn secrets_are_masked_and_what_is_around_them_stays() {
    for (text, expected) in [
        ("login password=hunter2 ok", "login password=**** ok"),
        (
            r#"{"api_key": "abc123", "n": 1}"#,
            r#"{"api_key": "****", "n": 1}"#,
        ),
        (
            r#"{\"client_secret\":\"abc123\"}"#,
            r#"{\"client_secret\":\"****\"}"#,
        ),
        ("GET /?access_token=abc.def&x=1", "GET /?access_token=****&x=1"),
        (
            "Authorization: Bearer abcdefgh.123=",
            "Authorization: Bearer ****",
        ),
        ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.SflKxwRJSMeK end", "jwt **** end"),
        ("key AKIAIOSFODNN7EXAMPLE.", "key ****."),
        ("ghp_0123456789abcdefghijklmnopqrstuvwxyz", "****"),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b",
            "a **** b",
        ),
        ("card 4111 1111 1111 1111 charged", "card **** charged"),
        ("paid with 5555-5555-5555-4444.", "paid with ****."),
        ("amex 378282246310005", "amex ****"),
        (
            "postgres://me:s3cr3t@db:5432/x and redis://:pw@r",
            "postgres://me:****@db:5432/x and redis://:****@r",
        ),
    ] {
        assert_eq!(masked(ALL, text), expected);
    }
}

#[test]
fn what_only_looks_like_a_secret_stays() {
    for text in [
        "order 4111111111111112 placed",               // the check digit is wrong
        "at 1760000000123456789 ns, 1760000000123 ms", // times
        "trace 0af7651916cd43dd8448eb211c80319c",
        "id 41111111-1111-1111-1111-111111111111", // a UUID
        "price 4111111111111111.25",
        "x4111111111111111",
        "password reset for ann, the secret of success",
        "http://example.org:8080/path@x, mail me@example.org",
        "token count: 17",
        "password=****",
    ] {
        assert_eq!(masked(ALL, text), text);
    }
}

/// What comes of one log record, as JSON.
fn redacted(yaml: &str, attributes: &str, body: &str) -> String {
    let config: Config = settings(Role::Processor, "redaction", yaml).expect("good settings");
    let mut processor = config
        .build(&context(Role::Processor, "redaction"))
        .expect("built");
    let json = format!(
        r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{"body":{body},"attributes":[{attributes}]}}]}}]}}]}}"#
    );
    let bytes = to_protobuf(Signal::Logs, json.as_bytes(), 1 << 20)
        .expect("good")
        .protobuf;
    let (ack, _receipt) = Ack::new();
    let batch = Batch {
        signal: Signal::Logs,
        payload: Payload::new(Chunk {
            bytes: Bytes::from(bytes),
            items: 1,
        }),
        ack,
        deadline: None,
    };
    let mut out = Out::default();
    let now = Now {
        instant: Instant::now(),
        unix_nanos: 0,
    };
    processor.process(batch, now, &mut out);
    let mut text = Vec::new();
    for batch in out.take() {
        let bytes = batch.payload.to_contiguous();
        admit(Signal::Logs, bytes.clone()).expect("valid OTLP");
        from_protobuf(Signal::Logs, &bytes, &mut text);
    }
    String::from_utf8(text).expect("UTF-8")
}

const BODY: &str = r#"{"kvlistValue":{"values":[{"key":"login","value":{"kvlistValue":{"values":[{"key":"password","value":{"stringValue":"x"}},{"key":"n","value":{"intValue":"3"}}]}}},{"key":"urls","value":{"arrayValue":{"values":[{"stringValue":"http://a:pw@b"},{"boolValue":true}]}}}]}}"#;

#[test]
fn maps_and_lists_are_looked_through() {
    let json = redacted(
        "allow_all_keys: true\npresets: [url_credentials]\nblocked_key_patterns: ['^password$']",
        r#"{"key":"password","value":{"intValue":"5"}},{"key":"kept","value":{"doubleValue":1.5}}"#,
        BODY,
    );
    assert!(
        json.contains(
            r#"{"key":"password","value":{"stringValue":"****"}},{"key":"n","value":{"intValue":"3"}}"#
        ),
        "{json}"
    );
    assert!(
        json.contains("http://a:****@b") && json.contains(r#"{"boolValue":true}"#),
        "{json}"
    );
    assert!(
        json.contains(r#"{"key":"kept","value":{"doubleValue":1.5}}"#),
        "{json}"
    );
    assert_eq!(json.matches("****").count(), 3);
}

#[test]
fn keys_that_are_not_allowed_go_and_a_summary_says_so() {
    let attributes = r#"{"key":"a","value":{"stringValue":"password=hunter2"}},{"key":"b","value":{"stringValue":"x"}},{"key":"c","value":{"stringValue":"password=hunter2"}}"#;
    let json = redacted(
        "allowed_keys: [a]\nignored_keys: [c]\npresets: [secrets]\nsummary: debug",
        attributes,
        r#"{"stringValue":"x"}"#,
    );
    for (member, is_there) in [
        (r#"{"key":"a","value":{"stringValue":"password=****"}}"#, true),
        (r#"{"key":"c","value":{"stringValue":"password=hunter2"}}"#, true),
        (
            r#"{"key":"redaction.masked.keys","value":{"stringValue":"a"}}"#,
            true,
        ),
        (
            r#"{"key":"redaction.redacted.count","value":{"intValue":"1"}}"#,
            true,
        ),
        (r#"{"key":"b""#, false),
    ] {
        assert_eq!(json.contains(member), is_there, "{member} in {json}");
    }
}

#[test]
fn values_that_are_allowed_stay() {
    let json = redacted(
        "allow_all_keys: true\nblocked_values: ['[0-9]{4}']\nallowed_values: ['^year ']",
        r#"{"key":"a","value":{"stringValue":"year 2025"}},{"key":"b","value":{"stringValue":"pin 2025"}}"#,
        r#"{"stringValue":"x"}"#,
    );
    assert!(json.contains("year 2025") && json.contains("pin ****"), "{json}");
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (yaml, told) in [
        ("blocked_values: ['(']", "blocked_values.0"),
        ("allow_all_keys: true", "nothing is looked for"),
        ("hash_function: md5", "hash_function"),
        ("presets: [passwords]", "presets"),
    ] {
        let mistakes = settings::<Config>(Role::Processor, "redaction", yaml).err();
        let text = mistakes.map(|mistakes| mistakes.to_string()).unwrap_or_default();
        assert!(text.contains(told), "{yaml}: {text}");
    }
}

proptest! {
    #[test]
    fn masking_never_panics_and_is_done_once(text in "\\PC{0,80}", number in "[3-6][0-9 -]{11,20}") {
        static MASKS: LazyLock<Masks> = LazyLock::new(|| Masks::new(ALL, &[]).expect("patterns"));
        let masks = &*MASKS;
        for text in [text.clone(), format!("{text} password={number} {number} x://u:{text}@h")] {
            if let Some(once) = masks.masked(&text) {
                let twice = masks.masked(&once);
                prop_assert!(twice.is_none() || twice.as_deref().is_some_and(|twice| twice.len() < once.len()));
            }
        }
    }
}
