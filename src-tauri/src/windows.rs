//! The windows and where they may go: nowhere but the pages that are built in.

use tauri::{AppHandle, Manager, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder};

pub const MAIN: &str = "main";
pub const APPROVAL: &str = "approval";

/// Opens the main window.
pub fn open_main(app: &AppHandle) -> tauri::Result<WebviewWindow> {
    WebviewWindowBuilder::new(app, MAIN, WebviewUrl::App("index.html".into()))
        .title("Firebreak")
        .inner_size(1440.0, 900.0)
        .min_inner_size(1024.0, 700.0)
        .disable_drag_drop_handler()
        .on_navigation(is_own)
        .build()
}

/// Brings the main window to the front.
pub fn show_main(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(MAIN) {
        let shown =
            window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window could not be shown");
        }
    }
}

/// Whether an address is a page of ours. Alerts are full of addresses; none of them opens here.
pub fn is_own(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => true,
        "http" | "https" => url.host_str() == Some("tauri.localhost"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn only_built_in_pages_open() {
        for own in ["tauri://localhost/index.html", "http://tauri.localhost/approval.html"] {
            assert!(is_own(&own.parse().unwrap()), "{own}");
        }
        for other in [
            "https://example.com/",
            "http://tauri.localhost.example.com/",
            "http://localhost:1420/",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
            "about:blank",
        ] {
            assert!(!is_own(&other.parse().unwrap()), "{other}");
        }
    }
}
