//! A device made with pymodbus answers us, with awkward values.

use crate::judges::judge;
use domain::reading::NoData;
use links::bus::modbus::{Client, Exception, Framing, ReadError, WriteRegisters};
use links::device::registers::{Area, Poll, RegisterTable};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

const LIMIT: Duration = Duration::from_millis(400);

const TABLE: &str = "
name = \"Judge\"
max_gap = 4
[[register]]
address = 0
point = \"grid/power\"
type = \"s32\"
[[register]]
address = 2
point = \"load/power\"
type = \"s32\"
sentinel = [0x8000_0000]
[[register]]
address = 4
point = \"battery/current\"
type = \"s16\"
scale = 0.5
[[register]]
address = 10
point = \"battery/cell_voltage_min\"
type = \"f32\"
[[register]]
address = 12
point = \"battery/cell_voltage_max\"
type = \"f32\"
";

/// The device and its address; it stops when its input closes, so dropping it is enough.
fn device(framing: Framing) -> Option<(Child, String)> {
    let mut command = judge("modbus_server.py", "pymodbus")?;
    if framing == Framing::Rtu {
        command.arg("rtu");
    }
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut port = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
    Some((child, format!("127.0.0.1:{}", port.trim())))
}

#[tokio::test]
async fn awkward_registers_of_a_real_device() {
    for framing in [Framing::Tcp, Framing::Rtu] {
        let Some((child, address)) = device(framing) else { return };
        awkward_registers(child, &address, framing).await;
    }
}

async fn awkward_registers(mut child: Child, address: &str, framing: Framing) {
    let connect = || Client::connect(address, framing, 1, LIMIT);

    let mut client = connect().await.unwrap();
    let mut poll = Poll::default();
    for block in RegisterTable::parse(TABLE).unwrap().blocks {
        let words = client.read(block.area, block.address, block.count).await.unwrap();
        block.decode(&words, &mut poll);
    }
    let samples: Vec<_> = poll.readings.iter().map(|r| r.sample).collect();
    assert_eq!(samples, [Ok(51_234.0), Err(NoData::Error), Ok(-6.0), Ok(3.25)]);
    assert_eq!(poll.impossible, 1, "NaN is no value");

    // An exception is an answer: the connection stays.
    let refused = client.read(Area::Holding, 30, 1).await.unwrap_err();
    assert!(matches!(refused, ReadError::Exception(Exception(2))), "{refused:?}");
    assert_eq!(client.read(Area::Holding, 4, 1).await.unwrap(), [0xFFF4]);

    // What is written by function 6 (TCP) and 16 is there, and only there.
    for (address, words) in [(4, vec![7]), (0, vec![0xFFFF, 0xFF9C])] {
        client.write(WriteRegisters { unit: 1, address, words: words.clone(), single: true }).await.unwrap();
        assert_eq!(client.read(Area::Holding, address, words.len() as u16).await.unwrap(), words);
    }
    let refused =
        client.write(WriteRegisters { unit: 1, address: 30, words: vec![1], single: false }).await.unwrap_err();
    assert!(matches!(refused.error, ReadError::Exception(Exception(2))) && !refused.may_be_done, "{refused:?}");
    client.write(WriteRegisters { unit: 1, address: 4, words: vec![0xFFF4], single: false }).await.unwrap();

    let late = client.read(Area::Holding, 20, 1).await.unwrap_err();
    assert!(matches!(late, ReadError::Timeout(_)), "{late:?}");
    assert!(matches!(client.read(Area::Holding, 4, 1).await, Err(ReadError::Closed)));
    tokio::time::sleep(LIMIT).await;

    let mut client = connect().await.unwrap();
    let short = client.read(Area::Holding, 40, 4).await.unwrap_err();
    assert!(matches!(short, ReadError::Malformed(_)), "{short:?}");
    assert!(matches!(client.read(Area::Holding, 4, 1).await, Err(ReadError::Closed)));

    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}
