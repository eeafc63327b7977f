//! The whole server as a user runs it: the real binary, real sockets, senders that are not ours.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "what cannot be set up fails its test")]

mod actions;
mod alarm_life;
mod alarms;
mod analysis;
mod api;
mod awkward_gx;
mod awkward_solark;
mod bad_input;
mod can_faults;
mod circles;
mod commands;
mod control;
mod devices;
mod documents;
mod door;
mod foresight;
mod hall;
mod history;
mod home;
mod import;
mod installable;
mod lab_alarms;
mod live;
mod modbus_device;
mod openapi;
mod outside;
mod people;
mod pipes;
mod recording;
mod refusals;
mod replay;
mod restart;
mod security;
mod shared_memory;
mod sign_in;
mod support;
mod three_ways;
mod tls;
mod victron;
mod writes;
