//! Waiting, by reading, for what the next call needs. Bounded; nothing is sent.

use std::time::Duration;

use firebreak_core::call::Call;
use firebreak_core::ports::{OutsideError, Trouble};
use tokio::time::Instant;

use crate::connection::Clients;
use crate::failure::Failure;
use crate::observe_instance;

/// A start takes a minute or two; connection draining on the way to standby five.
const LONGEST: Duration = Duration::from_secs(600);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// How waiting ended.
pub(crate) enum Waited {
    Ready,
    Cancelled,
    Failed(OutsideError),
}

/// Waits until `next` can be made after what was sent before it. An instance must run before its
/// group takes it back, and must be on standby before it is stopped: while it is still entering,
/// its group would replace it as unhealthy, and the evidence with it.
pub(crate) async fn until_ready(
    clients: &Clients,
    before: &[Call],
    next: &Call,
    cancelled: &(dyn Fn() -> bool + Sync),
) -> Waited {
    let (operation, wanted, instance_id) = match next {
        Call::ExitStandby { instance_id, .. }
            if before.iter().any(|call| matches!(call, Call::StartInstance { .. })) =>
        {
            ("ec2:DescribeInstances", "running", instance_id)
        }
        Call::StopInstance { instance_id }
            if before.iter().any(|call| matches!(call, Call::EnterStandby { .. })) =>
        {
            ("autoscaling:DescribeAutoScalingInstances", "Standby", instance_id)
        }
        _ => return Waited::Ready,
    };
    let deadline = Instant::now() + LONGEST;
    let mut pause = FIRST_PAUSE;
    loop {
        let seen = if wanted == "running" {
            instance_state(clients, instance_id).await
        } else {
            lifecycle(clients, instance_id).await
        };
        match seen {
            Ok(seen) if seen == wanted => return Waited::Ready,
            Ok(seen) if Instant::now() >= deadline || is_dead_end(&seen) => {
                return Waited::Failed(
                    OutsideError::new(
                        operation,
                        Trouble::NeedsPerson,
                        format!(
                            "{instance_id} is {seen}, not {wanted}; the next call was not sent"
                        ),
                    )
                    .with_remedy("look at the instance, then undo the step or finish it by hand"),
                );
            }
            Err(error) if error.trouble != Trouble::Passing || Instant::now() >= deadline => {
                return Waited::Failed(error);
            }
            Ok(_) | Err(_) => {}
        }
        if cancelled() {
            return Waited::Cancelled;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// States that lead nowhere else by themselves.
fn is_dead_end(seen: &str) -> bool {
    matches!(seen, "terminated" | "shutting-down" | "stopped" | "gone" | "InService")
        || seen.starts_with("Terminat")
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
