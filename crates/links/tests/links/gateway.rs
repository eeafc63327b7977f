//! A Modbus gateway on a real socket that answers as it is told to.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What a gateway does with a request: its 12 bytes, and the reply's; `None` hangs up.
pub(crate) type Answer = Box<dyn FnMut([u8; 12]) -> Option<Vec<u8>> + Send>;

/// A reply to a read request with these registers, in order.
pub(crate) fn registers(request: [u8; 12], words: &[u16]) -> Vec<u8> {
    let bytes = words.len() as u8 * 2;
    let mut reply = vec![request[0], request[1], 0, 0, 0, bytes + 3, request[6], request[7], bytes];
    reply.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    reply
}

/// An exception reply.
pub(crate) fn exception(request: [u8; 12], code: u8) -> Vec<u8> {
    vec![request[0], request[1], 0, 0, 0, 3, request[6], request[7] | 0x80, code]
}

/// Serves one connection after the other until the test ends.
pub(crate) async fn gateway(mut answer: Answer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 12];
            while stream.read_exact(&mut request).await.is_ok() {
                let Some(reply) = answer(request) else { break };
                if stream.write_all(&reply).await.is_err() {
                    break;
                }
            }
        }
    });
    address
}
