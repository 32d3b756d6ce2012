use std::sync::Arc;

use clap::Parser;
use firebreak_desk::{Access, Desk, DeskError, Home};
use tauri::{App, AppHandle, Manager, RunEvent};

use crate::arguments::Arguments;
use crate::{commands, notifications, windows};

/// Builds the application and runs it to its end.
pub fn launch(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = tauri::Builder::default();
    // A second start of the user's own console shows the first one. Named workspaces may be open
    // side by side; their lock keeps two programs off one of them.
    if arguments.home.is_none() {
        builder = builder.plugin(tauri_plugin_single_instance::init(|app, words, _| {
            windows::show_main(app);
            // The second start was read by nobody yet; what it can't say is no link.
            if let Ok(Arguments { link: Some(link), .. }) = Arguments::try_parse_from(words) {
                follow(app, link.to_string_lossy().into_owned());
            }
        }));
    }
    let app = builder
        .plugin(tauri_plugin_notification::init())
        .plugin(
            tauri_plugin_window_state::Builder::default()
                .with_denylist(&[windows::APPROVAL])
                .build(),
        )
        .invoke_handler(commands::handler())
        .setup(move |app| setup(app, &arguments))
        .build(tauri::generate_context!())?;
    app.run(|handle, event| match event {
        RunEvent::Exit => {
            if let Some(desk) = handle.try_state::<Arc<Desk>>() {
                tauri::async_runtime::block_on(desk.close());
            }
        }
        // macOS hands addresses over while the program runs, the first one too.
        #[cfg(target_os = "macos")]
        RunEvent::Opened { urls } => {
            windows::show_main(handle);
            urls.into_iter().for_each(|url| follow(handle, url.into()));
        }
        _ => {}
    });
    Ok(())
}

/// Lets the desk read an address; the window asks it where that leads.
fn follow(app: &AppHandle, link: String) {
    if let Some(desk) = app.try_state::<Arc<Desk>>() {
        let desk = Arc::clone(&desk);
        tauri::async_runtime::spawn(async move { desk.open_link(&link).await });
    }
}

fn setup(app: &mut App, arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let desk = tauri::async_runtime::block_on(open(arguments))?;
    // The background work needs the runtime's context; this is its thread pool.
    tauri::async_runtime::block_on(async { desk.start() });
    notifications::watch(app.handle(), &desk);
    if let Some(link) = &arguments.link {
        tauri::async_runtime::block_on(desk.open_link(&link.to_string_lossy()));
    }
    app.manage(desk);
    windows::open_main(app.handle())?;
    Ok(())
}

async fn open(arguments: &Arguments) -> Result<Arc<Desk>, DeskError> {
    let home = Home::choose(arguments.home.clone());
    if !home.exists() {
        Desk::init(&home).await?;
    }
    Desk::open(home, Access::Owner).await
}
