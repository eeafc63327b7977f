//! What programs share that measure a server with many viewers: a server that ends with the program, and live streams.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io::{self, BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Sockets that are opened at the same time.
const AT_ONCE: usize = 64;

/// A server that ends with this program.
pub(crate) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts `packtwin` as these arguments say, with a page that has no content and its data in `folder`; gives the server
    /// and its address.
    pub(crate) fn start(packtwin: &str, arguments: &[&str], folder: &Path) -> io::Result<(Server, String)> {
        std::fs::create_dir_all(folder.join("site/pkg"))?;
        std::fs::write(
            folder.join("site/pkg/manifest.txt"),
            "build b1\njs a.js\nloader b.js\nwasm a.wasm\ncss a.css\n",
        )?;
        let mut command = Command::new(packtwin);
        command.args(arguments).args(["--listen", "127.0.0.1:0", "--data"]).arg(folder.join("data"));
        command.arg("--assets").arg(folder.join("site")).stdout(Stdio::piped()).env("RUST_LOG", "error");
        let mut server = Server(command.spawn()?);
        let Some(says) = server.0.stdout.take() else { return Err(io::Error::other("no output")) };
        let mut line = String::new();
        BufReader::new(says).read_line(&mut line)?;
        let address = line.trim().strip_prefix("Packtwin is at http://").map(str::to_owned);
        Ok((server, address.ok_or_else(|| io::Error::other("the server did not start"))?))
    }

    /// Resident memory now, MB.
    pub(crate) fn resident_mb(&self) -> io::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kb = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        kb.map(|kb| kb * 1.024e-3).ok_or_else(|| io::Error::other("no VmRSS"))
    }
}

/// When the frames with these numbers were here, after `began`.
pub(crate) type Arrivals = Vec<(u32, Duration)>;

/// Opens a live stream.
async fn open(address: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "GET /live/hv HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut last = [0; 4];
    while &last != b"\r\n\r\n" {
        last.rotate_left(1);
        last[3] = stream.read_u8().await?;
    }
    Ok(stream)
}

/// Reads until `stop`, and notes each frame.
pub(crate) async fn watch(mut stream: TcpStream, began: Instant, stop: Arc<Notify>) -> io::Result<Arrivals> {
    let (mut arrivals, mut bytes, mut chunk) = (Vec::new(), Vec::new(), [0; 2_048]);
    let stopped = stop.notified();
    tokio::pin!(stopped);
    loop {
        let count = tokio::select! {
            count = stream.read(&mut chunk) => count?,
            () = &mut stopped => return Ok(arrivals),
        };
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&chunk[..count]);
        let at = began.elapsed();
        while let Some((opcode, start, end)) = frame(&bytes) {
            match opcode {
                2 => arrivals.extend(number(&bytes[start..end]).map(|number| (number, at))),
                // A ping is answered by a pong, masked with zeros.
                9 => stream.write_all(&[0x8A, 0x80, 0, 0, 0, 0]).await?,
                _ => {}
            }
            bytes.drain(..end);
        }
    }
}

/// The first whole frame: its opcode, and where its payload begins and ends.
fn frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (start, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        127 => (10, usize::try_from(u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)).ok()?),
        length => (2, usize::from(length)),
    };
    (bytes.len() >= start + length).then_some((bytes[0] & 0x0F, start, start + length))
}

/// The number of a live frame: after format and kind, seven bits a byte.
fn number(frame: &[u8]) -> Option<u32> {
    let mut number = 0;
    for (place, byte) in frame.get(2..)?.iter().take(5).enumerate() {
        number |= u32::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// As many sockets as the system allows.
pub(crate) fn many_files() -> io::Result<()> {
    let files = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files })?)
}

/// Opens so many live streams.
pub(crate) async fn open_all(address: &str, viewers: usize) -> io::Result<Vec<TcpStream>> {
    let mut streams = Vec::with_capacity(viewers);
    while streams.len() < viewers {
        let mut opening = JoinSet::new();
        for _ in 0..AT_ONCE.min(viewers - streams.len()) {
            let address = address.to_owned();
            opening.spawn(async move { open(&address).await });
        }
        while let Some(opened) = opening.join_next().await {
            streams.push(opened.map_err(io::Error::other)??);
        }
    }
    Ok(streams)
}

/// The value that `share` of them keep to, ms.
pub(crate) fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let place = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1)) - 1;
    sorted.get(place).map_or(f64::NAN, |delay| delay.as_secs_f64() * 1e3)
}
