//! Waiting, by reading, for what the next call needs. Bounded; nothing is sent.

use std::time::Duration;

use aws_sdk_ec2::types::Filter;
use firebreak_core::call::Call;
use firebreak_core::ports::{OutsideError, Trouble};
use tokio::time::Instant;

use crate::connection::Clients;
use crate::failure::Failure;
use crate::observe_instance;
use crate::send::Ready;

/// How patient to be.
struct Patience {
    /// A start takes a minute or two; connection draining on the way to standby five.
    longest: Duration,
    /// How long reads may lag behind a change before what they show is believed.
    lag: Duration,
    first_pause: Duration,
    longest_pause: Duration,
}

const PATIENCE: Patience = Patience {
    longest: Duration::from_secs(600),
    lag: Duration::from_secs(30),
    first_pause: Duration::from_millis(100),
    longest_pause: Duration::from_secs(3),
};

/// How long a group of ours may look used after its last interface left it.
const RELEASE: Duration = Duration::from_secs(6);
const RELEASE_PAUSE: Duration = Duration::from_millis(500);

/// How waiting ended.
pub(crate) enum Waited {
    Ready,
    Cancelled,
    Failed(OutsideError),
}

/// Waits until the call can be made after what was sent before it. An instance must run before its
/// group takes it back, and must be on standby before it is stopped: while it is still entering,
/// its group would replace it as unhealthy, and the evidence with it. A security group must be
/// released by the interfaces that just left it before it can be deleted.
pub(crate) async fn until_ready(
    clients: &Clients,
    before: &[Call],
    next: &Ready<'_>,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Waited {
    let sent = |wanted: fn(&Call) -> bool| before.iter().any(wanted);
    match next.call {
        Call::ExitStandby { instance_id, .. }
            if sent(|call| matches!(call, Call::StartInstance { .. })) =>
        {
            let read = || instance_state(clients, instance_id);
            let asked = ("ec2:DescribeInstances", instance_id.as_str());
            until(&PATIENCE, asked, "running", read, cancelled).await
        }
        Call::StopInstance { instance_id }
            if sent(|call| matches!(call, Call::EnterStandby { .. })) =>
        {
            let read = || lifecycle(clients, instance_id);
            let asked = ("autoscaling:DescribeAutoScalingInstances", instance_id.as_str());
            until(&PATIENCE, asked, "Standby", read, cancelled).await
        }
        Call::DeleteSecurityGroup { .. } => released(clients, next.groups.first(), cancelled).await,
        _ => Waited::Ready,
    }
}

async fn until<F: Future<Output = Result<String, OutsideError>> + Send>(
    patience: &Patience,
    (operation, subject): (&str, &str),
    wanted: &str,
    read: impl Fn() -> F,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Waited {
    let begun = Instant::now();
    let mut pause = patience.first_pause;
    loop {
        let late = begun.elapsed() >= patience.longest;
        let believed = begun.elapsed() >= patience.lag;
        match read().await {
            Ok(seen) if seen == wanted => return Waited::Ready,
            Ok(seen) if late || is_dead_end(&seen, believed) => {
                let words =
                    format!("{subject} is {seen}, not {wanted}; the next call was not sent");
                let error = OutsideError::new(operation, Trouble::NeedsPerson, words);
                let remedy = "look at the instance, then undo the step or finish it by hand";
                return Waited::Failed(error.with_remedy(remedy));
            }
            Err(error) if late || error.trouble != Trouble::Passing => {
                return Waited::Failed(error);
            }
            Ok(_) | Err(_) => {}
        }
        if cancelled() {
            return Waited::Cancelled;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(patience.longest_pause);
    }
}

/// States that lead nowhere else by themselves, once reads had time to catch up with the change.
fn is_dead_end(seen: &str, believed: bool) -> bool {
    let final_state =
        matches!(seen, "terminated" | "shutting-down") || seen.starts_with("Terminat");
    final_state || (believed && matches!(seen, "stopped" | "gone" | "InService"))
}

/// Never fails: a group that is still used, or can't be looked at, is for the call to find out.
async fn released(
    clients: &Clients,
    group: Option<&String>,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Waited {
    let Some(group) = group else { return Waited::Ready };
    let begun = Instant::now();
    while begun.elapsed() < RELEASE {
        let filter = Filter::builder().name("group-id").values(group).build();
        let answer = clients.ec2.describe_network_interfaces().filters(filter).send().await;
        let used = answer.is_ok_and(|answer| !answer.network_interfaces().is_empty());
        if !used {
            break;
        }
        if cancelled() {
            return Waited::Cancelled;
        }
        tokio::time::sleep(RELEASE_PAUSE).await;
    }
    Waited::Ready
}

async fn instance_state(clients: &Clients, id: &str) -> Result<String, OutsideError> {
    match observe_instance::describe(clients, id).await? {
        Some(described) => observe_instance::state_of(&described),
        None => Ok("gone".to_owned()),
    }
}

async fn lifecycle(clients: &Clients, id: &str) -> Result<String, OutsideError> {
    let answer = clients
        .autoscaling
        .describe_auto_scaling_instances()
        .instance_ids(id)
        .send()
        .await
        .map_err(|error| {
            Failure::read("autoscaling:DescribeAutoScalingInstances", error).into_outside()
        })?;
    let mut members = answer.auto_scaling_instances.unwrap_or_default().into_iter();
    let state = members.next().and_then(|member| member.lifecycle_state);
    Ok(state.unwrap_or_else(|| "gone".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const SHORT: Patience = Patience {
        longest: Duration::from_millis(120),
        lag: Duration::from_millis(40),
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
    };

    /// Reads show these, one after the other; the last for ever. Answers how waiting ended, how
    /// long it took and how often was read.
    async fn wait(wanted: &str, shown: &[&str], cancel: bool) -> (Waited, Duration, usize) {
        let reads = Mutex::new(0);
        let read = || {
            let mut reads = reads.lock().unwrap();
            let seen = shown[(*reads).min(shown.len() - 1)];
            *reads += 1;
            std::future::ready(match seen {
                "passing" => Err(OutsideError::new("read", Trouble::Passing, "503")),
                "refused" => Err(OutsideError::new("read", Trouble::NeedsPerson, "403")),
                seen => Ok(seen.to_owned()),
            })
        };
        let begun = Instant::now();
        let ended = until(&SHORT, ("read", "i-1"), wanted, read, &|| cancel).await;
        let reads = *reads.lock().unwrap();
        (ended, begun.elapsed(), reads)
    }

    #[tokio::test]
    async fn reads_that_lag_behind_are_not_believed_at_once() {
        for (wanted, shown) in [
            ("running", &["stopped", "passing", "gone", "pending", "running"][..]),
            ("Standby", &["InService", "EnteringStandby", "Standby"]),
        ] {
            let (ended, _, reads) = wait(wanted, shown, false).await;
            assert!(matches!(ended, Waited::Ready), "{wanted}");
            assert_eq!(reads, shown.len());
        }
    }

    #[tokio::test]
    async fn waiting_ends() {
        let (ended, took, _) = wait("running", &["stopped"], false).await;
        let Waited::Failed(error) = ended else { panic!("not a failure") };
        assert!(error.message.contains("is stopped, not running"), "{error:?}");
        assert!(took >= SHORT.lag, "{took:?}");
        for shown in ["terminated", "refused"] {
            let (ended, _, reads) = wait("running", &[shown], false).await;
            assert!(matches!(ended, Waited::Failed(_)), "{shown}");
            assert_eq!(reads, 1, "{shown}");
        }
        for shown in ["pending", "passing"] {
            let (ended, took, _) = wait("running", &[shown], false).await;
            assert!(matches!(ended, Waited::Failed(_)), "{shown}");
            assert!(took >= SHORT.longest, "{shown}: {took:?}");
        }
    }

    #[tokio::test]
    async fn a_person_can_end_the_waiting() {
        let (ended, _, reads) = wait("running", &["pending"], true).await;
        assert!(matches!(ended, Waited::Cancelled));
        assert_eq!(reads, 1);
    }
}
