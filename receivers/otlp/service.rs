//! The receiver's life: listeners opened, served, drained.

use std::any::Any;
use std::sync::Arc;

use http::{Request, Response};
use sidelight_component::{
    BuildContext, BuildError, DrainSignal, Outputs, Receiver, ReceiverError, Signal, async_trait,
};
use sidelight_net::grpc::is_grpc_content_type;
use sidelight_net::listener::{BoundListener, bind};
use sidelight_net::server::Server;
use sidelight_net::tls::ServerTls;
use sidelight_net::{Incoming, ReplyBody};
use sidelight_transport::{BudgetAdmission, bind_error, net_endpoint};
use tokio::task::JoinSet;
use tracing::info;

use super::config::Config;
use super::door::Door;
use super::grpc::Grpc;
use super::http::Http;

/// Takes OTLP in.
pub(super) struct OtlpReceiver {
    config: Config,
    context: BuildContext,
    grpc_tls: Option<ServerTls>,
    http_tls: Option<ServerTls>,
    grpc_listener: Option<BoundListener>,
    http_listener: Option<BoundListener>,
}

impl OtlpReceiver {
    pub(super) fn new(config: Config, cx: &BuildContext) -> Result<Self, BuildError> {
        let grpc_tls = config.protocols.grpc.as_ref().and_then(|grpc| grpc.tls.as_ref());
        let http_tls = config
            .protocols
            .http
            .as_ref()
            .and_then(|http| http.server.tls.as_ref());
        Ok(Self {
            grpc_tls: grpc_tls.map(|tls| tls.load("protocols.grpc.tls")).transpose()?,
            http_tls: http_tls.map(|tls| tls.load("protocols.http.tls")).transpose()?,
            config,
            context: cx.clone(),
            grpc_listener: None,
            http_listener: None,
        })
    }

    /// Where it listens once it is open: gRPC, HTTP.
    #[cfg(test)]
    pub(super) fn addresses(&self) -> [Option<std::net::SocketAddr>; 2] {
        [&self.grpc_listener, &self.http_listener].map(|listener| listener.as_ref()?.tcp_address())
    }

    fn grpc(&self, outputs: &Outputs, door: &Door) -> Option<Arc<Grpc>> {
        let grpc = self.config.protocols.grpc.as_ref()?;
        Some(Arc::new(Grpc {
            outputs: of_transport(outputs, "grpc"),
            limits: grpc.limits(),
            admission: BudgetAdmission::new(self.context.budget.clone()),
            door: door.clone(),
        }))
    }

    fn http(&self, outputs: &Outputs, door: &Door) -> Option<Arc<Http>> {
        let http = self.config.protocols.http.as_ref()?;
        Some(Arc::new(Http {
            outputs: of_transport(outputs, "http"),
            paths: http.paths(),
            limits: http.server.limits(),
            admission: BudgetAdmission::new(self.context.budget.clone()),
            door: door.clone(),
        }))
    }
}

/// The outputs in the order of [`Signal`], counted under the transport.
fn of_transport(outputs: &Outputs, transport: &str) -> [Option<sidelight_component::Output>; 3] {
    Signal::ALL.map(|signal| outputs.get(signal).map(|output| output.of_transport(transport)))
}

#[async_trait]
impl Receiver for OtlpReceiver {
    async fn open(&mut self) -> Result<(), BuildError> {
        if let Some(grpc) = &self.config.protocols.grpc {
            let endpoint = net_endpoint(&grpc.endpoint);
            let listener = bind(&endpoint)
                .await
                .map_err(|e| bind_error("protocols.grpc.endpoint", &e))?;
            self.grpc_listener = Some(listener);
        }
        if let Some(http) = self
            .config
            .protocols
            .http
            .as_ref()
            .filter(|_| !self.config.protocols.share_a_port())
        {
            let endpoint = net_endpoint(&http.server.endpoint);
            let listener = bind(&endpoint)
                .await
                .map_err(|e| bind_error("protocols.http.endpoint", &e))?;
            self.http_listener = Some(listener);
        }
        Ok(())
    }

    async fn run(mut self: Box<Self>, outputs: Outputs, drain: DrainSignal) -> Result<(), ReceiverError> {
        let budget = self.context.budget.limit();
        let door = Door::new(
            self.context.id.as_str(),
            &self.context.metrics,
            self.context.budget.clone(),
        );
        let (grpc, http) = (self.grpc(&outputs, &door), self.http(&outputs, &door));
        let protocols = &self.config.protocols;
        let mut servers = JoinSet::new();
        let grpc_settings = protocols.grpc.as_ref().map(|grpc| grpc.server_settings(budget));
        let http_settings = protocols
            .http
            .as_ref()
            .map(|http| http.server.server_settings(budget));
        if let (Some(listener), Some(settings), Some(grpc)) = (self.grpc_listener.take(), grpc_settings, grpc)
        {
            let shared = http.clone().filter(|_| protocols.share_a_port());
            let what = if shared.is_some() {
                "OTLP over gRPC and HTTP"
            } else {
                "OTLP over gRPC"
            };
            let service = move |request: Request<Incoming>, _| {
                let (grpc, shared) = (grpc.clone(), shared.clone());
                async move { either(grpc, shared, request).await }
            };
            info!(component = %self.context.id, endpoint = %listener.local_address(), "listening for {what}");
            let server = with_tls(Server::new(listener, settings, service), self.grpc_tls.take());
            let server = server.on_panic(tell_of_panics(&self.context));
            serve(&mut servers, server, drain.clone());
        }
        if let (Some(listener), Some(settings), Some(http)) = (self.http_listener.take(), http_settings, http)
        {
            let service = move |request: Request<Incoming>, _| {
                let http = http.clone();
                async move { http.call(request).await }
            };
            info!(component = %self.context.id, endpoint = %listener.local_address(), "listening for OTLP over HTTP");
            let server = with_tls(Server::new(listener, settings, service), self.http_tls.take());
            let server = server.on_panic(tell_of_panics(&self.context));
            serve(&mut servers, server, drain.clone());
        }
        while let Some(ended) = servers.join_next().await {
            match ended {
                Ok(Ok(())) => {}
                Ok(Err(e)) => return Err(ReceiverError(format!("cannot serve: {e}"))),
                Err(e) => return Err(ReceiverError(format!("the server ended: {e}"))),
            }
        }
        Ok(())
    }
}

/// A panic over one request is counted and costs that request alone.
fn tell_of_panics(context: &BuildContext) -> impl Fn(&str, &(dyn Any + Send)) + Send + Sync + 'static {
    let panics = context.panics();
    move |doing, panic| drop(panics.note(doing, panic))
}

/// One port for both: gRPC is told by its content type.
async fn either(grpc: Arc<Grpc>, http: Option<Arc<Http>>, request: Request<Incoming>) -> Response<ReplyBody> {
    match http {
        Some(http) if !is_grpc_content_type(request.headers()) => http.call(request).await,
        _ => grpc.call(request).await,
    }
}

fn with_tls<S, F>(server: Server<S>, tls: Option<ServerTls>) -> Server<S>
where
    S: Fn(Request<Incoming>, Arc<sidelight_net::server::ConnInfo>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<ReplyBody>> + Send + 'static,
{
    match tls {
        Some(tls) => server.with_tls(tls),
        None => server,
    }
}

/// Serves until drained: no new connections, open requests are answered until the deadline.
fn serve<S, F>(servers: &mut JoinSet<std::io::Result<()>>, server: Server<S>, mut drain: DrainSignal)
where
    S: Fn(Request<Incoming>, Arc<sidelight_net::server::ConnInfo>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<ReplyBody>> + Send + 'static,
{
    let shutdown = server.shutdown();
    servers.spawn(async move {
        let stop = async {
            shutdown.begin(drain.requested().await.into());
            std::future::pending::<()>().await;
        };
        tokio::select! {
            served = server.serve() => served.map(|_| ()),
            () = stop => Ok(()),
        }
    });
}
