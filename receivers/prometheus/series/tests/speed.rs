//! What a page that says the same as last time costs is what the receiver was built for.

use sidelight_exposition::parse::Format;

use super::rig::Rig;

#[test]
fn a_page_in_the_known_order_resolves_nothing_and_keeps_its_memory() {
    let page = |value: u32| -> String {
        (0..50)
            .map(|number| {
                format!("# HELP m{number} Help.\n# TYPE m{number} counter\nm{number}{{a=\"b\"}} {value}\n")
            })
            .collect()
    };
    let mut rig = Rig::plain();
    assert_eq!(rig.scrape(&page(1)).counts.added, 50);
    let used = rig.budget.used();
    for value in 2..5 {
        let counts = rig.record(page(value).as_bytes(), Format::Text).expect("read");
        assert_eq!((counts.added, counts.kept), (0, 50));
        assert_eq!(rig.budget.used(), used);
        let scraped = rig.write(counts, true);
        assert_eq!(scraped.lines()[49], format!("m49 counter a=b {value}"));
    }
}

#[test]
fn a_series_is_charged_with_less_than_a_kilobyte() {
    let page: String = (0..1000)
        .map(|number| {
            format!("http_requests_total{{method=\"GET\",route=\"/orders/{number}\",status=\"200\"}} 1\n")
        })
        .collect();
    let mut rig = Rig::plain();
    rig.scrape(&format!("# TYPE http_requests_total counter\n{page}"));
    let each = rig.budget.used() / 1000;
    assert!((300..=1000).contains(&each), "{each} bytes");
}
