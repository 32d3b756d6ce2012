use std::sync::Arc;

use firebreak_desk::{Access, Desk, DeskError, Home};
use tauri::{App, Manager, RunEvent};

use crate::arguments::Arguments;
use crate::{commands, notifications, windows};

/// Builds the application and runs it to its end.
pub fn launch(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = tauri::Builder::default();
    // A second start of the user's own console shows the first one. Named workspaces may be open
    // side by side; their lock keeps two programs off one of them.
    if arguments.home.is_none() {
        builder =
            builder.plugin(tauri_plugin_single_instance::init(|app, _, _| windows::show_main(app)));
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
    app.run(|handle, event| {
        if let RunEvent::Exit = event
            && let Some(desk) = handle.try_state::<Arc<Desk>>()
        {
            tauri::async_runtime::block_on(desk.close());
        }
    });
    Ok(())
}

fn setup(app: &mut App, arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let desk = tauri::async_runtime::block_on(open(arguments))?;
    // The background work needs the runtime's context; this is its thread pool.
    tauri::async_runtime::block_on(async { desk.start() });
    notifications::watch(app.handle(), &desk);
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
