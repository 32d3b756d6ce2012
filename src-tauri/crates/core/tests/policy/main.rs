//! Policy: the shipped files and what they say.

mod ask;
mod table;
