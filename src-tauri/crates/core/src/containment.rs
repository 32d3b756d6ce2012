//! Drafting: from what was read to the exact calls, for each action of the catalogue.
