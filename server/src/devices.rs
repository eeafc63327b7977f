//! `packtwin devices`: what can be connected, and what this machine has.

use links::config::KINDS;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The kernel's number for CAN interfaces (ARPHRD_CAN).
const CAN_INTERFACE: &str = "280";
/// Names of serial ports that are real devices; `ttyS` is there without any.
const SERIAL: [&str; 4] = ["ttyUSB", "ttyACM", "ttyAMA", "ttymxc"];

/// All kinds of links, then the interfaces below `root`, the root of the file system.
pub(crate) fn describe(root: &Path) -> String {
    let mut text = String::from("What can be connected\n");
    for kind in KINDS {
        let _ = writeln!(text, "\n{}: {}", kind.label, kind.reaches);
        for key in kind.keys {
            let _ = writeln!(text, "  {:<10} {}", key.name, key.meaning);
        }
        text.push('\n');
        for line in kind.example.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    text += "\nWhat this machine has\n\n";
    text += &list("CAN interfaces", can_interfaces(root));
    text += &list("Serial ports", serial_ports(root));
    text
}

fn list(what: &str, found: Vec<String>) -> String {
    if found.is_empty() { format!("{what}: none\n") } else { format!("{what}: {}\n", found.join(", ")) }
}

/// The names in a folder, sorted; none if there is no such folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

fn can_interfaces(root: &Path) -> Vec<String> {
    let folder = root.join("sys/class/net");
    let text = |name: &str, file: &str| fs::read_to_string(folder.join(name).join(file)).unwrap_or_default();
    let is_can = |name: &String| text(name, "type").trim() == CAN_INTERFACE;
    let with_state = |name: String| format!("{name} ({})", text(&name, "operstate").trim());
    names(&folder).into_iter().filter(is_can).map(with_state).collect()
}

/// Serial ports by the names that stay, with the port of the snapshot; those without such a name as they are.
fn serial_ports(root: &Path) -> Vec<String> {
    let folder = root.join("dev/serial/by-id");
    let mut ports = Vec::new();
    let mut named = Vec::new();
    for name in names(&folder) {
        let target = fs::read_link(folder.join(&name)).unwrap_or_default();
        let target = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ports.push(format!("/dev/serial/by-id/{name} (now /dev/{target})"));
        named.push(target);
    }
    let others = names(&root.join("dev")).into_iter();
    let others = others.filter(|n| SERIAL.iter().any(|start| n.starts_with(start)) && !named.contains(n));
    ports.extend(others.map(|name| format!("/dev/{name}")));
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interfaces_are_found_by_what_they_are() {
        let root = tempfile::tempdir().unwrap();
        let text = describe(root.path());
        assert!(text.contains("CAN interfaces: none\nSerial ports: none\n"), "{text}");
        assert!(KINDS.iter().all(|kind| text.contains(kind.label)), "{text}");
        for (name, kind) in [("can0", "280"), ("eth0", "1")] {
            let folder = root.path().join("sys/class/net").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("type"), format!("{kind}\n")).unwrap();
            fs::write(folder.join("operstate"), "up\n").unwrap();
        }
        let by_id = root.path().join("dev/serial/by-id");
        fs::create_dir_all(&by_id).unwrap();
        for port in ["ttyUSB0", "ttyUSB1", "ttyS0"] {
            fs::write(root.path().join("dev").join(port), "").unwrap();
        }
        std::os::unix::fs::symlink("../../ttyUSB1", by_id.join("usb-RS485")).unwrap();
        assert_eq!(can_interfaces(root.path()), ["can0 (up)"]);
        assert_eq!(serial_ports(root.path()), ["/dev/serial/by-id/usb-RS485 (now /dev/ttyUSB1)", "/dev/ttyUSB0"]);
    }
}
