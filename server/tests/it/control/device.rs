//! A Modbus TCP device of our own that counts each write and lies on demand. It is no simulator of a battery: registers,
//! and what happens to them.
//!
//! Its map is that of `registers/packtwin_controller.toml`. It lives on while the server is killed.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Registers by what they set.
pub(super) const RESERVE: u16 = 0;
pub(super) const DISCHARGE: u16 = 1;
pub(super) const CHARGE: u16 = 2;
pub(super) const MODE: u16 = 3;

/// What happens to a write.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Does {
    /// It is carried out and answered.
    Obeys,
    /// It is carried out, and answered only when something else is set.
    HoldsTheAnswer,
    /// Nothing is carried out nor answered until something else is set.
    Hangs,
    /// A value beside it is taken, and the answer says the one that was sent.
    OneStepOff,
    /// The answer says yes, and nothing happens.
    Ignores,
    /// It is carried out, and the connection closed without an answer.
    DropsAfter,
    /// The connection is closed, and nothing happens.
    DropsBefore,
    /// It is carried out, and undone after this.
    Reverts(Duration),
    /// Exception 3.
    Refuses,
    /// Each request, reads too, is carried out and answered so late.
    Late(Duration),
}

/// A write that arrived: its register, its word, when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Written {
    pub(super) address: u16,
    pub(super) word: u16,
    pub(super) at: Instant,
}

struct Memory {
    registers: [u16; 16],
    written: Vec<Written>,
    does: Does,
    /// Registers 1 and 2 return to their defaults so long after a write.
    lease: Option<Duration>,
    /// What changes by itself, and when.
    later: Vec<(Instant, u16, u16)>,
}

const DEFAULTS: [u16; 16] =
    // Reserve 20 %, 150 kW, 50 kW, Max ROI, run; its serial number is "FAKE" and zeros.
    [200, 1_500, 500, 1, 1, 0, 0, 0, 0x4641, 0x4B45, 0, 0, 0, 0, 0, 0];

impl Memory {
    fn now(&mut self) {
        let now = Instant::now();
        self.later.sort_by_key(|(at, ..)| *at);
        while self.later.first().is_some_and(|(at, ..)| *at <= now) {
            let (_, address, word) = self.later.remove(0);
            self.registers[usize::from(address)] = word;
        }
    }

    fn set(&mut self, address: u16, word: u16) {
        self.registers[usize::from(address)] = word;
        self.later.retain(|(_, of, _)| *of != address);
        if let Some(lease) = self.lease.filter(|_| [DISCHARGE, CHARGE].contains(&address)) {
            self.later.push((Instant::now() + lease, address, DEFAULTS[usize::from(address)]));
        }
    }
}

/// The device, listening until the test ends.
pub(super) struct Device {
    pub(super) address: SocketAddr,
    shared: Arc<(Mutex<Memory>, Condvar)>,
}

impl Device {
    /// A device with its defaults, whose limits are held for `lease`, or for ever.
    pub(super) fn start(lease: Option<Duration>) -> Device {
        let memory = Memory { registers: DEFAULTS, written: Vec::new(), does: Does::Obeys, lease, later: Vec::new() };
        let shared = Arc::new((Mutex::new(memory), Condvar::new()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, to) = (listener.local_addr().unwrap(), shared.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = to.clone();
                std::thread::spawn(move || while answer(&stream, &shared).is_some() {});
            }
        });
        Device { address, shared }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        let mut memory = self.shared.0.lock().unwrap();
        memory.now();
        memory
    }

    /// What a register has.
    pub(super) fn has(&self, address: u16) -> u16 {
        self.memory().registers[usize::from(address)]
    }

    /// Somebody at the device sets a register.
    pub(super) fn set(&self, address: u16, word: u16) {
        self.memory().set(address, word);
    }

    /// Each write that arrived, oldest first.
    pub(super) fn written(&self) -> Vec<Written> {
        self.memory().written.clone()
    }

    /// The words that were written to a register, oldest first.
    pub(super) fn words(&self, address: u16) -> Vec<u16> {
        self.memory().written.iter().filter(|write| write.address == address).map(|write| write.word).collect()
    }

    /// From now on it does this with writes.
    pub(super) fn does(&self, does: Does) {
        self.memory().does = does;
        self.shared.1.notify_all();
    }

    /// Waits until so many writes have arrived.
    pub(super) fn wait_for_writes(&self, count: usize) {
        let start = Instant::now();
        while self.memory().written.len() < count {
            assert!(start.elapsed() < super::PATIENCE, "only {:?} came", self.memory().written);
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Takes one request and answers it; `None` at the end of the connection.
fn answer(mut stream: &TcpStream, shared: &(Mutex<Memory>, Condvar)) -> Option<()> {
    let mut head = [0; 8];
    stream.read_exact(&mut head).ok()?;
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[4], head[5]])) - 2];
    stream.read_exact(&mut body).ok()?;
    let late = shared.0.lock().unwrap().does;
    if let Does::Late(by) = late {
        std::thread::sleep(by);
    }
    let (function, word) = (head[7], |at: usize| u16::from_be_bytes([body[at], body[at + 1]]));
    let says = match function {
        3 => read(shared, word(0), word(2)),
        6 => write(shared, &[(word(0), word(1))]).map(|()| body.clone()),
        16 => {
            let words: Vec<(u16, u16)> = (0..word(2)).map(|n| (word(0) + n, word(5 + 2 * usize::from(n)))).collect();
            write(shared, &words).map(|()| body[..4].to_vec())
        }
        _ => Err(Some(1)),
    };
    let pdu = match says {
        Ok(says) => [vec![function], says].concat(),
        Err(Some(code)) => vec![function | 0x80, code],
        Err(None) => {
            let _ = stream.shutdown(std::net::Shutdown::Both);
            return None;
        }
    };
    let length = (pdu.len() as u16 + 1).to_be_bytes();
    stream.write_all(&[&head[..4], &length, &head[6..7], &pdu].concat()).ok()
}

fn read(shared: &(Mutex<Memory>, Condvar), address: u16, count: u16) -> Result<Vec<u8>, Option<u8>> {
    let mut memory = shared.0.lock().unwrap();
    memory.now();
    let words = memory.registers.get(usize::from(address)..usize::from(address) + usize::from(count)).ok_or(Some(2))?;
    Ok(std::iter::once(2 * count as u8).chain(words.iter().flat_map(|word| word.to_be_bytes())).collect())
}

/// Takes the words of one request. What it may not do ends with an exception, or with the connection.
fn write(shared: &(Mutex<Memory>, Condvar), words: &[(u16, u16)]) -> Result<(), Option<u8>> {
    let (memory, changed) = shared;
    let mut memory = memory.lock().unwrap();
    memory.now();
    let at = Instant::now();
    memory.written.extend(words.iter().map(|(address, word)| Written { address: *address, word: *word, at }));
    let does = memory.does;
    if does == Does::Hangs {
        let wait = changed.wait_timeout_while(memory, super::PATIENCE, |memory| memory.does == does);
        drop(wait.unwrap().0);
        return Err(None);
    }
    for (address, word) in words.iter().copied() {
        let before = *memory.registers.get(usize::from(address)).ok_or(Some(2))?;
        match does {
            Does::OneStepOff => memory.set(address, word + 10),
            Does::Reverts(after) => {
                memory.set(address, word);
                memory.later.push((Instant::now() + after, address, before));
            }
            Does::Ignores | Does::DropsBefore | Does::Refuses | Does::Hangs => {}
            Does::Obeys | Does::HoldsTheAnswer | Does::DropsAfter | Does::Late(_) => memory.set(address, word),
        }
    }
    match does {
        Does::Refuses => Err(Some(3)),
        Does::DropsAfter | Does::DropsBefore => Err(None),
        Does::HoldsTheAnswer => {
            drop(changed.wait_timeout_while(memory, super::PATIENCE, |memory| memory.does == does).unwrap());
            Ok(())
        }
        _ => Ok(()),
    }
}
