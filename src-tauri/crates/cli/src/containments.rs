//! What was changed and is not undone: whose it is, until when, and whether it still holds.

use chrono::{DateTime, Utc};
use clap::Subcommand;
use firebreak_wire::{LeaseBoard, LeaseView};

use crate::clocks::span;
use crate::context::{Context, Failure};
use crate::incidents::ahead;
use crate::output::{clean, short, word};

#[derive(Subcommand)]
pub enum ContainmentCommand {
    /// List them, those that need somebody first.
    List {
        /// Those that are over too.
        #[arg(long)]
        all: bool,
    },
    /// Read one from the cloud now, or all whose time has come.
    Prove { step: Option<String> },
    /// Hold one until another time: a person looked and decided.
    Renew {
        step: String,
        /// 8h, 2d, or a time like 2026-12-24T08:00:00Z; 5 minutes to 30 days ahead.
        until: String,
    },
    /// Give one to somebody.
    Hand { step: String, to: String },
    /// Leave one as it is, with nobody watching: not an undo.
    Release {
        step: String,
        /// Why that is right.
        #[arg(long)]
        reason: String,
    },
}

pub async fn run(context: &Context, command: Option<ContainmentCommand>) -> Result<(), Failure> {
    let desk = &context.desk;
    let lease = match command {
        None => return board(context, false).await,
        Some(ContainmentCommand::List { all }) => return board(context, all).await,
        Some(ContainmentCommand::Prove { step: None }) => {
            desk.watch_now().await?;
            return board(context, false).await;
        }
        Some(ContainmentCommand::Prove { step: Some(step) }) => desk.prove_lease(&step).await?,
        Some(ContainmentCommand::Renew { step, until }) => {
            desk.renew_lease(&step, ahead(&until, Utc::now())?).await?
        }
        Some(ContainmentCommand::Hand { step, to }) => desk.hand_lease(&step, &to).await?,
        Some(ContainmentCommand::Release { step, reason }) => {
            desk.release_lease(&step, &reason).await?
        }
    };
    context.print(&lease, |lease| told(lease, Utc::now()));
    Ok(())
}

async fn board(context: &Context, all: bool) -> Result<(), Failure> {
    let board = context.desk.lease_board(all).await?;
    context.print(&board, board_text);
    Ok(())
}

fn board_text(board: &LeaseBoard) -> String {
    let counts = board.counts;
    if board.leases.is_empty() {
        return "nothing is contained: no step changed anything that is not undone".to_owned();
    }
    let mut lines = vec![format!(
        "{} held, {} changed back or never so, {} to be reviewed",
        counts.active, counts.broken, counts.due
    )];
    lines.extend(board.leases.iter().map(|lease| format!("\n{}", told(lease, board.at))));
    lines.join("\n")
}

fn told(lease: &LeaseView, now: DateTime<Utc>) -> String {
    let standing = match &lease.end {
        Some(end) => {
            let reason = end.reason.as_deref().map(|why| format!(" ({})", clean(why)));
            format!("over: {}{}", word(&end.kind), reason.unwrap_or_default())
        }
        None => word(&lease.standing).clone(),
    };
    let since = |at: Option<DateTime<Utc>>| {
        at.map_or("never".to_owned(), |at| format!("{} ago", span((now - at).num_seconds().max(0))))
    };
    let review = match lease.is_due {
        true => format!("review came {} ago", span((now - lease.review_at).num_seconds().max(0))),
        false => format!("review in {}", span((lease.review_at - now).num_seconds().max(0))),
    };
    let stale = if lease.is_stale { ", stale" } else { "" };
    let mut lines = vec![
        format!("{}  {}  {}", lease.step, standing, short(&lease.title, 80)),
        format!(
            "  {} {}, account {}, {}",
            lease.incident.label,
            short(&lease.incident_title, 50),
            clean(&lease.account),
            lease.owner.as_deref().map_or("nobody's".to_owned(), clean)
        ),
        format!("  proven {}{stale}, {review}", since(lease.proved_at)),
    ];
    if lease.end.is_none() {
        lines.extend(lease.note.iter().map(|note| format!("  {}", short(note, 200))));
        let unread = lease.unread.as_deref();
        lines.extend(unread.map(|why| format!("  can't be read: {}", short(why, 200))));
    }
    lines.join("\n")
}
