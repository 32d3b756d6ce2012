//! What the state of the keychain means to a person on this system.

use firebreak_core::ports::KeychainState;

/// One sentence on what is so, one on what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What is so.
    pub text: String,
    /// What to do about it; `None` when nothing needs doing.
    pub remedy: Option<String>,
}

/// Explains a state. Every state reads differently.
pub fn explain(state: &KeychainState) -> Explanation {
    match state {
        KeychainState::Unlocked => {
            Explanation { text: "The keychain is unlocked.".to_owned(), remedy: None }
        }
        KeychainState::Unavailable(detail) => {
            with_remedy(format!("No keychain answers: {detail}."), START)
        }
        KeychainState::NoCollection => with_remedy(
            "A keychain answers, but has no default keyring to keep secrets in.".to_owned(),
            CREATE,
        ),
        KeychainState::Locked => with_remedy("The keychain is locked.".to_owned(), UNLOCK),
    }
}

fn with_remedy(text: String, remedy: &str) -> Explanation {
    Explanation { text, remedy: Some(remedy.to_owned()) }
}

#[cfg(target_os = "linux")]
const START: &str = "Start a Secret Service (gnome-keyring, KWallet or KeePassXC) in this desktop \
    session, then choose Try again. Firebreak keeps no credential in a file instead.";
#[cfg(target_os = "macos")]
const START: &str = "Open Keychain Access and check the login keychain, then choose Try again. \
    Firebreak keeps no credential in a file instead.";
#[cfg(target_os = "windows")]
const START: &str = "Sign in to Windows with a full session, check that the Credential Manager \
    service runs, then choose Try again. Firebreak keeps no credential in a file instead.";

#[cfg(target_os = "linux")]
const CREATE: &str = "Choose Unlock: your desktop asks for the password of a new default keyring.";
#[cfg(not(target_os = "linux"))]
const CREATE: &str = "Create a default keychain in your system's settings, then choose Try again.";

const UNLOCK: &str = "Choose Unlock: your system asks for the keychain's password.";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_state_has_its_own_message_and_remedy() {
        let states = [
            KeychainState::Unlocked,
            KeychainState::Unavailable("no session bus".to_owned()),
            KeychainState::NoCollection,
            KeychainState::Locked,
        ];
        let texts: BTreeSet<_> = states.iter().map(|state| explain(state).text).collect();
        let remedies: BTreeSet<_> = states.iter().map(|state| explain(state).remedy).collect();
        assert_eq!((texts.len(), remedies.len()), (4, 4));
        assert!(explain(&states[1]).text.contains("no session bus"));
    }
}
