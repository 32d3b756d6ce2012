//! Faults that can be switched on while the sandbox runs.

use std::collections::HashMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

/// Which stand-in plays the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// The Wiz tenant, token endpoint included (operation `token`).
    Wiz,
    /// The model server.
    Model,
    /// The AWS proxy.
    Aws,
    /// The Orca organisation (operations `query`, `query:Alert`, `rules`, `status`, `comment`, `event_log`, `asset`).
    Orca,
    /// The Prisma Cloud tenant, its logins included (operations `login`, `compute_login`).
    Prisma,
    /// The Lacework account; operations `token`, `list`, `page`, `search`, a scope's name, `comment`, `close`.
    Lacework,
}

/// What happens instead of the normal answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Takes every fault of the target away.
    None,
    /// Too many requests (AWS: RequestLimitExceeded or Throttling).
    #[serde(rename = "429")]
    TooMany,
    /// Not signed in (AWS: AuthFailure or InvalidClientTokenId).
    #[serde(rename = "401")]
    Unauthorized,
    /// Not allowed (AWS: UnauthorizedOperation or AccessDenied).
    #[serde(rename = "403")]
    Forbidden,
    /// Internal error.
    #[serde(rename = "500")]
    Internal,
    /// The normal answer, `delay_ms` late.
    Slow,
    /// The connection ends before anything was done and without any answer.
    Cut,
    /// The connection ends in the middle of the normal answer.
    CutHalf,
    /// The request takes effect, then the connection ends without any answer.
    Lost,
    /// A page of HTML with status 200.
    Html200,
    /// Bytes that are not JSON (or XML) with status 200.
    Garbage,
    /// An answer of `bytes` bytes (64 MiB unless told) with status 200.
    Huge,
    /// Wiz forgets every access token it issued; the request is refused with 401.
    ExpiredToken,
    /// Model only: HTTP 429 insufficient_quota, which no retry helps.
    Quota,
}

/// A fault order as the control API takes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Who plays it.
    pub target: Target,
    /// What is played.
    pub mode: Mode,
    /// How many matching requests it hits; 0 or absent means until taken away.
    #[serde(default)]
    pub count: u64,
    /// How many matching requests pass unharmed first: the fault hits the n-th call with `skip` = n - 1.
    #[serde(default)]
    pub skip: u64,
    /// Delay before the answer, also for other modes than `slow`.
    #[serde(default)]
    pub delay_ms: u64,
    /// Only this operation: GraphQL operation or root field name, `token`, AWS `StopInstances` or `ec2:StopInstances`, model name.
    #[serde(default, rename = "match")]
    pub matches: Option<String>,
    /// For AWS: whether dry runs are spared (`true`) or hit too. Default spares them.
    #[serde(default = "spared")]
    pub spare_dry_run: bool,
    /// Size of a `huge` answer.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Error code to use instead of the usual one (AWS only).
    #[serde(default)]
    pub code: Option<String>,
    /// Value of a `Retry-After` header on 429, in seconds.
    #[serde(default)]
    pub retry_after: Option<u64>,
}

fn spared() -> bool {
    true
}

impl Fault {
    /// A fault that hits every request of a target until it is taken away.
    #[must_use]
    pub fn new(target: Target, mode: Mode) -> Self {
        Self {
            target,
            mode,
            count: 0,
            skip: 0,
            delay_ms: 0,
            matches: None,
            spare_dry_run: true,
            bytes: None,
            code: None,
            retry_after: None,
        }
    }

    /// The mode's name as in the control API.
    #[must_use]
    pub fn name(&self) -> String {
        serde_json::to_value(self.mode)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default()
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub struct Faults {
    inner: Mutex<HashMap<Target, Vec<Fault>>>,
}

impl Faults {
    /// Adds a fault, or clears the target for [`Mode::None`].
    pub fn order(&self, fault: Fault) {
        let mut inner = self.lock();
        let faults = inner.entry(fault.target).or_default();
        if fault.mode == Mode::None {
            faults.clear();
        } else {
            faults.push(fault);
        }
    }

    /// The fault that hits this request, if any; counts are taken down. The first match wins.
    ///
    /// `names` are all the names the request goes by.
    pub fn take(&self, target: Target, names: &[&str], dry_run: bool) -> Option<Fault> {
        let mut inner = self.lock();
        let faults = inner.get_mut(&target)?;
        let hits = |fault: &Fault| {
            let named = fault.matches.as_deref().is_none_or(|wanted| names.contains(&wanted));
            named && !(dry_run && fault.spare_dry_run)
        };
        let mut found = None;
        for (index, fault) in faults.iter_mut().enumerate() {
            if !hits(fault) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            found = Some((index, fault.clone()));
            break;
        }
        let (index, hit) = found?;
        match faults[index].count {
            0 => {}
            1 => {
                faults.remove(index);
            }
            _ => faults[index].count -= 1,
        }
        Some(hit)
    }

    /// The faults of every target.
    #[must_use]
    pub fn all(&self) -> Vec<Fault> {
        self.lock().values().flatten().cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Target, Vec<Fault>>> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
