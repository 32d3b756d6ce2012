use proptest::prelude::*;

use super::super::Touching;
use super::{ids, read, stop, utc};
use crate::Severity;

/// A calendar of one event with these lines.
fn calendar(lines: &str) -> String {
    let event = format!("BEGIN:VEVENT\r\n{lines}END:VEVENT\r\n");
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n{event}END:VCALENDAR\r\n")
}

const PLAIN: &str = "UID:close@example.org\r\nSUMMARY:Year-end\\, the\r\n  books\\; all\r\n\
    DESCRIPTION:finance\\nneeds \\\\ it\r\nDTSTART:20261228T180000Z\r\nDTEND:20270104T060000Z\r\n";

fn frozen(text: &str, at: &str) -> Vec<String> {
    let freezes = read(&[("change.ics", text)]).unwrap_or_else(|problems| panic!("{problems}"));
    freezes.frozen(&stop(), utc(at)).iter().map(|one| one.text.clone()).collect()
}

#[test]
fn an_event_is_a_freeze_and_its_text_is_put_together() {
    let text = calendar(PLAIN);
    let expected = "change freeze \"Year-end, the books; all\" until 2027-01-04 06:00 UTC \
        (finance needs \\ it)";
    assert_eq!(frozen(&text, "2026-12-28 18:00:00"), [expected]);
    assert!(frozen(&text, "2026-12-28 17:59:59").is_empty());
    assert!(frozen(&text, "2027-01-04 06:00:00").is_empty());
    // Other ends of lines, small letters, a byte order mark.
    let other = format!("\u{feff}{}", text.replace("\r\n", "\n").replace("DTSTART", "dtstart"));
    assert_eq!(frozen(&other, "2026-12-30 00:00:00"), [expected]);
}

#[test]
fn a_day_is_a_day_in_utc() {
    let day = "UID:1\r\nSUMMARY:Holiday\r\nDTSTART;VALUE=DATE:20261225\r\n";
    for text in [calendar(day), calendar(&format!("{day}DTEND;VALUE=DATE:20261226\r\n"))] {
        assert!(frozen(&text, "2026-12-24 23:59:59").is_empty());
        assert_eq!(
            frozen(&text, "2026-12-25 00:00:00"),
            ["change freeze \"Holiday\" until 2026-12-26 00:00 UTC"]
        );
        assert!(frozen(&text, "2026-12-26 00:00:00").is_empty());
    }
}

#[test]
fn parameters_may_be_quoted_and_what_is_no_event_is_passed_over() {
    let text = calendar(
        "UID:1\r\nSUMMARY;ALTREP=\"cid:a;b:c\";LANGUAGE=en:Holiday\r\nDTSTART;TZID=UTC:20261225T000000\r\n\
         DTEND:20261226T000000Z\r\nBEGIN:VALARM\r\nDTSTART:nonsense\r\nRRULE:FREQ=DAILY\r\nEND:VALARM\r\n",
    );
    let text = text.replace(
        "BEGIN:VEVENT",
        "BEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\nRRULE:FREQ=YEARLY\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT",
    );
    assert_eq!(frozen(&text, "2026-12-25 12:00:00").len(), 1);
    let cancelled = calendar(&format!("{PLAIN}STATUS:CANCELLED\r\n"));
    assert!(frozen(&cancelled, "2026-12-30 00:00:00").is_empty());
    assert!(frozen(&cancelled.replace("CANCELLED", "TENTATIVE"), "2026-12-30 00:00:00").len() == 1);
}

fn check(old: &str, new: &str, expected: &str) {
    let text = calendar(PLAIN);
    assert!(text.contains(old), "{old}");
    let said = read(&[("change.ics", &text.replacen(old, new, 1))]).expect_err("a mistake");
    assert!(said.starts_with(expected), "{said}");
    assert!(said.contains("; "), "no remedy: {said}");
}

#[test]
fn what_is_not_understood_names_the_event_its_place_and_a_remedy() {
    let end = "DTEND:20270104T060000Z\r\n";
    let named = "event \"Year-end, the books; all\": ";
    let at = |line: u32, why: &str| format!("change.ics:{line}:1: {named}{why}");
    check(end, &format!("{end}RRULE:FREQ=WEEKLY\r\n"), &at(11, "RRULE isn't understood"));
    check(end, &format!("{end}EXDATE:20261229T000000Z\r\n"), &at(11, "EXDATE isn't understood"));
    check(
        "DTSTART:",
        "DTSTART;TZID=Europe/Berlin:",
        &at(9, "DTSTART \"20261228T180000Z\" is no time"),
    );
    check(
        "DTSTART:20261228T180000Z",
        "DTSTART;TZID=Europe/Berlin:20261228T180000",
        &at(9, "DTSTART is in the time zone \"Europe/Berlin\""),
    );
    check("20261228T180000Z", "20261228T180000", &at(9, "DTSTART is without a time zone"));
    check(
        "20261228T180000Z",
        "20261328T180000Z",
        &at(9, "DTSTART \"20261328T180000Z\" is no time"),
    );
    check("DTSTART:2", "DTSTART;VALUE=DATE:2", &at(9, "DTSTART \"20261228T180000Z\" is no time"));
    check(
        "DTSTART:20261228T180000Z",
        "DTSTART;VALUE=DATE:20261228",
        &at(4, "DTEND is not after DTSTART, or one is a day"),
    );
    check("20270104T", "20251228T", &at(4, "DTEND is not after DTSTART"));
    check(end, "DURATION:PT1H\r\n", &at(4, "it has no DTEND"));
    check(end, &format!("{end}{end}"), &at(11, "it has more than one DTEND"));
    check("UID:close@example.org\r\n", "", &at(4, "it has no UID"));
    check("SUMMARY", "1 2", "change.ics:6:1: \"1 2:Year-end");
    check("BEGIN:VCALENDAR\r\n", "", "change.ics:1:1: it does not begin with BEGIN:VCALENDAR");
    check("END:VEVENT\r\n", "", "change.ics:11:1: \"VCALENDAR\" ends here, which did not begin");
}

#[test]
fn a_freeze_is_one_among_all_files_and_a_calendar_may_be_told_what_it_is_about() {
    let text = calendar(PLAIN);
    let said = read(&[("a.ics", &text), ("b.ICS", &text)]).expect_err("twice");
    assert!(said.contains("b.ICS: freeze \"close@example.org\" is in a.ics already"), "{said}");
    let about = "[calendars.\"a.ics\"]\nonly = { accounts = [\"111111111111\"] }\n\
        except = { severity = \"critical\" }\n# end\n";
    let freezes = read(&[("a.ics", &text), ("freezes.toml", about)]).expect("both");
    let at = utc("2026-12-30 00:00:00");
    assert_eq!(ids(&freezes.frozen(&stop(), at)), ["close@example.org"]);
    let through = Touching { severity: Severity::Critical, ..stop() };
    assert!(freezes.frozen(&through, at).is_empty());
    let elsewhere = Touching { account: Some("222222222222"), ..stop() };
    assert!(freezes.frozen(&elsewhere, at).is_empty());
}

#[test]
fn no_half_calendar_is_read() {
    let text = calendar(PLAIN);
    for cut in 0..text.len() - "\r\n".len() {
        assert!(read(&[("change.ics", &text[..cut])]).is_err(), "{cut}");
    }
}

proptest! {
    #[test]
    fn no_text_is_a_panic(text in any::<String>(), lines in "((UID|DTSTART|DTEND|SUMMARY|BEGIN|END)[;:=\" a-zA-Z0-9é]{0,20}\r?\n ?){0,8}") {
        let _ = read(&[("change.ics", &text)]);
        let _ = read(&[("change.ics", &calendar(&lines))]);
    }

    /// Folding anywhere makes no difference, in the middle of a character's bytes excepted.
    #[test]
    fn a_line_may_be_folded_anywhere(at in 0..60_usize) {
        let line = "SUMMARY:Year-end, the books and all of their many pages";
        let at = at % line.len();
        let folded = format!("{}\r\n\t{}", &line[..at.max(1)], &line[at.max(1)..]);
        let event = |line: &str| calendar(&format!("UID:1\r\n{line}\r\nDTSTART;VALUE=DATE:20261225\r\n"));
        let when = "2026-12-25 12:00:00";
        prop_assert_eq!(frozen(&event(&folded), when), frozen(&event(line), when));
    }
}
