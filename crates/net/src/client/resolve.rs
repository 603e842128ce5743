//! Names to addresses.

use std::io;
use std::net::SocketAddr;

use futures_util::future::BoxFuture;

/// A resolver, exchangeable for tests and for discovery.
pub trait Resolve: Send + Sync + 'static {
    /// All addresses of `host`, each with `port`. The caller limits the time.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}
