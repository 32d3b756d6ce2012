//! The real program in a real window, driven through WebDriver as a person would: keys, the pointer
//! and two windows, on the sandbox. What the cloud holds is judged by boto3, not by the console.

mod account;
mod approval;
mod commander;
mod containment;
mod deep_link;
mod hostile_commands;
mod hostile_text;
mod page;
mod rig;
mod shots;
mod sources;
mod triage;
