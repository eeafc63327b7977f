use super::*;
use proptest::prelude::*;

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// One of many addresses.
fn many(n: u64) -> IpAddr {
    address(&format!("198.51.{}.{}", n / 250 % 250, n % 250))
}

/// Tries a wrong password if it may be tried; gives whether it was looked at.
fn guess(throttle: &mut Throttle, name: &str, from: IpAddr, familiar: bool, now: Mono) -> bool {
    let admitted = throttle.admit(name, from, familiar, now).is_ok();
    if admitted {
        throttle.wrong(name, from, familiar, now);
    }
    admitted
}

/// Tries wrong passwords of mara once a second; gives how many were looked at.
fn attack(throttle: &mut Throttle, from: &dyn Fn(u64) -> IpAddr, familiar: bool, seconds: u64) -> usize {
    (0..seconds).filter(|n| guess(throttle, "mara", from(*n), familiar, Mono::START + s(*n))).count()
}

#[test]
fn five_are_free_and_then_each_waits_longer() {
    let waits: [(&str, bool, &[u64]); 4] = [
        ("192.0.2.7", false, &[12, 24, 48, 96, 192, 384, 768, 900, 900]),
        ("192.0.2.7", true, &[12, 24, 48, 60, 60]),
        ("127.0.0.1", false, &[12, 24, 48, 60, 60]),
        ("::1", true, &[12, 24, 48, 60, 60]),
    ];
    for (from, familiar, waits) in waits {
        let (mut throttle, from, mut at) = (Throttle::default(), address(from), Mono::START);
        for _ in 0..4 {
            assert!(guess(&mut throttle, "mara", from, familiar, at), "{from}");
        }
        for expected in waits {
            assert!(guess(&mut throttle, "Mara", from, familiar, at), "{from}");
            assert_eq!(throttle.admit("mara", from, familiar, at), Err(s(*expected)), "{from}");
            at = at + s(*expected);
        }
        throttle.right("MARA", from);
        assert!((0..4).all(|_| guess(&mut throttle, "mara", from, true, at)), "{from}: it starts afresh");
        assert_eq!(throttle.admit("mara", from, true, at), Ok(()), "{from}");
    }
}

#[test]
fn one_is_forgotten_each_minute() {
    let (mut throttle, from) = (Throttle::default(), address("192.0.2.7"));
    for minute in 0..20 {
        let at = Mono::START + s(60 * minute);
        assert!(guess(&mut throttle, "mara", from, false, at));
        assert_eq!(throttle.admit("mara", from, false, at), Ok(()));
    }
    // Four and a pause, again and again, is no way around the waits.
    let mut throttle = Throttle::default();
    let in_bursts =
        (0..3_600).filter(|n| n % 61 < 4 && guess(&mut throttle, "mara", from, true, Mono::START + s(*n))).count();
    assert!(in_bursts <= 70, "{in_bursts}");
}

/// Nobody who has an account guesses the password of another by signing in between.
#[test]
fn a_right_password_of_another_account_forgets_nothing() {
    for (from, familiar) in [("192.0.2.7", false), ("192.0.2.7", true), ("127.0.0.1", false), ("::1", true)] {
        let (mut throttle, from) = (Throttle::default(), address(from));
        let mut tried = 0;
        for n in 0..600 {
            let now = Mono::START + s(n);
            tried += usize::from(guess(&mut throttle, "adam", from, familiar, now));
            if throttle.admit("vera", from, true, now).is_ok() {
                throttle.right("vera", from);
            }
        }
        assert!(tried <= 18, "{tried} in ten minutes from {from}");
    }
}

/// A right password somewhere else does not help who guesses here, nor everywhere.
#[test]
fn a_right_password_forgets_only_what_was_counted_there() {
    let (mut throttle, now) = (Throttle::default(), Mono::START);
    let (here, there) = (address("192.0.2.7"), address("192.0.2.8"));
    for _ in 0..5 {
        guess(&mut throttle, "mara", here, false, now);
    }
    throttle.right("mara", there);
    assert!(throttle.admit("mara", here, false, now).is_err());
    assert!(throttle.admit("mara", here, true, now).is_err());
    assert!(throttle.admit("mara", address("192.0.2.9"), false, now).is_err(), "what is counted for the account");
}

#[test]
fn a_neighbour_keeps_nobody_out() {
    for shared in ["127.0.0.1", "192.0.2.7", "2001:db8::7"] {
        let (mut throttle, from, now) = (Throttle::default(), address(shared), Mono::START);
        for _ in 0..20 {
            guess(&mut throttle, "mara", from, false, now);
        }
        assert!(throttle.admit("mara", from, false, now).is_err(), "{shared}");
        for familiar in [false, true] {
            assert_eq!(throttle.admit("vera", from, familiar, now), Ok(()), "{shared}");
        }
        // Over many names: who was there before is not kept out at all, others never for long.
        for n in 0..600 {
            guess(&mut throttle, &format!("name{n}"), from, false, now + s(n));
        }
        let now = now + s(599);
        assert_eq!(throttle.admit("vera", from, true, now), Ok(()), "{shared}");
        let wait = throttle.admit("vera", from, false, now).unwrap_err();
        assert!(wait <= s(5), "{shared} {wait:?}");
    }
}

/// A neighbour in the same network of IPv6, where she never was, does not make her wait longer than a minute.
#[test]
fn who_was_there_before_waits_a_minute_at_most() {
    let (mut throttle, neighbour, own) = (Throttle::default(), address("2001:db8::66"), address("2001:db8::7"));
    for n in 0..3_600 {
        let now = Mono::START + s(n);
        guess(&mut throttle, "mara", neighbour, false, now);
        let wait = throttle.admit("mara", own, true, now).err().unwrap_or_default();
        assert!(wait <= s(60), "{wait:?}");
    }
}

#[test]
fn many_names_from_one_address_are_slowed() {
    for from in ["127.0.0.1", "192.0.2.7"] {
        let (mut throttle, from) = (Throttle::default(), address(from));
        let at_once = (0..100).filter(|n| guess(&mut throttle, &format!("n{n}"), from, false, Mono::START)).count();
        assert_eq!(at_once, 30);
        let later = |n: u64| Mono::START + s(n);
        let tried = (1..=3_600).filter(|n| guess(&mut throttle, &format!("m{n}"), from, false, later(*n))).count();
        assert!((700..=720).contains(&tried), "{tried} in an hour, one in five seconds");
    }
}

#[test]
fn one_address_tries_few_and_many_addresses_few_at_one_account() {
    let one = |_| address("192.0.2.7");
    assert!(attack(&mut Throttle::default(), &one, false, 3_600) <= 15);
    assert!(attack(&mut Throttle::default(), &one, true, 3_600) <= 70);
    let tried = attack(&mut Throttle::default(), &many, false, 3_600);
    assert!((50..=70).contains(&tried), "{tried} in an hour, one a minute");
    // All of one network of IPv6 are one, and so are all addresses of the machine itself.
    let network = |n: u64| address(&format!("2001:db8::{:x}", n + 1));
    assert!(attack(&mut Throttle::default(), &network, false, 3_600) <= 15);
    let here = |n: u64| {
        let own = [format!("127.0.{}.{}", n / 250, n % 250), "::1".into(), format!("::ffff:127.1.0.{}", n % 250)];
        address(&own[n as usize % 3])
    };
    let tried = attack(&mut Throttle::default(), &here, false, 3_600);
    assert!(tried <= 70, "{tried}");
}

/// Whatever others try elsewhere, an admin gets in from the machine, or from where they were before.
#[test]
fn nobody_is_kept_out_of_their_account_by_others() {
    let mut throttle = Throttle::default();
    attack(&mut throttle, &many, false, 600);
    let now = Mono::START + s(600);
    let wait = throttle.admit("mara", address("192.0.2.9"), false, now).unwrap_err();
    assert!(wait <= s(60), "from somewhere new it waits {wait:?}");
    assert_eq!(throttle.admit("mara", address("192.0.2.9"), true, now), Ok(()));
    assert_eq!(throttle.admit("mara", address("127.0.0.1"), false, now), Ok(()));
    assert_eq!(throttle.admit("mara", address("::1"), false, now), Ok(()));
}

#[test]
fn it_is_bounded_and_forgets_the_least() {
    let (mut throttle, from) = (Throttle::default(), address("192.0.2.7"));
    for _ in 0..4 {
        assert!(guess(&mut throttle, "mara", from, true, Mono::START));
    }
    for n in 0..MOST as u32 + 300 {
        throttle.wrong(&format!("user{n}"), IpAddr::V4((0x0A00_0000 + n).into()), false, Mono::START);
    }
    assert!(throttle.0.len() <= MOST, "{}", throttle.0.len());
    throttle.wrong("mara", from, true, Mono::START);
    assert!(throttle.admit("mara", from, true, Mono::START).is_err(), "the four still count");
    // What does not count any more makes room.
    throttle.wrong("mara", address("192.0.2.8"), false, Mono::START + s(3_600));
    assert!(throttle.0.len() < 10, "{}", throttle.0.len());
}

proptest! {
    /// However guesses are spread in time, and whatever else is right or wrong at that address in between.
    #[test]
    fn guesses_at_an_account_are_bounded(
        steps in prop::collection::vec((0_u64..90, 0..6_usize), 1..400),
        pace in 1_u64..4,
        familiar: bool,
        here: bool,
    ) {
        let from = address(if here { "127.0.0.1" } else { "192.0.2.7" });
        let (mut throttle, mut now, mut tried) = (Throttle::default(), Mono::START, 0);
        for (gap, step) in steps {
            // Often at once, sometimes after a pause.
            now = now + s(if gap % pace == 0 { gap } else { 0 });
            match step {
                0..=2 => tried += u64::from(guess(&mut throttle, "adam", from, familiar, now)),
                3 => throttle.right("vera", from),
                4 => throttle.right("adam", address("192.0.2.99")),
                _ => { guess(&mut throttle, "vera", from, true, now); }
            }
        }
        let minutes = now.since(Mono::START).as_secs() / 60;
        prop_assert!(tried <= 13 + minutes, "{tried} in {minutes} minutes");
    }
}
