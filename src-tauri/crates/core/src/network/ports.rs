//! What is let through: protocols and their ports.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use super::spans::Spans;

pub(super) const ICMP: u8 = 1;
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMP6: u8 = 58;
/// Stretches told in one line.
const MOST_TOLD: usize = 6;

/// A set of protocols (IANA's numbers) with their ports. Of ICMP, a type and its code stand in a
/// port's place (256 times the type and the code); protocols without ports are let through whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ports {
    named: BTreeMap<u8, Spans>,
    /// Whether all protocols that are not named are in it.
    rest: bool,
}

impl Ports {
    /// Everything.
    pub fn all() -> Self {
        Self { named: BTreeMap::new(), rest: true }
    }

    /// Ports of one protocol, ends included.
    pub fn of(protocol: u8, from: u16, to: u16) -> Self {
        Self { named: BTreeMap::from([(protocol, Spans::of(from, to))]), rest: false }.tidy()
    }

    /// As EC2 writes them: `tcp` or `6`, `-1` for all, and from and to, which are type and code of
    /// ICMP, each `-1` for any ("IpPermission", API reference). `None` where that is not understood.
    pub fn read(protocol: &str, from: Option<i32>, to: Option<i32>) -> Option<Self> {
        let number = match protocol {
            "-1" => return Some(Self::all()),
            "tcp" => TCP,
            "udp" => UDP,
            "icmp" => ICMP,
            "icmpv6" => ICMP6,
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse().ok()?,
            _ => return None,
        };
        let port = |end: i32| u16::try_from(end).ok();
        match (number, from, to) {
            (_, None | Some(-1), None | Some(-1)) => Some(Self::of(number, 0, u16::MAX)),
            (ICMP | ICMP6, Some(kind), code) => {
                let kind = u16::from(u8::try_from(kind).ok()?) * 256;
                match code.unwrap_or(-1) {
                    -1 => Some(Self::of(number, kind, kind + 255)),
                    code => {
                        let code = kind + u16::from(u8::try_from(code).ok()?);
                        Some(Self::of(number, code, code))
                    }
                }
            }
            (TCP | UDP, Some(from), Some(to)) if from <= to => {
                Some(Self::of(number, port(from)?, port(to)?))
            }
            (TCP | UDP, ..) | (ICMP | ICMP6, None, _) => None,
            _ => Some(Self::of(number, 0, u16::MAX)),
        }
    }

    /// Whether nothing is let through.
    pub fn is_empty(&self) -> bool {
        !self.rest && self.named.is_empty()
    }

    /// Whether a port of a protocol is in it.
    pub fn has(&self, protocol: u8, port: u16) -> bool {
        self.named.get(&protocol).map_or(self.rest, |spans| spans.has(port))
    }

    /// The ports of one protocol.
    pub(super) fn spans(&self, protocol: u8) -> Spans {
        let rest = || if self.rest { Spans::all() } else { Spans::default() };
        self.named.get(&protocol).cloned().unwrap_or_else(rest)
    }

    pub(super) fn with(mut self, protocol: u8, spans: Spans) -> Self {
        self.named.insert(protocol, spans);
        self.tidy()
    }

    pub(super) fn and(&self, other: &Self) -> Self {
        self.combine(other, Spans::and, self.rest && other.rest)
    }

    pub(super) fn or(&self, other: &Self) -> Self {
        self.combine(other, Spans::or, self.rest || other.rest)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        let without = |one: &Spans, two: &Spans| one.and(&two.not());
        self.combine(other, without, self.rest && !other.rest)
    }

    /// Some port of it, TCP's first.
    pub(super) fn sample(&self) -> Option<(u8, u16)> {
        let first = |protocol: u8| Some((protocol, self.spans(protocol).iter().next()?.0));
        let likely = [TCP, UDP].into_iter().chain(self.named.keys().copied());
        likely.chain((0..=u8::MAX).filter(|_| self.rest)).find_map(first)
    }

    /// Whether ICMP is in it, and nothing else.
    pub(super) fn is_icmp(&self) -> bool {
        !self.is_empty() && !self.rest && self.named.keys().all(|one| matches!(*one, ICMP | ICMP6))
    }

    fn combine(&self, other: &Self, with: impl Fn(&Spans, &Spans) -> Spans, rest: bool) -> Self {
        let names: BTreeSet<u8> = self.named.keys().chain(other.named.keys()).copied().collect();
        let each = |name: u8| (name, with(&self.spans(name), &other.spans(name)));
        Self { named: names.into_iter().map(each).collect(), rest }.tidy()
    }

    /// Equal sets are written equally.
    fn tidy(mut self) -> Self {
        let rest = self.rest;
        self.named.retain(|_, spans| if rest { !spans.is_all() } else { !spans.is_empty() });
        self
    }
}

impl fmt::Display for Ports {
    /// `tcp 22, tcp 443, udp 53-60`; what there is no room for is counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::all() {
            return f.write_str("everything");
        }
        let mut told: Vec<String> = Vec::new();
        for (protocol, spans) in &self.named {
            told.extend(spans.iter().map(|span| one(*protocol, span)));
        }
        if self.rest {
            told.push("all other protocols".to_owned());
        }
        if told.is_empty() {
            return f.write_str("nothing");
        }
        let more = told.len().saturating_sub(MOST_TOLD);
        told.truncate(MOST_TOLD);
        f.write_str(&told.join(", "))?;
        if more > 0 { write!(f, " and {more} more") } else { Ok(()) }
    }
}

fn one(protocol: u8, (from, to): (u16, u16)) -> String {
    let name = match protocol {
        TCP => "tcp".to_owned(),
        UDP => "udp".to_owned(),
        ICMP => "icmp".to_owned(),
        ICMP6 => "icmpv6".to_owned(),
        other => format!("protocol {other}"),
    };
    match (protocol, from, to) {
        (_, 0, u16::MAX) => name,
        (ICMP | ICMP6, from, to) if from / 256 == to / 256 => format!("{name} type {}", from / 256),
        (ICMP | ICMP6, from, to) => format!("{name} types {}-{}", from / 256, to / 256),
        (_, from, to) if from == to => format!("{name} {from}"),
        (_, from, to) => format!("{name} {from}-{to}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(protocol: &str, from: Option<i32>, to: Option<i32>, said: &str) {
        let read = Ports::read(protocol, from, to);
        assert_eq!(read.map_or("none".to_owned(), |ports| ports.to_string()), said);
    }

    #[test]
    fn they_are_read_as_ec2_writes_them() {
        check("-1", None, None, "everything");
        check("-1", Some(22), Some(22), "everything");
        check("tcp", Some(22), Some(22), "tcp 22");
        check("6", Some(0), Some(65_535), "tcp");
        check("17", Some(53), Some(60), "udp 53-60");
        check("icmp", Some(8), Some(-1), "icmp type 8");
        check("icmp", Some(3), Some(4), "icmp type 3");
        check("icmp", Some(-1), Some(-1), "icmp");
        check("58", None, None, "icmpv6");
        check("50", None, None, "protocol 50");
        for (protocol, from, to) in [
            ("tcp", Some(9), Some(8)),
            ("tcp", Some(9), None),
            ("tcp", Some(0), Some(70_000)),
            ("icmp", Some(300), Some(-1)),
            ("256", None, None),
            ("-2", None, None),
            ("+6", None, None),
            ("", None, None),
            ("sctp", None, None),
        ] {
            check(protocol, from, to, "none");
        }
    }

    #[test]
    fn they_are_sets() {
        let web = Ports::of(TCP, 443, 443);
        let rest = Ports::all().minus(&web);
        assert!(rest.has(TCP, 442) && !rest.has(TCP, 443) && rest.has(UDP, 443) && rest.has(99, 0));
        assert_eq!(rest.or(&web), Ports::all());
        assert!(rest.and(&web).is_empty() && web.minus(&Ports::all()).is_empty());
        assert_eq!(rest.to_string(), "tcp 0-442, tcp 444-65535, all other protocols");
        assert_eq!(rest.sample(), Some((TCP, 0)));
        let many = (0..9).fold(Ports::default(), |all, n| all.or(&Ports::of(TCP, n * 2, n * 2)));
        assert_eq!(many.to_string(), "tcp 0, tcp 2, tcp 4, tcp 6, tcp 8, tcp 10 and 3 more");
        assert!(Ports::of(ICMP, 0, 9).is_icmp() && !Ports::all().is_icmp());
    }
}
