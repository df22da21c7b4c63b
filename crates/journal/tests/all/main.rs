//! All tests of the write path in one program, which is linked once.

mod committers;
mod judge;
