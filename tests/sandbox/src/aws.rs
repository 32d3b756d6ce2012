//! The simulated AWS account: moto as a child process, a proxy of ours in front.

mod child;
mod fault;
mod operation;
mod proxy;

pub(crate) use child::{Account, find_python, start};
pub(crate) use proxy::{Proxy, router};
