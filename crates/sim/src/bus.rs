//! The simulated devices on their sockets.

pub(crate) mod can_fault;
pub(crate) mod can_udp;
pub(crate) mod modbus;
pub mod shared_memory;
