//! How far everything reached over time, on the page.

use chrono::TimeDelta;
use firebreak_wire as wire;

use super::page::{DIM, HIGH, STRONG, grouped, moment, plain, title};
use crate::sheet::{Look, Place, Sheet};

/// A step holds until the next. Where nothing was noted there is no line.
pub(super) fn reach(
    sheet: &mut Sheet,
    view: &wire::CommandView,
    (x, y): (f32, f32),
    (width, height): (f32, f32),
) {
    let most = view.reach.iter().max_by_key(|point| point.assets);
    let aside = match most {
        Some(most) => format!(
            "most {} assets at {}, now {}",
            grouped(most.assets),
            moment(most.at, view.at),
            grouped(view.assets)
        ),
        None => "nothing was noted yet".to_owned(),
    };
    title(sheet, "Reach over time", (x, y + 6.0), &aside, width);
    let (top, bottom) = (y + 14.0, y + height - 11.0);
    // The last day, or what is known of it: an hour at least.
    let first = view.reach.first().map_or(view.at, |point| point.at);
    let from = first.max(view.at - TimeDelta::days(1)).min(view.at - TimeDelta::hours(1));
    let whole = (view.at - from).num_seconds().max(1) as f32;
    let high = most.map_or(1, |most| most.assets).max(1) as f32;
    let place = |point: &wire::ReachPoint| {
        let passed = (point.at - from).num_seconds().max(0) as f32;
        let left = x + width * (passed / whole).min(1.0);
        (left, bottom - (bottom - top) * (point.assets as f32 / high))
    };
    let mut line: Vec<(f32, f32)> = Vec::new();
    for point in &view.reach {
        let (left, level) = place(point);
        if let Some((_, before)) = line.last().copied() {
            line.push((left, before));
        }
        line.push((left, level));
    }
    if let (Some((left, _)), Some((_, level))) = (line.first().copied(), line.last().copied()) {
        line.push((x + width, level));
        let mut area = line.clone();
        area.extend([(x + width, bottom), (left, bottom)]);
        sheet.shape(&area, Look { fill: Some(HIGH.tint(0.16)), ..Look::default() });
        sheet.way(&line, HIGH, 1.2, None);
    }
    sheet.way(&[(x, bottom), (x + width, bottom)], STRONG, 0.6, None);
    let style = plain(6.8, DIM);
    sheet.text(&moment(from, view.at), (x, bottom + 9.0), Place::After, style, 80.0);
    let now = moment(view.at, view.at);
    sheet.text(&now, (x + width, bottom + 9.0), Place::Before, style, 80.0);
}
