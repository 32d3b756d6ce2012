//! Mappings of customers' own messages, tried out before they are used.

use std::io::Read;
use std::path::Path;

use firebreak_desk::{mapping_starts, preview_mapping};
use firebreak_wire::{MappedAlert, MappedField, MappingPreview, MappingStart};

use crate::args::SourceCommand;
use crate::context::Failure;
use crate::output::{clean, out, out_document, short};

/// Largest file taken, in bytes: somewhat more than a message of SQS.
const FILE_CAP: u64 = 2 << 20;

/// Carries out what needs no workspace; `None` for everything else.
pub fn run(command: &SourceCommand, json: bool) -> Option<Result<(), Failure>> {
    match command {
        SourceCommand::Preview { mapping, message } => Some(preview(mapping, message, json)),
        SourceCommand::Mappings { name, sample } => Some(mappings(name.as_deref(), *sample, json)),
        _ => None,
    }
}

/// A file that somebody wrote, as text.
pub fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(FILE_CAP + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(FILE_CAP + 1).read_to_string(&mut text))
    };
    let shown = clean(&path.display().to_string());
    match read {
        Ok(length) if length as u64 > FILE_CAP => {
            Err(Failure::Failed(format!("{shown} is larger than 2 MiB")))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::Failed(format!("{shown} can't be read: {error}"))),
    }
}

fn preview(mapping: &Path, message: &Path, json: bool) -> Result<(), Failure> {
    let preview = preview_mapping(&read(mapping)?, &read(message)?);
    if json {
        out_document(&preview);
    } else {
        out(&text(&preview));
    }
    let refused = preview.readings.iter().filter(|alert| alert.refused.is_some()).count();
    match preview.faults.len() {
        0 if preview.problem.is_some() => {
            Err(Failure::Failed("the message can't be read".to_owned()))
        }
        0 if refused > 0 => Err(Failure::Failed(format!(
            "{refused} of {} alerts would be kept verbatim but not understood",
            preview.alerts
        ))),
        0 => Ok(()),
        faults => Err(Failure::Failed(format!("the mapping has {faults} faults"))),
    }
}

fn mappings(name: Option<&str>, sample: bool, json: bool) -> Result<(), Failure> {
    let starts = mapping_starts();
    let Some(name) = name else {
        if json {
            out_document(&starts);
        } else {
            let line = |start: &MappingStart| format!("{:<22} {}", start.name, start.title);
            out(&starts.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
        return Ok(());
    };
    let start = starts.iter().find(|start| start.name == name).ok_or_else(|| {
        let known: Vec<&str> = starts.iter().map(|start| start.name.as_str()).collect();
        Failure::Usage(format!(
            "there is no mapping {:?}; there are {}",
            clean(name),
            known.join(", ")
        ))
    })?;
    out(if sample { &start.sample } else { &start.mapping }.trim_end());
    Ok(())
}

fn text(preview: &MappingPreview) -> String {
    if !preview.faults.is_empty() {
        let fault = |fault: &firebreak_wire::MappingFault| {
            let key = if fault.key.is_empty() { "the mapping" } else { &fault.key };
            clean(&format!("line {}: {key} {}. {}", fault.line, fault.problem, fault.remedy))
        };
        return preview.faults.iter().map(fault).collect::<Vec<_>>().join("\n");
    }
    let mut parts: Vec<String> = preview.problem.iter().map(|problem| clean(problem)).collect();
    let count = preview.alerts;
    for (index, reading) in preview.readings.iter().enumerate() {
        let heading = (count > 1).then(|| format!("alert {} of {count}", index + 1));
        parts.push(heading.into_iter().chain([alert(reading)]).collect::<Vec<_>>().join("\n"));
    }
    if parts.is_empty() {
        parts.push("the message is empty".to_owned());
    }
    parts.join("\n\n")
}

fn alert(alert: &MappedAlert) -> String {
    let mut lines = vec![format!("{:<18} {:<44} {}", "field", "value", "from")];
    lines.extend(
        alert.fields.iter().filter(|field| field.mapped || field.value.is_some()).map(line),
    );
    lines.extend(alert.notes.iter().map(|note| clean(&format!("note: {note}"))));
    if let Some(refused) = &alert.refused {
        lines.push(format!("{} It would be kept verbatim and counted.", clean(refused)));
    }
    lines.join("\n")
}

fn line(field: &MappedField) -> String {
    let from = match &field.pointer {
        Some(pointer) => clean(pointer),
        None if field.constant => "constant".to_owned(),
        // From the resource's id, or what is taken where nothing is said.
        None if field.value.is_some() => "derived".to_owned(),
        None => String::new(),
    };
    // A gap that the mapping leaves on purpose needs no word.
    let note = field.note.as_deref().filter(|_| field.mapped || field.required);
    let note = note.map(|note| format!("  ! {}", clean(note))).unwrap_or_default();
    let value = short(field.value.as_deref().unwrap_or("-"), 44);
    format!("{:<18} {value:<44} {from}{note}", field.name).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_value_place_and_gap() {
        let mapping = r#"{"version": 1, "fields": {"vendor_id": "/id", "title": "/what",
            "severity": "/prio", "kind": {"const": "issue"}, "region": "/nowhere"}}"#;
        let preview =
            preview_mapping(mapping, r#"{"id": "a-1", "what": "Miner\u001b[2J", "prio": "P9"}"#);
        let text = text(&preview);
        let row = |name: &str| text.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        assert!(row("vendor_id").ends_with("/id") && row("vendor_id").contains(" a-1 "));
        assert!(
            row("severity").contains("unknown") && row("severity").contains("\"P9\" is not known")
        );
        assert!(row("kind").ends_with("constant"));
        assert!(row("region").contains("- ") && row("region").contains("not given"));
        assert!(row("status").ends_with("derived"), "{text}");
        assert!(!text.contains('\u{1b}'), "a message steers no terminal");
        let faults = super::text(&preview_mapping("{", ""));
        assert!(faults.starts_with("line 1: the mapping is not valid JSON"), "{faults}");
    }
}
