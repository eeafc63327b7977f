//! What links keep up with: frames on one core, and polls in time.
//!
//! `cargo run --release -p links --example bench_links` prints figures of the benchmark:
//!
//! | figure | what |
//! |---|---|
//! | `links-segment` | decode of a 6,400-cell segment of shared memory, p99, µs |
//! | `links-lost` | frames lost of ten times the bus's real rate, through a socket, all on one core |
//! | `links-jitter` | how far polls of ten Modbus links at 5 Hz are from their instants, p99, ms |
//! | `links-jitter-busy` | the same, while a thread for each core computes |

use domain::engine::Input;
use domain::link::LinkIdx;
use domain::spec::SystemIdx;
use domain::time::{Mono, Now, Utc};
use domain::topology::Topology;
use links::device::shared_cells::SharedCells;
use links::{Clock, LinkConfig, LinkHandle};
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{mpsc, watch};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// A 260-cell pack sends 131 frames every 200 ms, in two packets.
const SWEEP_FRAMES: u64 = 131;
const PACKETS: [u64; 2] = [112, 19];
/// Ten times as many sweeps a second.
const SWEEP_EVERY: Duration = Duration::from_millis(20);
const SWEEPS: u64 = 500;

const POLLERS: usize = 10;
const POLLS: usize = 100;
const POLL_EVERY: Duration = Duration::from_millis(200);

/// A link that runs, and what it tells.
struct Running {
    handle: LinkHandle,
    address: Option<SocketAddr>,
    inputs: mpsc::Receiver<Input>,
    _stop: watch::Sender<bool>,
}

async fn run(keys: &str) -> Outcome<Running> {
    let config: LinkConfig = toml::from_str(&format!("id = \"link\"\nsystem = \"hv\"\n{keys}"))?;
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut task = config.build(SystemIdx(0), &Topology::new(1, 13, 20), &repository)?;
    task.bind().await?;
    let start = Instant::now();
    let clock: Clock = Arc::new(move || Now { utc: Utc(0), mono: Mono(1 + start.elapsed().as_micros() as u64) });
    let (sink, inputs) = mpsc::channel(1_000);
    let (stop, stopped) = watch::channel(false);
    let (handle, address) = (task.handle(), task.local_addr());
    tokio::spawn(task.run(LinkIdx(0), clock, sink, stopped));
    Ok(Running { handle, address, inputs, _stop: stop })
}

/// Prints the median, gives the 99th percentile.
fn p99(what: &str, mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (median, p99) = (values[values.len() / 2], values[values.len() * 99 / 100]);
    println!("{what}: median {median:.1}, p99 {p99:.1}");
    p99
}

fn segment() -> Outcome<f64> {
    let cells = SharedCells::new(Topology::new(20, 10, 32));
    let bytes = [3.3_f32, 40.0, 25.0, 0.5, 0.0002].map(f32::to_le_bytes).concat().repeat(6_400);
    let mut took_us = Vec::new();
    for _ in 0..2_000 {
        let began = Instant::now();
        let mut readings = Vec::with_capacity(cells.readings());
        cells.decode(&bytes, &mut readings)?;
        std::hint::black_box(&readings);
        took_us.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(p99("decode of 6,400 cells, us", took_us))
}

/// Frames that did not arrive. Sender and link share one core.
async fn lost() -> Outcome<f64> {
    let mut link = run("kind = \"cannelloni\"\nlisten = \"127.0.0.1:0\"\ndbc = \"dbc/packtwin_hv.dbc\"\n\
        map = [{ point = \"cells/voltage\", signal = \"CellVoltage_{cell}\", valid = \"CellVoltageValid_{cell}\", first = 0 }]")
    .await?;
    let address = link.address.ok_or("the link listens nowhere")?;
    let sender = tokio::spawn(async move {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let mut ticks = tokio::time::interval(SWEEP_EVERY);
        let mut sequence = 0_u8;
        for _ in 0..SWEEPS {
            ticks.tick().await;
            let mut group = 0;
            for frames in PACKETS {
                let mut packet = vec![2, 0, sequence, 0, frames as u8];
                for _ in 0..frames {
                    packet.extend(0x250_u32.to_be_bytes());
                    packet.extend([8, group % 65, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7]);
                    group += 1;
                }
                socket.send_to(&packet, address).await?;
                sequence = sequence.wrapping_add(1);
            }
        }
        Ok::<(), std::io::Error>(())
    });
    let began = Instant::now();
    let drain = tokio::spawn(async move { while link.inputs.recv().await.is_some() {} });
    sender.await??;
    let sent_in = began.elapsed();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let status = link.handle.status();
    drain.abort();
    let sent = SWEEPS * SWEEP_FRAMES;
    println!("{sent} frames in {:.1} s: {} arrived", sent_in.as_secs_f64(), status.frames);
    Ok((sent - status.frames.min(sent)) as f64 + status.faults_total() as f64)
}

/// A gateway that answers at once, and tells when it was asked.
async fn gateway(asked: mpsc::UnboundedSender<Instant>) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let Ok((mut stream, _)) = listener.accept().await else { return };
        let mut request = [0; 12];
        while stream.read_exact(&mut request).await.is_ok() {
            let _ = asked.send(Instant::now());
            let bytes = request[11] * 2;
            let mut reply = vec![request[0], request[1], 0, 0, 0, bytes + 3, request[6], request[7], bytes];
            reply.resize(9 + usize::from(bytes), 0);
            if stream.write_all(&reply).await.is_err() {
                return;
            }
        }
    });
    Ok(address)
}

/// Threads that compute, one for each core, until this is dropped.
struct Busy(Arc<AtomicBool>, Vec<JoinHandle<()>>);

impl Busy {
    fn start() -> Busy {
        let go_on = Arc::new(AtomicBool::new(true));
        let spin = || {
            let go_on = go_on.clone();
            std::thread::spawn(move || {
                while go_on.load(Ordering::Relaxed) {
                    std::hint::black_box((0..1_000_u64).fold(0, |sum, n| sum ^ n.wrapping_mul(31)));
                }
            })
        };
        let threads = (0..std::thread::available_parallelism().map_or(2, usize::from)).map(|_| spin()).collect();
        Busy(go_on, threads)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
        for thread in self.1.drain(..) {
            let _ = thread.join();
        }
    }
}

async fn jitter() -> Outcome<f64> {
    let mut links = Vec::new();
    for _ in 0..POLLERS {
        let (asked, times) = mpsc::unbounded_channel();
        let address = gateway(asked).await?;
        let table = "table = \"crates/links/tests/fixtures/meter.toml\"";
        let link = run(&format!("kind = \"modbus-tcp\"\nconnect = \"{address}\"\npoll_ms = 200\n{table}")).await?;
        let Running { mut inputs, _stop, .. } = link;
        tokio::spawn(async move { while inputs.recv().await.is_some() {} });
        links.push((times, _stop));
    }
    let mut off_ms = Vec::new();
    for (times, _stop) in &mut links {
        let first = times.recv().await.ok_or("a gateway was never asked")?;
        for poll in 1..POLLS {
            let at = times.recv().await.ok_or("a gateway is asked no more")?;
            let due = POLL_EVERY * poll as u32;
            off_ms.push((at.duration_since(first).as_secs_f64() - due.as_secs_f64()).abs() * 1e3);
        }
    }
    Ok(p99("polls off their instants, ms", off_ms))
}

fn main() -> Outcome<()> {
    println!("figure\tlinks-segment\t{:.2}", segment()?);
    let one_core = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    println!("figure\tlinks-lost\t{}", one_core.block_on(lost())?);
    println!("figure\tlinks-jitter\t{:.3}", one_core.block_on(jitter())?);
    let busy = Busy::start();
    println!("figure\tlinks-jitter-busy\t{:.3}", one_core.block_on(jitter())?);
    drop(busy);
    Ok(())
}
