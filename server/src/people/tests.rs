//! What time, wrong passwords and a lost file do, with a clock that is moved by hand.

use super::accounts::{add_token, add_user, end_token, remove_user, set_password, set_role};
use super::change::Change;
use super::*;
use domain::audit::Entry;
use domain::people::action::Action;
use domain::people::{Denied, Role, Scope, authorize};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use store::AuditFilter;
use tempfile::TempDir;

const PASSWORD: &str = "lamp tractor mild seven";
const NEW: &str = "seven mild tractor lamp";

/// The clocks, in seconds since the start.
struct Hands {
    mono: AtomicU64,
    utc: AtomicI64,
}

struct Site {
    folder: TempDir,
    people: Arc<People>,
    hands: Arc<Hands>,
}

impl Site {
    fn empty() -> Site {
        Site::of(tempfile::tempdir().unwrap(), true)
    }

    fn of(folder: TempDir, reading_open: bool) -> Site {
        let hands = Arc::new(Hands { mono: AtomicU64::new(0), utc: AtomicI64::new(1_795_000_000) });
        let read = hands.clone();
        let clock: Clock = Arc::new(move || Now {
            mono: Mono::START + Duration::from_secs(read.mono.load(Ordering::SeqCst)),
            utc: Utc(read.utc.load(Ordering::SeqCst) * 1_000_000),
        });
        let people = People::open(folder.path(), reading_open, clock);
        Site { folder, people, hands }
    }

    /// With an admin and an operator.
    fn new() -> Site {
        let site = Site::empty();
        for (name, role) in [("mara", Role::Admin), ("timo", Role::Operator)] {
            let hash = hasher::hash(PASSWORD).unwrap();
            add_user(site.control(), &Requester::console(), site.people.utc(), (name, role, &hash), false).unwrap();
        }
        site.later(2);
        site
    }

    fn control(&self) -> &Control {
        self.people.control().unwrap()
    }

    fn later(&self, seconds: u64) {
        self.hands.mono.fetch_add(seconds, Ordering::SeqCst);
        self.hands.utc.fetch_add(seconds as i64, Ordering::SeqCst);
    }

    async fn sign_in(&self, name: &str, password: &str, from: &str) -> Result<SignedIn, Refused> {
        self.people.sign_in(name.into(), password.into(), signs_in_from(from), None).await
    }

    fn who(&self, cookie: &str, active: bool) -> Asker {
        let shown = Presented { cookie: Some(cookie.into()), bearer: None };
        self.people.who(&shown, "192.0.2.7".parse().unwrap(), active).unwrap()
    }

    fn by_token(&self, token: &str) -> Result<Asker, String> {
        let shown = Presented { cookie: None, bearer: Some(token.into()) };
        self.people.who(&shown, "192.0.2.7".parse().unwrap(), true).map_err(|error| error.to_string())
    }

    fn audit(&self) -> Vec<String> {
        let page = self.control().read(|tables| tables.audit_page(&AuditFilter::default(), i64::MAX, 500)).unwrap();
        page.iter().rev().map(|audited| audited.canonical.clone()).collect()
    }
}

fn signs_in_from(address: &str) -> SignsInFrom {
    SignsInFrom { address: address.parse().unwrap(), agent: "Firefox\u{7}".into() }
}

fn role(asker: &Asker) -> Option<Role> {
    asker.session.as_ref().and(asker.who.role)
}

#[tokio::test]
async fn who_signs_in_has_their_rights_until_they_do_nothing_for_long() {
    let site = Site::new();
    let timo = site.sign_in("Timo", PASSWORD, "192.0.2.7").await.unwrap();
    assert_eq!((timo.asker.who.name.as_str(), role(&timo.asker)), ("timo", Some(Role::Operator)));
    assert!(timo.asker.who.stepped_up, "who signs in has given the password");
    let (session, _) = timo.asker.session.clone().unwrap();
    assert_eq!((session.agent.as_str(), session.address.as_str()), ("Firefox", "192.0.2.7"));
    // What a page asks by itself keeps nothing alive; what a person does does.
    for (minutes, active, expected) in
        [(20, false, Role::Operator), (9, true, Role::Operator), (29, false, Role::Operator), (2, true, Role::Viewer)]
    {
        site.later(minutes * 60);
        assert_eq!(role(&site.who(&timo.secret, active)), Some(expected), "after {minutes} more");
    }
    assert_eq!(role(&site.who(&timo.secret, true)), Some(Role::Viewer), "doing something brings nothing back");
    // The password does, under a new secret; the session goes on.
    let id = session.id;
    let again = site.people.step_up(session, PASSWORD.into(), signs_in_from("192.0.2.7")).await.unwrap();
    assert!(again.asker.who.stepped_up && again.secret != timo.secret);
    assert_eq!(again.asker.session.as_ref().unwrap().0.id, id);
    assert!(site.people.stands(id).unwrap(), "what follows it need not notice");
    assert_eq!(role(&site.who(&again.secret, false)), Some(Role::Operator));
    assert_eq!(role(&site.who(&timo.secret, false)), None, "the old secret is worth nothing");
    site.later(11 * 60);
    assert!(!site.who(&again.secret, true).who.stepped_up, "after ten minutes it is asked for again");
    // Twelve hours end them, whatever is done.
    for _ in 0..38 {
        site.later(19 * 60);
        site.who(&again.secret, true);
    }
    site.later(20 * 60);
    assert_eq!(role(&site.who(&again.secret, true)), Some(Role::Viewer));
    site.later(31 * 86_400);
    assert_eq!(role(&site.who(&again.secret, true)), None);
}

/// It was made before such names were kept free.
#[tokio::test]
async fn an_account_with_a_name_of_packtwins_own_is_not_locked_out_and_can_be_changed_and_removed() {
    let site = Site::new();
    let (control, who, at) = (site.control(), Requester::console(), site.people.utc());
    let hash = hasher::hash(PASSWORD).unwrap();
    for name in ["server", "anonymous"] {
        let refused = add_user(control, &who, at, (name, Role::Operator, &hash), false);
        assert!(matches!(refused, Err(Refused::BadName(_))), "{name}: no new one");
        control.write(|tables| tables.add_user(name, Role::Operator, &hash, at, "mara").map(drop)).unwrap();
        let signed_in = site.sign_in(name, PASSWORD, "192.0.2.7").await.unwrap();
        assert_eq!(signed_in.asker.who.name, name);
        set_password(control, &who, at, (name, &hasher::hash(NEW).unwrap()), None).unwrap();
        assert!(site.sign_in(name, NEW, "192.0.2.7").await.is_ok());
        set_role(control, &who, at, name, Role::Viewer).unwrap();
        remove_user(control, &who, at, name).unwrap();
        assert!(site.sign_in(name, NEW, "192.0.2.7").await.is_err());
    }
}

#[tokio::test]
async fn a_session_outlives_the_process_but_not_a_clock_that_is_put_back() {
    let site = Site::new();
    let mara = site.sign_in("mara", PASSWORD, "192.0.2.7").await.unwrap();
    site.later(60);
    site.who(&mara.secret, true);
    let Site { folder, people, hands } = site;
    drop(people);
    let again = Site::of(folder, true);
    again.hands.utc.store(hands.utc.load(Ordering::SeqCst) + 60, Ordering::SeqCst);
    assert_eq!(role(&again.who(&mara.secret, false)), Some(Role::Admin));
    again.hands.utc.fetch_sub(7_200, Ordering::SeqCst);
    let Site { folder, people, .. } = again;
    drop(people);
    let wrong = Site::of(folder, true);
    wrong.hands.utc.store(1_000, Ordering::SeqCst);
    assert_eq!(role(&wrong.who(&mara.secret, false)), None);
}

#[tokio::test]
async fn nobody_sets_the_session_of_somebody_else() {
    let site = Site::new();
    let attacker = site.sign_in("timo", PASSWORD, "192.0.2.66").await.unwrap();
    let (planted, _) = attacker.asker.session.unwrap();
    // The victim's browser has the attacker's cookie when she signs in.
    let from = signs_in_from("192.0.2.7");
    let mara = site.people.sign_in("mara".into(), PASSWORD.into(), from, Some(planted)).await.unwrap();
    assert_ne!(mara.secret, attacker.secret);
    assert_eq!(role(&site.who(&attacker.secret, false)), None, "what was planted is worth nothing");
    assert_eq!(role(&site.who("0".repeat(64).as_str(), false)), None);
    site.people.sign_out(&mara.asker);
    assert_eq!(role(&site.who(&mara.secret, false)), None);
    site.people.sign_out(&site.who(&mara.secret, false));
}

/// Signing out, ending a session or a token of somebody, disarming: on a full disk as on any other.
#[tokio::test]
async fn what_takes_rights_away_is_in_force_at_once_and_is_written_once_as_soon_as_it_can_be() {
    let site = Site::new();
    let people = &site.people;
    let mara = site.sign_in("mara", PASSWORD, "192.0.2.7").await.unwrap();
    let timo = site.sign_in("timo", PASSWORD, "192.0.2.8").await.unwrap();
    let who = &mara.asker.who;
    let (token, kept) = add_token(site.control(), who, people.utc(), ("planner", Scope::Control, 90)).unwrap();
    people.arm(who).unwrap();
    people.arm(who).unwrap();
    let timos = timo.asker.session.as_ref().unwrap().0.id;
    let stands = |name: &str| {
        let sessions = site.control().read(|tables| tables.sessions()).unwrap();
        sessions.iter().any(|session| session.name == name)
    };
    let noted = || {
        ["signed-out", "session-ended", "token-ended", "control-disarmed", "control-armed"].map(|action| {
            let filter = AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() };
            site.control().read(|tables| tables.audit_page(&filter, i64::MAX, 9)).unwrap().len()
        })
    };
    assert_eq!(noted(), [0, 0, 0, 0, 1], "armed once");
    let mut told = people.follow_ended();
    // Somebody else has the file and does not let go of it: as on a disk that is full, nothing can be written.
    let other = Control::open(site.folder.path()).unwrap();
    let held = other.write(|_| {
        people.end_session(who, timos, true).unwrap();
        people.end_token(who, kept.id).unwrap();
        for by in [who, &timo.asker.who] {
            let disarmed = people.disarm(by);
            assert!(!disarmed.armed && !disarmed.recorded && disarmed.since.unwrap().1 == "mara");
        }
        people.sign_out(&mara.asker);
        assert_eq!(role(&site.who(&mara.secret, true)), None, "it has ended in this process");
        assert_eq!(role(&site.who(&timo.secret, true)), None);
        assert!(site.by_token(&token).is_err() && !people.armed().unwrap().armed && !people.stands(timos).unwrap());
        assert_eq!(people.ended_unrecorded().1, [kept.id]);
        assert!(stands("mara") && stands("timo") && noted() == [0, 0, 0, 0, 1], "and stands in the file");
        assert!(people.arm(who).is_err() && !people.armed().unwrap().armed, "nobody is given anything");
        Ok(())
    });
    held.unwrap();
    assert_eq!(told.try_recv().unwrap(), "timo", "an open page of theirs hears of it");
    // As soon as it can be, by whoever is next or by itself.
    people.write_pending().unwrap();
    people.write_pending().unwrap();
    assert!(!stands("mara") && !stands("timo") && people.armed().unwrap().recorded);
    assert_eq!(noted(), [1, 1, 1, 1, 1]);
    let audit = site.audit();
    let disarmed = audit.iter().find(|entry| entry.contains("control-disarmed")).unwrap();
    assert!(disarmed.contains("\"new\":\"disarmed\",\"old\":\"armed\""), "{disarmed}");
    // Again and again by who likes to: it is disarmed already, and who did it first stands.
    site.later(60);
    for _ in 0..50 {
        assert_eq!(people.disarm(&Requester::console()).since.unwrap().1, "mara");
    }
    assert_eq!(noted(), [1, 1, 1, 1, 1]);
    // What has ended meanwhile does not go on with the password.
    let timo = site.sign_in("timo", PASSWORD, "192.0.2.8").await.unwrap().asker.session.unwrap().0;
    people.state().pending.insert(Change::EndSession(timo.id), Entry::default());
    let again = people.step_up(timo.clone(), PASSWORD.into(), signs_in_from("192.0.2.8")).await.unwrap();
    assert_ne!(again.asker.session.unwrap().0.id, timo.id);
    let Site { folder, people, .. } = site;
    drop(people);
    assert!(!Site::of(folder, true).people.armed().unwrap().armed, "after a restart, too");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn passwords_are_tried_a_few_times_and_then_slowly() {
    let site = Site::new();
    let from = "198.51.100.9";
    // Many at once are counted one after the other.
    let tries: Vec<_> = (0..8)
        .map(|n| {
            let (people, from) = (site.people.clone(), signs_in_from(from));
            tokio::spawn(async move { people.sign_in("mara".into(), format!("wrong{n}"), from, None).await.err() })
        })
        .collect();
    let (mut wrong, mut waits) = (0, 0);
    for tried in tries {
        match tried.await.unwrap().unwrap() {
            Refused::Wrong(_) => wrong += 1,
            Refused::Wait(_) => waits += 1,
            other => panic!("{other}"),
        }
    }
    assert_eq!((wrong, waits), (5, 3));
    // Not even the right one is looked at now; then it is.
    let Err(Refused::Wait(wait)) = site.sign_in("mara", PASSWORD, from).await else { panic!("it was looked at") };
    site.later(wait.as_secs() + 1);
    site.sign_in("mara", PASSWORD, from).await.unwrap();
    // Others who try at her account do not keep her out where she was before.
    for n in 0..30 {
        let _ = site.sign_in("mara", "wrong", &format!("203.0.113.{n}")).await;
    }
    assert!(matches!(site.sign_in("mara", PASSWORD, "203.0.113.99").await, Err(Refused::Wait(_))));
    site.sign_in("mara", PASSWORD, from).await.unwrap();
    site.sign_in("mara", PASSWORD, "127.0.0.1").await.unwrap();
    // A name that is not there is answered as a wrong password, and so is one that cannot be.
    for name in ["nobody", "<script>alert(1)</script>", "", "mara\0"] {
        let refused = site.sign_in(name, PASSWORD, "127.0.0.1").await.err().unwrap();
        assert_eq!(refused.to_string(), "the name or the password is wrong", "{name}");
        site.later(61);
    }
    let audit = site.audit();
    let noted = audit.iter().filter(|entry| entry.contains("sign-in-refused")).count();
    assert!((5..=60).contains(&noted), "{noted}");
    assert!(
        !audit.iter().any(|entry| entry.contains("wrong1") || entry.contains("script") || entry.contains("tractor"))
    );
}

/// Who must wait takes no turn from others; where an account was used before, it has turns of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_wrong_passwords_keeps_nobody_out() {
    use std::sync::atomic::AtomicBool;
    let site = Site::new();
    site.sign_in("mara", PASSWORD, "198.51.100.9").await.unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let flood: Vec<_> = (0..40)
        .map(|n| {
            let (people, over) = (site.people.clone(), over.clone());
            tokio::spawn(async move {
                for round in 0.. {
                    let name = format!("name{n}x{round}");
                    let _ = people.sign_in(name, "wrong".into(), signs_in_from("198.51.100.9"), None).await;
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    for (name, from) in [("mara", "198.51.100.9"), ("timo", "192.0.2.7"), ("mara", "192.0.2.8")] {
        site.sign_in(name, PASSWORD, from).await.unwrap_or_else(|why| panic!("{name} from {from}: {why}"));
    }
    over.store(true, Ordering::SeqCst);
    for one in flood {
        one.await.unwrap();
    }
}

/// Signing in to another account, or giving its password once more, frees nobody from the waits.
#[tokio::test]
async fn who_has_an_account_does_not_guess_the_password_of_another() {
    for from in ["192.0.2.7", "127.0.0.1"] {
        let site = Site::new();
        site.sign_in("mara", PASSWORD, from).await.unwrap();
        let (mut looked_at, mut session) = (0, None);
        for n in 0..12 {
            let refused = site.sign_in("mara", &format!("wrong{n}"), from).await.err().unwrap();
            looked_at += usize::from(matches!(refused, Refused::Wrong(_)));
            let timo = match session.take() {
                None => site.sign_in("timo", PASSWORD, from).await,
                Some(session) => site.people.step_up(session, PASSWORD.into(), signs_in_from(from)).await,
            };
            session = timo.unwrap().asker.session.map(|(session, _)| session);
        }
        assert_eq!(looked_at, 5, "{from}");
    }
}

#[tokio::test]
async fn what_changes_an_account_ends_its_sessions_and_tokens() {
    let site = Site::new();
    let (console, at) = (Requester::console(), site.people.utc());
    let control = site.control();
    let timo = site.sign_in("timo", PASSWORD, "192.0.2.7").await.unwrap();
    set_role(control, &console, at, "timo", Role::Operator).unwrap();
    assert_eq!(role(&site.who(&timo.secret, false)), Some(Role::Operator), "nothing was changed");
    set_role(control, &console, at, "timo", Role::Admin).unwrap();
    assert_eq!(role(&site.who(&timo.secret, false)), None);

    let timo = site.sign_in("timo", PASSWORD, "192.0.2.7").await.unwrap();
    let (token, kept) = add_token(control, &timo.asker.who, at, ("planner", Scope::Control, 90)).unwrap();
    assert!(site.by_token(&token).is_ok());
    set_password(control, &console, at, ("timo", &hasher::hash(NEW).unwrap()), None).unwrap();
    assert_eq!(role(&site.who(&timo.secret, false)), None);
    assert!(site.sign_in("timo", PASSWORD, "192.0.2.7").await.is_err());
    assert!(site.by_token(&token).is_ok());
    set_role(control, &console, at, "timo", Role::Viewer).unwrap();
    assert!(site.by_token(&token).is_err(), "who is no admin has no tokens");
    assert!(matches!(end_token(control, &console, at, kept.id), Err(Refused::NotFound(_))));

    for refused in [
        remove_user(control, &console, at, "mara"),
        set_role(control, &console, at, "MARA", Role::Viewer),
        remove_user(control, &console, at, "nobody"),
        remove_user(control, &console, at, "<b>"),
        add_user(control, &console, at, ("Timo", Role::Admin, "x"), false),
        add_user(control, &console, at, ("other", Role::Admin, "x"), true),
    ] {
        let words = refused.unwrap_err().to_string();
        assert!(
            ["last admin", "there is no account", "cannot be a name", "already"].iter().any(|of| words.contains(of)),
            "{words}"
        );
    }
    let own = site.sign_in("mara", PASSWORD, "192.0.2.7").await.unwrap();
    let elsewhere = site.sign_in("mara", PASSWORD, "192.0.2.8").await.unwrap();
    let (session, _) = own.asker.session.unwrap();
    let changed = |old: &str, new: &str| {
        site.people.change_password(session.clone(), (old.into(), new.into()), signs_in_from("192.0.2.7"))
    };
    assert!(matches!(changed(NEW, NEW).await, Err(Refused::Wrong(_))));
    assert!(matches!(changed(PASSWORD, "password1234").await, Err(Refused::BadPassword(_))));
    let fresh = changed(PASSWORD, NEW).await.unwrap();
    assert_eq!(role(&site.who(&fresh.secret, false)), Some(Role::Admin));
    for old in [&own.secret, &elsewhere.secret] {
        assert_eq!(role(&site.who(old, false)), None);
    }
    remove_user(control, &console, at, "timo").unwrap();
    assert_eq!(control.read(|tables| tables.users()).unwrap().len(), 1);
    let audit = site.audit();
    for action in ["user-added", "role-changed", "password-changed", "user-removed", "token-added", "signed-in"] {
        assert!(audit.iter().any(|entry| entry.contains(&format!("\"action\":\"{action}\""))), "{action}");
    }
    assert!(!audit.iter().any(|entry| entry.contains("argon2") || entry.contains(&token)), "no secret is in the audit");
    assert_eq!(control.verify(None).unwrap().unwrap().seq as usize, audit.len());
}

#[tokio::test]
async fn a_token_is_worth_something_until_it_ends() {
    let site = Site::new();
    let (console, at) = (Requester::console(), site.people.utc());
    let (token, kept) = add_token(site.control(), &console, at, ("Planner", Scope::Control, 30)).unwrap();
    let asker = site.by_token(&token).unwrap();
    assert_eq!((asker.who.name.as_str(), asker.who.came), ("planner", Came::Token(Scope::Control)));
    let used = |site: &Site| site.control().read(|tables| tables.tokens()).unwrap()[0].used;
    assert_eq!(used(&site), Some(site.people.utc()));
    for wrong in ["", "pt_", &token[..66], &format!("{token}0"), &token.to_uppercase()] {
        assert!(site.by_token(wrong).is_err(), "{wrong}");
    }
    site.hands.utc.fetch_sub(3_600, Ordering::SeqCst);
    assert!(site.by_token(&token).unwrap_err().contains("clock"));
    site.hands.utc.fetch_add(3_600 + 30 * 86_400, Ordering::SeqCst);
    assert!(site.by_token(&token).unwrap_err().contains("is over"));
    site.hands.utc.fetch_sub(1, Ordering::SeqCst);
    assert!(site.by_token(&token).is_ok());
    end_token(site.control(), &console, at, kept.id).unwrap();
    assert!(site.by_token(&token).unwrap_err().contains("was ended"));
}

#[tokio::test]
async fn the_first_admin_is_made_once_with_the_token_on_the_console() {
    let site = Site::empty();
    let here: IpAddr = "127.0.0.1".parse().unwrap();
    assert_eq!(site.people.nobody(here).who.came, Came::Unclaimed);
    assert_eq!(site.people.nobody("192.0.2.7".parse().unwrap()).who.came, Came::Anonymous);
    let set_up = |token: &str, name: &str| {
        site.people.set_up(token.into(), (name.into(), PASSWORD.into()), signs_in_from("192.0.2.7"))
    };
    assert!(matches!(set_up("", "mara").await, Err(Refused::Wrong(_))), "there is no token yet");
    let token = site.people.open_setup().unwrap().unwrap();
    assert!(site.people.setup_is_open());
    for wrong in ["", "abcde-fghij-kmnpq-rstuv", &token[1..]] {
        assert!(matches!(set_up(wrong, "mara").await, Err(Refused::Wrong(_))), "{wrong}");
    }
    // It is tried as slowly as a password.
    assert!(matches!(set_up("x", "mara").await, Err(Refused::Wrong(_))));
    assert!(matches!(set_up(&token, "mara").await, Err(Refused::Wait(_))));
    site.later(13);
    assert!(matches!(set_up(&token, "<b>").await, Err(Refused::BadName(_))));
    let mara = set_up(&format!(" {} ", token.to_uppercase()), "Mara").await.unwrap();
    assert_eq!((role(&mara.asker), mara.asker.who.stepped_up), (Some(Role::Admin), true));
    assert!(matches!(set_up(&token, "timo").await, Err(Refused::Conflict(_))), "it is used");
    assert!(!site.people.setup_is_open() && site.people.open_setup().unwrap().is_none());
    assert_eq!(site.people.nobody(here).who.came, Came::Anonymous, "from now on the machine is as any");

    let late = Site::empty();
    let token = late.people.open_setup().unwrap().unwrap();
    late.later(15 * 60);
    assert!(!late.people.setup_is_open());
    let refused = late.people.set_up(token, ("mara".into(), PASSWORD.into()), signs_in_from("192.0.2.7")).await;
    assert!(matches!(refused, Err(Refused::Wrong(_))));
}

/// Nobody is let in because the list of those who may come is lost.
#[tokio::test]
async fn a_lost_or_damaged_file_lets_nobody_in_and_says_so() {
    for lose in [
        (|file: &Path| std::fs::remove_file(file).unwrap()) as fn(&Path),
        |file| std::fs::write(file, "").unwrap(),
        |file| std::fs::write(file, "x".repeat(9_000)).unwrap(),
    ] {
        let Site { folder, people, .. } = Site::new();
        drop(people);
        lose(&folder.path().join("control.db"));
        let site = Site::of(folder, true);
        let words = site.people.unusable().unwrap();
        assert!(words.starts_with("nobody can sign in or command: ") && words.contains("control.db"), "{words}");
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        let who = site.people.nobody(here).who;
        assert_eq!(who.came, Came::Anonymous);
        assert_eq!(authorize(&who, Action::Read), Ok(()), "the site can be looked at");
        assert!(matches!(authorize(&who, Action::UseLab), Err(Denied::SignIn(_))));
        assert!(matches!(site.sign_in("mara", PASSWORD, "127.0.0.1").await, Err(Refused::Unusable(_))));
        assert!(site.people.open_setup().unwrap().is_none() && site.people.armed().is_err());
        assert!(site.by_token("pt_1").is_err());
    }
}

#[tokio::test]
async fn control_is_armed_only_by_a_plain_yes() {
    let site = Site::new();
    let people = &site.people;
    let nobody = Armed { armed: false, since: None, recorded: true };
    let console = Requester::console();
    assert_eq!((people.armed().unwrap(), people.disarm(&console)), (nobody.clone(), nobody));
    let since = Some((people.utc(), "console".to_owned()));
    assert_eq!(people.arm(&console).unwrap(), Armed { armed: true, since, recorded: true });
    assert!(!people.disarm(&console).armed && !people.armed().unwrap().armed);
}
