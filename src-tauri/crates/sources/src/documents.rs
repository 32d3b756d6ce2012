//! Files and messages of JSON: one value, or one object a line.

use firebreak_core::ports::{NotAnAlert, RawAlert};
use serde_json::value::RawValue;

use crate::json::{self, JsonFault};

/// Gives each value of a file to `collect`, in order. A line that is not JSON among lines that are
/// becomes an object of the kind `broken`, so that the rest of the file still loads.
///
/// # Errors
/// When the bytes are neither one JSON value nor JSON lines.
pub(crate) fn documents(
    bytes: &[u8],
    broken: &str,
    collect: impl Fn(&RawValue, &mut Vec<RawAlert>),
) -> Result<Vec<RawAlert>, NotAnAlert> {
    let mut alerts = Vec::new();
    let fault = match json::raw(bytes) {
        Ok(raw) => {
            collect(raw, &mut alerts);
            return Ok(alerts);
        }
        Err(fault) => fault,
    };
    let lines = match fault {
        JsonFault::Empty | JsonFault::Utf16 => None,
        _ => lines(bytes),
    };
    let lines = lines.ok_or_else(|| NotAnAlert(format!("This can't be read: {fault}.")))?;
    for line in lines {
        match json::raw(line) {
            Ok(raw) => collect(raw, &mut alerts),
            Err(_) => alerts.push(RawAlert { kind: broken.to_owned(), body: line.to_vec() }),
        }
    }
    Ok(alerts)
}

/// The lines that are not blank; `None` unless there are two and the first is a whole JSON object.
fn lines(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let lines: Vec<&[u8]> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .collect();
    let first = json::raw(lines.first()?).ok()?;
    (lines.len() >= 2 && first.get().starts_with('{')).then_some(lines)
}

/// The value as it came.
pub(crate) fn verbatim(raw: &RawValue, kind: &str) -> RawAlert {
    RawAlert { kind: kind.to_owned(), body: raw.get().as_bytes().to_vec() }
}

/// Gives JSON that a log message carries as text to `collect`; false when the message is no such text.
pub(crate) fn embedded(message: &RawValue, collect: impl FnOnce(&RawValue)) -> bool {
    let (value, _) = json::value(message);
    let Some(text) = value.as_str().filter(|text| text.trim_start().starts_with(['{', '['])) else {
        return false;
    };
    let Ok(raw) = json::raw(text.as_bytes()) else { return false };
    collect(raw);
    true
}
