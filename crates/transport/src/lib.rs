//! What connects components with `sidelight-net`: settings of listeners and clients in the Collector's words
//! (`configgrpc`, `confighttp`, `configtls`), turned into what the net library takes, and the memory budget
//! at their doors.
//!
//! It is not for protocols: what is said over a connection belongs to the component.

mod admission;
mod answer;
mod connect;
mod listen;
mod tls;

pub use admission::BudgetAdmission;
pub use answer::{accepted, put_off, told, unsent};
pub use connect::{
    Compression, CompressionParams, Compressor, KeepaliveClient, USER_AGENT, check_authority, check_headers,
    check_target, header_map, target,
};
pub use listen::{
    GrpcServer, HttpServer, KeepaliveServer, ServerParameters, Transport, bind_error, net_endpoint,
};
pub use tls::{TlsClient, TlsServer, TlsVersion};
