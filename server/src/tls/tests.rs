//! The certificate over the years: kept as long as it can be, renewed before its end, and never half written.

use super::*;
use std::os::unix::fs::PermissionsExt as _;

const NOW: Utc = Utc(1_795_000_000_000_000);

fn days(days: u64) -> Duration {
    Duration::from_secs(days * 86_400)
}

fn wanted(names: &[&str]) -> Wanted {
    Wanted { names: names.iter().map(|name| (*name).to_owned()).collect(), all_addresses: false }
}

fn kept(data: &Path, names: &[&str], now: Utc) -> Facts {
    made::kept(data, &wanted(names), now).unwrap().facts
}

#[test]
fn a_certificate_is_made_once_for_its_names_and_nobody_else_reads_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let names = ["localhost", "127.0.0.1", "::1", "hall.example", "2001:db8::7"];
    let first = kept(&data, &names, NOW);
    let mut found = first.names.clone();
    found.sort();
    assert_eq!(found, ["127.0.0.1", "2001:db8::7", "::1", "hall.example", "localhost"]);
    assert!(first.begins < NOW && first.ends > NOW + days(800), "{first:?}");
    // Apple's devices take none that is good for longer.
    assert!(first.ends < first.begins + days(825), "{first:?}");
    assert_eq!((first.fingerprint.len(), first.fingerprint.matches(':').count()), (95, 31));
    let mode = || std::fs::metadata(made::file(&data)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    // Whoever has compared it need not again: not after a restart, nor with fewer names.
    assert_eq!(kept(&data, &names, NOW + days(700)), first);
    assert_eq!(kept(&data, &names[..2], NOW), first);
    std::fs::set_permissions(made::file(&data), std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!((kept(&data, &names, NOW), mode()), (first.clone(), 0o600));
    // A clock that was not set when it was made, or runs backwards, is no reason for another.
    assert_eq!(kept(&data, &names, Utc(0)), first);
    // Only the file is left: nothing half written.
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1);
}

#[test]
fn it_is_made_anew_before_its_end_for_a_new_name_and_in_place_of_a_damaged_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let first = kept(data, &["localhost"], NOW);
    let renewed = kept(data, &["localhost"], NOW + days(795));
    assert!(renewed != first && renewed.ends > first.ends, "{renewed:?}");
    let named = kept(data, &["localhost", "hall.example"], NOW + days(795));
    assert_ne!(named.fingerprint, renewed.fingerprint);
    let path = made::file(data);
    let good = std::fs::read_to_string(&path).unwrap();
    for damaged in ["", "x", &good[..good.len() / 2], &good.replace("PRIVATE KEY", "NOTHING")] {
        std::fs::write(&path, damaged).unwrap();
        assert_ne!(kept(data, &["localhost"], NOW + days(795)).fingerprint, named.fingerprint, "{damaged:.40}");
    }
    // Where the clock stands before all certificates, one is made that is good once it is set.
    std::fs::remove_file(&path).unwrap();
    let early = kept(data, &["localhost"], Utc(0));
    assert!(early.begins < Utc(1_735_689_600_000_000) && early.ends > Utc(1_735_689_600_000_000), "{early:?}");
    // What cannot be a name is told.
    let wrong = made::kept(data, &wanted(&["hällo"]), NOW).unwrap_err().to_string();
    assert!(wrong.contains("no certificate can be made for the name hällo"), "{wrong}");
}

#[test]
fn files_of_ones_own_are_checked_and_taken_up_when_they_are_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str| folder.path().join(name);
    // Another server's certificate and key serve as one's own.
    for name in ["one", "two"] {
        kept(&of(name), &["hall.example"], NOW);
    }
    let (one, two) = (of("one/tls.pem"), of("two/tls.pem"));
    let source = |certificate: &Path, key: &Path| Source::Own { certificate: certificate.into(), key: key.into() };
    let open = |source: Source| Tls::open(source, folder.path(), Wanted::default(), NOW);
    for (certificate, key, words) in [
        (of("none.pem"), one.clone(), "none.pem: "),
        (one.clone(), of("none.pem"), "none.pem: "),
        (one.clone(), two.clone(), "is not that of the certificate in"),
        (of("text.pem"), one.clone(), "text.pem has no certificate"),
        (one.clone(), of("text.pem"), "text.pem has no private key"),
        (of("locked.pem"), of("locked.pem"), "locked.pem has no private key"),
        (of("long.pem"), one.clone(), "more than 1 MB"),
    ] {
        std::fs::write(of("text.pem"), "hello").unwrap();
        std::fs::write(of("long.pem"), vec![b'x'; 2_000_000]).unwrap();
        let locked = std::fs::read_to_string(&one).unwrap().replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        std::fs::write(of("locked.pem"), locked).unwrap();
        let wrong = open(source(&certificate, &key)).unwrap_err().to_string();
        assert!(wrong.contains(words), "{words}: {wrong}");
    }
    std::fs::copy(&one, of("own.pem")).unwrap();
    let tls = open(source(&of("own.pem"), &of("own.pem"))).unwrap();
    let first = tls.facts();
    // While it is being replaced it may not fit: the one before is shown.
    std::fs::write(of("own.pem"), "").unwrap();
    tls.look_again(NOW);
    assert_eq!(tls.facts(), first);
    std::fs::copy(&two, of("own.pem")).unwrap();
    tls.look_again(NOW);
    assert_ne!(tls.facts().fingerprint, first.fingerprint);
}
