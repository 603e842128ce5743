//! The least an OTLP gRPC pass-through can cost, over two HTTP stacks and a handful of settings.
//!
//! One thread takes export requests, sends each to the next hop, and answers when the next hop has
//! answered. Nothing is decoded, validated or batched, so what remains is transport: the figures in
//! this crate's README are the floor under the pipeline. `blast` starts it like any collector, with
//! `BLAST_IN` and `BLAST_OUT` in the environment.

mod hyper_stack;
mod payload;
mod pool;
mod socket;
mod tonic_stack;

use anyhow::{Context, Result};
use clap::{Parser, ValueEnum};
use tokio::net::{TcpListener, TcpStream};

#[cfg(feature = "mimalloc")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[cfg(feature = "jemalloc")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stack {
    /// tonic server and client with a codec that keeps raw bytes
    Tonic,
    /// hyper server and client with own gRPC framing
    Hyper,
    /// No HTTP at all: bytes from one TCP connection to the other, the floor under both
    Tcp,
}

/// What becomes of a request body between the two connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Collect {
    /// Copied into one buffer of the size that the gRPC prefix states
    Exact,
    /// The same, into a buffer that an earlier request has used
    Pool,
    /// Kept as the frames it came in and sent as one vectored payload
    Frames,
    /// Each frame is sent as it comes: the next hop sees the request before it is complete
    Stream,
}

#[derive(Clone, Debug, Parser)]
#[command(about = "A minimal OTLP gRPC relay, to measure what transport alone costs")]
struct Args {
    #[arg(long, value_enum, default_value = "hyper")]
    stack: Stack,
    #[arg(long, value_enum, default_value = "exact")]
    collect: Collect,
    /// Largest frame offered to senders
    #[arg(long, default_value_t = 16384)]
    frame: u32,
    /// Initial window of one stream, KiB; 0: the library's default
    #[arg(long, default_value_t = 4096)]
    stream_window: u32,
    /// Initial window of one connection, KiB; 0: the library's default
    #[arg(long, default_value_t = 8192)]
    connection_window: u32,
    /// HTTP/2 send buffer of one stream, KiB; 0: the library's default
    #[arg(long, default_value_t = 4096)]
    send_buffer: usize,
    /// Let hyper size the windows from measured round trips
    #[arg(long)]
    adaptive: bool,
    /// Leave Nagle's algorithm on
    #[arg(long)]
    nagle: bool,
    /// SO_SNDBUF and SO_RCVBUF, KiB; 0: the kernel's own tuning
    #[arg(long, default_value_t = 0)]
    socket_buffer: usize,
    /// Gather writes of up to so many KiB into one system call; 0: one call a frame, as the library does
    #[arg(long, default_value_t = 0)]
    cork: usize,
    /// Read up to so many KiB in one system call; 0: as the library does
    #[arg(long, default_value_t = 0)]
    read_ahead: usize,
    /// Connections to the next hop
    #[arg(long, default_value_t = 1)]
    upstream: usize,
    /// Worker threads of a multi-thread runtime; 0: a current-thread runtime
    #[arg(long, default_value_t = 0)]
    workers: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let listen = std::env::var("BLAST_IN").context("BLAST_IN is not set")?;
    let next = std::env::var("BLAST_OUT").context("BLAST_OUT is not set")?;
    let runtime = match args.workers {
        0 => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?,
        n => tokio::runtime::Builder::new_multi_thread()
            .worker_threads(n)
            .enable_all()
            .build()?,
    };
    runtime.block_on(async {
        match args.stack {
            Stack::Tonic => tonic_stack::run(&args, &listen, &next).await,
            Stack::Hyper => hyper_stack::run(&args, &listen, next).await,
            Stack::Tcp => tcp(&listen, next).await,
        }
    })
}

/// Joins every accepted connection to one of its own to the next hop.
async fn tcp(listen: &str, next: String) -> Result<()> {
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (mut from, _) = listener.accept().await?;
        let next = next.clone();
        tokio::spawn(async move {
            let mut to = TcpStream::connect(next).await?;
            from.set_nodelay(true)?;
            to.set_nodelay(true)?;
            tokio::io::copy_bidirectional_with_sizes(&mut from, &mut to, 256 << 10, 16 << 10).await
        });
    }
}
