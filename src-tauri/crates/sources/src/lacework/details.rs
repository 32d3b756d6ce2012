//! Delivering listed alerts with their details: lists have no entity map, and without one an alert
//! is about nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use firebreak_core::ports::{RawAlert, Trouble};

use super::client::{Client, composed};
use super::fault::LaceworkFault;
use super::known::{Known, Listed, MIDDLING, URGENT};
use super::scope::Scope;
use super::shape::ALERT;

/// Most debts paid in one page.
const DEBTS_A_PAGE: usize = 40;

/// Reads details as far as the requests last.
pub(super) struct Details {
    scopes: Vec<Scope>,
    // Whether details may be read at all; false once Lacework said no.
    allowed: AtomicBool,
}

/// What came of asking for one alert.
enum Asked {
    Whole(RawAlert),
    /// Lacework has no details of it, or gives none to us.
    Nothing,
    /// No request is left for it now.
    Later,
}

impl Details {
    pub(super) fn new(scopes: &[Scope]) -> Self {
        let others = scopes.iter().filter(|scope| **scope != Scope::Details);
        Self { scopes: others.copied().collect(), allowed: AtomicBool::new(true) }
    }

    /// What of a page is to be delivered, the most urgent served first while requests last. What is
    /// new goes out in any case, if need be as listed; what changed and can't be read whole now
    /// stays unknown and comes with the next review, so that no finding loses what it is about.
    pub(super) async fn deliver(
        &self,
        client: &Client,
        listed: Vec<Listed>,
        known: &mut Known,
    ) -> Result<Vec<RawAlert>, LaceworkFault> {
        let mut fresh: Vec<Listed> = listed.into_iter().filter(|row| !known.holds(row)).collect();
        fresh.sort_by_key(|row| (std::cmp::Reverse(row.urgency), row.start));
        let mut alerts = Vec::with_capacity(fresh.len());
        for row in fresh {
            let asked = match &row.id {
                Some(id) => self.ask(client, id, row.urgency).await?,
                None => Asked::Nothing,
            };
            match asked {
                Asked::Later if known.has(&row) => continue,
                Asked::Later => known.put(&row, true),
                Asked::Whole(_) | Asked::Nothing => known.put(&row, false),
            }
            alerts.push(match asked {
                Asked::Whole(alert) => alert,
                Asked::Nothing | Asked::Later => row.alert,
            });
        }
        Ok(alerts)
    }

    /// Alerts whose details were put off; the flag says whether to go on at once.
    pub(super) async fn pay(
        &self,
        client: &Client,
        known: &mut Known,
    ) -> Result<(Vec<RawAlert>, bool), LaceworkFault> {
        let mut alerts = Vec::new();
        for (id, urgency) in known.owed(DEBTS_A_PAGE) {
            match self.ask(client, &id, urgency).await? {
                Asked::Whole(alert) => alerts.push(alert),
                Asked::Nothing => {}
                Asked::Later => return Ok((alerts, false)),
            }
            known.paid(&id);
        }
        let more = !known.owed(1).is_empty();
        Ok((alerts, more))
    }

    /// Whether there are requests for details.
    pub(super) fn can_pay(&self, client: &Client) -> bool {
        let allowance = client.wire.allowance();
        allowance.left() > allowance.limit() / 8
    }

    async fn ask(&self, client: &Client, id: &str, urgency: u8) -> Result<Asked, LaceworkFault> {
        if !self.allowed.load(Ordering::Relaxed) {
            return Ok(Asked::Nothing);
        }
        if !self.can_pay(client) {
            return Ok(Asked::Later);
        }
        let details = match client.scope(id, Scope::Details).await {
            Ok(Some(details)) if details.get().starts_with('{') => details,
            Ok(_) | Err(LaceworkFault::Unknown { .. } | LaceworkFault::Refused { .. }) => {
                return Ok(Asked::Nothing);
            }
            Err(LaceworkFault::TooMany { .. } | LaceworkFault::Spent { .. }) => {
                return Ok(Asked::Later);
            }
            Err(LaceworkFault::NotAllowed { detail }) => {
                tracing::warn!(
                    detail,
                    "alerts come without their details: the key may not read them"
                );
                self.allowed.store(false, Ordering::Relaxed);
                return Ok(Asked::Nothing);
            }
            Err(fault) => return Err(fault),
        };
        let mut others = Vec::new();
        for scope in &self.scopes {
            let allowance = client.wire.allowance();
            let reserve = match urgency {
                URGENT.. => allowance.limit() / 4,
                MIDDLING if *scope == Scope::ObservationTimeline => allowance.limit() / 2,
                _ => continue,
            };
            if allowance.left() <= reserve {
                break;
            }
            others.extend(optional(client, id, *scope).await?.map(|raw| (*scope, raw)));
        }
        Ok(Asked::Whole(RawAlert { kind: ALERT.to_owned(), body: composed(&details, &others) }))
    }
}

/// A scope that an alert may do without. Not every kind of alert has every scope.
pub(super) async fn optional(
    client: &Client,
    id: &str,
    scope: Scope,
) -> Result<Option<Box<serde_json::value::RawValue>>, LaceworkFault> {
    match client.scope(id, scope).await {
        Ok(found) => Ok(found),
        Err(LaceworkFault::TooMany { .. } | LaceworkFault::Spent { .. }) => Ok(None),
        Err(fault) if fault.trouble() == Trouble::NeedsPerson => Ok(None),
        Err(fault) => Err(fault),
    }
}
