//! What to start and how it should behave.

use std::path::PathBuf;
use std::time::Duration;

use crate::prisma::PrismaOptions;

/// How fast one Wiz access token may ask.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimit {
    /// Sustained requests a second; the public clients of Wiz keep to 3.
    pub per_second: f64,
    /// Requests that may come at once.
    pub burst: f64,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { per_second: 3.0, burst: 12.0 }
    }
}

/// Where scenarios come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scenarios {
    /// The ones shipped in `assets/scenarios`, compiled in.
    #[default]
    Shipped,
    /// Every `*.toml` of a folder, in name order.
    Folder(PathBuf),
    /// No issue and no entity at all: a tenant to fill through the control API.
    Empty,
}

/// Settings of one sandbox. The default starts Wiz and the model on free ports, without AWS.
#[derive(Debug, Clone)]
pub struct Options {
    /// Makes ids, secrets and generated data repeatable.
    pub seed: u64,
    /// Start the stand-in Wiz tenant.
    pub wiz: bool,
    /// Start the stand-in model server.
    pub model: bool,
    /// Start the simulated AWS account (needs Python with moto).
    pub aws: bool,
    /// Port of the Wiz tenant; 0 takes a free one.
    pub wiz_port: u16,
    /// Port of the model server; 0 takes a free one.
    pub model_port: u16,
    /// Port of the AWS proxy; 0 takes a free one.
    pub aws_port: u16,
    /// Port of the control API; 0 takes a free one.
    pub control_port: u16,
    /// Python interpreter that has moto; found automatically when empty.
    pub python: Option<PathBuf>,
    /// Where scenarios come from.
    pub scenarios: Scenarios,
    /// Life of a Wiz access token.
    pub token_lifetime: Duration,
    /// Wiz rate limit per token; `None` switches it off.
    pub rate_limit: Option<RateLimit>,
    /// How long AWS state changes (stopping, pending, snapshots) take.
    pub settle: Duration,
    /// The largest size of the Auto Scaling group: each undo of a standby leaves it one larger.
    pub group_maximum: u32,
    /// How long the model `sandbox-slow` waits before it answers.
    pub slow_model: Duration,
    /// Generated issues to add to those of the scenarios.
    pub bulk: u64,
    /// Start the stand-in Orca organisation, on a free port.
    pub orca: bool,
    /// Start the stand-in Prisma Cloud, so.
    pub prisma: Option<PrismaOptions>,
    /// Start the stand-in Lacework account.
    pub lacework: bool,
    /// Port of the Lacework account; 0 takes a free one.
    pub lacework_port: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 7,
            wiz: true,
            model: true,
            aws: false,
            wiz_port: 0,
            model_port: 0,
            aws_port: 0,
            control_port: 0,
            python: None,
            scenarios: Scenarios::Shipped,
            token_lifetime: Duration::from_secs(3600),
            rate_limit: Some(RateLimit::default()),
            settle: Duration::from_millis(400),
            group_maximum: 4,
            slow_model: Duration::from_secs(60),
            bulk: 0,
            orca: false,
            prisma: None,
            lacework: false,
            lacework_port: 0,
        }
    }
}

impl Options {
    /// Only the Wiz tenant.
    #[must_use]
    pub fn wiz_only() -> Self {
        Self { model: false, ..Self::default() }
    }

    /// Only the model server.
    #[must_use]
    pub fn model_only() -> Self {
        Self { wiz: false, ..Self::default() }
    }

    /// Only the Lacework account.
    #[must_use]
    pub fn lacework_only() -> Self {
        Self { wiz: false, model: false, lacework: true, ..Self::default() }
    }

    /// Wiz, model and AWS: what the main job needs.
    #[must_use]
    pub fn everything() -> Self {
        Self { aws: true, ..Self::default() }
    }

    /// Every stand-in CNAPP, without model and AWS.
    #[must_use]
    pub fn vendors() -> Self {
        let prisma = Some(PrismaOptions::default());
        Self { model: false, orca: true, prisma, lacework: true, ..Self::default() }
    }
}
