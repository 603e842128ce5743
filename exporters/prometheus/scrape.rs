//! Answering scrapers.

use std::sync::Arc;
use std::time::Instant;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, VARY,
};
use http::{Method, Request, Response, StatusCode};
use sidelight_component::metrics::Counter;
use sidelight_component::{Budget, BuildContext, Clock};
use sidelight_exposition::{Offers, negotiate};
use sidelight_net::compress::Encoding;
use sidelight_net::{Incoming, ReplyBody};
use tokio::sync::Semaphore;

use super::answer::Answer;
use super::page::Page;
use super::state::State;

/// The one page there is.
const PATH: &str = "/metrics";
/// Scrapes at one time; others wait. Each holds two pieces of the page and a compressor.
const MAX_SCRAPES: usize = 4;

/// What answers requests.
pub(super) struct Scraped {
    pub(super) state: Arc<State>,
    pub(super) offers: Offers,
    pub(super) with_times: bool,
    pub(super) clock: Clock,
    pub(super) began: Instant,
    pub(super) budget: Budget,
    pub(super) scrapes: Counter,
    turns: Arc<Semaphore>,
}

impl Scraped {
    pub(super) fn new(state: Arc<State>, offers: Offers, with_times: bool, cx: &BuildContext) -> Self {
        let help = "Scrapes that were answered.";
        Self {
            state,
            offers,
            with_times,
            clock: cx.clock.clone(),
            began: cx.clock.now().instant,
            budget: cx.budget.clone(),
            scrapes: cx.metrics.counter(
                "sidelight_prometheus_scrapes",
                help,
                &[("exporter", cx.id.as_str())],
            ),
            turns: Arc::new(Semaphore::new(MAX_SCRAPES)),
        }
    }

    /// The second it is, since the exporter was built.
    pub(super) fn now(&self) -> u32 {
        let passed = self.clock.now().instant.saturating_duration_since(self.began);
        u32::try_from(passed.as_secs()).unwrap_or(u32::MAX)
    }

    /// Answers one request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<ReplyBody> {
        if request.uri().path() != PATH {
            return plain(
                StatusCode::NOT_FOUND,
                "nothing is here; the metrics are at /metrics\n",
            );
        }
        let is_head = request.method() == Method::HEAD;
        if !is_head && request.method() != Method::GET {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "only GET is answered here\n");
            response
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let headers = request.headers();
        let (format, escaping) = negotiate(all_values(headers, ACCEPT).as_deref(), self.offers);
        let encoding = choose(all_values(headers, ACCEPT_ENCODING).as_deref());
        // The semaphore is never closed.
        let Ok(turn) = self.turns.clone().acquire_owned().await else {
            return plain(StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
        };
        let body = if is_head {
            ReplyBody::empty()
        } else {
            self.scrapes.add(1);
            let page = Page::new(self.state.clone(), format, escaping, self.now(), self.with_times);
            Answer::new(page, encoding, self.budget.clone(), turn)
                .body()
                .await
        };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        if let Ok(content_type) = HeaderValue::from_str(&format.content_type(escaping)) {
            headers.insert(CONTENT_TYPE, content_type);
        }
        if encoding != Encoding::Identity {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
        }
        headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
        response
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::full(text));
    *response.status_mut() = status;
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}

/// The values of a header that may stand several times, as one list. What is not ASCII asks for nothing.
fn all_values(headers: &HeaderMap, name: http::HeaderName) -> Option<String> {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Codings of an `Accept-Encoding` header that are looked at.
const MAX_CODINGS: usize = 16;

/// The coding with the greatest weight, of equal ones zstd before gzip before none (RFC 9110, section 12.5.3).
fn choose(accept_encoding: Option<&str>) -> Encoding {
    let mut best = (0.0, Encoding::Identity);
    let codings = accept_encoding.unwrap_or_default().split(',').take(MAX_CODINGS);
    for coding in codings {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let weight = match parameters.trim().strip_prefix("q=") {
            Some(weight) => weight.trim().parse().unwrap_or(0.0),
            None => 1.0_f32,
        };
        let rank = match Encoding::from_name(name.as_bytes()) {
            Some(Encoding::Zstd) => 2,
            Some(Encoding::Gzip) => 1,
            _ => continue,
        };
        let best_rank = i32::from(best.1 == Encoding::Gzip) + 2 * i32::from(best.1 == Encoding::Zstd);
        let encoding = if rank == 2 { Encoding::Zstd } else { Encoding::Gzip };
        if weight > 0.0 && (weight, rank) > (best.0, best_rank) {
            best = (weight, encoding);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_is_the_one_that_the_scraper_likes_best() {
        for (header, encoding) in [
            (None, Encoding::Identity),
            (Some(""), Encoding::Identity),
            (Some("gzip"), Encoding::Gzip),
            (Some("gzip, zstd"), Encoding::Zstd),
            (Some("zstd;q=0.5, gzip;q=0.8"), Encoding::Gzip),
            (Some("br, deflate"), Encoding::Identity),
            (Some("gzip;q=0"), Encoding::Identity),
            (Some("gzip;q=x, identity"), Encoding::Identity),
        ] {
            assert_eq!(choose(header), encoding, "{header:?}");
        }
    }
}
