//! Blocks of addresses.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `10.0.0.0/16`, `2001:db8::/56`; the bits behind the prefix are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    first: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Reads one; `None` when it is none. Bits behind the prefix are taken for zero, as EC2 does.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.trim().split_once('/')?;
        if prefix.is_empty() || !prefix.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (address, prefix) = (address.parse().ok()?, prefix.parse().ok()?);
        (prefix <= width(address)).then(|| Self::around(address, prefix))
    }

    /// The block of so many bits that an address is in.
    pub(super) fn around(address: IpAddr, prefix: u8) -> Self {
        let host = width(address) - prefix;
        let mask = u128::MAX.checked_shl(host.into()).unwrap_or_default();
        Self { first: with_bits(address, bits(address) & mask), prefix }
    }

    /// Every IPv4 or every IPv6 address.
    pub(super) fn every(like: IpAddr) -> Self {
        Self::around(like, 0)
    }

    /// How many bits are fixed.
    pub fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether an address is in it.
    pub fn has(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4()
            && Self::around(address, self.prefix).first == self.first
    }

    /// Whether all of another block is in it.
    pub(super) fn covers(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.has(other.first)
    }

    /// Whether they have an address in common.
    pub(super) fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// Some address that is in none of these; they are sorted. `None` where they cover it all.
    pub(super) fn outside(self, others: &[Self]) -> Option<IpAddr> {
        let mut next = bits(self.first);
        for other in others.iter().filter(|other| self.covers(**other) && **other != self) {
            if next < bits(other.first) {
                break;
            }
            if next <= other.last() {
                next = other.last().checked_add(1)?;
            }
        }
        (next <= self.last()).then(|| with_bits(self.first, next))
    }

    pub(super) fn is_ipv4(self) -> bool {
        self.first.is_ipv4()
    }

    fn last(self) -> u128 {
        let host = width(self.first) - self.prefix;
        let all = u128::MAX.checked_shl(host.into()).map_or(u128::MAX, |mask| !mask);
        bits(self.first) | all
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => four.to_bits().into(),
        IpAddr::V6(six) => six.to_bits(),
    }
}

fn with_bits(like: IpAddr, bits: u128) -> IpAddr {
    match like {
        // The upper bits of an IPv4 address are zero, whatever mask was laid over it.
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::from_bits(bits as u32)),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap()
    }

    #[test]
    fn blocks_are_read_and_written() {
        for (text, is) in [
            ("10.20.1.9/16", "10.20.0.0/16"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("203.0.113.9/32", "203.0.113.9/32"),
            ("2001:db8::9/32", "2001:db8::/32"),
            ("::/0", "::/0"),
            ("2001:db8::1/128", "2001:db8::1/128"),
        ] {
            assert_eq!(cidr(text).to_string(), is);
        }
        for text in ["", "10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "a/8", "1.2.3.4/+8"] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_in_blocks_of_their_kind() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(cidr("10.20.0.0/16").has(address("10.20.255.1")));
        assert!(!cidr("10.20.0.0/16").has(address("10.21.0.1")));
        assert!(cidr("0.0.0.0/0").has(address("255.255.255.255")));
        assert!(!cidr("0.0.0.0/0").has(address("::1")));
        assert!(cidr("::/0").has(address("2001:db8::1")));
        assert!(cidr("10.0.0.0/8").overlaps(cidr("10.1.0.0/16")));
        assert!(!cidr("10.0.0.0/16").overlaps(cidr("10.1.0.0/16")));
    }

    #[test]
    fn what_is_left_of_a_block_is_found() {
        let left = |block: &str, others: &[&str]| {
            let mut others: Vec<Cidr> = others.iter().map(|text| cidr(text)).collect();
            others.sort_unstable();
            cidr(block).outside(&others).map(|address| address.to_string())
        };
        assert_eq!(left("0.0.0.0/0", &[]).as_deref(), Some("0.0.0.0"));
        assert_eq!(left("0.0.0.0/0", &["0.0.0.0/1", "128.0.0.0/1"]), None);
        assert_eq!(left("0.0.0.0/0", &["0.0.0.0/1"]).as_deref(), Some("128.0.0.0"));
        assert_eq!(
            left("10.0.0.0/8", &["10.0.0.0/9", "10.0.0.0/16", "11.0.0.0/8"]).as_deref(),
            Some("10.128.0.0")
        );
        assert_eq!(left("::/0", &["::/1", "8000::/1"]), None);
        assert_eq!(left("1.2.3.4/32", &["1.2.3.4/32"]).as_deref(), Some("1.2.3.4"));
    }
}
