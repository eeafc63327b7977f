//! The document to sign in. It carries nothing of the site and no app: a form that any browser posts, the style sheet,
//! and a few lines that let a password be seen.

use crate::pages::people::STYLE;
use crate::session::PATH;
use crate::shell::{of_document, theme_from_storage};
use leptos::prelude::*;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Name and password.
    #[default]
    SignIn,
    /// The token on the console, and name and password of the first admin.
    SetUp,
    /// Nothing can be: why, and what to do.
    None(String),
}

/// What the document shows.
#[derive(Clone, Debug, Default)]
pub struct SignIn {
    /// What is asked for.
    pub form: Form,
    /// Where one goes then: an address of this server.
    pub to: String,
    /// The name that was typed before.
    pub name: String,
    /// The token from the console that was typed before.
    pub token: String,
    /// Why nobody was signed in, as a sentence.
    pub refused: Option<String>,
    /// Who is signed in already.
    pub signed_in: Option<String>,
    /// Whether somebody came by a link of another site: then their browser has not shown yet who they are.
    pub foreign: bool,
    /// Whether the site can be looked at without signing in.
    pub open: bool,
}

/// Lets a password be seen. The buttons for it are there when this runs.
const REVEAL: &str = "for(const b of document.querySelectorAll('.reveal')){const f=b.previousElementSibling;\
    b.hidden=false;b.onclick=()=>{const s=f.type=='password';f.type=s?'text':'password';b.textContent=s?'Hide':'Show';\
    b.setAttribute('aria-label',(s?'Hide':'Show')+' password')}}";

/// The document. Texts of people stand in it as text only.
pub fn document(css: &str, nonce: &str, shown: SignIn) -> String {
    let owner = Owner::new();
    let (css, nonce) = (css.to_owned(), nonce.to_owned());
    owner.with(|| {
        let title = match shown.form {
            Form::SetUp => "Set up",
            Form::SignIn | Form::None(_) => "Sign in",
        };
        let view = view! {
            <html lang="en">
                <head>
                    <meta charset="utf-8" />
                    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                    <title inner_html=format!("{title} \u{b7} Packtwin")></title>
                    <meta name="color-scheme" content="light dark" />
                    <script nonce=nonce.clone() inner_html=format!("{}{}", theme_from_storage(), of_document())></script>
                    <link rel="stylesheet" href=css />
                    <style nonce=nonce.clone() inner_html=STYLE></style>
                    <link rel="manifest" href="/manifest.webmanifest" />
                    <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                    <link rel="icon" href="/favicon.png" type="image/png" sizes="64x64" />
                </head>
                <body class="sign-in">
                    <main>
                        <header>
                            <svg class="logo" viewBox="0 0 32 32" width="40" height="40" aria-hidden="true">
                                <rect class="logo-ground" width="32" height="32" rx="8" />
                                <path class="logo-cells" d="M8 8h4v16H8zM14 12h4v12h-4zM20 8h4v16h-4z" />
                            </svg>
                            <p>"Packtwin"</p>
                        </header>
                        <h1>{title}</h1>
                        {body(shown)}
                    </main>
                    <script nonce=nonce inner_html=REVEAL></script>
                </body>
            </html>
        };
        format!("<!DOCTYPE html>{}", view.to_html())
    })
}

fn body(shown: SignIn) -> AnyView {
    let SignIn { form, to, name, token, refused, signed_in, foreign, open } = shown;
    let ways = open.then(|| view! { <p class="sign-in-ways"><a href=to.clone()>"Back without signing in"</a></p> });
    let already = signed_in.map(|who| {
        view! {
            <p class="sign-in-already">
                "You are signed in as " <b>{who}</b> ". " <a href=to.clone()>"Go on"</a> ", or sign in as somebody else."
            </p>
        }
    });
    let returning = foreign.then(|| {
        view! { <p class="note">"Signed in already? " <a href=to.clone()>"Open the page"</a></p> }
    });
    let refused = refused.map(|why| view! { <p class="sign-in-refused" role="alert">{why}</p> });
    let fields = match form {
        Form::None(why) => return view! { {already} <p>{why}</p> {ways} }.into_any(),
        Form::SignIn => view! {
            <input type="hidden" name="what" value="sign-in" />
            <Name value=name />
            <Password label="Password" autocomplete="current-password" hint="" />
            <button type="submit" class="button button-primary">"Sign in"</button>
        }
        .into_any(),
        Form::SetUp => view! {
            <p>
                "Nobody has an account here yet. Make the first admin with the token that packtwin has written on its console; it is good for 15 minutes after the start."
            </p>
            <input type="hidden" name="what" value="set-up" />
            <label class="labelled">
                <span class="field-label">"Token from the console"</span>
                <input class="field" name="token" required=true autocomplete="one-time-code" autocapitalize="none" spellcheck="false" placeholder="abcde-fghij-kmnpq-rstuv" autofocus=token.is_empty() value=token />
            </label>
            <Name value=name />
            <Password label="Password" autocomplete="new-password" hint="12 characters at least. Some words are good." />
            <button type="submit" class="button button-primary">"Make the account and sign in"</button>
        }
        .into_any(),
    };
    view! {
        {already}
        {refused}
        <form class="sign-in-form" method="post" action=PATH>
            <input type="hidden" name="to" value=to.clone() />
            {fields}
        </form>
        {returning}
        {ways}
    }
    .into_any()
}

#[component]
fn Name(value: String) -> impl IntoView {
    view! {
        <label class="labelled">
            <span class="field-label">"Name"</span>
            <input class="field" name="name" value=value required=true autocomplete="username" autocapitalize="none" spellcheck="false" />
        </label>
    }
}

#[component]
fn Password(label: &'static str, autocomplete: &'static str, hint: &'static str) -> impl IntoView {
    view! {
        <div class="labelled">
            <label class="field-label" for="password">{label}</label>
            <div class="field-row">
                <input class="field" id="password" name="password" type="password" required=true autocomplete=autocomplete autocapitalize="none" spellcheck="false" />
                <button type="button" class="button reveal" hidden=true aria-label="Show password">"Show"</button>
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="field-hint">{hint}</p> })}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(shown: SignIn) -> String {
        document("/pkg/a.css", "n0nce", shown)
    }

    #[test]
    fn a_form_is_one_that_password_managers_know_and_needs_no_script() {
        let page = shown(SignIn { to: "/cells?cell=7.12".into(), ..SignIn::default() });
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">") && page.ends_with("</html>"), "{page}");
        for part in [
            "method=\"post\" action=\"/actions/people\"",
            "name=\"what\" value=\"sign-in\"",
            "name=\"to\" value=\"/cells?cell=7.12\"",
            "autocomplete=\"username\"",
            "autocomplete=\"current-password\"",
            "<script nonce=\"n0nce\">",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let page = shown(SignIn { form: Form::SetUp, ..SignIn::default() });
        assert!(page.contains("autocomplete=\"new-password\"") && page.contains("name=\"token\""), "{page}");
        let page = shown(SignIn { form: Form::None("Not here.".into()), ..SignIn::default() });
        assert!(page.contains("Not here.") && !page.contains("<form") && !page.contains("Back without"), "{page}");
        assert!(shown(SignIn { open: true, ..SignIn::default() }).contains("Back without signing in"));
    }

    #[test]
    fn what_was_typed_stays_but_the_password() {
        let typed = SignIn { name: "mara".into(), token: "abcde-fghij".into(), ..SignIn::default() };
        let page = shown(SignIn { form: Form::SetUp, ..typed.clone() });
        assert!(page.contains("value=\"abcde-fghij\"") && page.contains("value=\"mara\""), "{page}");
        assert!(!page.contains("autofocus"), "the token is there: {page}");
        assert!(!shown(typed).contains("abcde-fghij"), "who signs in needs none");
        assert!(shown(SignIn { form: Form::SetUp, ..SignIn::default() }).contains("autofocus"));
    }

    #[test]
    fn what_people_typed_is_text() {
        let evil = "\"><script>alert(1)</script>".to_owned();
        let page = shown(SignIn {
            form: Form::SetUp,
            name: evil.clone(),
            token: evil.clone(),
            to: evil.clone(),
            refused: Some(evil.clone()),
            signed_in: Some(evil),
            ..SignIn::default()
        });
        assert!(!page.contains("<script>alert"), "{page}");
        assert_eq!(page.matches("<script").count(), 2, "{page}");
    }
}
