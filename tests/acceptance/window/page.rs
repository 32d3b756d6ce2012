//! What a person does in a window, and what can be seen in it.

use std::time::{Duration, Instant};

use fantoccini::actions::{
    Actions, InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
use fantoccini::wd::{TimeoutConfiguration, WindowHandle};
use fantoccini::{Client, Locator};
use serde_json::{Value, json};

/// Debug builds on a busy machine that draws in software: long, and only ever used up by failures.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub const ENTER: char = '\u{e007}';
pub const ESCAPE: char = '\u{e00c}';

/// The windows of one running console.
pub struct Page {
    pub(super) client: Client,
    main: WindowHandle,
}

impl Page {
    /// Waits until the main window is drawn.
    pub async fn new(client: Client) -> Self {
        let timeouts = TimeoutConfiguration::new(Some(PATIENCE), None, None);
        client.update_timeouts(timeouts).await.unwrap();
        let main = client.window().await.unwrap();
        let page = Self { client, main };
        page.see("status-bar").await;
        page
    }

    /// Waits until an expression is something, and returns it.
    pub async fn until(&self, what: &str, expression: &str) -> Value {
        let script = format!("return ({expression});");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let last = self.client.execute(&script, Vec::new()).await;
            if let Ok(value) = &last
                && !matches!(value, Value::Null | Value::Bool(false))
            {
                return value.clone();
            }
            if Instant::now() > deadline {
                panic!(
                    "{what}: not seen in {PATIENCE:?} ({last:?}). The window shows:\n{}",
                    self.text().await
                );
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// What an expression is now.
    pub async fn now(&self, expression: &str) -> Value {
        self.client.execute(&format!("return ({expression});"), Vec::new()).await.unwrap()
    }

    /// Waits for something with this test id.
    pub async fn see(&self, testid: &str) -> Value {
        self.until(
            testid,
            &format!("document.querySelector('[data-testid=\"{testid}\"]') !== null"),
        )
        .await
    }

    /// Waits until every source has been read to its end once: what is counted then stays so. While a
    /// source is read its next time is not known yet.
    pub async fn all_is_read(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let sources = self.invoke("list_sources", json!({})).await.expect("the sources");
            let sources = sources.as_array().expect("a list of sources");
            let read = |source: &Value| !source["next_poll"].is_null();
            if !sources.is_empty() && sources.iter().all(read) {
                return;
            }
            assert!(Instant::now() < deadline, "not read in {PATIENCE:?}: {sources:#?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Its text, once it is there.
    pub async fn text_of(&self, testid: &str) -> String {
        let expression = format!(
            "document.querySelector('[data-testid=\"{testid}\"]')?.innerText?.trim() || null"
        );
        self.until(testid, &expression).await.as_str().unwrap_or_default().to_owned()
    }

    /// One attribute of everything with this test id, in the order of the page.
    pub async fn attributes(&self, testid: &str, attribute: &str) -> Vec<String> {
        let all = format!(
            "[...document.querySelectorAll('[data-testid=\"{testid}\"]')].map((e) => e.getAttribute('{attribute}') ?? '')"
        );
        strings(&self.now(&all).await)
    }

    /// Clicks it, once it is there.
    pub async fn click(&self, testid: &str) {
        // What is live may be drawn anew between finding and clicking it: then it is found again.
        let deadline = Instant::now() + PATIENCE / 6;
        while let Err(error) = self.element(testid).await.click().await {
            assert!(Instant::now() < deadline, "click {testid}: {error}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Types into a field.
    pub async fn type_into(&self, testid: &str, text: &str) {
        self.see(testid).await;
        let field = self.field(testid).await;
        field.send_keys(text).await.unwrap_or_else(|error| panic!("{testid}: {error}"));
    }

    /// Empties a field, as selecting all of it and deleting does.
    pub async fn clear(&self, testid: &str) {
        self.see(testid).await;
        let emptied = format!(
            "(() => {{ const field = document.querySelector('input[data-testid=\"{testid}\"], [data-testid=\"{testid}\"] input'); field.value = ''; field.dispatchEvent(new Event('input', {{ bubbles: true }})); return field.value === ''; }})()"
        );
        assert_eq!(self.now(&emptied).await, json!(true), "{testid}");
    }

    /// The input with this test id, or the one inside of what has it.
    async fn field(&self, testid: &str) -> Element {
        let css = format!(
            "input[data-testid=\"{testid}\"], textarea[data-testid=\"{testid}\"], [data-testid=\"{testid}\"] input"
        );
        let found = self.client.find(Locator::Css(&css)).await;
        found.unwrap_or_else(|error| panic!("{testid}: {error}"))
    }

    /// Clicks what closes this window. The window may be gone before the driver has its answer.
    pub async fn click_to_close(&self, testid: &str) {
        let _gone_or_clicked = self.element(testid).await.click().await;
    }

    async fn element(&self, testid: &str) -> Element {
        self.see(testid).await;
        let css = format!("[data-testid=\"{testid}\"]");
        self.client
            .find(Locator::Css(&css))
            .await
            .unwrap_or_else(|error| panic!("{testid}: {error}"))
    }

    /// Presses keys one after the other, as one gesture.
    pub async fn press(&self, keys: &[char]) {
        let mut presses = KeyActions::new("keyboard".to_owned());
        for key in keys {
            presses =
                presses.then(KeyAction::Down { value: *key }).then(KeyAction::Up { value: *key });
        }
        self.client.perform_actions(presses).await.unwrap();
    }

    /// Holds a key. The window may close meanwhile: that is what holding is for.
    pub async fn hold_key(&self, key: char, held: Duration) -> Result<(), CmdError> {
        let presses = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Pause { duration: held })
            .then(KeyAction::Up { value: key });
        self.client.perform_actions(presses).await
    }

    /// Holds the pointer down on it.
    pub async fn hold_pointer(&self, testid: &str, held: Duration) -> Result<(), CmdError> {
        let element = self.element(testid).await;
        let pointer = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Pause { duration: held })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(Actions::from(pointer)).await
    }

    /// Calls a command of the shell from this window's own JavaScript.
    pub async fn invoke(&self, command: &str, arguments: Value) -> Result<Value, Value> {
        let script = "const [command, args, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, args).then(
                (value) => done({ ok: value ?? null }),
                (error) => done({ error: error ?? null }));";
        let mut answer = self.run_async(script, vec![json!(command), arguments]).await;
        match answer.get_mut("ok") {
            Some(value) => Ok(value.take()),
            None => Err(answer["error"].take()),
        }
    }

    /// Runs a script whose last argument is the function that ends it.
    pub async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        let asked = self.client.execute_async(script, arguments);
        let Ok(answer) = tokio::time::timeout(PATIENCE * 2, asked).await else {
            panic!("the driver does not answer any more: {script}")
        };
        answer.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits for the second window and goes to it.
    pub async fn go_to_approval(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let windows = self.client.windows().await.unwrap();
            if let Some(other) = windows.into_iter().find(|window| *window != self.main) {
                return self.client.switch_to_window(other).await.unwrap();
            }
            assert!(
                Instant::now() < deadline,
                "no approval window. The main window shows:\n{}",
                self.text().await
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Goes back to the main window.
    pub async fn go_to_main(&self) {
        self.client.switch_to_window(self.main.clone()).await.unwrap();
    }

    /// Waits until the main window is the only one, and goes to it.
    pub async fn only_main_is_open(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.windows().await > 1 {
            assert!(
                Instant::now() < deadline,
                "the approval window stays open:\n{}",
                self.text().await
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.go_to_main().await;
    }

    /// How many windows are open.
    pub async fn windows(&self) -> usize {
        self.client.windows().await.unwrap().len()
    }

    /// Gives the current window another size and waits until the page has it.
    pub async fn resize(&self, width: u32, height: u32) {
        self.client.set_window_rect(0, 0, width, height).await.unwrap();
        let fits = format!("innerWidth === {width} && innerHeight === {height}");
        self.until(&format!("{width}x{height}"), &fits).await;
    }

    /// What the current window shows, as PNG.
    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.unwrap()
    }

    async fn text(&self) -> String {
        let text =
            self.client.execute("return document.body.innerText.slice(0, 4000);", Vec::new()).await;
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_else(|| "nothing".to_owned())
    }

    /// Ends the session, and with it the program.
    pub async fn close(&self) {
        // A program that is gone already has closed its windows; a driver that died never answers.
        let _ = tokio::time::timeout(PATIENCE, self.client.clone().close()).await;
    }
}

/// The strings of a JSON array.
pub fn strings(array: &Value) -> Vec<String> {
    array
        .as_array()
        .into_iter()
        .flatten()
        .map(|value| value.as_str().unwrap_or_default().to_owned())
        .collect()
}
