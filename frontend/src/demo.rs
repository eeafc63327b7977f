//! The page without a server: the simulated site runs in the page's own thread, and is the page's source.
//!
//! A timer lets its time pass; what is due is done in a few milliseconds, so that the page is never held up. While the tab
//! sleeps the browser holds the timer, and the site goes on at the present afterwards.

use app::address::Address;
use app::boot::Boot;
use app::live::AT;
use app::source::{Event, FetchError, Listener, Reply, Request, Source, Subscription};
use app::{offline, source, whose};
use demo::{Demo, Published};
use domain::time::{Mono, Now, Utc};
use js_sys::Promise;
use leptos::prelude::{document, set_interval, set_timeout, window};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::JsFuture;

/// How often time passes. The fastest system publishes five times a second.
const EVERY: Duration = Duration::from_millis(50);
/// So long the site has run when the page is first drawn: links are up, and charts have something to show.
const BEFORE: Duration = Duration::from_secs(120);
/// As much of it is done at once: the browser draws and answers in between.
const AT_ONCE: Duration = Duration::from_secs(5);
/// A follower gets a key frame after so many others, as from a server.
const KEY_EVERY: u32 = 25;

/// The site in this page.
static DEMO: Source = Source { ask, subscribe };

struct Running {
    demo: Demo,
    followers: Vec<Follower>,
    /// Of the last follower.
    number: u32,
}

struct Follower {
    number: u32,
    /// The system's place in the site.
    system: usize,
    listener: Rc<dyn Fn(Event)>,
    /// Whether it was told anything: deltas follow then.
    told: bool,
    /// Frames until the next key frame.
    until_key: u32,
}

/// A listener, and the frame that it gets.
type Told = (Rc<dyn Fn(Event)>, Vec<u8>);

thread_local! {
    static RUNNING: RefCell<Option<Running>> = const { RefCell::new(None) };
}

/// Starts the site and draws the page. The loader of the module calls it.
#[wasm_bindgen(start)]
pub async fn start() {
    let first = match run().await {
        Ok(first) => first,
        Err(why) => {
            if let Some(body) = document().body() {
                body.set_text_content(Some(&why));
            }
            return;
        }
    };
    source::choose(&DEMO);
    set_interval(pass, EVERY);
    // What the address says of the past was of another session.
    let here = Address::current();
    if let (Some(_), Ok(history)) = (here.field(AT), window().history()) {
        let there = format!("{}{}", app::address::base(), here.with(AT, None));
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&there));
    }
    offline::draw(first, None).await;
}

/// Starts the site, and says what the page starts from.
async fn run() -> Result<Boot, String> {
    let now = now();
    let ahead_min = -js_sys::Date::new_0().get_timezone_offset();
    let mut demo = Demo::new(now - BEFORE, ahead_min as i64 * 60).map_err(|error| error.to_string())?;
    while demo.now().mono < now.mono {
        demo.advance(demo.now() + AT_ONCE);
        next_task().await;
    }
    let site = (**demo.site()).clone();
    let here = Address::current();
    let system = whose::system(&here, &site).unwrap_or_else(|| whose::default(here.path(), &site));
    let key = demo.key_frame(system).ok_or("the demo has no values yet: load the page again")?;
    RUNNING.set(Some(Running { demo, followers: Vec::new(), number: 0 }));
    Ok(Boot { site, system, key, at: None, lab: None, page: Vec::new() })
}

/// Goes on in another task of the browser.
async fn next_task() {
    let promise = Promise::new(&mut |resolve, _| {
        let _ = window().set_timeout_with_callback(&resolve);
    });
    let _ = JsFuture::from(promise).await;
}

/// The browser's clocks.
fn now() -> Now {
    let performance = window().performance();
    let since_ms = performance.as_ref().map_or(0.0, web_sys::Performance::now);
    let origin_ms = performance.as_ref().map_or_else(js_sys::Date::now, web_sys::Performance::time_origin);
    Now { utc: Utc(((origin_ms + since_ms) * 1e3) as i64), mono: Mono::START + Duration::from_secs_f64(since_ms / 1e3) }
}

/// Lets time pass, and tells the followers what was published.
fn pass() {
    let told: Vec<Told> = RUNNING.with_borrow_mut(|running| {
        let Some(running) = running else { return Vec::new() };
        let published = running.demo.advance(now());
        let last = |at: usize| published[at + 1..].iter().all(|later| later.system != published[at].system);
        (0..published.len()).flat_map(|at| running.tell(&published[at], last(at))).collect()
    });
    // A listener may ask and follow anew.
    for (listener, frame) in told {
        listener(Event::Frame(frame));
    }
}

impl Running {
    /// What each follower of the system gets: the delta, or now and again the key frame, which is of the `newest` snapshot
    /// alone.
    fn tell(&mut self, published: &Published, newest: bool) -> Vec<Told> {
        let Running { demo, followers, .. } = self;
        let followers = followers.iter_mut().filter(|follower| follower.system == published.system);
        let told = followers.filter_map(|follower| {
            let key = newest && follower.until_key == 0;
            let frame = match (key, follower.told) {
                (true, _) => demo.key_frame(published.system)?,
                (false, true) => published.delta.clone(),
                (false, false) => return None,
            };
            follower.until_key = if key { KEY_EVERY } else { follower.until_key.saturating_sub(1) };
            follower.told = true;
            Some((Rc::clone(&follower.listener), frame))
        });
        told.collect()
    }
}

fn ask(request: Request) -> Reply {
    let Request { method, path, form } = request;
    let answer = RUNNING.with_borrow(|running| match running {
        Some(running) => running.demo.answer(method, &path, form.as_deref()).map_err(FetchError::Refused),
        None => Err(FetchError::NoServer),
    });
    Box::pin(std::future::ready(answer))
}

/// Ends with the subscription.
struct Followed(u32);

impl Subscription for Followed {
    fn connecting(&self) -> bool {
        false
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        let _ = RUNNING.try_with(|running| {
            if let Ok(mut running) = running.try_borrow_mut()
                && let Some(running) = running.as_mut()
            {
                running.followers.retain(|follower| follower.number != self.0);
            }
        });
    }
}

fn subscribe(system: &str, listener: Listener) -> Option<Box<dyn Subscription>> {
    RUNNING.with_borrow_mut(|running| {
        let running = running.as_mut()?;
        let system = running.demo.site().systems.iter().position(|known| known.id == system)?;
        running.number = running.number.wrapping_add(1);
        let number = running.number;
        running.followers.push(Follower { number, system, listener: listener.into(), told: false, until_key: 0 });
        set_timeout(move || first_frame(number), Duration::ZERO);
        Some(Box::new(Followed(number)) as Box<dyn Subscription>)
    })
}

/// Tells a new follower the newest, unless something was published meanwhile.
fn first_frame(number: u32) {
    let told = RUNNING.with_borrow_mut(|running| {
        let running = running.as_mut()?;
        let follower = running.followers.iter_mut().find(|follower| follower.number == number && !follower.told)?;
        let key = running.demo.key_frame(follower.system)?;
        (follower.told, follower.until_key) = (true, KEY_EVERY);
        Some((Rc::clone(&follower.listener), key))
    });
    if let Some((listener, frame)) = told {
        listener(Event::Frame(frame));
    }
}
