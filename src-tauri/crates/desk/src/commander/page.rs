//! What burns on one page of paper: for a wall, a chat, or whoever has no console.
//!
//! Every role has a mark of its own and lines differ by weight and dashes, so that the page says the same
//! when it is printed in grey. Times are absolute: paper doesn't count down.

use chrono::{DateTime, FixedOffset, Utc};
use firebreak_core::Severity;
use firebreak_wire as wire;

use super::{aside, chart, plot};
use crate::sheet::{HEIGHT, Ink, Look, Place, Sheet, Style, WIDTH, Weight};

pub(super) const TEXT: Ink = Ink(0x14, 0x19, 0x1d);
pub(super) const DIM: Ink = Ink(0x4b, 0x56, 0x5f);
pub(super) const LINE: Ink = Ink(0xc5, 0xcc, 0xd2);
pub(super) const STRONG: Ink = Ink(0x8a, 0x95, 0x9d);
pub(super) const CRITICAL: Ink = Ink(0xc8, 0x20, 0x2a);
pub(super) const HIGH: Ink = Ink(0xa8, 0x4e, 0x00);
pub(super) const MEDIUM: Ink = Ink(0x72, 0x5b, 0x00);
pub(super) const LOW: Ink = Ink(0x1d, 0x63, 0xb8);
pub(super) const PROVEN: Ink = Ink(0x0a, 0x73, 0x50);
pub(super) const WHITE: Ink = Ink(0xff, 0xff, 0xff);

const MARGIN: f32 = 28.0;
const TOP: f32 = 122.0;
const BOTTOM: f32 = HEIGHT - 40.0;
/// Where the list beside the picture begins.
const ASIDE: f32 = 596.0;
/// How high the strip below the picture is.
const STRIP: f32 = 88.0;

/// What stands over the page.
pub(super) struct Heading {
    pub workspace: String,
    pub sandbox: bool,
    pub phase: u32,
    pub by: String,
    pub version: String,
    /// Where the page is made.
    pub zone: FixedOffset,
}

/// What asks for attention beside a number: a mark, so that it does in grey too.
enum Sign {
    Late,
    AtStake,
}

/// The page as a PDF.
pub(super) fn drawn(heading: &Heading, view: &wire::CommandView) -> Vec<u8> {
    let mut sheet = Sheet::new();
    head(&mut sheet, heading, view.at);
    numbers(&mut sheet, view);
    let wide = ASIDE - MARGIN - 18.0;
    plot::legend(&mut sheet, (MARGIN, TOP + 4.0));
    let (top, high) = (TOP + 16.0, BOTTOM - STRIP - 10.0 - TOP - 16.0);
    plot::picture(&mut sheet, view, (MARGIN, top), (wide, high));
    let (strip, half) = (BOTTOM - STRIP + 8.0, wide * 0.6);
    aside::jewels(&mut sheet, view, (MARGIN, strip), (half - 16.0, STRIP - 8.0));
    chart::reach(&mut sheet, view, (MARGIN + half, strip), (wide - half, STRIP - 8.0));
    aside::incidents(&mut sheet, view, (ASIDE, TOP), (WIDTH - MARGIN - ASIDE, BOTTOM - TOP));
    foot(&mut sheet, heading, view);
    let title = format!("What burns, {}", view.at.format("%Y-%m-%d %H:%M:%S UTC"));
    sheet.finish(&title, view.at)
}

fn head(sheet: &mut Sheet, heading: &Heading, at: DateTime<Utc>) {
    for (step, ink) in [(0.0, HIGH), (6.5, HIGH), (13.0, HIGH)] {
        let (x, y) = (MARGIN + step, 45.0);
        let look = Look { fill: Some(ink), ..Look::default() };
        sheet.shape(&[(x, y), (x + 6.0, y - 15.0), (x + 9.2, y - 15.0), (x + 3.2, y)], look);
    }
    let left = MARGIN + 32.0;
    sheet.text("What burns", (left, 44.0), Place::After, bold(18.0, TEXT), 300.0);
    let mut said = vec![phase(heading.phase)];
    if heading.sandbox {
        said.push("a sandbox: nothing real is connected".to_owned());
    }
    said.push(heading.workspace.clone());
    sheet.text(&said.join("  ·  "), (left, 57.0), Place::After, plain(8.0, DIM), 500.0);
    let right = WIDTH - MARGIN;
    let utc = at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
    sheet.text(&utc, (right, 43.0), Place::Before, bold(12.0, TEXT), 230.0);
    let here = at.with_timezone(&heading.zone);
    let zone = if heading.zone.local_minus_utc() == 0 {
        format!("made by {}", heading.by)
    } else {
        format!("{} here (UTC{}), made by {}", here.format("%H:%M:%S"), heading.zone, heading.by)
    };
    sheet.text(&zone, (right, 57.0), Place::Before, plain(8.0, DIM), 240.0);
    sheet.way(&[(MARGIN, 66.0), (right, 66.0)], STRONG, 0.8, None);
}

fn phase(phase: u32) -> String {
    let name = match phase {
        1 => "read-only triage",
        2 => "recommended playbooks",
        _ => "supervised automation",
    };
    format!("phase {phase}, {name}")
}

fn numbers(sheet: &mut Sheet, view: &wire::CommandView) {
    let late = match view.past_due {
        0 => "open incidents, none past its clock".to_owned(),
        many if many >= 10_000 => {
            format!("open incidents, {} or more past their clock", grouped(many))
        }
        1 => "open incidents, 1 past its clock".to_owned(),
        many => format!("open incidents, {} past their clock", grouped(many)),
    };
    let before = view.since.as_ref().and_then(|since| since.before.map(|point| (since.at, point)));
    let jewels = match before {
        Some((_, point)) if point.crown_jewels != view.crown_jewels => {
            format!("crown jewels in reach (was {})", grouped(point.crown_jewels))
        }
        _ => "crown jewels in reach".to_owned(),
    };
    let mut assets = format!("assets in reach within {} hops", view.hops);
    if view.goes_on {
        assets.push_str(", and more beyond");
    }
    if let Some((since, point)) = before.filter(|(_, point)| point.assets != view.assets) {
        let word = if view.assets < point.assets { "fewer" } else { "more" };
        let apart = grouped(point.assets.abs_diff(view.assets));
        assets.push_str(&format!("; {apart} {word} than at {}", moment(since, view.at)));
    }
    let clocks = view.incidents.iter().filter_map(|incident| {
        incident
            .row
            .clock
            .filter(|clock| clock.due >= view.at)
            .map(|clock| (clock.due, &incident.row))
    });
    let next = clocks.min_by_key(|(due, _)| *due);
    let (ends, of) = match next {
        Some((due, row)) => {
            (moment(due, view.at), format!("the next clock ends, of {}", row.label))
        }
        None => ("–".to_owned(), "no clock is about to end".to_owned()),
    };
    let taken =
        |seconds: Option<u32>| seconds.map_or("–".to_owned(), |seconds| span(seconds.into()));
    let times = format!("{} / {}", taken(view.to_acknowledge), taken(view.to_contain));
    let contained = format!("{} of {}", grouped(view.contained), grouped(view.compromised));
    let said = [
        (grouped(view.open), late, (view.past_due > 0).then_some(Sign::Late)),
        (contained, "compromised assets proven contained".to_owned(), None),
        (grouped(view.crown_jewels), jewels, (view.crown_jewels > 0).then_some(Sign::AtStake)),
        (grouped(view.assets), assets, None),
        (ends, of, None),
        (times, "median to take on / contain, last 24 hours".to_owned(), None),
    ];
    let column = (WIDTH - 2.0 * MARGIN) / 6.0;
    for (at, (number, words, sign)) in said.into_iter().enumerate() {
        let x = MARGIN + column * at as f32 + if at == 0 { 0.0 } else { 10.0 };
        let most = column - 16.0;
        let mut style = bold(20.0, TEXT);
        while sheet.width(&number, style) > most && style.size > 8.0 {
            style.size -= 0.5;
        }
        sheet.text(&number, (x, 88.0), Place::After, style, most);
        let beside = (x + sheet.width(&number, style) + 9.0, 81.5);
        match sign {
            Some(Sign::Late) => severity(sheet, Severity::Critical, beside, 4.6),
            Some(Sign::AtStake) => {
                diamond(sheet, beside, 4.6, Look { fill: Some(HIGH), ..Look::default() });
            }
            None => {}
        }
        sheet.lines(&words, (x, 98.5), plain(7.6, DIM), (most, 2, 9.0));
        if at > 0 {
            sheet.way(&[(x - 10.0, 72.0), (x - 10.0, 110.0)], LINE, 0.6, None);
        }
    }
    sheet.way(&[(MARGIN, 114.0), (WIDTH - MARGIN, 114.0)], STRONG, 0.8, None);
}

fn foot(sheet: &mut Sheet, heading: &Heading, view: &wire::CommandView) {
    let y = HEIGHT - 24.0;
    sheet.way(&[(MARGIN, y - 11.0), (WIDTH - MARGIN, y - 11.0)], LINE, 0.6, None);
    let mut said = vec![format!("Firebreak {}", heading.version)];
    if view.open > view.shown {
        said.push(format!(
            "drawn from the {} most severe of {} open incidents",
            grouped(view.shown),
            grouped(view.open)
        ));
    }
    said.push("times are UTC".to_owned());
    if sheet.lacks() {
        said.push("□ is a character that this font lacks; copied, it is itself".to_owned());
    }
    let style = plain(7.0, DIM);
    sheet.text(&said.join("  ·  "), (MARGIN, y), Place::After, style, 590.0);
    let warned = "Names and titles may have been written by attackers.";
    sheet.text(warned, (WIDTH - MARGIN, y), Place::Before, style, 190.0);
}

/// A mark for a severity: a shape besides its colour.
pub(super) fn severity(sheet: &mut Sheet, severity: Severity, (x, y): (f32, f32), half: f32) {
    let filled = |ink| Look { fill: Some(ink), ..Look::default() };
    let hollow = |ink| Look { line: Some((ink, half * 0.3)), ..Look::default() };
    let up = [(x, y - half), (x + half * 1.1, y + half * 0.85), (x - half * 1.1, y + half * 0.85)];
    match severity {
        Severity::Critical => sheet.shape(&up, filled(CRITICAL)),
        Severity::High => sheet.shape(&up, hollow(HIGH)),
        Severity::Medium => diamond(sheet, (x, y), half, filled(MEDIUM)),
        Severity::Low => sheet.circle((x, y), half * 0.8, filled(LOW)),
        Severity::Informational => sheet.circle((x, y), half * 0.8, hollow(DIM)),
        Severity::Unknown => {
            sheet.text("?", (x, y + half), Place::Around, bold(half * 2.6, DIM), 20.0)
        }
    }
}

/// A square on its corner.
pub(super) fn diamond(sheet: &mut Sheet, (x, y): (f32, f32), half: f32, look: Look) {
    sheet.shape(&[(x, y - half), (x + half, y), (x, y + half), (x - half, y)], look);
}

/// What a part of the page is about.
pub(super) fn title(sheet: &mut Sheet, said: &str, (x, y): (f32, f32), aside: &str, most: f32) {
    let style = bold(8.2, TEXT);
    sheet.text(said, (x, y), Place::After, style, most);
    let begun = sheet.width(said, style) + 6.0;
    if !aside.is_empty() && begun < most {
        sheet.text(aside, (x + begun, y), Place::After, plain(7.2, DIM), most - begun);
    }
}

pub(super) fn plain(size: f32, ink: Ink) -> Style {
    Style { size, weight: Weight::Regular, ink }
}

pub(super) fn bold(size: f32, ink: Ink) -> Style {
    Style { size, weight: Weight::Bold, ink }
}

/// Digits in groups: `1,234,567`.
pub(super) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

pub(super) fn counted(number: u32, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A time of the page's day as `14:05`, of another day with it.
pub(super) fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let form = if at.date_naive() == now.date_naive() { "%H:%M" } else { "%-d %b %H:%M" };
    at.format(form).to_string()
}

/// Two units at most.
pub(super) fn span(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if seconds < 60 => format!("{seconds} s"),
        () if hours < 1 => format!("{minutes} min"),
        () if days < 1 && minutes % 60 == 0 => format!("{hours} h"),
        () if days < 1 => format!("{hours} h {}", minutes % 60),
        () if hours % 24 == 0 => format!("{days} d"),
        () => format!("{days} d {} h", hours % 24),
    }
}
