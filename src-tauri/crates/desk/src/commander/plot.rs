//! The picture on the page: accounts as boxes, assets as marks, ways as lines.
//!
//! Where it burns most has the left side; within a box a column is a hop, the worst on top. The same view
//! gives the same picture.

use std::collections::{BTreeMap, BTreeSet};

use firebreak_core::Severity;
use firebreak_wire::{CommandAccount, CommandNode, CommandRole, CommandView};

use super::page::{
    CRITICAL, DIM, HIGH, LINE, PROVEN, STRONG, TEXT, WHITE, bold, counted, diamond, grouped, plain,
    severity,
};
use crate::sheet::{Ink, Look, Place, Sheet, Style};

/// Boxes that can be read across a table.
const MOST_BOXES: usize = 7;
const GAP: f32 = 8.0;
const HEAD: f32 = 20.0;
const FOOT: f32 = 10.0;
const COLUMN: f32 = 62.0;
const ROW: f32 = 42.0;
/// Half of an asset's mark.
const HALF: f32 = 8.5;
const ROLES: [(CommandRole, &str); 6] = [
    (CommandRole::Compromised, "compromised"),
    (CommandRole::Contained, "contained, proven"),
    (CommandRole::CrownJewel, "crown jewel in reach"),
    (CommandRole::OnPath, "on a way to a crown jewel"),
    (CommandRole::Reachable, "within reach"),
    (CommandRole::External, "outside"),
];

type Point = (f32, f32);

struct Frame {
    at: Point,
    size: (f32, f32),
}

/// Every mark with its meaning, on one line.
pub(super) fn legend(sheet: &mut Sheet, (x, y): Point) {
    let style = plain(7.2, DIM);
    let mut left = x;
    for (role, words) in ROLES {
        mark(sheet, role, role == CommandRole::External, (left + 4.5, y), 4.5);
        sheet.text(words, (left + 12.5, y + 2.6), Place::After, style, 120.0);
        left += 12.5 + sheet.width(words, style) + 12.0;
    }
}

/// Accounts with what is in them, and the ways between.
pub(super) fn picture(
    sheet: &mut Sheet,
    view: &CommandView,
    (x, y): Point,
    (width, height): Point,
) {
    if view.accounts.is_empty() {
        let said = match view.open {
            0 => "Nothing burns: no incident is open.",
            _ => "No open incident names an asset, so there is nothing to draw.",
        };
        let middle = (x + width / 2.0, y + height / 2.0);
        sheet.text(said, middle, Place::Around, plain(10.0, DIM), width);
        return;
    }
    let rest = &view.accounts[view.accounts.len().min(MOST_BOXES)..];
    let tall = if rest.is_empty() { height } else { height - 11.0 };
    let shown = &view.accounts[..view.accounts.len().min(MOST_BOXES)];
    let frames = frames(shown.len(), (x, y), (width, tall));
    let mut placed: BTreeMap<&str, Point> = BTreeMap::new();
    let mut labels = Vec::new();
    for (account, frame) in shown.iter().zip(&frames) {
        let more = fill(account, frame, &mut placed, &mut labels);
        outline(sheet, account, frame, more);
    }
    for to_jewel in [false, true] {
        for edge in view.edges.iter().filter(|edge| edge.to_jewel == to_jewel) {
            let ends = (placed.get(edge.from.as_str()), placed.get(edge.to.as_str()));
            if let (Some(from), Some(to)) = ends {
                way(sheet, *from, *to, to_jewel);
            }
        }
    }
    for (node, at, most) in labels {
        asset(sheet, node, at, most);
    }
    if !rest.is_empty() {
        let names: Vec<&str> = rest.iter().map(called).collect();
        let said = format!("Not drawn: {}", names.join(", "));
        sheet.text(&said, (x, y + height), Place::After, plain(7.2, DIM), width);
    }
}

fn called(account: &CommandAccount) -> &str {
    account.name.as_deref().or(account.account.as_deref()).unwrap_or("no account is known")
}

fn frames(number: usize, (x, y): Point, (width, height): Point) -> Vec<Frame> {
    if number == 1 {
        return vec![Frame { at: (x, y), size: (width, height) }];
    }
    let first = (width - GAP) * if number == 2 { 0.55 } else { 0.42 };
    let (left, others) = (x + first + GAP, number - 1);
    let columns = if others < 3 { 1 } else { 2 };
    let rows = others.div_ceil(columns);
    let wide = (width - first - GAP - GAP * (columns - 1) as f32) / columns as f32;
    let high = (height - GAP * (rows - 1) as f32) / rows as f32;
    let mut frames = vec![Frame { at: (x, y), size: (first, height) }];
    for other in 0..others {
        let (column, row) = ((other % columns) as f32, (other / columns) as f32);
        // An odd one at the end has the row for itself.
        let alone = other + 1 == others && columns == 2 && other % 2 == 0;
        let size = (if alone { wide * 2.0 + GAP } else { wide }, high);
        frames.push(Frame { at: (left + column * (wide + GAP), y + row * (high + GAP)), size });
    }
    frames
}

/// Places what fits; answers how many assets don't.
fn fill<'a>(
    account: &'a CommandAccount,
    frame: &Frame,
    placed: &mut BTreeMap<&'a str, Point>,
    labels: &mut Vec<(&'a CommandNode, Point, f32)>,
) -> u32 {
    let ((x, y), (width, height)) = (frame.at, frame.size);
    let room = height - HEAD - FOOT;
    let high = ((room / ROW) as usize).max(1);
    let hops: BTreeSet<u32> = account.nodes.iter().map(|node| node.hops).collect();
    let hops: Vec<u32> = hops.into_iter().collect();
    let columns = (((width - 8.0) / COLUMN) as usize).clamp(1, hops.len().max(1));
    let wide = (width - 8.0) / columns as f32;
    let mut more = 0;
    for column in 0..columns {
        let here = account.nodes.iter().filter(|node| {
            let hop = hops.iter().position(|hop| *hop == node.hops).unwrap_or_default();
            hop.min(columns - 1) == column
        });
        let here: Vec<&CommandNode> = here.collect();
        let drawn = here.len().min(high);
        for (row, node) in here.iter().take(high).enumerate() {
            let at = (
                x + 4.0 + wide * (column as f32 + 0.5),
                y + HEAD + room * (row as f32 + 0.5) / drawn as f32 - 2.0,
            );
            placed.insert(&node.id, at);
            labels.push((node, at, wide - 4.0));
        }
        more += here.iter().skip(high).map(|node| node.count).sum::<u32>();
    }
    more
}

fn outline(sheet: &mut Sheet, account: &CommandAccount, frame: &Frame, more: u32) {
    let ((x, y), (width, height)) = (frame.at, frame.size);
    let burns = matches!(account.severity, Some(Severity::Critical | Severity::High));
    let line = if burns { (CRITICAL, 1.3) } else { (LINE, 0.8) };
    sheet.rect(frame.at, frame.size, 6.0, Look { line: Some(line), ..Look::default() });
    let said = match (account.incidents, width < 150.0) {
        (0, true) => "in reach".to_owned(),
        (0, false) => "reached only".to_owned(),
        (many, true) => grouped(many),
        (many, false) => counted(many, "incident"),
    };
    let style = plain(7.2, DIM);
    let right = x + width - 8.0;
    sheet.text(&said, (right, y + 13.5), Place::Before, style, width / 2.0);
    let mut taken = sheet.width(&said, style);
    if let Some(worst) = account.severity {
        severity(sheet, worst, (right - taken - 7.0, y + 11.0), 3.2);
        taken += 14.0;
    }
    let most = width - 22.0 - taken;
    sheet.text(called(account), (x + 8.0, y + 14.0), Place::After, bold(8.6, TEXT), most);
    if more > 0 {
        let said = format!("and {} more", grouped(more));
        sheet.text(&said, (right, y + height - 5.0), Place::Before, style, width / 2.0);
    }
}

fn asset(sheet: &mut Sheet, node: &CommandNode, (x, y): Point, most: f32) {
    mark(sheet, node.role, is_round(node), (x, y), HALF);
    let heavy = matches!(node.role, CommandRole::Compromised | CommandRole::CrownJewel);
    if node.count > 1 {
        let many = if node.count > 99 { "99+".to_owned() } else { node.count.to_string() };
        sheet.text(&many, (x, y + 2.7), Place::Around, bold(7.4, TEXT), HALF * 2.0);
    }
    let style = if heavy { bold(7.0, TEXT) } else { plain(7.0, DIM) };
    let below = y + HALF + 8.6;
    let name = if node.count > 1 {
        let times = format!(" ×{}", grouped(node.count));
        let kept = sheet.cut(&node.name, style, most - sheet.width(&times, style));
        format!("{kept}{times}")
    } else {
        node.name.clone()
    };
    lettered(sheet, &name, (x, below), style, most);
    let labels = node.incidents.join(", ");
    let (said, ink) = match node.role {
        CommandRole::Compromised => (labels, CRITICAL),
        CommandRole::Contained if labels.is_empty() => ("contained".to_owned(), PROVEN),
        CommandRole::Contained => (labels, PROVEN),
        CommandRole::CrownJewel => ("crown jewel".to_owned(), HIGH),
        _ => return,
    };
    lettered(sheet, &said, (x, y - HALF - 3.4), bold(6.4, ink), most);
}

/// Text around a point on a ground of its own, so that ways pass behind it.
fn lettered(sheet: &mut Sheet, said: &str, (x, y): Point, style: Style, most: f32) {
    let wide = sheet.width(said, style).min(most) + 2.0;
    let ground = Look { fill: Some(WHITE), ..Look::default() };
    sheet.rect((x - wide / 2.0, y - style.size * 0.8), (wide, style.size * 1.05), 1.0, ground);
    sheet.text(said, (x, y), Place::Around, style, most);
}

/// Identities and what is outside are round.
fn is_round(node: &CommandNode) -> bool {
    let kind = node.kind.to_lowercase();
    let person = ["role", "user", "identity", "principal", "key", "account"];
    node.role == CommandRole::External || person.iter().any(|word| kind.contains(word))
}

/// A mark that no other role has, in grey too.
fn mark(sheet: &mut Sheet, role: CommandRole, round: bool, (x, y): Point, half: f32) {
    let look = |fill: Ink, line: Ink, width: f32| Look {
        fill: Some(fill),
        line: Some((line, width)),
        dash: None,
    };
    let body = |sheet: &mut Sheet, look: Look, half: f32| match round {
        true => sheet.circle((x, y), half, look),
        false => sheet.rect((x - half, y - half), (half * 2.0, half * 2.0), half * 0.45, look),
    };
    let thin = half / HALF;
    match role {
        CommandRole::Compromised => {
            body(sheet, look(CRITICAL, CRITICAL, 1.4 * thin), half);
            let (up, side) = (half * 0.5, half * 0.52);
            let points = [(x, y - up), (x + side, y + up * 0.8), (x - side, y + up * 0.8)];
            sheet.shape(&points, Look { fill: Some(WHITE), ..Look::default() });
        }
        CommandRole::Contained => {
            body(sheet, look(PROVEN.tint(0.14), PROVEN, 1.6 * thin), half);
            let tick = [(-0.45, 0.05), (-0.12, 0.38), (0.46, -0.36)];
            let tick = tick.map(|(right, down)| (x + right * half, y + down * half));
            sheet.way(&tick, PROVEN, 1.8 * thin, None);
        }
        CommandRole::CrownJewel => {
            body(sheet, look(WHITE, HIGH, 1.6 * thin), half);
            diamond(sheet, (x, y), half * 0.6, Look { fill: Some(HIGH), ..Look::default() });
        }
        CommandRole::OnPath => {
            body(sheet, look(WHITE, HIGH, 1.3 * thin), half);
            sheet.circle((x, y), half * 0.2, Look { fill: Some(HIGH), ..Look::default() });
        }
        CommandRole::Reachable => body(sheet, look(WHITE, STRONG, 0.9 * thin.max(0.7)), half),
        CommandRole::External => {
            let dash = Some(half * 0.35);
            body(sheet, Look { dash, ..look(WHITE, DIM, 0.9 * thin.max(0.7)) }, half);
        }
    }
}

/// From the side of one to the side of the other.
fn way(sheet: &mut Sheet, from: Point, to: Point, to_jewel: bool) {
    let same = (to.0 - from.0).abs() < 1.0;
    let side = if to.0 < from.0 { -1.0 } else { 1.0 };
    let back = if same { side } else { -side };
    let begin = (from.0 + side * HALF, from.1);
    let tip = if to_jewel { 5.0 } else { 1.0 };
    let end = (to.0 + back * (HALF + tip), to.1);
    let bend = if same { 24.0 } else { ((end.0 - begin.0).abs() / 2.0).max(12.0) };
    let towards = [(begin.0 + side * bend, begin.1), (end.0 + back * bend, end.1)];
    let (ink, width, dash) = if to_jewel { (HIGH, 1.5, None) } else { (STRONG, 0.7, Some(2.0)) };
    sheet.curve([begin, towards[0], towards[1], end], ink, width, dash);
    if to_jewel {
        let head = [(end.0 - back * 4.4, end.1), (end.0, end.1 - 2.6), (end.0, end.1 + 2.6)];
        sheet.shape(&head, Look { fill: Some(HIGH), ..Look::default() });
    }
}
