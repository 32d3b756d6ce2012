//! The terminal's program as people and scripts use it: the real `firebreakctl` on the sandbox, with
//! a bus and a gnome-keyring of its own. What the cloud holds is judged by boto3, what was asked of
//! it by the sandbox's log.

mod account;
mod aws_faults;
mod bus;
mod containment;
mod containments;
mod disk_full;
mod ingest;
mod keychain;
mod kill;
mod limits;
mod model_faults;
mod overview;
mod poisoned;
mod putting_off;
mod queue;
mod said;
mod sources;
mod stage;
mod triage;
mod vendors;
mod wiz_faults;
