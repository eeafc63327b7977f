use super::*;
use proptest::prelude::*;

const FILE: &str = "\
BO_ 256 Limits: 8 A
 SG_ Limit : 0|16@1+ (0.1,0) [0|250] \"kW\" A
 SG_ Mode : 16|4@1+ (1,0) [0|3] \"\" A
 SG_ Alive : 20|4@1+ (1,0) [0|15] \"\" A
 SG_ Crc : 56|8@1+ (1,0) [0|255] \"\" A
BO_ 257 Status: 8 A
 SG_ Group M : 0|8@1+ (1,0) [0|0] \"\" A
 SG_ ActiveLimit m1 : 8|16@1+ (0.5,0) [0|0] \"kW\" A
 SG_ ActiveVolts m1 : 24|16@1+ (0.5,0) [0|0] \"V\" A
";

fn compile(more: &str) -> Result<CanSetpoint, String> {
    let entry = format!(
        "name = \"limit\"\nsets = \"Limits.Limit\"\nmin = 0\nmax = 200\nstep = 5\nwear = \"volatile\"\nwith = {{ Mode = 1 }}\n\
         counter = \"Alive\"\nchecksum = {{ signal = \"Crc\", kind = \"xor8\" }}\n{more}"
    );
    let entry: SetpointEntry = toml::from_str(&entry).map_err(|error| error.to_string())?;
    CanSetpoint::new(&entry, &Database::parse(FILE.as_bytes()).unwrap()).map_err(|(_, words)| words)
}

#[test]
fn a_frame_has_all_its_signals_a_counter_and_a_checksum() {
    let limit = compile("").unwrap();
    let data = |value, count| limit.frame(value, count, &[]).map(|frame| frame.frame().data.to_vec());
    // 150 kW are 1500 steps, 0x05DC.
    assert_eq!(data(150.0, 0), Ok(vec![0xDC, 0x05, 0x01, 0, 0, 0, 0, 0xDC ^ 0x05 ^ 0x01]));
    assert_eq!(data(149.0, 17), Ok(vec![0xDC, 0x05, 0x11, 0, 0, 0, 0, 0xDC ^ 0x05 ^ 0x11]), "the nearest step");
    assert_eq!(limit.carried(&limit.frame(149.0, 0, &[]).unwrap()), 150.0);
    let other = limit.frame(150.0, 0, &[("Mode", 2.0)]).unwrap();
    assert_eq!(other.frame().data[2], 0x02, "another setpoint of the message has set it");
    for value in [200.1, -0.1, f64::NAN, f64::INFINITY] {
        assert!(data(value, 0).is_err(), "{value}");
    }
}

#[test]
fn what_the_device_sends_says_which_value_it_has() {
    let limit = compile("feedback = \"Status.ActiveLimit\"").unwrap();
    let id = CanId::standard(257).unwrap();
    let told = |id, kind, data: &[u8]| limit.fed_back(&CanFrame { id, kind, data });
    let frame = [1, 0x2C, 0x01, 0, 0, 0, 0, 0];
    assert_eq!(told(id, FrameKind::Classic, &frame), Some(150.0));
    assert_eq!(told(id, FrameKind::Classic, &frame[..7]), None, "cut off");
    assert_eq!(told(id, FrameKind::Remote, &[]), None);
    assert_eq!(told(id, FrameKind::Classic, &[2, 0x2C, 0x01, 0, 0, 0, 0, 0]), None, "another group");
    assert_eq!(told(CanId::standard(256).unwrap(), FrameKind::Classic, &frame), None);
    assert!(limit.is_same(150.0, 150.2) && !limit.is_same(150.0, 150.5));
}

#[test]
fn an_entry_that_makes_no_frame_is_refused_in_words() {
    for (more, says) in [
        ("feedback = \"Status.Nothing\"", "message Status has no signal `Nothing`"),
        ("feedback = \"Nothing.A\"", "no message `Nothing`"),
        ("feedback = \"A\"", "not a message and its signal"),
        ("feedback = \"Limits.Limit\"", "`Limits.Limit` is in the message that is sent"),
        ("feedback = \"Status.ActiveVolts\"", "is in V, but what is set is kW: they cannot be compared"),
        ("every_ms = 5\nlease_s = 5", "`every_ms` is 5, not 10 to 10000 ms"),
        ("every_ms = 100", "go together"),
        ("lease_s = 5", "go together"),
        ("every_ms = 100\nlease_s = 0", "`lease_s` is 1 to 65534 s"),
    ] {
        let error = compile(more).unwrap_err();
        assert!(error.contains(says), "{error}");
    }
    let entry = |text: &str| {
        let entry: SetpointEntry = toml::from_str(text).unwrap();
        CanSetpoint::new(&entry, &Database::parse(FILE.as_bytes()).unwrap()).unwrap_err().1
    };
    let base = "name = \"limit\"\nsets = \"Limits.Limit\"\nmin = 0\nmax = 200\nstep = 5\nwear = \"volatile\"\n";
    for (more, says) in [
        ("", "`Mode` has no value"),
        ("with = { Mode = 9, Alive = 0, Crc = 0 }", "9 is not a value of `Mode`"),
        ("with = { Mode = 1 }", "`Alive` has no value"),
        ("with = { Mode = 1, Crc = 0 }\ncounter = \"Limit\"", "`Limit` cannot count"),
        ("with = { Mode = 1, Alive = 0 }\nchecksum = { signal = \"Mode\", kind = \"sum8\" }", "not one whole byte"),
    ] {
        let error = entry(&format!("{base}{more}"));
        assert!(error.contains(says), "{error}");
    }
    let beyond =
        entry(&base.replace("max = 200", "max = 300").replace("step", "with = { Mode = 1, Alive = 0, Crc = 0 }\nstep"));
    for (from, to, says) in [
        ("volatile\"\n", "flash\"\nevery_ms = 100\nlease_s = 10\n", "bears few writes"),
        ("step = 5", "step = 0.05", "Limits.Limit has steps of 0.1: a `step` of 0.05 is finer"),
        ("step = 5", "feedback = \"Status.ActiveLimit\"\nstep = 0.2", "cannot tell two values apart"),
        ("min = 0", "min = 200", "200 is not below 200"),
        ("wear", "unit = \"V\"\nwear", "values are not converted"),
    ] {
        let error = entry(&format!("{base}with = {{ Mode = 1, Alive = 0, Crc = 0 }}\n").replace(from, to));
        assert!(error.contains(says), "{error}");
    }
    assert!(beyond.contains("300 is not a value of `Limit`: the file declares 0 to 250"), "{beyond}");
}

proptest! {
    /// Whatever signal and wish, the bits of the frame mean a value of the range.
    #[test]
    fn no_value_outside_of_the_range_is_ever_encoded(
        bits in 4_u64..=32, signed in any::<bool>(), big in any::<bool>(), min in -900.0_f64..900.0, span in 0.0_f64..1_800.0,
        factor in prop::sample::select(vec![0.001_f64, 0.1, 0.3, 1.0, -1.0, -0.5, 7.0, 20.0]),
        offset in prop::sample::select(vec![0.0_f64, -40.0, 0.25]), step in 0.01_f64..50.0,
        value in prop_oneof![any::<f64>(), -2_000.0..2_000.0], count in any::<u64>(),
    ) {
        let (sign, order) = (if signed { '-' } else { '+' }, u8::from(!big));
        let start = if big { 7 } else { 0 };
        let file = format!("BO_ 256 M: 8 A\n SG_ S : {start}|{bits}@{order}{sign} ({factor},{offset}) [0|0] \"\" A\n SG_ N : 56|8@1+ (1,0) [0|0] \"\" A\n");
        let ends = [offset, offset + 5.0 * factor];
        let entry = format!(
            "name = \"a\"\nsets = \"M.S\"\nmin = {:?}\nmax = {:?}\nstep = {:?}\nwear = \"volatile\"\ncounter = \"N\"\n",
            ends[0].min(ends[1]), ends[0].max(ends[1]), factor.abs(),
        );
        let entry: SetpointEntry = toml::from_str(&entry).unwrap();
        let setpoint = CanSetpoint::new(&entry, &Database::parse(file.as_bytes()).unwrap()).unwrap();
        // Also with numbers that no site file may have.
        let setpoint = CanSetpoint { setpoint: Setpoint { min, max: min + span, step, ..setpoint.setpoint }, ..setpoint };
        let Ok(frame) = setpoint.frame(value, count, &[]) else { return Ok(()) };
        // Read bit by bit, without our code.
        let data: [u8; 8] = frame.frame().data.try_into().unwrap();
        let raw = if big { u64::from_be_bytes(data) >> (64 - bits) } else { u64::from_le_bytes(data) & (u64::MAX >> (64 - bits)) };
        let number = if signed { ((raw << (64 - bits)) as i64 >> (64 - bits)) as f64 } else { raw as f64 };
        let meant = number * factor + offset;
        let slack = 1e-6 * (1.0 + min.abs() + span);
        prop_assert!((min - slack..=min + span + slack).contains(&meant), "{} becomes {}", value, meant);
        prop_assert!((meant - value).abs() <= step + factor.abs() + slack, "{} becomes {}", value, meant);
        prop_assert_eq!(u64::from(data[7]), count % 256);
    }
}
