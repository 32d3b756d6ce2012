//! firebreak-store
