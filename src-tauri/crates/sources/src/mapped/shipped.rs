//! Mappings of the vendors' default templates, for people to start from.

/// One shipped mapping with a message that it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shipped {
    /// Its name: `wiz`.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// The document.
    pub mapping: &'static str,
    /// A message of that shape, invented.
    pub sample: &'static str,
}

macro_rules! shipped {
    ($name:literal, $title:literal) => {
        Shipped {
            name: $name,
            title: $title,
            mapping: include_str!(concat!("../../../../../assets/mappings/", $name, ".json")),
            sample: include_str!(concat!("../../../../../assets/mappings/", $name, ".sample.json")),
        }
    };
}

/// In the order in which they are offered.
pub const SHIPPED: [Shipped; 5] = [
    shipped!("wiz", "Wiz"),
    shipped!("prisma", "Prisma Cloud"),
    shipped!("lacework", "Lacework webhook"),
    shipped!("lacework-eventbridge", "Lacework EventBridge"),
    shipped!("orca", "Orca"),
];
