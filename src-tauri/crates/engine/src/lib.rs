//! firebreak-engine
