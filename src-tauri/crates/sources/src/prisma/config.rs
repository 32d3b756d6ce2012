//! What a person configures for one Prisma Cloud tenant.

use std::num::NonZeroU32;
use std::time::Duration;

use firebreak_core::ports::SecretName;

use crate::http::HttpConfig;
use crate::patience::Patience;

/// One place where the vendor runs Prisma Cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stack {
    /// As the console's address shows it: `app2`, `app.eu`.
    pub name: &'static str,
    /// Where its API answers.
    pub api_url: &'static str,
}

const fn stack(name: &'static str, api_url: &'static str) -> Stack {
    Stack { name, api_url }
}

/// The stacks that the vendor lists (pan.dev, "Prisma Cloud API URLs"). A tenant on a stack that is
/// not here gives its address by hand.
pub const STACKS: [Stack; 16] = [
    stack("app", "https://api.prismacloud.io"),
    stack("app2", "https://api2.prismacloud.io"),
    stack("app3", "https://api3.prismacloud.io"),
    stack("app4", "https://api4.prismacloud.io"),
    stack("app.eu", "https://api.eu.prismacloud.io"),
    stack("app2.eu", "https://api2.eu.prismacloud.io"),
    stack("app.anz", "https://api.anz.prismacloud.io"),
    stack("app.gov", "https://api.gov.prismacloud.io"),
    stack("app.ca", "https://api.ca.prismacloud.io"),
    stack("app.sg", "https://api.sg.prismacloud.io"),
    stack("app.uk", "https://api.uk.prismacloud.io"),
    stack("app.ind", "https://api.ind.prismacloud.io"),
    stack("app.jp", "https://api.jp.prismacloud.io"),
    stack("app.fr", "https://api.fr.prismacloud.io"),
    stack("app.id", "https://api.id.prismacloud.io"),
    stack("app.cn", "https://api.prismacloud.cn"),
];

/// Which of an alert's times makes it a change. The filter `timeRange.type` is not in the vendor's
/// OpenAPI; its values come from `GET /filter/alert/suggest` as public integrations use them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChangeClock {
    /// `ALERT_STATUS_UPDATED`: opened, dismissed, snoozed, resolved, opened again.
    Status,
    /// `ALERT_UPDATED`: the same, and changes of policy (severity), rule and resource.
    Anything,
}

impl ChangeClock {
    /// The filter's value.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Status => "ALERT_STATUS_UPDATED",
            Self::Anything => "ALERT_UPDATED",
        }
    }
}

/// One tenant and how to ask it. Holds no secret: `secret` only names it.
#[derive(Debug, Clone)]
pub struct PrismaConfig {
    /// The configured source's name, `prisma-prod`.
    pub name: String,
    /// One of [`STACKS`], or an address of one's own.
    pub api_url: String,
    /// Of the access key, not the secret.
    pub access_key_id: String,
    /// Under what name the keychain has the access key's secret.
    pub secret: SecretName,
    /// `https://us-east1.cloud.twistlock.com/us-2-158262739`: where Prisma Compute answers. Its
    /// incidents are not polled without.
    pub compute_url: Option<String>,
    /// Which changes are polled, each in a sweep of its own. Both by default, see
    /// [`anything_every`](Self::anything_every).
    pub changes: Vec<ChangeClock>,
    /// How often the sweep by any change is made where both are; the one by status is made at every
    /// poll.
    ///
    /// One sweep can't do for both. By the vendor's words `lastUpdated` moves with every change of
    /// status, but its OpenAPI does not know the filter, so nothing says which field
    /// `ALERT_UPDATED` compares, and public integrations publish alerts, open and resolved ones,
    /// without a `lastUpdated`. The other way round the sweep by status never shows another
    /// severity. What can be proved is that each sweep has a window of its own, which waits for it:
    /// made less often it brings later what only it brings, and loses nothing.
    pub anything_every: Duration,
    /// Further filters of `/v2/alert`, name and value: `("policy.severity", "high")`. None by default.
    pub filters: Vec<(String, String)>,
    /// How far back the first poll reaches.
    pub lookback: Duration,
    /// Alerts a page; Prisma takes at most 10,000, which would not fit the cap on bodies.
    pub page_size: u32,
    /// Of lists of alerts: 2 by the vendor's documentation.
    pub requests_per_second: NonZeroU32,
    /// Of single alerts, assets and everything else: 5 by the vendor's documentation of `/alert/{id}`.
    pub details_per_second: NonZeroU32,
    /// For the writer: how long an alert is snoozed when somebody works on it. Prisma has no status
    /// for that; `None` (the default) leaves the alert open, because a snoozed one is out of sight.
    pub snooze_in_progress: Option<Duration>,
    /// Time-outs, caps, proxy.
    pub http: HttpConfig,
    /// Bounds on retries.
    pub patience: Patience,
}

impl PrismaConfig {
    /// A tenant with the defaults: 7 days back, 200 a page, the documented rates, no Compute.
    pub fn new(
        name: impl Into<String>,
        api_url: impl Into<String>,
        access_key_id: impl Into<String>,
        secret: SecretName,
    ) -> Self {
        Self {
            name: name.into(),
            api_url: api_url.into(),
            access_key_id: access_key_id.into(),
            secret,
            compute_url: None,
            changes: vec![ChangeClock::Status, ChangeClock::Anything],
            anything_every: Duration::from_secs(10 * 60),
            filters: Vec::new(),
            lookback: Duration::from_secs(7 * 86_400),
            page_size: 200,
            requests_per_second: NonZeroU32::MIN.saturating_add(1),
            details_per_second: NonZeroU32::MIN.saturating_add(4),
            snooze_in_progress: None,
            http: HttpConfig::default(),
            // A 429 of Prisma names no time to wait; its own client waits 1, 2, 4, … seconds.
            patience: Patience { first_wait: Duration::from_secs(1), ..Patience::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Address;

    #[test]
    fn every_stack_is_an_address_and_named_once() {
        let mut names: Vec<_> = STACKS.iter().map(|stack| stack.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STACKS.len());
        assert!(STACKS.iter().all(|stack| Address::parse(stack.api_url).is_ok()));
    }
}
