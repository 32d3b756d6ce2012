//! Reading times as vendors write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use firebreak_core::Timestamp;
use serde_json::Value;

/// Reads RFC 3339, the same without a zone (read as UTC, which is what Wiz means by it), a bare
/// date, and seconds or milliseconds since 1970 as number or text. Years outside 1990..2200 are
/// mistakes, not times.
pub(crate) fn instant(value: &Value) -> Option<Timestamp> {
    let at = match value {
        Value::String(text) => from_text(text.trim()),
        Value::Number(number) => number.as_f64().and_then(from_epoch),
        _ => None,
    }?;
    let year = chrono::Datelike::year(&at);
    (1990..2200).contains(&year).then_some(at)
}

/// A time as alerts have it, and as webhook channels write it: `27 May 2021 17:00 GMT`.
pub(crate) fn moment(value: &Value) -> Option<Timestamp> {
    instant(value).or_else(|| {
        let text = value.as_str().filter(|text| text.len() <= 40)?;
        let bare = text.trim().trim_end_matches("GMT").trim_end_matches("UTC").trim_end();
        let written = ["%d %b %Y %H:%M:%S", "%d %b %Y %H:%M"];
        let read =
            written.iter().find_map(|form| NaiveDateTime::parse_from_str(bare, form).ok())?;
        instant(&Value::String(read.and_utc().to_rfc3339()))
    })
}

fn from_text(text: &str) -> Option<Timestamp> {
    if text.len() > 64 {
        return None;
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at.with_timezone(&Utc));
    }
    for pattern in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M"] {
        let bare = text.trim_end_matches("UTC").trim_end_matches('Z').trim_end();
        if let Ok(at) = NaiveDateTime::parse_from_str(bare, pattern) {
            return Some(at.and_utc());
        }
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day.and_time(NaiveTime::MIN).and_utc());
    }
    text.parse().ok().and_then(from_epoch)
}

fn from_epoch(number: f64) -> Option<Timestamp> {
    // 1e11 seconds is the year 5138; 1e11 milliseconds is 1973: no overlap in the years we take.
    let millis = if number.abs() < 1e11 { number * 1_000.0 } else { number };
    // A float beyond i64 saturates in the cast, and chrono refuses it.
    millis.is_finite().then(|| DateTime::from_timestamp_millis(millis as i64)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(value: Value, expected: Option<&str>) {
        let read =
            instant(&value).map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
        assert_eq!(read.as_deref(), expected, "{value}");
    }

    #[test]
    fn times_as_vendors_write_them() {
        check(json!("2026-03-01T10:20:30.123456Z"), Some("2026-03-01T10:20:30.123456Z"));
        check(json!("2026-03-01T12:20:30+02:00"), Some("2026-03-01T10:20:30Z"));
        check(json!("2026-03-01 10:20:30.123456000"), Some("2026-03-01T10:20:30.123456Z"));
        check(json!("2026-03-01 10:20:30 UTC"), Some("2026-03-01T10:20:30Z"));
        check(json!("2026-03-01T10:20:30"), Some("2026-03-01T10:20:30Z"));
        check(json!("2026-03-01"), Some("2026-03-01T00:00:00Z"));
        check(json!(1_772_360_430), Some("2026-03-01T10:20:30Z"));
        check(json!("1772360430123"), Some("2026-03-01T10:20:30.123Z"));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for value in [
            json!(""),
            json!("yesterday"),
            json!("0001-01-01T00:00:00Z"),
            json!("9999-12-31T23:59:59Z"),
            json!("2026-13-01T00:00:00Z"),
            json!("NaN"),
            json!("1e308"),
            json!(1e308),
            json!(-1),
            json!(true),
            json!(null),
            json!([]),
            json!({}),
            json!("2".repeat(4000)),
            json!("+262143-01-01T00:00:00Z"),
        ] {
            check(value, None);
        }
    }

    #[test]
    fn times_of_channels() {
        let read = moment(&json!("27 May 2021 17:00 GMT")).map(|at| at.to_rfc3339());
        assert_eq!(read.as_deref(), Some("2021-05-27T17:00:00+00:00"));
        assert!(moment(&json!("2021-05-27T17:00:00.000Z")).is_some());
        for none in [json!("0"), json!(""), json!(0), json!("27 May"), json!(null)] {
            assert_eq!(moment(&none), None, "{none}");
        }
    }
}
