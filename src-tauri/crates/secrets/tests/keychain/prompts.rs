//! Prompts come up when the person asked, and never otherwise.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use firebreak_core::ports::{
    KeyName, KeychainState, Secret, SecretName, Signer, Vault, VaultError,
};
use futures_util::StreamExt;
use zbus::{Connection, MatchRule, MessageStream, fdo::MonitoringProxy};

use crate::daemon::{Bus, Daemon, PASSWORD};
use crate::session::{self, Session};
use crate::states::{keychain, wiz};

/// Counts on the bus: calls that open a prompt, and calls that ask to unlock.
struct Watch {
    seen: Arc<AtomicUsize>,
    marks: Arc<AtomicUsize>,
}

impl Watch {
    async fn start() -> Self {
        let connection = Connection::session().await.unwrap();
        let mut stream = MessageStream::from(&connection);
        let rules = [
            "type='method_call',interface='org.freedesktop.Secret.Prompt',member='Prompt'",
            "type='method_call',interface='org.freedesktop.Secret.Service',member='Unlock'",
            "type='method_call',interface='org.gnome.keyring.internal.Prompter',member='BeginPrompting'",
            "type='method_call',interface='test.firebreak.Mark'",
        ];
        let rules = rules.map(|rule| MatchRule::try_from(rule).unwrap());
        let monitoring = MonitoringProxy::new(&connection).await.unwrap();
        monitoring.become_monitor(&rules, 0).await.unwrap();
        let watch = Self { seen: Arc::default(), marks: Arc::default() };
        let (seen, marks) = (Arc::clone(&watch.seen), Arc::clone(&watch.marks));
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let header = message.header();
                match header.member().map(|member| member.as_str()) {
                    Some("Prompt" | "Unlock" | "BeginPrompting") => {
                        seen.fetch_add(1, Ordering::SeqCst);
                    }
                    Some("Mark") => {
                        marks.fetch_add(1, Ordering::SeqCst);
                    }
                    _ => {}
                }
            }
        });
        watch
    }

    /// How many so far. Sends a mark and waits for it, since the bus tells the monitor in order.
    async fn count(&self) -> usize {
        let before = self.marks.load(Ordering::SeqCst);
        let connection = Connection::session().await.unwrap();
        let mark = Some("test.firebreak.Mark");
        connection.call_method(Some("org.freedesktop.secrets"), "/", mark, "Mark", &()).await.ok();
        while self.marks.load(Ordering::SeqCst) == before {
            tokio::task::yield_now().await;
        }
        self.seen.load(Ordering::SeqCst)
    }
}

#[test]
fn background_calls_never_prompt_and_unlock_does() {
    session::run(
        "prompts::background_calls_never_prompt_and_unlock_does",
        Session::EmptyBus,
        || async {
            let daemon = Daemon::unlocked().await;
            let keychain = keychain("w");
            keychain.write(&wiz(), Secret::new("value")).await.unwrap();
            keychain.create_if_absent(KeyName::Approver).await.unwrap();
            let person = Bus::connect().await;
            let watch = Watch::start().await;
            person.lock().await;
            call_everything(&keychain, KeychainState::Locked).await;
            daemon.crash().await;
            let _daemon = Daemon::without_login().await;
            call_everything(&keychain, KeychainState::Locked).await;
            assert_eq!(watch.count().await, 0);

            // No prompter runs here, so the prompt closes itself; that one was opened is seen.
            assert_eq!(keychain.unlock().await, KeychainState::Locked);
            assert!(watch.count().await > 0);
        },
    );
}

#[test]
fn a_keychain_without_a_collection_never_prompts_in_the_background() {
    session::run(
        "prompts::a_keychain_without_a_collection_never_prompts_in_the_background",
        Session::EmptyBus,
        || async {
            let _daemon = Daemon::without_login().await;
            let watch = Watch::start().await;
            call_everything(&keychain("w"), KeychainState::NoCollection).await;
            assert_eq!(watch.count().await, 0);
        },
    );
}

async fn call_everything(keychain: &firebreak_secrets::Keychain, state: KeychainState) {
    let refused = VaultError::NotUsable(state.clone());
    for _ in 0..50 {
        assert_eq!(keychain.state().await, state);
        assert_eq!(keychain.read(&wiz()).await.map(|_| ()), Err(refused.clone()));
        assert_eq!(keychain.write(&wiz(), Secret::new("other")).await, Err(refused.clone()));
        assert_eq!(keychain.delete(&wiz()).await, Err(refused.clone()));
        assert_eq!(keychain.sign(KeyName::Approver, b"digest").await, Err(refused.clone()));
        assert_eq!(keychain.create_if_absent(KeyName::AuditLog).await, Err(refused.clone()));
    }
}

#[test]
fn a_lock_in_the_middle_of_calls_prompts_for_nothing_and_loses_nothing() {
    session::run(
        "prompts::a_lock_in_the_middle_of_calls_prompts_for_nothing_and_loses_nothing",
        Session::EmptyBus,
        || async {
            let _daemon = Daemon::unlocked().await;
            let keychain = Arc::new(keychain("w"));
            keychain.write(&wiz(), Secret::new("value")).await.unwrap();
            let person = Bus::connect().await;
            let watch = Watch::start().await;
            let (read, locked) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
            let reading = tokio::spawn(read_and_write(
                Arc::clone(&keychain),
                Arc::clone(&read),
                Arc::clone(&locked),
            ));
            let mut round = 0;
            while !reading.is_finished() {
                // After none, one or two reads the lock falls somewhere into the next call.
                let enough = read.load(Ordering::SeqCst) + round % 3;
                while read.load(Ordering::SeqCst) < enough && !reading.is_finished() {
                    tokio::task::yield_now().await;
                }
                person.lock().await;
                person.unlock().await;
                round += 1;
            }
            reading.await.unwrap();
            assert_eq!(watch.count().await, 0);
        },
    );
}

#[test]
fn the_person_unlocks_and_makes_a_keyring_from_the_app() {
    session::run(
        "prompts::the_person_unlocks_and_makes_a_keyring_from_the_app",
        Session::EmptyBus,
        || async {
            let Some(prompter) = Prompter::start() else { return };
            let _daemon = Daemon::with_prompter(&prompter.name).await;
            let keychain = Arc::new(keychain("w"));
            assert_eq!(keychain.state().await, KeychainState::NoCollection);
            assert_eq!(keychain.unlock().await, KeychainState::Unlocked, "makes a keyring");
            keychain.write(&wiz(), Secret::new("value")).await.unwrap();
            Bus::connect().await.lock().await;

            let asking = Arc::clone(&keychain);
            let unlock = tokio::spawn(async move { asking.unlock().await });
            // While the prompt is open the background gets its answer.
            while !unlock.is_finished() {
                let state = keychain.state().await;
                assert!(matches!(state, KeychainState::Locked | KeychainState::Unlocked));
            }
            assert_eq!(unlock.await.unwrap(), KeychainState::Unlocked);
            let read = keychain.read(&wiz()).await.unwrap().unwrap();
            assert_eq!(read.expose(), "value");
        },
    );
}

/// Until both answers have been seen often enough that a lock fell inside a call.
async fn read_and_write(
    keychain: Arc<firebreak_secrets::Keychain>,
    read: Arc<AtomicUsize>,
    locked: Arc<AtomicUsize>,
) {
    while read.load(Ordering::SeqCst) < 100 || locked.load(Ordering::SeqCst) < 50 {
        match keychain.read(&wiz()).await {
            Ok(Some(secret)) => {
                assert_eq!(secret.expose(), "value");
                read.fetch_add(1, Ordering::SeqCst);
            }
            Ok(None) => panic!("a locked keychain looked empty"),
            Err(VaultError::NotUsable(KeychainState::Locked)) => {
                locked.fetch_add(1, Ordering::SeqCst);
            }
            Err(other) => panic!("{other:?}"),
        }
        // An item that comes and goes, so that creating and deleting are interrupted as well.
        let other = SecretName::new("source/other");
        let written = keychain.write(&other, Secret::new("value")).await;
        for done in [written, keychain.delete(&other).await] {
            assert!(
                matches!(done, Ok(()) | Err(VaultError::NotUsable(KeychainState::Locked))),
                "{done:?}"
            );
        }
    }
}

/// The prompter of GNOME's own tests, which types the password by itself.
struct Prompter {
    name: String,
    child: Child,
}

const PROMPTER: &str = r#"
import ctypes, sys
try:
    gcr = ctypes.CDLL("libgcr-base-3.so.1")
except OSError:
    sys.exit(0)
gcr.gcr_mock_prompter_start.restype = ctypes.c_char_p
name = gcr.gcr_mock_prompter_start()
gcr.gcr_mock_prompter_set_delay_msec(200)
for _ in range(2):
    gcr.gcr_mock_prompter_expect_password_ok(sys.argv[1].encode(), None)
print(name.decode(), flush=True)
sys.stdin.read()
"#;

impl Prompter {
    fn start() -> Option<Self> {
        let mut child = Command::new("python3")
            .args(["-c", PROMPTER, PASSWORD])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut name = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut name).unwrap();
        if name.is_empty() {
            child.wait().unwrap();
            eprintln!("SKIPPED: the app's own unlocking: libgcr-base-3 is not installed");
            return None;
        }
        Some(Self { name: name.trim().to_owned(), child })
    }
}

impl Drop for Prompter {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
