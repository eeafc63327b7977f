// Makes what the web app manifest names, into public/: the icons from the logo, the screenshots from the pictures of README.
// `node end2end/icons.mjs`; look at each before it is committed.

import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { launch } from './lib/browser.mjs';

const ROOT = resolve(import.meta.dirname, '..');
/** The bars of the logo on a field of 64: x, y and height; each is 8 wide. All lie in the circle that a mask leaves. */
const BARS = [[16, 16, 32], [28, 24, 24], [40, 16, 32]];
/** File, size, radius of the corners: round ones where nothing else rounds them. */
const ICONS = [
  ['icon-192', 192, 14],
  ['icon-512', 512, 14],
  ['icon-maskable-192', 192, 0],
  ['icon-maskable-512', 512, 0],
  ['apple-touch-icon', 180, 0],
];
/** File, picture, width and height. */
const SCREENSHOTS = [
  ['screenshot-wide', 'overview', 1280, 800],
  ['screenshot-narrow', 'phone', 390, 844],
];

const bars = BARS.map(([x, y, height]) => `<rect x="${x}" y="${y}" width="8" height="${height}" fill="#fff"/>`).join('');
const logo = (size, radius) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 64 64">` +
  `<rect width="64" height="64" rx="${radius}" fill="#12151a"/>${bars}</svg>`;

const browser = await launch();
try {
  for (const [name, size, radius] of ICONS) {
    const page = await browser.newPage({ viewport: { width: size, height: size } });
    await page.setContent(`<style>body{margin:0}svg{display:block}</style>${logo(size, radius)}`);
    await page.screenshot({ path: resolve(ROOT, `public/${name}.png`), omitBackground: true });
    await page.close();
  }
  const page = await browser.newPage();
  for (const [name, picture, width, height] of SCREENSHOTS) {
    const png = await readFile(resolve(ROOT, `docs/pictures/${picture}.png`), 'base64');
    const webp = await page.evaluate(async ([png, width, height]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      canvas.getContext('2d').drawImage(image, 0, 0, width, height);
      return canvas.toDataURL('image/webp', 0.85).split(',')[1];
    }, [png, width, height]);
    await writeFile(resolve(ROOT, `public/${name}.webp`), Buffer.from(webp, 'base64'));
  }
} finally {
  await browser.close();
}
