//! One pass over a record's bytes: is it canonical JSON (RFC 8785), and what index and previous
//! hash does it name? It allocates nothing, because verification does it for every record.

use std::cmp::Ordering;

use super::merkle::Hash;

/// Deepest nesting read. Records of ours are a few levels deep.
const DEEPEST: usize = 200;
/// The greatest integer that every reader of JSON reads exactly: RFC 8785 numbers are doubles.
pub(super) const EXACT: u64 = 1 << 53;
/// The fields of a record in canonical order.
const FIELDS: [&str; 8] = ["actor", "at", "detail", "index", "kind", "previous", "subject", "text"];

/// What a record says of its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub index: u64,
    pub previous: Hash,
}

/// Reads a record's place. The error says what is not canonical.
pub(super) fn record(bytes: &[u8]) -> Result<Place, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let mut scan = Scan { text, at: 0 };
    let (mut index, mut previous) = (None, None);
    scan.expect(b'{', "it is not an object")?;
    for (position, field) in FIELDS.iter().enumerate() {
        if position > 0 {
            scan.expect(b',', "a field is missing")?;
        }
        if scan.string()? != *field {
            return Err("its fields are not those of a record");
        }
        scan.expect(b':', "a colon is missing")?;
        let start = scan.at;
        scan.value(0)?;
        let value = &text[start..scan.at];
        match *field {
            "index" => index = value.parse().ok(),
            "previous" => previous = Hash::from_hex(value.trim_matches('"')),
            "detail" => {}
            _ if value.starts_with('"') => {}
            _ => return Err("a field that should be text is not"),
        }
    }
    scan.expect(b'}', "it has more fields than a record")?;
    if scan.at != bytes.len() {
        return Err("something follows it");
    }
    match (index, previous) {
        (Some(index), Some(previous)) => Ok(Place { index, previous }),
        (None, _) => Err("its index is not a number"),
        (_, None) => Err("its previous hash is not a hash"),
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn expect(&mut self, byte: u8, otherwise: &'static str) -> Result<(), &'static str> {
        if self.peek() != Some(byte) {
            return Err(otherwise);
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > DEEPEST {
            return Err("it is nested too deep");
        }
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), &'static str> {
        if !self.text[self.at..].starts_with(word) {
            return Err("a value is not JSON");
        }
        self.at += word.len();
        Ok(())
    }

    fn array(&mut self, depth: usize) -> Result<(), &'static str> {
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.value(depth + 1)?;
            self.at += 1;
            match self.text.as_bytes().get(self.at - 1) {
                Some(b',') => {}
                Some(b']') => return Ok(()),
                _ => return Err("a list does not end"),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), &'static str> {
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let mut before: Option<&str> = None;
        loop {
            let key = self.string()?;
            if before.is_some_and(|before| order(before, key) != Ordering::Less) {
                return Err("keys are repeated or out of order");
            }
            before = Some(key);
            self.expect(b':', "a colon is missing")?;
            self.value(depth + 1)?;
            self.at += 1;
            match self.text.as_bytes().get(self.at - 1) {
                Some(b',') => {}
                Some(b'}') => return Ok(()),
                _ => return Err("an object does not end"),
            }
        }
    }

    /// A string with only the escapes that RFC 8785 writes; the answer is what is between the
    /// quotes, escapes and all.
    fn string(&mut self) -> Result<&'a str, &'static str> {
        self.expect(b'"', "a quote is missing")?;
        let start = self.at;
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(&self.text[start..self.at - 1]);
                }
                Some(b'\\') => self.at += escape(&bytes[self.at..])?,
                Some(byte) if *byte >= 0x20 => self.at += 1,
                _ => return Err("a text does not end or has a bare control character"),
            }
        }
    }

    fn number(&mut self) -> Result<(), &'static str> {
        let rest = &self.text[self.at..];
        let length = rest
            .bytes()
            .take_while(|b| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9'))
            .count();
        let token = &rest[..length];
        let digits = token.strip_prefix('-').unwrap_or(token);
        let short =
            matches!(digits.len(), 1..=15) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let canonical = if short {
            !digits.starts_with('0') || token == "0"
        } else {
            let value: Option<f64> = token.parse().ok();
            value.and_then(|value| serde_json_canonicalizer::to_string(&value).ok()).as_deref()
                == Some(token)
                && is_exact(token)
        };
        if !canonical {
            return Err("a number is not written as RFC 8785 writes it");
        }
        self.at += length;
        Ok(())
    }
}

/// Whether a number as RFC 8785 writes it is not an integer beyond 2^53.
pub(super) fn is_exact(token: &str) -> bool {
    let digits = token.strip_prefix('-').unwrap_or(token);
    let integer = digits.bytes().all(|byte| byte.is_ascii_digit());
    !integer || digits.parse().is_ok_and(|value: u64| value <= EXACT)
}

/// The length of a canonical escape at the start of `bytes`.
fn escape(bytes: &[u8]) -> Result<usize, &'static str> {
    match bytes.get(1) {
        Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
        Some(b'u') => match bytes.get(2..6).and_then(control) {
            Some(code) if !matches!(code, 8 | 9 | 10 | 12 | 13) => Ok(6),
            _ => Err("an escape is not one that RFC 8785 writes"),
        },
        _ => Err("an escape is not one that RFC 8785 writes"),
    }
}

/// `001f` and below, lower case.
fn control(digits: &[u8]) -> Option<u8> {
    let [b'0', b'0', high @ (b'0' | b'1'), low] = digits else { return None };
    let low = match low {
        b'0'..=b'9' => low - b'0',
        b'a'..=b'f' => low - b'a' + 10,
        _ => return None,
    };
    Some((high - b'0') * 16 + low)
}

/// The order of keys in RFC 8785: by UTF-16 code units of what the escapes stand for.
fn order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() && !a.contains('\\') && !b.contains('\\') {
        return a.cmp(b);
    }
    units(a).cmp(&units(b))
}

fn units(key: &str) -> Vec<u16> {
    let mut units = Vec::with_capacity(key.len());
    let mut rest = key;
    while let Some(c) = rest.chars().next() {
        if c != '\\' {
            let mut buffer = [0; 2];
            units.extend_from_slice(c.encode_utf16(&mut buffer));
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (unit, length) = match rest.as_bytes().get(1) {
            Some(b'u') => (rest.as_bytes().get(2..6).and_then(control).unwrap_or_default(), 6),
            Some(b'b') => (8, 2),
            Some(b't') => (9, 2),
            Some(b'n') => (10, 2),
            Some(b'f') => (12, 2),
            Some(b'r') => (13, 2),
            other => (other.copied().unwrap_or_default(), 2),
        };
        units.push(u16::from(unit));
        rest = rest.get(length..).unwrap_or_default();
    }
    units
}
