//! The stand-in Prisma Cloud, judged over HTTP, by its vendor's OpenAPI and by a public client.

mod client;
mod compute;
mod faults;
mod graph;
mod independent;
mod lists;
mod sessions;
mod writes;
