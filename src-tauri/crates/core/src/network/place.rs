//! Where something was found to be open. What one asset can open on another is put together from many
//! pairs of addresses, and a reason must tell of a port and of addresses that go together.

use core::net::IpAddr;

use super::ports::Ports;

/// Two addresses, and a port that is open between them: a protocol (IANA's number) and its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) ends: (IpAddr, IpAddr),
    pub(super) port: (u8, u16),
}

/// What is open between which addresses, in the order in which it was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Places(Vec<(Ports, (IpAddr, IpAddr))>);

impl Places {
    pub(super) fn add(&mut self, ports: Ports, ends: (IpAddr, IpAddr)) {
        if !ports.is_empty() {
            self.0.push((ports, ends));
        }
    }

    /// All that is open anywhere.
    pub(super) fn ports(&self) -> Ports {
        self.0.iter().fold(Ports::default(), |all, (ports, _)| all.or(ports))
    }

    /// The first place where one of these ports is open.
    pub(super) fn of(&self, wanted: &Ports) -> Option<Place> {
        self.0.iter().find_map(|(ports, ends)| {
            let port = ports.and(wanted).sample()?;
            Some(Place { ends: *ends, port })
        })
    }
}
