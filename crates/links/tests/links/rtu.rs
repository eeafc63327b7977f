//! Modbus RTU over TCP: nothing in a reply says what it answers, so nothing but the answer may be there.

use crate::support::{Running, but_skipped, sample};
use domain::link::{LinkFault, LinkState};
use domain::point::PointId;
use domain::reading::Target;
use links::bus::modbus::rtu::{crc, frame_of};
use links::bus::modbus::{Client, Exception, Framing, ReadError, ReadRegisters};
use links::device::registers::Area;
use proptest::prelude::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_millis(500);
const ASKED: ReadRegisters = ReadRegisters { unit: 9, area: Area::Holding, address: 16, count: 2 };

fn framed(body: &[u8]) -> Vec<u8> {
    [body, &crc(body).to_le_bytes()].concat()
}

fn reply(words: [u16; 2]) -> Vec<u8> {
    let data: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
    framed(&[[9, 3, 4].as_slice(), &data].concat())
}

fn line() -> (Client, DuplexStream) {
    let (ours, theirs) = tokio::io::duplex(100_000);
    (Client::attach(ours, Framing::Rtu, 9, LIMIT), theirs)
}

/// Asks while the other side answers the question with `answer`.
async fn ask(client: &mut Client, theirs: &mut DuplexStream, answer: &[u8]) -> Result<Vec<u16>, ReadError> {
    let other = async {
        let mut asked = [0; 8];
        theirs.read_exact(&mut asked).await.unwrap();
        assert_eq!(asked.as_slice(), frame_of(&ASKED.into()));
        theirs.write_all(answer).await.unwrap();
    };
    tokio::join!(client.ask(ASKED), other).0
}

#[tokio::test(start_paused = true)]
async fn only_the_answer_to_the_question_is_believed() {
    let (mut client, mut theirs) = line();
    for words in [[0x1234, 0x5678], [1, 2]] {
        assert_eq!(ask(&mut client, &mut theirs, &reply(words)).await.unwrap(), words);
    }
    let refused = ask(&mut client, &mut theirs, &framed(&[9, 0x83, 2])).await;
    assert!(matches!(refused, Err(ReadError::Exception(Exception(2)))), "{refused:?}");
    assert_eq!(ask(&mut client, &mut theirs, &reply([3, 4])).await.unwrap(), [3, 4], "the connection stays");

    let mut flipped = reply([5, 6]);
    flipped[4] ^= 1;
    for (what, answer) in [
        ("another unit", framed(&[8, 3, 4, 0, 1, 0, 2])),
        ("another function", framed(&[9, 4, 4, 0, 1, 0, 2])),
        ("one register", framed(&[9, 3, 2, 0, 1])),
        ("three registers", framed(&[9, 3, 6, 0, 1, 0, 2, 0, 3])),
        ("a flipped bit", flipped),
        ("two replies", [reply([1, 2]), reply([3, 4])].concat()),
    ] {
        let (mut client, mut theirs) = line();
        let outcome = ask(&mut client, &mut theirs, &answer).await;
        assert!(matches!(outcome, Err(ReadError::Malformed(_))), "{what}: {outcome:?}");
        assert!(matches!(client.ask(ASKED).await, Err(ReadError::Closed)), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_reply_never_answers_the_next_question() {
    // After a time-out the connection is gone, and what comes late with it.
    let (mut client, mut theirs) = line();
    let late = ask(&mut client, &mut theirs, &[]).await;
    assert!(matches!(late, Err(ReadError::Timeout(LIMIT))), "{late:?}");
    assert!(matches!(client.ask(ASKED).await, Err(ReadError::Closed)));

    // A call that is given up half-way takes the connection along, too.
    let (mut client, _theirs) = line();
    assert!(tokio::time::timeout(LIMIT / 2, client.ask(ASKED)).await.is_err());
    assert!(matches!(client.ask(ASKED).await, Err(ReadError::Closed)));

    // Through a gateway that passes on what the line still had: bytes that are there before the question end it.
    let (mut client, mut theirs) = line();
    theirs.write_all(&reply([9, 9])).await.unwrap();
    let outcome = client.ask(ASKED).await;
    assert!(matches!(outcome, Err(ReadError::Malformed(_))), "{outcome:?}");
    assert!(matches!(client.ask(ASKED).await, Err(ReadError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn noise_an_echo_and_a_greeting_are_passed_over() {
    let echo = frame_of(&ASKED.into());
    for (what, greeting, before, after) in [
        ("noise", vec![], vec![0xFF, 0, 9, 3, 4, 0x55], vec![0xFE]),
        ("an echo", vec![], echo.clone(), vec![]),
        ("a greeting", b"Welcome\r\n".to_vec(), vec![], vec![]),
        ("all of them", b"Welcome\r\n".to_vec(), [echo, vec![0, 0]].concat(), vec![0]),
    ] {
        let (mut client, mut theirs) = line();
        theirs.write_all(&greeting).await.unwrap();
        for words in [[1, 2], [0x1234, 0x5678]] {
            let answer = [before.clone(), reply(words), after.clone()].concat();
            assert_eq!(ask(&mut client, &mut theirs, &answer).await.unwrap(), words, "{what}");
        }
    }
}

proptest! {
    /// Whatever is sent, registers come only out of the one reply that is right.
    #[test]
    fn random_replies_are_never_believed(
        mut answer in proptest::collection::vec(any::<u8>(), 0..20), head in any::<bool>(), sum in any::<bool>()
    ) {
        if head && answer.len() >= 3 {
            answer[..3].copy_from_slice(&[9, 3, 4]);
        }
        if sum {
            answer = framed(&answer);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (mut client, mut theirs) = line();
        if let Ok(words) = runtime.block_on(ask(&mut client, &mut theirs, &answer)) {
            let right = reply([words[0], words[1]]);
            prop_assert!(answer.windows(right.len()).any(|frame| frame == right));
        }
    }
}

#[tokio::test]
async fn a_link_over_rtu_reads_and_finds_its_device_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut polls = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 8];
            while stream.read_exact(&mut asked).await.is_ok() {
                polls += 1;
                let data = [[1, 3, 8, 0, 0, 0, polls].as_slice(), &[0, 0, 0, 7]].concat();
                // The second reply has lost a bit on the line.
                let mut answer = framed(&data);
                answer[5] ^= u8::from(polls == 2);
                stream.write_all(&answer).await.unwrap();
            }
        }
    });
    let keys = format!(
        "kind = \"modbus-rtu-tcp\"\nconnect = \"{address}\"\npoll_ms = 20\ntimeout_ms = 300\ntable = \"crates/links/tests/fixtures/meter.toml\""
    );
    let mut link = Running::start(&keys).await;
    let grid = Target::Point(PointId::GridPower);
    assert_eq!(sample(&link.batch().await, grid), Some(Ok(1.0)));
    let down = link.until(LinkState::Down).await;
    assert_eq!((down.faults(LinkFault::Malformed), but_skipped(&down)), (1, 1));
    assert_eq!(sample(&link.batch().await, grid), Some(Ok(3.0)));
}
