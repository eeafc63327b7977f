// Starts the page while the server is away, with the last values that this browser keeps.

import init, { resume } from '%JS%';

// Opened by its own address, it would only come back to itself.
if (location.pathname === '/offline') document.querySelector('.boot-error a')?.setAttribute('href', '/');
// To sign in needs the server: without it the overview tells that there is no connection.
if (location.pathname === '/sign-in') history.replaceState(history.state, '', '/');
try {
  const theme = localStorage.getItem('theme');
  if (theme) document.documentElement.setAttribute('data-theme', theme);
} catch {
  // Storage is switched off: the theme is that of the system.
}
%SCRIPT%
try {
  await init({ module_or_path: '%WASM%' });
  await resume();
} catch (why) {
  console.error(why);
  const words = document.getElementById('offline');
  if (words) words.textContent = 'The page could not be started from what this browser keeps. Try again.';
}
