//! Getting a target's page.

mod headers;
mod redirect;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, Uri, header};
use sidelight_component::Budget;
use sidelight_net::Incoming;
use sidelight_net::client::{PageClient, PageError, Target as Endpoint};
use sidelight_net::grpc::ReadLimits;
use sidelight_net::http_body::{HttpError, read_answer};
use sidelight_transport::BudgetAdmission;

use super::encryption::Encryption;
use super::job::Job;
use super::target::Target;
use sidelight_exposition::parse::Format;

pub(super) use headers::HeadersError;

/// Redirects that are followed (Go's `http.Client` stops there too).
const MAX_REDIRECTS: usize = 10;

/// A page as it came, decompressed. Its bytes are charged to the budget.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) format: Format,
    pub(super) body: Bytes,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// No answer in time.
    #[error("no page within {} ms (`scrape_timeout`)", .0.as_millis())]
    Timeout(Duration),
    /// No connection, or it broke.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The target answered something else than 200.
    #[error("the target answered {0}")]
    Status(StatusCode),
    /// More redirects than are followed, or one to nowhere.
    #[error("the target redirects {0}")]
    Redirect(&'static str),
    /// The body breaks off, is damaged or too large, or finds no room.
    #[error("the page cannot be read: {0}")]
    Body(#[from] HttpError),
    /// The page says to be something else.
    #[error(
        "the target answered with content type `{0}`, which is no format of metrics; where it is one all the same, name it \
         with `fallback_scrape_protocol`"
    )]
    ContentType(String),
    /// A file with credentials cannot be read, or no certificate can be used.
    #[error(transparent)]
    Headers(#[from] HeadersError),
    /// The settings of `tls_config` cannot be used.
    #[error("{0}")]
    Encryption(String),
    /// The address is none.
    #[error("`{0}` is no address")]
    Address(String),
}

/// Gets one target's page, over a connection that is kept from one time to the next.
#[derive(Debug)]
pub(super) struct Fetcher {
    job: Arc<Job>,
    target: Arc<Target>,
    encryption: Arc<Encryption>,
    admission: BudgetAdmission,
    /// The connection; `None` before the first time and after a failure.
    client: Option<PageClient>,
}

impl Fetcher {
    pub(super) fn new(
        job: Arc<Job>,
        target: Arc<Target>,
        encryption: Arc<Encryption>,
        budget: &Budget,
    ) -> Self {
        Self {
            job,
            target,
            encryption,
            admission: BudgetAdmission::new(budget.clone()),
            client: None,
        }
    }

    /// Gets the page within the target's timeout. Cancel safe: a dropped call closes the connection.
    ///
    /// # Errors
    /// [`FetchError`].
    pub(super) async fn fetch(&mut self) -> Result<Fetched, FetchError> {
        let limit = self.target.timeout;
        let fetched = tokio::time::timeout(limit, self.fetch_untimed()).await;
        let fetched = fetched.unwrap_or(Err(FetchError::Timeout(limit)));
        if fetched.is_err() {
            // Whatever is left on the connection belongs to no later page.
            self.client = None;
        }
        fetched
    }

    async fn fetch_untimed(&mut self) -> Result<Fetched, FetchError> {
        let headers = headers::of(&self.job, self.target.timeout).await?;
        let path: Uri = self.target.path.parse().map_err(|_| self.no_address())?;
        let mut client = match self.client.take() {
            Some(client) => client,
            None => {
                self.connect_to(self.target.is_https, &self.target.address)
                    .await?
            }
        };
        let response = client.get(&headers, &path).await?;
        let response = match redirect::location(&response) {
            Some(location) if self.job.http.follow_redirects => {
                self.follow(headers, location.to_owned()).await?
            }
            _ => {
                self.client = Some(client);
                response
            }
        };
        self.read(response).await
    }

    /// Follows redirects to another page. Credentials stay with the target's own host.
    async fn follow(&self, mut headers: HeaderMap, first: String) -> Result<Response<Incoming>, FetchError> {
        let mut at = redirect::Place {
            is_https: self.target.is_https,
            address: self.target.address.clone(),
            path: self.target.path.clone(),
        };
        let mut location = first;
        for _ in 0..MAX_REDIRECTS {
            at = at.resolve(&location).ok_or(FetchError::Redirect("to nowhere"))?;
            if at.address != self.target.address {
                headers.remove(header::AUTHORIZATION);
                self.job.http.http_headers.keys().for_each(|name| {
                    headers.remove(name.as_str());
                });
            }
            let path: Uri = at.path.parse().map_err(|_| FetchError::Redirect("to nowhere"))?;
            let mut client = self.connect_to(at.is_https, &at.address).await?;
            let response = client.get(&headers, &path).await?;
            match redirect::location(&response) {
                Some(next) => location = next.to_owned(),
                None => return Ok(response),
            }
        }
        Err(FetchError::Redirect("more than 10 times"))
    }

    async fn connect_to(&self, is_https: bool, address: &str) -> Result<PageClient, FetchError> {
        let scheme = if is_https { "https" } else { "http" };
        let endpoint: Endpoint = format!("{scheme}://{address}")
            .parse()
            .map_err(|_| self.no_address())?;
        let tls = match is_https {
            true => Some(self.encryption.client().await.map_err(FetchError::Encryption)?),
            false => None,
        };
        PageClient::new(&endpoint, tls).ok_or_else(|| self.no_address())
    }

    async fn read(&self, response: Response<Incoming>) -> Result<Fetched, FetchError> {
        let (head, body) = response.into_parts();
        if head.status != StatusCode::OK {
            return Err(FetchError::Status(head.status));
        }
        let content_type = head.headers.get(header::CONTENT_TYPE);
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let fallback = self.job.fallback.map(headers::format_of);
        let format = Format::of_content_type(content_type).or(fallback);
        let format =
            format.ok_or_else(|| FetchError::ContentType(sidelight_config::shortened(content_type)))?;
        let limits = ReadLimits {
            max_size: match self.job.body_size_limit {
                0 => MAX_PAGE_BYTES,
                limit => usize::try_from(limit)
                    .unwrap_or(MAX_PAGE_BYTES)
                    .min(MAX_PAGE_BYTES),
            },
            // The whole scrape has a limit; this one is for pieces.
            idle_timeout: self.target.timeout,
        };
        let body = read_answer(&head.headers, body, limits, &self.admission).await?;
        Ok(Fetched { format, body })
    }

    fn no_address(&self) -> FetchError {
        FetchError::Address(sidelight_config::shortened(&self.target.address))
    }
}

/// The largest page where no limit is set. What the memory budget could hold is the limit before that.
const MAX_PAGE_BYTES: usize = 1 << 30;
