//! What is wrong in the settings is told with its place.

use sidelight_component::Role;
use sidelight_testkit::component::settings;

use super::Config;

#[test]
fn mistakes_are_told_with_their_place() {
    for (yaml, told) in [
        ("{}", "endpoint"),
        ("endpoint: localhost:9200", "no scheme"),
        ("endpoint: http://a:1\ncloudid: 'x:eA=='", "more than one"),
        ("endpoint: http://a:1\nlogs_index: '%{service'", "logs_index"),
        (
            "endpoint: http://a:1\nlogstash_format: {date_format: '%Q'}",
            "date_format",
        ),
        (
            "endpoint: http://a:1\nmapping: {mode: ecs, allowed_modes: [otel]}",
            "allowed_modes",
        ),
        ("endpoint: http://a:1\ncompression: zstd", "compression"),
        ("endpoint: http://a:1\nuser: me", "password"),
        (
            "endpoint: http://a:1\nuser: me\npassword: x\napi_key: y",
            "api_key",
        ),
        ("endpoint: http://a:1\nindex: x", "logs_index"),
    ] {
        let mistakes = settings::<Config>(Role::Exporter, "elasticsearch", yaml).err();
        let text = mistakes.map(|mistakes| mistakes.to_string()).unwrap_or_default();
        assert!(text.contains(told), "{yaml}: {text}");
    }
}
