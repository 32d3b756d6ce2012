//! What stands beside and below the picture: who works on what, what is at stake, what changed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use firebreak_wire as wire;

use super::page::{
    CRITICAL, DIM, HIGH, LINE, PROVEN, TEXT, bold, counted, diamond, grouped, moment, plain,
    severity, span, title,
};
use crate::sheet::{Look, Place, Sheet, Style, Weight};

/// How much of the column what changed may take.
const CHANGED: f32 = 0.38;
/// Room for a clock.
const CLOCK: f32 = 70.0;
const SUMS: Style = Style { size: 7.6, weight: Weight::Regular, ink: TEXT };
const SUMS_LINE: f32 = 9.6;
const DEED: Style = Style { size: 7.4, weight: Weight::Regular, ink: DIM };
const DEED_LINE: f32 = 8.8;
const DEED_GAP: f32 = 1.4;

/// Active incidents, worst first, and what changed since.
pub(super) fn incidents(
    sheet: &mut Sheet,
    view: &wire::CommandView,
    (x, y): (f32, f32),
    (width, height): (f32, f32),
) {
    let bottom = y + height;
    let since = view.since.as_ref();
    let below = since.map_or(0.0, |since| changed(sheet, since, view, width).min(height * CHANGED));
    let end = bottom - below;
    title(sheet, "Active, worst first", (x, y + 6.0), "", width);
    let mut at = y + 20.0;
    let mut drawn = 0_u32;
    for incident in &view.incidents {
        // The last line is for how many are left out.
        let last = drawn + 1 == view.open;
        if at + 30.0 > end - if last { 0.0 } else { 10.0 } {
            break;
        }
        at = one(sheet, incident, view.at, (x, at), width);
        drawn += 1;
    }
    let style = plain(7.4, DIM);
    if view.incidents.is_empty() {
        sheet.text("Nothing burns.", (x, at), Place::After, style, width);
    } else if view.open > drawn {
        let more = format!("and {} more in the queue", grouped(view.open - drawn));
        sheet.text(&more, (x, at), Place::After, style, width);
    }
    if let Some(since) = since {
        since_then(sheet, since, view, (x, end + 8.0), (width, bottom));
    }
}

/// One of them; answers where the next begins.
fn one(
    sheet: &mut Sheet,
    incident: &wire::CommandIncident,
    now: DateTime<Utc>,
    (x, y): (f32, f32),
    width: f32,
) -> f32 {
    let row = &incident.row;
    severity(sheet, row.severity, (x + 4.0, y - 3.0), 3.6);
    let left = x + 13.0;
    let most = width - 13.0 - CLOCK;
    let lines = sheet.lines(&row.title, (left, y), bold(8.2, TEXT), (most, 2, 9.8)).max(1);
    let right = x + width;
    let mut beside = 0.0;
    match row.clock {
        Some(clock) => {
            let apart = (clock.due - now).num_seconds();
            let (ink, apart) = match apart < 0 {
                true => (CRITICAL, format!("{} late", span(-apart))),
                false => (TEXT, format!("{} left", span(apart))),
            };
            let due = format!("by {}", moment(clock.due, now));
            sheet.text(&due, (right, y), Place::Before, bold(8.0, ink), CLOCK - 4.0);
            let style = plain(7.2, ink);
            sheet.text(&apart, (right, y + 9.8), Place::Before, style, CLOCK - 4.0);
            beside = sheet.width(&apart, style) + 8.0;
        }
        None => {
            sheet.text("contained", (right, y), Place::Before, bold(8.0, PROVEN), CLOCK - 4.0);
        }
    }
    let owner = row.owner.as_deref().unwrap_or("nobody has it");
    let mut said = format!("{}  ·  {owner}  ·  {}", row.label, incident.doing);
    if row.steps_proven > 0 && row.clock.is_some() {
        said.push_str(&format!("  ·  {} of {} proven", row.steps_proven, row.steps_total));
    }
    let below = y + lines as f32 * 9.8;
    let room = width - 13.0 - if lines == 1 { beside } else { 0.0 };
    sheet.text(&said, (left, below), Place::After, plain(7.4, DIM), room);
    sheet.way(&[(x, below + 5.0), (right, below + 5.0)], LINE, 0.5, None);
    below + 16.0
}

/// What changed in numbers.
fn changes(since: &wire::SinceView, now: &wire::CommandView) -> String {
    let mut said = Vec::new();
    if since.opened > 0 {
        said.push(format!("{} opened", counted(since.opened, "incident")));
    }
    if since.contained > 0 {
        said.push(format!("{} contained", grouped(since.contained)));
    }
    if since.ended > 0 {
        said.push(format!("{} closed", grouped(since.ended)));
    }
    let before = since.before.map_or(now.crown_jewels, |point| point.crown_jewels);
    if before != now.crown_jewels {
        let what = if before > now.crown_jewels { "out of" } else { "came into" };
        let many = counted(before.abs_diff(now.crown_jewels), "crown jewel");
        said.push(format!("{many} {what} reach"));
    }
    match (said.is_empty(), since.deeds.is_empty()) {
        (true, true) => "Nothing changed.".to_owned(),
        _ => said.join("  ·  "),
    }
}

/// What was done, in the order it is said, with the time it begins with.
fn deeds(
    sheet: &Sheet,
    since: &wire::SinceView,
    view: &wire::CommandView,
) -> Vec<(String, f32, String)> {
    let line = |deed: &wire::SinceDeed| {
        let clock = moment(deed.at, view.at);
        let wide = sheet.width(&clock, DEED) + 5.0;
        (clock, wide, format!("{}  {} ({})", deed.label, deed.text, deed.actor))
    };
    since.deeds.iter().map(line).collect()
}

/// How high what changed is when all of it is said.
fn changed(sheet: &Sheet, since: &wire::SinceView, view: &wire::CommandView, width: f32) -> f32 {
    let told = deeds(sheet, since, view);
    let lines = told.iter().map(|(_, wide, said)| {
        sheet.count(said, DEED, (width - wide, 2)) as f32 * DEED_LINE + DEED_GAP
    });
    let sums = sheet.count(&changes(since, view), SUMS, (width, 2)) as f32 * SUMS_LINE;
    26.0 + sums + lines.sum::<f32>()
}

fn since_then(
    sheet: &mut Sheet,
    since: &wire::SinceView,
    view: &wire::CommandView,
    (x, y): (f32, f32),
    (width, bottom): (f32, f32),
) {
    title(sheet, &format!("Since {}", moment(since.at, view.at)), (x, y + 4.0), "", width);
    let sums = sheet.lines(&changes(since, view), (x, y + 16.0), SUMS, (width, 2, SUMS_LINE));
    let mut at = y + 16.0 + sums as f32 * SUMS_LINE;
    let told = deeds(sheet, since, view);
    for (drawn, (clock, wide, said)) in told.iter().enumerate() {
        let (rest, room) = (told.len() - drawn, bottom - at);
        if room < 0.0 || (room < 2.0 * DEED_LINE && rest > 1) {
            let more = format!("and {rest} more");
            sheet.text(&more, (x, at), Place::After, DEED, width);
            break;
        }
        sheet.text(clock, (x, at), Place::After, DEED, 70.0);
        let most = if room < DEED_LINE { 1 } else { 2 };
        let style = Style { ink: TEXT, ..DEED };
        let lines = sheet.lines(said, (x + wide, at), style, (width - wide, most, DEED_LINE));
        at += lines.max(1) as f32 * DEED_LINE + DEED_GAP;
    }
}

/// Crown jewels in reach, the nearest first, and from where.
pub(super) fn jewels(
    sheet: &mut Sheet,
    view: &wire::CommandView,
    (x, y): (f32, f32),
    (width, height): (f32, f32),
) {
    let within = format!("within {} of what is compromised", counted(view.hops, "hop"));
    title(sheet, "Crown jewels in reach", (x, y + 6.0), &within, width);
    let places = view.accounts.iter().flat_map(|account| {
        account.nodes.iter().map(move |node| (node.id.as_str(), (account, node)))
    });
    let nodes: BTreeMap<&str, (&wire::CommandAccount, &wire::CommandNode)> = places.collect();
    let mut jewels: Vec<_> =
        nodes.values().filter(|(_, node)| node.role == wire::CommandRole::CrownJewel).collect();
    jewels.sort_by_key(|(_, node)| (node.hops, node.id.as_str()));
    let mut at = y + 19.0;
    let fit = ((height - 14.0) / 11.4) as usize;
    let all = view.crown_jewels as usize;
    let drawn = if all > fit { fit.saturating_sub(1) } else { fit };
    for (account, node) in jewels.iter().take(drawn) {
        diamond(sheet, (x + 4.0, at - 2.8), 3.4, Look { fill: Some(HIGH), ..Look::default() });
        let (left, half) = (x + 13.0, width * 0.33);
        sheet.text(&node.name, (left, at), Place::After, bold(7.8, TEXT), half);
        let place = account.name.as_deref().or(account.account.as_deref()).unwrap_or("no account");
        let from = origin(view, &nodes, &node.id).map_or(String::new(), |from| {
            let labels = from.incidents.join(", ");
            let on = if labels.is_empty() { labels } else { format!(" ({labels})") };
            format!(" from {}{on}", from.name)
        });
        let kind = if node.kind.is_empty() { String::new() } else { format!("{}, ", node.kind) };
        let said = format!("{}{from}  ·  {kind}{place}", counted(node.hops, "hop"));
        let begun = left + half + 8.0;
        sheet.text(&said, (begun, at), Place::After, plain(7.4, DIM), x + width - begun);
        at += 11.4;
    }
    let shown = jewels.len().min(drawn);
    let style = plain(7.4, DIM);
    if all == 0 {
        sheet.text("None.", (x, at), Place::After, style, width);
    } else if all > shown {
        let more = format!("and {} more", grouped((all - shown) as u32));
        sheet.text(&more, (x + 13.0, at), Place::After, style, width);
    }
}

/// The nearest compromised asset that leads to one, along ways to crown jewels.
fn origin<'a>(
    view: &wire::CommandView,
    nodes: &BTreeMap<&str, (&wire::CommandAccount, &'a wire::CommandNode)>,
    to: &str,
) -> Option<&'a wire::CommandNode> {
    let mut seen = BTreeSet::from([to]);
    let mut waiting = VecDeque::from([to]);
    while let Some(id) = waiting.pop_front() {
        let found = nodes.get(id).map(|(_, node)| *node);
        if let Some(node) = found.filter(|node| node.role == wire::CommandRole::Compromised) {
            return Some(node);
        }
        for edge in view.edges.iter().filter(|edge| edge.to_jewel && edge.to == id) {
            if seen.insert(&edge.from) {
                waiting.push_back(&edge.from);
            }
        }
    }
    None
}
