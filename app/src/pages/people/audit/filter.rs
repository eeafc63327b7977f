//! Which entries are asked for. It stands in the address, so that it can be kept and sent. Pure, but for the calendar.

use crate::address::{Address, encoded};
use domain::audit;

/// Entries on a page.
const PAGE: u32 = 50;

/// The day, in ms of its beginning where the reader is, and of the next one.
pub(super) type Midnight = fn(&str, u32) -> Option<i64>;

/// What is asked for; what is `None` is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) who: Option<String>,
    pub(super) action: Option<String>,
    /// The id of a system. In the address it is called `of`: `system` is that of the page.
    pub(super) system: Option<String>,
    /// The first day, `2026-11-30`.
    pub(super) from: Option<String>,
    /// The last day.
    pub(super) to: Option<String>,
    /// Entries before the one with this number.
    pub(super) before: Option<i64>,
}

impl Filter {
    /// What fields say, typed or of an address; blanks around them do not count.
    pub(super) fn typed(field: impl Fn(&str) -> Option<String>) -> Filter {
        let text = |name: &str| field(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        Filter {
            who: text("who"),
            action: text("action"),
            system: text("of"),
            from: text("from"),
            to: text("to"),
            before: text("before").and_then(|number| number.parse().ok()),
        }
    }

    /// What an address asks for.
    pub(super) fn of(address: &Address) -> Filter {
        Filter::typed(|name| address.field(name))
    }

    /// The same, on the page before this entry.
    pub(super) fn page(&self, before: Option<i64>) -> Filter {
        Filter { before, ..self.clone() }
    }

    /// The address that asks for this, on the same system's page.
    pub(super) fn address(&self, here: &Address) -> String {
        let before = self.before.map(|before| before.to_string());
        let fields = [
            ("who", &self.who),
            ("action", &self.action),
            ("of", &self.system),
            ("from", &self.from),
            ("to", &self.to),
            ("before", &before),
        ];
        let there = fields.into_iter().fold(here.clone(), |there, (name, value)| {
            Address::parse(&there.with(name, value.as_deref().map(encoded).as_deref()))
        });
        there.text()
    }

    /// The question to the API.
    pub(super) fn question(&self, midnight: Midnight) -> String {
        let mut fields = self.fields(midnight);
        fields.push(("limit", PAGE.to_string()));
        fields.extend(self.before.map(|before| ("before", before.to_string())));
        path("/api/v1/audit", &fields)
    }

    /// Where the file is with all that is asked for.
    pub(super) fn export(&self, midnight: Midnight) -> String {
        path("/api/v1/audit.jsonl", &self.fields(midnight))
    }

    fn fields(&self, midnight: Midnight) -> Vec<(&'static str, String)> {
        let text = |name: &'static str, text: &Option<String>| text.as_deref().map(|text| (name, encoded(text)));
        // What is no day is asked for as it is: the server says what is wrong with it.
        let day = |name: &'static str, day: &Option<String>, more: u32| {
            let day = day.as_deref()?;
            Some((name, midnight(day, more).map_or_else(|| encoded(day), |ms| ms.to_string())))
        };
        let all = [
            text("who", &self.who.as_ref().map(|who| who.to_ascii_lowercase())),
            text("action", &self.action.as_deref().map(audit::meant)),
            text("system", &self.system),
            day("from", &self.from, 0),
            day("to", &self.to, 1),
        ];
        all.into_iter().flatten().collect()
    }
}

fn path(path: &str, fields: &[(&str, String)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    if fields.is_empty() { path.to_owned() } else { format!("{path}?{}", fields.join("&")) }
}

/// When a day begins where the reader is, and so many days later, ms since 1970.
pub(super) fn local_midnight_ms(day: &str, more: u32) -> Option<i64> {
    let date = js_sys::Date::new(&format!("{day}T00:00").into());
    date.set_date(date.get_date() + more);
    let ms = date.get_time();
    (!ms.is_nan()).then_some(ms as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(day: &str, more: u32) -> Option<i64> {
        (day == "2026-11-30").then(|| 1_000 + i64::from(more))
    }

    #[test]
    fn a_filter_stands_in_the_address_and_asks_the_api() {
        let typed = |name: &str| match name {
            "who" => Some(" Mara ".to_owned()),
            "action" => Some("a&b=\u{fc}".to_owned()),
            "of" => Some("hv".to_owned()),
            "from" | "to" => Some("2026-11-30".to_owned()),
            _ => Some(String::new()),
        };
        let filter = Filter::typed(typed);
        let address = filter.page(Some(77)).address(&Address::parse("/audit?system=racks&who=timo"));
        let expected =
            "/audit?system=racks&who=Mara&action=a%26b%3D%C3%BC&of=hv&from=2026-11-30&to=2026-11-30&before=77";
        assert_eq!(address, expected);
        assert_eq!(Filter::of(&Address::parse(&address)), filter.page(Some(77)));
        assert_eq!(
            filter.page(Some(77)).question(days),
            "/api/v1/audit?who=mara&action=a%26b%3D%C3%BC&system=hv&from=1000&to=1001&limit=50&before=77"
        );
        assert_eq!(
            filter.export(|_, _| None),
            "/api/v1/audit.jsonl?who=mara&action=a%26b%3D%C3%BC&system=hv&from=2026-11-30&to=2026-11-30"
        );
        assert_eq!(Filter::default().export(days), "/api/v1/audit.jsonl");
        assert_eq!(Filter::default().address(&Address::parse(&address)), "/audit?system=racks");
    }
}
