//! What the kernel says about a CAN interface, in words with what to do.

use std::io;

/// Why an interface cannot be used, by the error number of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InterfaceFault {
    /// There is none of that name, it was removed, or it is no CAN interface.
    Missing,
    /// It is there, but not up.
    Down,
    /// The kernel has no CAN.
    NoKernelSupport,
    /// Something else.
    Other,
}

const EPERM: i32 = 1;
const ENXIO: i32 = 6;
const ENODEV: i32 = 19;
const EPROTONOSUPPORT: i32 = 93;
const EAFNOSUPPORT: i32 = 97;
const ENETDOWN: i32 = 100;

impl InterfaceFault {
    pub(super) fn new(error: &io::Error) -> InterfaceFault {
        match error.raw_os_error() {
            Some(ENODEV | ENXIO) => InterfaceFault::Missing,
            Some(ENETDOWN) => InterfaceFault::Down,
            Some(EAFNOSUPPORT | EPROTONOSUPPORT) => InterfaceFault::NoKernelSupport,
            _ => InterfaceFault::Other,
        }
    }

    /// What is wrong with `interface`, and what a person can do.
    pub(super) fn message(self, interface: &str, error: &io::Error) -> String {
        match self {
            InterfaceFault::Missing => {
                format!("there is no CAN interface {interface}: is the adapter plugged in and its driver loaded?")
            }
            InterfaceFault::Down => {
                format!("{interface} is down; bring it up: ip link set {interface} up type can bitrate 500000")
            }
            InterfaceFault::NoKernelSupport => {
                "this kernel has no CAN: load its modules (modprobe can_raw), or use cannelloni".to_owned()
            }
            InterfaceFault::Other if error.raw_os_error() == Some(EPERM) => {
                format!(
                    "{interface} may not be opened: the service needs address family AF_CAN (systemd: RestrictAddressFamilies)"
                )
            }
            InterfaceFault::Other => format!("{interface} cannot be read: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_says_what_to_do() {
        for (number, fault, words) in [
            (ENODEV, InterfaceFault::Missing, "no CAN interface can0"),
            (ENETDOWN, InterfaceFault::Down, "ip link set can0 up"),
            (EAFNOSUPPORT, InterfaceFault::NoKernelSupport, "modprobe can_raw"),
            (EPERM, InterfaceFault::Other, "AF_CAN"),
            (5, InterfaceFault::Other, "can0 cannot be read"),
        ] {
            let error = io::Error::from_raw_os_error(number);
            assert_eq!(InterfaceFault::new(&error), fault);
            assert!(fault.message("can0", &error).contains(words), "{number}");
        }
    }
}
