//! firebreak-cli
