//! The queue in the real window: frames while it is scrolled, script within a frame, key to paint. Said
//! beside what a bare list takes in the same window and the same run.

use std::fmt::Display;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Failure;
use crate::stats::Samples;
use crate::table::Table;

const SCRIPT: &str = include_str!("ui/frames.js");
/// Until the window shows rows, and until the driver answers.
const PATIENCE: Duration = Duration::from_secs(60);
/// For all that is measured.
const LONGEST: Duration = Duration::from_secs(600);

#[derive(Deserialize)]
struct Measured {
    total: u64,
    reached: u64,
    end: End,
    own: Times,
    reference: Times,
}

#[derive(Deserialize)]
struct End {
    row: u64,
    took: f64,
}

/// Milliseconds.
#[derive(Deserialize)]
struct Times {
    frames: Vec<f64>,
    scripts: Vec<f64>,
    keys: Vec<f64>,
    missed: u64,
}

/// Opens the window on a workspace and measures it; says why where that can't be done.
pub async fn measure(home: &Path, table: &mut Table) -> Result<(), Failure> {
    let programs = match Programs::find() {
        Ok(programs) => programs,
        Err(missing) => {
            table.row("window: a frame while scrolling", "SKIPPED", missing);
            return Ok(());
        }
    };
    let driver = Driver::start(&programs, home)?;
    let options = json!({ "application": programs.window, "args": ["--home", home] });
    let wanted = json!({ "tauri:options": options });
    let client = ClientBuilder::new(HttpConnector::new())
        .capabilities(wanted.as_object().cloned().unwrap_or_default())
        .connect(&driver.url)
        .await?;
    let measured = in_window(&client).await;
    client.close().await?;
    drop(driver);
    told(&measured?, table);
    Ok(())
}

async fn in_window(client: &Client) -> Result<Measured, Failure> {
    let timeouts = TimeoutConfiguration::new(Some(LONGEST), None, None);
    client.update_timeouts(timeouts).await?;
    let rows = "return document.querySelector('[data-testid=\"queue-row\"]') !== null;";
    let deadline = Instant::now() + PATIENCE;
    while client.execute(rows, Vec::new()).await? != json!(true) {
        if Instant::now() > deadline {
            return Err("the window shows no rows".into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // What a start sets going is not part of this.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let mut answer = client.execute_async(SCRIPT, Vec::new()).await?;
    match answer.get_mut("value").map(Value::take) {
        Some(value) => Ok(serde_json::from_value(value)?),
        None => Err(format!("the page says {}", answer["error"]).into()),
    }
}

fn told(measured: &Measured, table: &mut Table) {
    let (own, bare) = (&measured.own, &measured.reference);
    let rows =
        format!("{} frames, to row {} of {}", own.frames.len(), measured.reached, measured.total);
    table.row("window: a frame while scrolling", samples(&own.frames).to_string(), rows);
    let frames = format!("{} frames, the same rows", bare.frames.len());
    table.row("  a bare list's", samples(&bare.frames).to_string(), frames);
    let rate = |times: &[f64]| 1000.0 * times.len() as f64 / times.iter().sum::<f64>().max(1.0);
    let share = format!("{:.0} %", 100.0 * rate(&own.frames) / rate(&bare.frames));
    let both = format!("{:.1} and {:.1} a second", rate(&own.frames), rate(&bare.frames));
    table.row("  frames in the bare list's time", share, both);
    let of = "scroll handlers and what they draw; the engine's clock has 1 ms";
    table.row("  script within a frame", samples(&own.scripts).to_string(), of);
    table.row("  a bare list's", samples(&bare.scripts).to_string(), "");
    let keys = format!("{} keys, {} without effect", own.keys.len(), own.missed);
    table.row("window: key to paint", samples(&own.keys).to_string(), keys);
    let keys = format!("{} keys, {} without effect", bare.keys.len(), bare.missed);
    table.row("  a bare list's", samples(&bare.keys).to_string(), keys);
    let reached = format!("row {} of {}", measured.end.row, measured.total);
    table.row(
        "window: the bar dragged to its end",
        format!("{:.0} ms", measured.end.took),
        reached,
    );
}

fn samples(milliseconds: &[f64]) -> impl Display {
    let mut samples = Samples::default();
    for each in milliseconds {
        samples.push(Duration::from_secs_f64(each.max(0.0) / 1000.0));
    }
    samples
}

struct Programs {
    window: PathBuf,
    tauri_driver: PathBuf,
    webkit_driver: PathBuf,
}

impl Programs {
    fn find() -> Result<Self, String> {
        let path = |name: &str| {
            let set = std::env::var_os(name).map(PathBuf::from);
            set.ok_or(format!("{name} is not set; run `cargo xtask bench`"))
        };
        path("DISPLAY")?;
        let programs = Self {
            window: path("FIREBREAK_BIN_DIR")?.join("firebreak"),
            tauri_driver: path("FIREBREAK_TAURI_DRIVER")?,
            webkit_driver: path("FIREBREAK_WEBKIT_DRIVER")?,
        };
        for program in [&programs.window, &programs.tauri_driver, &programs.webkit_driver] {
            if !program.is_file() {
                return Err(format!("{} is missing", program.display()));
            }
        }
        Ok(programs)
    }
}

/// tauri-driver and the WebKitWebDriver behind it.
struct Driver {
    child: Child,
    url: String,
}

impl Driver {
    fn start(programs: &Programs, home: &Path) -> Result<Self, Failure> {
        let (port, native) = (free_port()?, free_port()?);
        let mut command = Command::new(&programs.tauri_driver);
        command.args(["--port", &port.to_string(), "--native-port", &native.to_string()]);
        command.arg("--native-driver").arg(&programs.webkit_driver);
        for name in ["XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
            let own = home.join(name);
            std::fs::create_dir_all(&own)?;
            command.env(name, own);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let driver = Self { child: command.spawn()?, url: format!("http://127.0.0.1:{port}") };
        let deadline = Instant::now() + PATIENCE;
        while [port, native].iter().any(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()) {
            if Instant::now() > deadline {
                return Err("tauri-driver does not answer".into());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(driver)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Asked to end, it takes the driver behind it along; killed, it would leave it.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _gone = self.child.kill();
        }
        let _reaped = self.child.wait();
    }
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
