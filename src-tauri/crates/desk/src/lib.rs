//! firebreak-desk
