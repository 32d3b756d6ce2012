//! Who said what when, kept once: a source's answer names many edges at one time, and many edges
//! have the same reason.

use std::hash::Hash;

use indexmap::IndexSet;

use super::fact::{Fact, RELATION_CAP, Witness, line};
use crate::{Timestamp, text};

/// Numbers of a witness: 8 bytes an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    /// Source and time.
    occasion: u32,
    /// Relation and reason.
    words: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Occasion {
    source: u32,
    at: Timestamp,
}

/// The tables behind the numbers.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    sources: IndexSet<Box<str>>,
    occasions: IndexSet<Occasion>,
    /// Relation and reason with a line break between them, which neither can contain.
    words: IndexSet<Box<str>>,
    text_bytes: usize,
    line: String,
}

impl Said {
    /// Takes in the words of a fact, capped.
    pub(super) fn hear(&mut self, fact: &Fact<'_>) -> Heard {
        let source = self.source(fact.source);
        let occasion = Occasion { source, at: fact.at };
        let occasion = numbered(self.occasions.insert_full(occasion).0);
        self.line.clear();
        self.line.push_str(&line(fact.relation, RELATION_CAP));
        self.line.push('\n');
        self.line.push_str(&line(fact.reason, text::LINE_CAP));
        let words = match self.words.get_index_of(self.line.as_str()) {
            Some(known) => known,
            None => {
                self.text_bytes += self.line.len();
                self.words.insert_full(self.line.as_str().into()).0
            }
        };
        Heard { occasion, words: numbered(words) }
    }

    /// The number of a source.
    pub(super) fn source(&mut self, name: &str) -> u32 {
        let name = line(name, text::TITLE_CAP);
        let known = self.sources.get_index_of(name.as_ref());
        numbered(known.unwrap_or_else(|| self.sources.insert_full(name.as_ref().into()).0))
    }

    /// The number of a source that was heard before.
    pub(super) fn known_source(&self, name: &str) -> Option<u32> {
        self.sources.get_index_of(line(name, text::TITLE_CAP).as_ref()).map(numbered)
    }

    pub(super) fn source_of(&self, heard: Heard) -> u32 {
        self.occasions[heard.occasion as usize].source
    }

    pub(super) fn at(&self, heard: Heard) -> Timestamp {
        self.occasions[heard.occasion as usize].at
    }

    /// Whether both are one source's same words, at whatever times.
    pub(super) fn is_same(&self, one: Heard, other: Heard) -> bool {
        one.words == other.words && self.source_of(one) == self.source_of(other)
    }

    /// In full.
    pub(super) fn witness(&self, heard: Heard) -> Witness {
        let words = &self.words[heard.words as usize];
        let (relation, reason) = words.split_once('\n').unwrap_or((words, ""));
        Witness {
            at: self.at(heard),
            source: self.sources[self.source_of(heard) as usize].to_string(),
            relation: relation.to_owned(),
            reason: reason.to_owned(),
        }
    }

    /// How many occasions and words are kept, whether or not an edge still needs them.
    pub(super) fn len(&self) -> usize {
        self.occasions.len() + self.words.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.text_bytes
            + self.occasions.capacity() * (size_of::<Occasion>() + TABLE)
            + self.words.capacity() * (size_of::<Box<str>>() + TABLE)
    }

    /// Forgets what no edge needs; `all` are the numbers that are needed, and are rewritten.
    pub(super) fn tidy<'a>(&mut self, all: impl Iterator<Item = &'a mut Heard>) {
        let mut occasions: Vec<_> =
            std::mem::take(&mut self.occasions).into_iter().map(Moving::Here).collect();
        let mut words: Vec<_> =
            std::mem::take(&mut self.words).into_iter().map(Moving::Here).collect();
        for heard in all {
            heard.occasion = occasions[heard.occasion as usize].settle(&mut self.occasions);
            heard.words = words[heard.words as usize].settle(&mut self.words);
        }
        self.text_bytes = self.words.iter().map(|line| line.len()).sum();
    }
}

/// An entry on its way from one table into the next.
enum Moving<T> {
    Here(T),
    There(u32),
}

impl<T: Hash + Eq> Moving<T> {
    fn settle(&mut self, table: &mut IndexSet<T>) -> u32 {
        let number = match std::mem::replace(self, Self::There(0)) {
            Self::Here(entry) => numbered(table.insert_full(entry).0),
            Self::There(number) => number,
        };
        *self = Self::There(number);
        number
    }
}

/// What a hash table keeps beside an entry: its hash, and its place at 7/8 load.
const TABLE: usize = size_of::<u64>() + 6;

pub(super) fn numbered(index: usize) -> u32 {
    u32::try_from(index).expect("four thousand million entries are beyond any memory we run in")
}
