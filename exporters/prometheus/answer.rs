//! An answer: the page in pieces, compressed, made as fast as the scraper takes them.

use bytes::Bytes;
use sidelight_component::{Budget, beside_the_workers};
use sidelight_net::ReplyBody;
use sidelight_net::compress::{Encoding, GzipStream, deflate};
use sidelight_transport::BudgetAdmission;
use tokio::sync::OwnedSemaphorePermit;
use tracing::error;

use super::page::Page;

/// An answer that is being made, while the scraper takes it.
pub(super) struct Answer {
    page: Page,
    packer: Packer,
    budget: Budget,
    is_done: bool,
    /// Whoever waits for its turn waits for the end of this.
    _turn: OwnedSemaphorePermit,
}

enum Packer {
    Plain,
    Gzip(Option<Box<GzipStream>>),
    /// Every piece is a frame of its own.
    Zstd,
}

impl Answer {
    pub(super) fn new(page: Page, encoding: Encoding, budget: Budget, turn: OwnedSemaphorePermit) -> Self {
        Self {
            page,
            packer: match encoding {
                Encoding::Gzip => Packer::Gzip(Some(Box::new(GzipStream::new(1)))),
                Encoding::Zstd => Packer::Zstd,
                Encoding::Identity | Encoding::Deflate => Packer::Plain,
            },
            budget,
            is_done: false,
            _turn: turn,
        }
    }

    /// The body: one piece with its length where that is all, else a stream of pieces that are made when they are
    /// asked for.
    pub(super) async fn body(self) -> ReplyBody {
        let (first, answer) = self.next().await;
        match answer {
            None => ReplyBody::full(first),
            Some(answer) => ReplyBody::stream(futures_util::stream::unfold(
                (Some(first), Some(answer)),
                |(ready, answer)| async move {
                    if let Some(piece) = ready {
                        return Some((piece, (None, answer)));
                    }
                    let (piece, answer) = answer?.next().await;
                    Some((piece, (None, answer)))
                },
            )),
        }
    }

    /// Makes the next piece beside the workers; what is left to do, if anything.
    async fn next(mut self) -> (Bytes, Option<Self>) {
        beside_the_workers(move || {
            let piece = self.piece();
            (piece, (!self.is_done).then_some(self))
        })
        .await
    }

    /// A piece that is not empty, unless it is the last.
    fn piece(&mut self) -> Bytes {
        loop {
            let (written, is_last) = self.page.piece();
            self.is_done = is_last;
            let packed = self.pack(written, is_last);
            if is_last || !packed.is_empty() {
                return packed;
            }
        }
    }

    fn pack(&mut self, written: Vec<u8>, is_last: bool) -> Bytes {
        let packed = match &mut self.packer {
            Packer::Plain => Ok(written),
            Packer::Gzip(stream) => pack_gzip(stream, &written, is_last),
            Packer::Zstd => {
                let admission = BudgetAdmission::always(self.budget.clone());
                let level = Encoding::Zstd.default_level();
                // The budget refuses nothing here.
                return deflate(Encoding::Zstd, level, &[written.into()], &admission).unwrap_or_default();
            }
        };
        match packed {
            Ok(packed) => self.budget.charge_anyway(packed.capacity()).own(packed),
            Err(problem) => {
                error!(%problem, "cannot compress a page for Prometheus; it ends here");
                self.is_done = true;
                Bytes::new()
            }
        }
    }
}

fn pack_gzip(
    stream: &mut Option<Box<GzipStream>>,
    written: &[u8],
    is_last: bool,
) -> std::io::Result<Vec<u8>> {
    let Some(open) = stream else {
        return Ok(Vec::new());
    };
    let mut packed = open.push(written)?;
    if is_last && let Some(open) = stream.take() {
        packed.extend(open.finish()?);
    }
    Ok(packed)
}
