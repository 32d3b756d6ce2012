//! What the program said, held against what holds for everything it says.

use serde_json::Value;

/// How one run of the program ended.
#[derive(Debug)]
pub struct Said {
    /// The command, for messages.
    pub words: String,
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Said {
    /// Whatever was asked: text, nothing that steers a terminal, no panic.
    pub fn new(words: String, code: i32, out: &[u8], err: &[u8]) -> Self {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec());
            text.unwrap_or_else(|error| panic!("`{words}` wrote bytes that are no text: {error}"))
        };
        let (out, err) = (text(out), text(err));
        for (stream, text) in [("output", &out), ("error", &err)] {
            if let Some(steers) = text.chars().find(|c| steers(*c)) {
                panic!(
                    "U+{:04X} on the standard {stream} of `{words}`:\n{text}",
                    u32::from(steers)
                );
            }
        }
        assert!(!err.contains("panicked at") && code != 101, "`{words}` panicked:\n{err}");
        Self { words, code, out, err }
    }

    /// The one document of `--json`.
    pub fn document(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| {
            panic!("`{}` did not print one document: {error}\n{self}", self.words)
        })
    }

    /// Ended with this code.
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code of {self}");
        self
    }

    /// Says this, in whatever case.
    pub fn says(self, wanted: &str) -> Self {
        let all = format!("{}\n{}", self.out, self.err).to_lowercase();
        assert!(all.contains(&wanted.to_lowercase()), "{wanted:?} is not in {self}");
        self
    }
}

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { words, code, out, err } = self;
        write!(f, "`{words}` ended with {code}\n--- output\n{out}\n--- error\n{err}")
    }
}

/// Control characters, and those that hide or reorder what stands beside them.
fn steers(c: char) -> bool {
    let hidden = matches!(u32::from(c),
        0x061C | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x2069 | 0xFEFF | 0xE0000..=0xE007F);
    hidden || (c.is_control() && c != '\n')
}

/// A field that must be text.
pub fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no text at {pointer} of {value:#}"))
}

/// A field that must be a list.
pub fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.unwrap_or_else(|| panic!("no list at {pointer} of {value:#}"))
}
