//! `firebreakctl`: the console without a window, for headless use, scripts and checks.
//!
//! Same database, same rules, same permits. With `--json` standard output holds one JSON document
//! and nothing else; logs go to standard error. Exit codes: 0 done, 1 failed, 2 usage, 3 refused
//! by policy or state.

mod args;
mod audit;
mod clocks;
mod cloud;
mod containments;
mod context;
mod demo;
mod incidents;
mod mapping;
mod output;
mod plan_text;
mod policy;
mod secret;
mod sources;
mod steps;
mod suppress;
mod triage;
mod workspace;
mod write_back;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use firebreak_desk::{Access, Desk, Home};
use tracing_subscriber::EnvFilter;

use crate::args::{Arguments, Command};
use crate::context::{Context, Failure};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter =
        EnvFilter::try_from_env("FIREBREAK_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    // Colours are escape sequences: they are for a terminal, never for a file or another program.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    log.with_ansi(colours).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::Failed(format!("no runtime: {error}")).report(arguments.json);
        }
    };
    let json = arguments.json;
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(json),
    }
}

async fn run(arguments: Arguments) -> Result<(), Failure> {
    let home = Home::choose(arguments.home.clone());
    if let Command::Init { sandbox } = &arguments.command {
        return workspace::init(&home, sandbox.as_deref(), arguments.json).await;
    }
    if let Command::Source(command) = &arguments.command
        && let Some(result) = mapping::run(command, arguments.json)
    {
        return result;
    }
    let access = if arguments.command.changes() { Access::Owner } else { Access::Reader };
    let desk = Desk::open(home, access).await?;
    let context = Context { desk: desk.clone(), json: arguments.json };
    let result = dispatch(&context, arguments.command).await;
    desk.close().await;
    result
}

async fn dispatch(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Init { .. } => Ok(()),
        Command::Source(command) => sources::run(context, command).await,
        Command::Cloud(command) => cloud::run(context, command).await,
        Command::Model(command) => workspace::model(context, command).await,
        Command::Phase { to } => workspace::phase(context, to).await,
        Command::Keychain { unlock } => workspace::keychain(context, unlock).await,
        Command::Poll { source, once: _ } => sources::poll(context, source.as_deref()).await,
        Command::Ingest { vendor, files } => sources::ingest(context, &vendor, &files).await,
        Command::Incidents { command } => incidents::run(context, command).await,
        Command::Graph { id } => incidents::graph(context, &id).await,
        Command::Plan { id, planner } => steps::plan(context, &id, planner.as_deref()).await,
        Command::Step(command) => steps::run(context, command).await,
        Command::Containments { command } => containments::run(context, command).await,
        Command::WriteBack(command) => write_back::run(context, command).await,
        Command::Suppress(command) => suppress::run(context, command).await,
        Command::Policy(command) => policy::run(context, command).await,
        Command::Audit(command) => audit::run(context, command).await,
        Command::Clocks { command } => clocks::run(context, command).await,
        Command::Overview { since, export } => {
            clocks::overview(context, since.as_deref(), export).await
        }
        Command::Stats { days } => workspace::stats(context, days).await,
        Command::Demo => demo::run(context).await,
    }
}
