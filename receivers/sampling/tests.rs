//! What sampling receivers rely on.
