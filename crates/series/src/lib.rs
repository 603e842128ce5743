//! The identity of a series, with start times, resets, expiry and a cap.
