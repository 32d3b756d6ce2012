//! Which keychain this system has.

use crate::patience::Patience;

#[cfg(target_os = "linux")]
pub(crate) type Native = crate::linux::SecretServiceKeychain;
#[cfg(not(target_os = "linux"))]
pub(crate) type Native = crate::entries::EntryKeychain;

#[cfg(target_os = "linux")]
pub(crate) fn open(patience: Patience) -> Native {
    Native::new(patience)
}

#[cfg(target_os = "macos")]
pub(crate) fn open(patience: Patience) -> Native {
    Native::new(crate::apple::PLATFORM, patience)
}

#[cfg(target_os = "windows")]
pub(crate) fn open(patience: Patience) -> Native {
    Native::new(crate::windows::PLATFORM, patience)
}
