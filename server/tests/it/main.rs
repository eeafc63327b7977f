//! The whole server as a user runs it: the real binary, real sockets, senders that are not ours.

mod api;
mod bad_input;
mod live;
mod outside;
mod replay;
mod restart;
mod support;
