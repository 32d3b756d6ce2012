//! The OS keychain: credentials of sources, clouds and models, and the two signing keys.
//!
//! Linux speaks to the Secret Service over D-Bus, macOS and Windows to their keychains through
//! `keyring-core`. Deliberately absent: any file that holds a secret, any cache of one, and any
//! prompt that the person did not ask for.

mod explain;
mod fault;
mod item;
mod key;
mod keychain;
#[cfg(feature = "memory")]
mod memory;
mod patience;
mod system;

#[cfg(target_os = "macos")]
mod apple;
// On Linux only its tests run, against the mock store of keyring-core.
#[cfg(any(test, not(target_os = "linux")))]
mod entries;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "windows")]
mod windows;

pub use explain::{Explanation, explain};
pub use keychain::Keychain;
#[cfg(feature = "memory")]
pub use memory::MemoryVault;
