//! Policy: the shipped files, what they say, and what becomes of files that are wrong.

mod ask;
mod freezes;
mod limits;
mod load;
mod naive;
mod table;
mod telling;
mod words;
