//! firebreak-acceptance
