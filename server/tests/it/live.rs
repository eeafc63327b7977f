//! The live stream as a page sees it.

use crate::support::{Server, free_udp_port, pack_site, packet, send};
use domain::live::Decoder;
use domain::reading::CellQuantity;
use futures_util::StreamExt as _;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn a_viewer_gets_a_key_frame_and_then_deltas_of_the_same_values() {
    let port = free_udp_port();
    let server = Server::start(&pack_site(port), &[]);
    let (mut socket, _) = connect_async(format!("ws://{}/live/hv", server.address)).await.unwrap();
    let Some(Ok(Message::Text(build))) = socket.next().await else { panic!("no build comes first") };
    assert!(build.starts_with("build "), "{build}");
    let mut decoder = Decoder::new();
    let mut sizes = Vec::new();
    for sequence in 0..100 {
        send(port, &packet(sequence, &[(0x250, &[0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7])]));
        let Some(Ok(Message::Binary(frame))) = socket.next().await else { panic!("the stream ended") };
        decoder.decode(&frame).unwrap();
        sizes.push(frame.len());
        if decoder.snapshot().cell(CellQuantity::Voltage, 3).is_ok() && sizes.len() > 5 {
            break;
        }
    }
    let snapshot = decoder.snapshot();
    assert_eq!(snapshot.state.cells.len(), 260);
    for (cell, volts) in [3.3, 3.301, 3.302, 3.303].into_iter().enumerate() {
        assert!((snapshot.cell(CellQuantity::Voltage, cell).unwrap() - volts).abs() < 1e-4);
    }
    assert!(snapshot.cell(CellQuantity::Voltage, 4).is_err());
    assert!(sizes[1..].iter().all(|len| *len < 300), "{sizes:?}");
}

#[tokio::test]
async fn a_viewer_from_another_site_is_refused() {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
    let server = Server::start(&pack_site(free_udp_port()), &[]);
    let mut request = format!("ws://{}/live/hv", server.address).into_client_request().unwrap();
    request.headers_mut().insert("origin", "https://evil.example".parse().unwrap());
    assert!(connect_async(request).await.is_err());
}
