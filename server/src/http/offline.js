// Starts the page while the server is away, with the last values that this browser keeps.

import init, { resume } from '%JS%';

// Opened by its own address, it would only come back to itself.
if (location.pathname === '/offline') document.querySelector('.boot-error a')?.setAttribute('href', '/');
try {
  const theme = localStorage.getItem('theme');
  if (theme) document.documentElement.setAttribute('data-theme', theme);
} catch {
  // Storage is switched off: the theme is that of the system.
}
%SCRIPT%
if (location.pathname === '/sign-in') waitToSignIn();
else await start();

// Signing in needs the server: the document says so, and is that to sign in as soon as the server is back.
function waitToSignIn() {
  say('Signing in needs the server. This page goes on by itself when it is back.');
  const last = Object.assign(document.createElement('a'), { className: 'button', href: '/', textContent: 'Last values' });
  document.querySelector('.boot-error a')?.after(' ', last);
  const look = () =>
    fetch('/healthz').then(
      (answer) => (answer.ok ? location.reload() : setTimeout(look, 3000)),
      () => setTimeout(look, 3000),
    );
  look();
}

async function start() {
  try {
    await init({ module_or_path: '%WASM%' });
    await resume();
  } catch (why) {
    console.error(why);
    say('The page could not be started from what this browser keeps. Try again.');
  }
}

function say(text) {
  const words = document.getElementById('offline');
  if (words) words.textContent = text;
}
