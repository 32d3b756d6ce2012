//! From text to a mapping. Every fault is found, and each is told with the line it stands on.

use std::collections::BTreeMap;

use firebreak_core::finding::{FindingStatus, Severity};
use firebreak_core::text;
use serde_json::Value;
use serde_json::value::RawValue;

use super::document::{Fault, Faults, MAPPING_CAP, Mapping, Origin};
use super::field::Field;
use super::pointer::Pointer;
use super::words;
use crate::json::{self, Members};

/// The version of the document that this program reads.
const VERSION: &str = "1";
/// Most pointers of one field.
const POINTERS_CAP: usize = 8;
/// Most words of severity or status.
const WORDS_CAP: usize = 200;
/// Longest word of severity or status, in bytes.
const WORD_CAP: usize = 200;
/// Faults told at once.
const FAULTS_CAP: usize = 20;
const KEYS: &str = "about, fields, items, severities, statuses, version";

pub(super) fn mapping(text: &str) -> Result<Mapping, Faults> {
    let mut reading = Reading { text, faults: Vec::new() };
    let mapping = reading.document();
    let mut faults = reading.faults;
    match mapping {
        Some(mapping) if faults.is_empty() => Ok(mapping),
        _ => {
            faults.sort_by_key(|fault| fault.line);
            faults.truncate(FAULTS_CAP);
            Err(Faults(faults))
        }
    }
}

struct Reading<'a> {
    text: &'a str,
    faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    fn document(&mut self) -> Option<Mapping> {
        let members = self.whole().and_then(|raw| self.members(raw, ""))?;
        let mut mapping = Mapping {
            items: None,
            fields: BTreeMap::new(),
            severities: BTreeMap::new(),
            statuses: BTreeMap::new(),
        };
        for (key, raw) in &members.0 {
            match key.as_str() {
                "version" => self.version(raw),
                "about" => _ = self.text_of(raw, "about"),
                "items" => mapping.items = self.pointer(raw, "items"),
                "fields" => mapping.fields = self.fields(raw),
                "severities" => mapping.severities = self.severities(raw),
                "statuses" => mapping.statuses = self.statuses(raw),
                other => self.fault(raw, other, "is not known", format!("Known are {KEYS}.")),
            }
        }
        if members.get("version").is_none() {
            self.at(1, "version", "is missing", format!("Write \"version\": {VERSION}."));
        }
        let fields = members.get("fields");
        for field in Field::ALL.into_iter().filter(|field| field.is_required()) {
            if mapping.fields.contains_key(&field) || self.was_tried(field) {
                continue;
            }
            let line = fields.map_or(1, |raw| self.line_of(raw));
            self.at(
                line,
                &format!("fields.{}", field.name()),
                "is missing",
                "Without it no message is a finding.",
            );
        }
        Some(mapping)
    }

    fn whole(&mut self) -> Option<&'a RawValue> {
        let text = self.text;
        if text.len() > MAPPING_CAP {
            let problem = format!("is {} bytes long", text.len());
            self.at(1, "", problem, format!("At most {MAPPING_CAP} are taken."));
            return None;
        }
        if text.trim().is_empty() {
            self.at(1, "", "is empty", "Start from one that is shipped.");
            return None;
        }
        if json::check_depth(text.as_bytes()).is_err() {
            self.at(1, "", "is nested too deep", "A mapping has three levels.");
            return None;
        }
        match serde_json::from_str(text) {
            Ok(raw) => Some(raw),
            Err(error) => {
                // Reading it as a value tells of a comma too many in clearer words.
                let error = serde_json::from_str::<Value>(text).err().unwrap_or(error);
                let place = format!(" at line {} column {}", error.line(), error.column());
                let said = error.to_string().replace(&place, "");
                let problem = format!("is not valid JSON: {said}");
                let column = format!("Look at column {} of this line.", error.column());
                self.at(error.line().max(1), "", problem, column);
                None
            }
        }
    }

    fn version(&mut self, raw: &RawValue) {
        if raw.get() != VERSION {
            let told = text::line(raw.get(), 20);
            self.fault(
                raw,
                "version",
                format!("{told} is not known"),
                format!("This Firebreak reads version {VERSION}."),
            );
        }
    }

    fn fields(&mut self, raw: &'a RawValue) -> BTreeMap<Field, Origin> {
        let Some(members) = self.members(raw, "fields") else { return BTreeMap::new() };
        let mut fields = BTreeMap::new();
        for (key, raw) in members.0 {
            let place = format!("fields.{}", text::line(&key, 60));
            let Some(field) = Field::from_name(&key) else {
                let known: Vec<&str> = Field::ALL.into_iter().map(Field::name).collect();
                let known = format!("Known are {}.", known.join(", "));
                self.fault(raw, &place, "is no field", known);
                continue;
            };
            if let Some(origin) = self.origin(raw, field, &place) {
                fields.insert(field, origin);
            }
        }
        fields
    }

    fn origin(&mut self, raw: &'a RawValue, field: Field, place: &str) -> Option<Origin> {
        if let Some(constant) = Members::of(raw) {
            return self.constant(raw, &constant, field, place);
        }
        let Some(items) = json::items(raw) else {
            return self.pointer(raw, place).map(|pointer| Origin::Message(vec![pointer]));
        };
        if items.is_empty() || items.len() > POINTERS_CAP {
            let problem = format!("has {} pointers", items.len());
            self.fault(raw, place, problem, format!("Give 1 to {POINTERS_CAP}."));
            return None;
        }
        let read: Vec<Option<Pointer>> = items
            .into_iter()
            .enumerate()
            .map(|(index, item)| self.pointer(item, &format!("{place}[{index}]")))
            .collect();
        read.into_iter().collect::<Option<Vec<Pointer>>>().map(Origin::Message)
    }

    fn constant(
        &mut self,
        raw: &RawValue,
        members: &Members<'_>,
        field: Field,
        place: &str,
    ) -> Option<Origin> {
        let (key, value) = match members.0.as_slice() {
            [(key, value)] => (key.as_str(), *value),
            _ => ("", raw),
        };
        if key != "const" {
            let how = "Write a pointer, a list of pointers, or {\"const\": \"…\"}.";
            self.fault(raw, place, "is an object that is not understood", how);
            return None;
        }
        if let Some(why) = field.never_constant() {
            self.fault(raw, place, format!("can't be constant: {why}"), "Write a pointer.");
            return None;
        }
        let constant = self.text_of(value, place)?;
        let folded = words::folded(&constant);
        let good = match field {
            Field::Severity => Severity::from_name(&folded).is_some(),
            Field::Status => FindingStatus::from_name(&folded).is_some(),
            _ => true,
        };
        if !good {
            let known = if field == Field::Severity { severities() } else { statuses() };
            self.fault(value, place, format!("{constant:?} is not one of ours"), known);
            return None;
        }
        Some(Origin::Constant(Value::String(constant)))
    }

    fn severities(&mut self, raw: &'a RawValue) -> BTreeMap<String, Severity> {
        self.words(raw, "severities", Severity::from_name, &severities())
    }

    fn statuses(&mut self, raw: &'a RawValue) -> BTreeMap<String, FindingStatus> {
        self.words(raw, "statuses", FindingStatus::from_name, &statuses())
    }

    fn words<T>(
        &mut self,
        raw: &'a RawValue,
        key: &str,
        known: impl Fn(&str) -> Option<T>,
        remedy: &str,
    ) -> BTreeMap<String, T> {
        let mut words = BTreeMap::new();
        let Some(members) = self.members(raw, key) else { return words };
        if members.0.len() > WORDS_CAP {
            let problem = format!("has {} words", members.0.len());
            self.fault(raw, key, problem, format!("At most {WORDS_CAP} are taken."));
            return words;
        }
        for (word, raw) in members.0 {
            let place = format!("{key}.{}", text::line(&word, 60));
            let folded = words::folded(&word);
            if folded.is_empty() || word.len() > WORD_CAP {
                self.fault(raw, &place, "is no word", "Write the word that the sender uses.");
                continue;
            }
            let Some(ours) = self.text_of(raw, &place) else { continue };
            let Some(ours) = known(&ours) else {
                self.fault(raw, &place, format!("{ours:?} is not one of ours"), remedy);
                continue;
            };
            if words.insert(folded, ours).is_some() {
                let remedy = "Capitals, spaces and hyphens make no difference; leave one away.";
                self.fault(raw, &place, "is there twice", remedy);
            }
        }
        words
    }

    fn pointer(&mut self, raw: &RawValue, place: &str) -> Option<Pointer> {
        let Ok(text) = serde_json::from_str::<String>(raw.get()) else {
            let how = "Write a JSON Pointer in quotes, such as \"/issue/id\".";
            self.fault(raw, place, "is no pointer", how);
            return None;
        };
        match Pointer::read(&text) {
            Ok(pointer) => Some(pointer),
            Err((problem, remedy)) => {
                self.fault(raw, place, problem, remedy);
                None
            }
        }
    }

    fn text_of(&mut self, raw: &RawValue, place: &str) -> Option<String> {
        match serde_json::from_str::<String>(raw.get()) {
            Ok(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => {
                self.fault(raw, place, "is no text", "Write it in quotes.");
                None
            }
        }
    }

    /// The members of an object, each name once.
    fn members(&mut self, raw: &'a RawValue, key: &str) -> Option<Members<'a>> {
        let Some(members) = Members::of(raw) else {
            self.fault(raw, key, "is no object", "Write { … }.");
            return None;
        };
        for (index, (name, raw)) in members.0.iter().enumerate() {
            if members.0[..index].iter().any(|(before, _)| before == name) {
                let name = text::line(name, 60);
                let place = if key.is_empty() { name } else { format!("{key}.{name}") };
                self.fault(raw, &place, "is there twice", "Leave one away.");
            }
        }
        Some(members)
    }

    /// Whether a required field is there and its own fault is told already.
    fn was_tried(&self, field: Field) -> bool {
        let key = format!("fields.{}", field.name());
        self.faults.iter().any(|fault| fault.key.starts_with(&key))
    }

    fn fault(
        &mut self,
        raw: &RawValue,
        key: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.at(self.line_of(raw), key, problem, remedy);
    }

    fn at(
        &mut self,
        line: usize,
        key: &str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let capped = |text: String| text::line(&text, text::LINE_CAP);
        self.faults.push(Fault {
            line,
            key: text::line(key, 100),
            problem: capped(problem.into()),
            remedy: capped(remedy.into()),
        });
    }

    /// The line of a value, which borrows from the text.
    fn line_of(&self, raw: &RawValue) -> usize {
        let offset = raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
        let before = self.text.as_bytes().get(..offset).unwrap_or_default();
        before.iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

fn severities() -> String {
    let names: Vec<&str> = Severity::ALL.into_iter().map(Severity::name).collect();
    format!("Ours are {}.", names.join(", "))
}

fn statuses() -> String {
    let names: Vec<&str> = FindingStatus::ALL.into_iter().map(FindingStatus::name).collect();
    format!("Ours are {}.", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, line: usize, key: &str, said: &str) {
        let faults = mapping(text).unwrap_err().0;
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!((faults[0].line, faults[0].key.as_str()), (line, key), "{faults:?}");
        let told = format!("{} {}", faults[0].problem, faults[0].remedy);
        assert!(told.contains(said), "{told}");
    }

    /// A mapping with `line` as its fourth.
    fn with(line: &str) -> String {
        let fields = "\"fields\": {\"vendor_id\": \"/id\", \"title\": \"/t\"}";
        format!("{{\n\"version\": 1,\n{fields},\n{line}\n}}")
    }

    fn with_field(line: &str) -> String {
        let fields = "\"vendor_id\": \"/id\", \"title\": \"/t\"";
        format!("{{\"version\": 1, \"fields\": {{\n{fields},\n{line}\n}}}}")
    }

    #[test]
    fn every_fault_names_line_key_and_remedy() {
        check("", 1, "", "Start from one that is shipped");
        check("{\n\"version\": 1,\n}", 3, "", "trailing comma");
        check("[]", 1, "", "is no object");
        check(&with("\"severity\": {}"), 4, "severity", "Known are about, fields, items");
        check(&with("\"about\": 7"), 4, "about", "in quotes");
        check(&with("\"items\": \"alerts\""), 4, "items", "\"/alerts\"");
        check(&with("\"version\": 1"), 4, "version", "Leave one away");
        check(
            &with("\"severities\": {\"P1\": \"burning\"}"),
            4,
            "severities.P1",
            "Ours are critical",
        );
        check(
            &with("\"statuses\": {\"x\": \"open\"}"),
            4,
            "statuses.x",
            "Ours are new, in_progress",
        );
        check(
            &with("\"severities\": {\"P 1\": \"low\", \"p-1\": \"high\"}"),
            4,
            "severities.p-1",
            "twice",
        );
        check(&with_field("\"sevrity\": \"/s\""), 3, "fields.sevrity", "severity");
        check(&with_field("\"severity\": \"$.s\""), 3, "fields.severity", "\"/s\"");
        check(&with_field("\"severity\": [\"/s\",\n\"t\"]"), 4, "fields.severity[1]", "\"/t\"");
        check(&with_field("\"severity\": []"), 3, "fields.severity", "Give 1 to 8");
        check(&with_field("\"severity\": 7"), 3, "fields.severity", "in quotes");
        check(&with_field("\"severity\": {\"const\": \"P1\"}"), 3, "fields.severity", "Ours are");
        check(&with_field("\"severity\": {\"constant\": \"x\"}"), 3, "fields.severity", "const");
        check(
            &with_field("\"created_at\": {\"const\": \"x\"}"),
            3,
            "fields.created_at",
            "of its own",
        );
        let tall = format!("\"about\": \"{}\"", "x".repeat(MAPPING_CAP));
        check(&with(&tall), 1, "", "32768");
    }

    #[test]
    fn what_is_missing_is_told_once() {
        check("{\"fields\": {\"vendor_id\": \"/i\", \"title\": \"/t\"}}", 1, "version", "1");
        check(
            "{\"version\": 1,\n\"fields\": {\"title\": \"/t\"}}",
            2,
            "fields.vendor_id",
            "missing",
        );
        let text =
            "{\"version\": 1, \"fields\": {\"vendor_id\": {\"const\": \"x\"}, \"title\": \"/t\"}}";
        check(text, 1, "fields.vendor_id", "same finding");
        let both = mapping("{\"version\": 1}").unwrap_err();
        assert_eq!(both.0.len(), 2, "{both}");
        check(
            "{\"version\": 3, \"fields\": {\"vendor_id\": \"/i\", \"title\": \"/t\"}}",
            1,
            "version",
            "version 1",
        );
    }

    #[test]
    fn all_faults_come_at_once_in_the_order_of_lines() {
        let text = "{\n\"version\": 9,\n\"fields\": {\"a\": 1,\n\"title\": \"x\"},\n\"b\": 2\n}";
        let faults = mapping(text).unwrap_err();
        let lines: Vec<usize> = faults.0.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [2, 3, 3, 4, 5], "{faults}");
        let many: String = (0..200).map(|n| format!(",\"k{n}\": 0")).collect();
        let text = format!("{{\"version\": 1{many}}}");
        assert_eq!(mapping(&text).unwrap_err().0.len(), FAULTS_CAP);
    }
}
