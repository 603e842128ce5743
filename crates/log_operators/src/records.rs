//! What goes out.

use bytes::Bytes;

/// An `ExportLogsServiceRequest` that grows record by record. Records of one source that follow each other share one
/// `ResourceLogs`.
#[derive(Debug, Default)]
pub struct Records {
    items: usize,
}

impl Records {
    /// Records in it.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Bytes in it.
    pub fn bytes(&self) -> usize {
        todo!()
    }

    /// Takes the request out.
    pub fn take(&mut self) -> Bytes {
        todo!()
    }
}
