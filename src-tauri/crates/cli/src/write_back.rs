use firebreak_wire::{WriteBackStatusView, WriteBackView};
use serde_json::json;

use crate::args::WriteBackCommand;
use crate::context::{Context, Failure};
use crate::output::{clean, moment, word};

pub async fn run(context: &Context, command: WriteBackCommand) -> Result<(), Failure> {
    let desk = &context.desk;
    match command {
        WriteBackCommand::Ask { incident, status, comment } => {
            let status = status.as_deref().map(read).transpose()?;
            desk.ask_write_back(&incident, status, &comment).await?;
            desk.send_write_backs().await?;
            show(context, &desk.write_backs(&incident).await?);
        }
        WriteBackCommand::List { incident } => show(context, &desk.write_backs(&incident).await?),
        WriteBackCommand::Send => {
            let settled = desk.send_write_backs().await?;
            context.print(&json!({ "settled": settled }), |_| format!("{settled} settled"));
        }
        WriteBackCommand::Withdraw { incident, order } => {
            desk.withdraw_write_back(&incident, &order).await?;
            show(context, &desk.write_backs(&incident).await?);
        }
    }
    Ok(())
}

fn read(word: &str) -> Result<WriteBackStatusView, Failure> {
    serde_json::from_value(json!(word)).map_err(|_| {
        Failure::Usage(format!(
            "{:?} is not a status; in_progress, resolved, false_positive or reopened",
            clean(word)
        ))
    })
}

fn show(context: &Context, orders: &[WriteBackView]) {
    context.print(&orders, |orders| {
        if orders.is_empty() {
            return "nothing was written back".to_owned();
        }
        orders.iter().map(line).collect::<Vec<_>>().join("\n")
    });
}

fn line(order: &WriteBackView) -> String {
    let status = order.status.map_or_else(|| "comment".to_owned(), |status| word(&status));
    let note = order.note.as_deref().map(|note| format!(": {}", clean(note))).unwrap_or_default();
    let later = order.next_try.map(|at| format!(", next try {}", moment(at))).unwrap_or_default();
    format!(
        "{}  {:<12} {:<12} {} {}{later}{note}",
        order.id,
        word(&order.state),
        status,
        order.source,
        clean(&order.vendor_id),
    )
}
