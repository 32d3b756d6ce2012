//! The acceptance tests: one program, one module a subject.

mod house;
