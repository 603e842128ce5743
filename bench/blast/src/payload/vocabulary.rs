//! Attribute values as instrumented services send them: a few words that repeat and a few that never do.

use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::resource::v1::Resource;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

const METHODS: &[&str] = &["GET", "GET", "GET", "GET", "POST", "POST", "PUT", "DELETE"];
const STATUS: &[i64] = &[200, 200, 200, 200, 200, 201, 204, 304, 400, 404, 500, 503];
const HOSTS: &[&str] = &["orders", "fills", "quotes", "risk", "accounts", "positions", "reports", "ledger"];
const STATEMENTS: &[&str] = &[
    "SELECT o.id, o.symbol, o.side, o.price FROM orders o JOIN fills f ON f.order_id = o.id WHERE o.account = $1 AND o.created_at > $2",
    "INSERT INTO fills (order_id, price, quantity, venue, executed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (order_id) DO NOTHING",
    "UPDATE positions SET quantity = quantity + $1, average_price = $2, updated_at = now() WHERE account = $3 AND symbol = $4",
    "SELECT symbol, sum(quantity * price) AS exposure FROM positions WHERE account = ANY($1) GROUP BY symbol ORDER BY exposure DESC",
    "DELETE FROM sessions WHERE expires_at < now() - interval '7 days' AND tenant = $1 RETURNING id, tenant, user_id",
    "SELECT id, bid, ask, last, volume FROM quotes WHERE symbol = $1 AND taken_at BETWEEN $2 AND $3 ORDER BY taken_at LIMIT 500",
];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_4) Safari/618",
    "python-requests/2.32.5 desk-client/4.18.2 (linux)",
    "Go-http-client/2.0 risk-engine/1.9 (build 20261117)",
    "okhttp/5.1.0 (Android 16; build 2611; desk mobile)",
];
const SYMBOLS: &[&str] = &["600519.SH", "AAPL", "MSFT", "000858.SZ", "NVDA", "0700.HK", "SAP.DE", "ASML.AS"];
const STRATEGIES: &[&str] = &["RSI_Strategy", "MeanReversion", "Momentum_20d", "PairsTrading", "MarketMaker"];

/// The attribute keys in the order in which `--attrs` takes them; past the end there are plain ones.
const KEYS: &[&str] = &[
    "http.request.method",
    "url.path",
    "http.response.status_code",
    "server.address",
    "db.system.name",
    "db.query.text",
    "user_agent.original",
    "network.peer.port",
    "client.address",
    "thread.id",
    "strategy.name",
    "symbol",
    "http.route",
    "url.scheme",
    "server.port",
    "db.operation.name",
];

/// The keys on log records, which describe where the line came from.
const LOG_KEYS: &[&str] = &["thread.id", "code.function.name", "symbol", "strategy.name", "client.address"];

/// The keys on data points: few values each, as metrics have.
const POINT_KEYS: &[&str] = &["http.request.method", "http.response.status_code", "server.address", "symbol"];

pub(crate) fn pick<'a>(rng: &mut StdRng, words: &[&'a str]) -> &'a str {
    words.choose(rng).copied().unwrap_or_default()
}

pub(crate) fn text(key: &str, value: impl Into<String>) -> KeyValue {
    attribute(key, Value::StringValue(value.into()))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..Default::default() }
}

/// `n` attributes as spans have them.
pub(crate) fn span_attributes(rng: &mut StdRng, n: usize) -> Vec<KeyValue> {
    from_keys(rng, KEYS, n)
}

/// `n` attributes as log records have them.
pub(crate) fn log_attributes(rng: &mut StdRng, n: usize) -> Vec<KeyValue> {
    from_keys(rng, LOG_KEYS, n)
}

/// `n` attributes as data points have them.
pub(crate) fn point_attributes(rng: &mut StdRng, n: usize) -> Vec<KeyValue> {
    from_keys(rng, POINT_KEYS, n)
}

fn from_keys(rng: &mut StdRng, keys: &[&str], n: usize) -> Vec<KeyValue> {
    (0..n)
        .map(|i| match keys.get(i) {
            Some(key) => attribute(key, value(rng, key)),
            None => text(&format!("extra.attribute.{i}"), format!("value {} of ordinary length", rng.random_range(0..1000))),
        })
        .collect()
}

fn value(rng: &mut StdRng, key: &str) -> Value {
    let text = match key {
        "http.request.method" => pick(rng, METHODS).to_owned(),
        "url.path" => format!("/api/v1/orders/{:08}/positions", rng.random_range(0..100_000_000)),
        "server.address" => format!("{}.internal.example", pick(rng, HOSTS)),
        "db.system.name" => "postgresql".to_owned(),
        "db.query.text" => pick(rng, STATEMENTS).to_owned(),
        "user_agent.original" => pick(rng, AGENTS).to_owned(),
        "client.address" => format!("203.0.{}.{}", rng.random_range(0..256), rng.random_range(1..255)),
        "strategy.name" => pick(rng, STRATEGIES).to_owned(),
        "symbol" => pick(rng, SYMBOLS).to_owned(),
        "http.route" => "/api/v1/orders/{id}/positions".to_owned(),
        "url.scheme" => "https".to_owned(),
        "db.operation.name" => "SELECT".to_owned(),
        "code.function.name" => format!("trading.{}.on_fill", pick(rng, HOSTS)),
        "http.response.status_code" => return Value::IntValue(STATUS.choose(rng).copied().unwrap_or(200)),
        "thread.id" => return Value::IntValue(139_000_000 + rng.random_range(0..64) * 8192),
        _ => return Value::IntValue(rng.random_range(32_768..61_000)),
    };
    Value::StringValue(text)
}

/// The body of a log record: a Python logging line of about 130 bytes.
pub(crate) fn log_line(rng: &mut StdRng) -> String {
    format!(
        "2026-11-20 10:15:{:02},{:03} - trading.engine - INFO - order filled symbol={} side={} qty={} price={}.{:02} latency={}.{}ms",
        rng.random_range(0..60),
        rng.random_range(0..1000),
        pick(rng, SYMBOLS),
        pick(rng, &["BUY", "SELL"]),
        rng.random_range(1..20) * 100,
        rng.random_range(10..2000),
        rng.random_range(0..100),
        rng.random_range(0..40),
        rng.random_range(0..10)
    )
}

pub(crate) fn resource(i: usize) -> Resource {
    Resource {
        attributes: vec![
            text("service.name", format!("order-service-{i}")),
            text("service.version", "1.42.0"),
            text("service.instance.id", format!("627cc493-f310-47de-96bd-{i:012}")),
            text("host.name", "ip-10-0-3-17"),
            text("telemetry.sdk.language", "python"),
        ],
        ..Default::default()
    }
}

pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: "opentelemetry.instrumentation.flask".into(),
        version: "0.58b0".into(),
        ..Default::default()
    }
}
