//! The program `firebreak-sandbox`: starts the stand-ins, writes the READY file, runs until told to stop.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use firebreak_sandbox::{Options, PrismaOptions, Sandbox, Scenarios};

/// Stand-in Wiz, AWS and model server on loopback, seeded with the scenarios.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Makes ids, secrets and generated data repeatable.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Where to write addresses and credentials once everything answers.
    #[arg(long)]
    ready_file: Option<PathBuf>,
    /// Port of the Wiz tenant; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    wiz_port: u16,
    /// Port of the AWS endpoint (the proxy in front of moto); 0 takes a free one.
    #[arg(long, default_value_t = 0, alias = "aws-port")]
    moto_port: u16,
    /// Port of the model server; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    model_port: u16,
    /// Port of the Prisma Cloud tenant; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    prisma_port: u16,
    /// Port of the control API; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    control_port: u16,
    /// Python that has moto; also FIREBREAK_PYTHON, else target/sandbox-venv.
    #[arg(long)]
    python: Option<PathBuf>,
    /// Folder of scenarios to use instead of the shipped ones.
    #[arg(long)]
    scenarios: Option<PathBuf>,
    /// Leave the AWS side out.
    #[arg(long)]
    no_aws: bool,
    /// Do not limit the rate of Wiz requests.
    #[arg(long)]
    no_rate_limit: bool,
    /// Life of a Wiz access token in seconds.
    #[arg(long, default_value_t = 3600)]
    token_lifetime: u64,
    /// How long AWS state changes take, in milliseconds.
    #[arg(long, default_value_t = 400)]
    settle_ms: u64,
    /// Add this many generated issues.
    #[arg(long, default_value_t = 0)]
    bulk: u64,
    /// Port of the Lacework account; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    lacework_port: u16,
    /// Leave the Lacework account out.
    #[arg(long)]
    no_lacework: bool,
    /// Stop when standard input closes, so that the sandbox cannot outlive what started it.
    #[arg(long)]
    until_stdin_closes: bool,
}

impl Arguments {
    fn options(&self) -> Options {
        Options {
            seed: self.seed,
            aws: !self.no_aws,
            wiz_port: self.wiz_port,
            model_port: self.model_port,
            aws_port: self.moto_port,
            control_port: self.control_port,
            python: self.python.clone(),
            scenarios: self.scenarios.clone().map_or(Scenarios::Shipped, Scenarios::Folder),
            token_lifetime: Duration::from_secs(self.token_lifetime),
            rate_limit: if self.no_rate_limit { None } else { Options::default().rate_limit },
            settle: Duration::from_millis(self.settle_ms),
            bulk: self.bulk,
            orca: true,
            prisma: Some(PrismaOptions {
                port: self.prisma_port,
                rate_limits: !self.no_rate_limit,
                ..PrismaOptions::default()
            }),
            lacework: !self.no_lacework,
            lacework_port: self.lacework_port,
            ..Options::default()
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,firebreak_sandbox=info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = %chain(&error), "the sandbox cannot run");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), firebreak_sandbox::Error> {
    let running = Sandbox::start(arguments.options()).await?;
    match &arguments.ready_file {
        Some(path) => running.ready().write(path)?,
        None => tracing::info!("no --ready-file was given; the secrets of this run stay unknown"),
    }
    tracing::info!(control = %running.ready().control_url, "the sandbox is ready");
    tokio::select! {
        () = interrupted() => {}
        () = closed(), if arguments.until_stdin_closes => {}
    }
    running.stop().await;
    if let Some(path) = &arguments.ready_file {
        // What it says is no longer true; a failure to remove it changes nothing for anyone.
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// Resolves on the signals by which programs are asked to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// Resolves when standard input ends. The thread is left behind: a blocking read cannot be cancelled.
async fn closed() {
    let (ended, wait) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = wait.await;
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}
