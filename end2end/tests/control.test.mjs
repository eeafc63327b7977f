// The page Control: what is set, the flight check, review and confirm, each state of a command, and why it is off.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { DESKTOP, fits, launch, live, PHONE, readings, recorded, region, shot, until, violations, withLivePage, withPage } from '../lib/browser.mjs';
import { racks } from '../lib/racks.mjs';
import { startSite } from '../lib/server.mjs';
import { arm, as, ask, labAs, PASSWORD, signedInBefore, signIn, startWithPeople } from '../lib/people.mjs';

let server, browser;
before(async () => {
  server = await startWithPeople();
  browser = await launch();
});
after(() => Promise.all([server?.stop(), browser?.close()]));

const control = async (key) => (await server.api('control?system=hv')).controls.find((control) => control.control === key);
const commands = async () => (await server.api('commands?system=hv&limit=500')).commands;

/** Sets a control by the API, as an admin, and waits until it stands. */
async function set(key, value) {
  const known = await until(`${key} is read`, async () => {
    const known = await control(key);
    return known.present !== null && !known.command?.under_way && known;
  });
  if (known.present === value) return;
  await until(`${key} is taken`, async () => {
    const asked = { id: randomUUID(), system: 'hv', control: key, value, revision: (await control(key)).revision };
    const { header } = await signIn(server, 'mara', { stepUp: true });
    const sent = { method: 'POST', body: JSON.stringify(asked), headers: { 'Content-Type': 'application/json', Cookie: header } };
    const answer = await fetch(`${server.url}/api/v1/commands`, sent);
    // It was written a moment ago: there is a pause between two writes. Or the contactors are still closing.
    return ![409, 429].includes(answer.status) && (assert.ok(answer.ok, await answer.text()), true);
  });
  await until(`${key} is ${value}`, async () => (await control(key)).present === value);
}

/** Waits until a control may be written again: there is a pause of 5 s between two writes. */
const rested = (key) =>
  until(`${key} may be written again`, async () => {
    const { command } = await control(key);
    return !command || Date.now() - Date.parse(command.asked_at) > 5_500;
  });

beforeEach(async () => {
  await labAs(server, { action: 'clear-all' });
  await until('the controller is read', async () => (await control('discharge-limit')).present !== null);
  await set('run', 1);
  await set('mode', 1);
});

const open = async (who, use, options = {}) =>
  withLivePage(browser, `${server.url}/control`, who ? await as(server, who, options) : options, use);

const limit = (page) => region(page, 'Peak discharge limit');
const dialog = (page) => page.getByRole('dialog');
const asked = (page) => region(page, 'Commands from this page');
const field = (page) => limit(page).getByRole('spinbutton', { name: 'Peak discharge limit' });
const review = (page) => limit(page).getByRole('button', { name: 'Review the change of Peak discharge limit' });

test('without a script the document has the real values, and a form leads to the review', async () => {
  await set('discharge-limit', 150_000);
  await rested('discharge-limit');
  const options = await as(server, 'timo', { javaScriptEnabled: false });
  await withPage(browser, `${server.url}/control`, options, async (page) => {
    await limit(page).getByText(/^150\s?kW$/).first().waitFor();
    await limit(page).getByText(/read back/).waitFor();
    await page.getByText('Control is armed', { exact: true }).waitFor();
    await field(page).fill('140');
    await review(page).click();
    await page.waitForURL(/review=discharge-limit/);
    await dialog(page).getByText('This is towards the safe side.').waitFor();
    await dialog(page).getByRole('button', { name: /^Set 140/ }).click();
    await page.waitForURL(/\/control/);
  });
  await until('140 kW stand', async () => (await control('discharge-limit')).present === 140_000);
  const known = await control('discharge-limit');
  assert.equal(known.changed.by, 'timo');
});

test('a lower limit is reviewed, confirmed, read back and seen in the power flow', async () => {
  await set('discharge-limit', 150_000);
  await rested('discharge-limit');
  await labAs(server, { action: 'load', kw: '200' });
  await open('timo', async (page) => {
    await limit(page).getByRole('slider').waitFor();
    await field(page).fill('90');
    const check = region(page, 'Flight check');
    await check.getByLabel('Grid cap').fill('66');
    await check.getByText(/^With peak discharge limit at 90\skW/).waitFor();
    await check.getByText(/24\sh ahead in \d+\sms/).waitFor();
    await review(page).click();
    await dialog(page).getByText('This is towards the safe side.').waitFor();
    await shot(page, 'control-review');
    await dialog(page).getByRole('button', { name: /^Set 90/ }).click();
    await dialog(page).waitFor({ state: 'hidden' });
    const progress = asked(page);
    await progress.getByText(/asked by timo/).waitFor();
    await progress.getByRole('status').getByText(/^Effective/).waitFor({ timeout: 60_000 });
    const steps = await progress.getByRole('list', { name: 'Steps' }).getByRole('listitem').allInnerTexts();
    assert.ok(steps.some((step) => /Recorded/.test(step)) && steps.some((step) => /Confirmed/.test(step)), steps.join('; '));
    await limit(page).getByText(/^90\skW$/).first().waitFor();
    await limit(page).getByText(/changed by timo/).waitFor();
    await region(page, 'History').getByText(/Peak discharge limit/).first().waitFor();
    await shot(page, 'control-effective');
    assert.deepEqual(await violations(page), []);
  });
  await labAs(server, { action: 'load-auto' });
});

test('an answer that is lost is asked for again with the same id, and the command is done once', async () => {
  await set('discharge-limit', 150_000);
  await rested('discharge-limit');
  const before = (await commands()).length;
  await open('timo', async (page, messages) => {
    const ids = [];
    await page.route('**/actions/command', async (route) => {
      ids.push(new URLSearchParams(route.request().postData()).get('id'));
      // It reaches the server; its answer does not reach the page.
      if (ids.length === 1) await route.fetch();
      await (ids.length === 1 ? route.abort('connectionreset') : route.continue());
    });
    await field(page).fill('120');
    await review(page).click();
    await dialog(page).getByRole('button', { name: /^Set 120/ }).click();
    await asked(page).getByText(/^(Confirmed|Effective)/).first().waitFor({ timeout: 60_000 });
    assert.equal(ids.length, 2);
    assert.equal(ids[0], ids[1], 'it is the same command');
    messages.length = 0;
  });
  assert.equal((await commands()).length, before + 1);
});

test('to widen a limit the password is asked for, unless it was given in the last minutes', async () => {
  await set('discharge-limit', 120_000);
  await rested('discharge-limit');
  await open('timo', async (page, messages) => {
    await field(page).fill('130');
    await review(page).click();
    await dialog(page).getByText('This is less safe than now.').waitFor();
    const password = dialog(page).getByLabel('Your password, once more');
    await password.fill('not the password');
    await dialog(page).getByRole('button', { name: /^Set 130/ }).click();
    await dialog(page).getByText(/wrong/i).waitFor();
    await until('the password is typed next', () => password.evaluate((field) => field === document.activeElement));
    await password.fill(PASSWORD);
    await dialog(page).getByRole('button', { name: /^Set 130/ }).click();
    await asked(page).getByText(/^(Confirmed|Effective)/).first().waitFor({ timeout: 60_000 });
    messages.length = 0;
  }, { signs: signedInBefore });
  await until('130 kW stand', async () => (await control('discharge-limit')).present === 130_000);
});

test('somebody who was faster is named, and nothing is sent', async () => {
  await set('discharge-limit', 100_000);
  await open('timo', async (page, messages) => {
    await field(page).fill('150');
    await review(page).click();
    await dialog(page).getByRole('button', { name: /^Set 150/ }).waitFor();
    await set('discharge-limit', 95_000);
    await dialog(page).getByText(/mara has commanded 95\skW meanwhile: it is 95\skW now/).waitFor();
    await dialog(page).getByRole('button', { name: /^Set 150/ }).click();
    await dialog(page).getByText(/mara has commanded 95\skW since you looked/i).waitFor();
    messages.length = 0;
  });
  assert.equal((await control('discharge-limit')).present, 95_000);
});

test('an interlock that does not hold is named, and stops only what is less safe', async () => {
  await set('discharge-limit', 150_000);
  await labAs(server, { action: 'inject', fault: 'under-voltage', cell: '7.12' }).catch(() => labAs(server, { action: 'inject', fault: 'low-cell', cell: '7.12' }));
  await open('timo', async (page) => {
    const locks = region(page, 'What must hold');
    await locks.getByText(/critical alarm(s are| is) active/).waitFor({ timeout: 60_000 });
    await field(page).fill('160');
    await limit(page).getByText(/Not now: .*critical alarm/).waitFor();
    await review(page).click();
    assert.ok(await dialog(page).getByRole('button', { name: /^Set 160/ }).isDisabled());
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await field(page).fill('140');
    await limit(page).getByText('This is towards the safe side.').waitFor();
    await shot(page, 'control-alarm', { fullPage: true });
  });
});

test('safe values return with two taps on a phone, and need no password', async () => {
  await set('discharge-limit', 100_000);
  await rested('mode');
  await rested('run');
  const options = { viewport: PHONE };
  await open('timo', async (page) => {
    await fits(page);
    await shot(page, 'control-phone');
    await page.getByRole('button', { name: 'Return to safe values' }).tap();
    await dialog(page).getByText('Mode').waitFor();
    await shot(page, 'control-phone-safe');
    await dialog(page).getByRole('button', { name: 'Return now' }).tap();
    await asked(page).getByText(/^Confirmed/).first().waitFor({ timeout: 60_000 });
    await asked(page).getByText(/Max Safety/).waitFor();
  }, options);
  const mode = await until('Max Safety stands', async () => ((await control('mode')).present === 0 ? control('mode') : null));
  assert.equal(mode.present, 0);
  // What was safer already stays as it was.
  assert.equal((await control('discharge-limit')).present, 100_000);
});

test('the limit is lowered with two taps on a phone', async () => {
  await set('discharge-limit', 150_000);
  await rested('discharge-limit');
  await open('timo', async (page) => {
    await page.getByRole('button', { name: /^Lower the limit to 75/ }).tap();
    await dialog(page).getByRole('button', { name: /^Set 75/ }).tap();
    // What becomes of it is in view, above what is fixed at the bottom.
    await until('the focus is on it', () => asked(page).evaluate((place) => place === document.activeElement));
    const [bottom, bar] = await Promise.all([asked(page).boundingBox(), page.getByRole('group', { name: 'At once' }).boundingBox()]);
    assert.ok(bottom.y >= 0 && bottom.y < bar.y - 40, JSON.stringify([bottom, bar]));
    await asked(page).getByText(/^(Confirmed|Effective)/).first().waitFor({ timeout: 60_000 });
  }, { viewport: PHONE });
  await until('75 kW stand', async () => (await control('discharge-limit')).present === 75_000);
});

for (const [who, words] of [[null, /sign in as an operator/], ['vera', /signed in as vera, a viewer/]]) {
  test(`the controls are off for ${who ?? 'who is not signed in'}, and say why`, () =>
    open(who, async (page) => {
      await page.getByRole('status').getByText(words).waitFor();
      assert.ok(await field(page).isDisabled());
      assert.ok(await review(page).isDisabled());
      assert.ok(await page.getByRole('button', { name: 'Return to safe values' }).isDisabled());
      if (!who) await page.getByRole('link', { name: 'Sign in' }).first().waitFor();
      // What is set is seen all the same.
      await limit(page).getByText(/^\d+\s?kW$/).first().waitFor();
    }));
}

test('while control is not armed the controls are off, and say who can arm it', async () => {
  await arm(server, false);
  try {
    await open('timo', async (page) => {
      await page.getByText('Control is not armed, so nothing is sent. An admin arms it in Settings.').waitFor();
      assert.ok(await review(page).isDisabled());
    });
  } finally {
    await arm(server, true);
  }
});

test('in playback the page shows what was set then and what was commanded until then, and leads back to the present', async () => {
  await set('discharge-limit', 140_000);
  await rested('discharge-limit');
  const then = new Date().toISOString();
  await set('discharge-limit', 90_000);
  await recorded(server, 3);
  for (const viewport of [DESKTOP, PHONE]) {
    const options = { viewport, ...(await as(server, 'timo')) };
    await withPage(browser, `${server.url}/control?at=${then}`, options, async (page) => {
      await page.getByText(/You are looking at the past: .*Nothing can be commanded in the past/).waitFor();
      await page.getByRole('button', { name: 'Go live' }).waitFor();
      assert.equal(await field(page).isVisible(), false);
      const was = region(page, 'Set at that instant');
      for (const name of ['Backup reserve', 'Peak discharge limit', 'Peak charge limit', 'Mode', 'Operation']) {
        await was.getByText(name, { exact: true }).waitFor();
      }
      // As it was before the command, and the command is not told before it was asked.
      await was.getByText(/^140\s?kW$/).waitFor();
      const commands = region(page, 'History').getByRole('listitem');
      await commands.first().waitFor();
      for (const part of [was, region(page, 'History')]) {
        assert.doesNotMatch(await part.innerText(), /90\s?kW|not recorded/);
      }
      await shot(page, `control-past-${viewport.width}`, { fullPage: true });
      await fits(page);
      assert.deepEqual(await violations(page), []);
      await page.getByRole('link', { name: 'Go live' }).click();
      await live(page);
      await limit(page).getByText(/^90\s?kW$/).first().waitFor();
      assert.doesNotMatch(page.url(), /at=/);
    });
  }
});

test('the overview counts headroom to the limit that is set where that is the smaller one, and says so', async () => {
  await withLivePage(browser, `${server.url}/`, {}, async (page) => {
    const headroom = region(page, 'Headroom');
    await headroom.getByText(/of \d+\s?kW for (dis)?charge/).waitFor();
    await set('charge-limit', 10_000);
    await set('discharge-limit', 30_000);
    await headroom.getByText(/of (30\s?kW for discharge|10\s?kW for charge)\s+as set, \d+\s?% in use/).waitFor();
  });
  await until('the API tells the same', async () => {
    const state = await server.api('state?system=hv');
    const told = [state.discharge_allowed_w, state.discharge_bound_by, state.charge_allowed_w, state.charge_bound_by];
    return JSON.stringify(told) === JSON.stringify([30_000, 'limit', 10_000, 'limit']);
  });
  await set('charge-limit', 50_000);
  await set('discharge-limit', 150_000);
});

test('while the server is away the controls are off, and what was seen last stays with its age', async () => {
  const gone = await startWithPeople();
  try {
    await withPage(browser, `${gone.url}/control`, await as(gone, 'timo'), async (page, messages) => {
      await live(page);
      await limit(page).getByText(/^150\s?kW$/).first().waitFor();
      await gone.kill();
      await page.getByText(/nothing can be commanded/).first().waitFor();
      assert.ok(await review(page).isDisabled());
      await limit(page).getByText(/read back \d+\ss ago/).waitFor();
      await limit(page).locator('.control-present[data-known="old"]').waitFor();
      // What held then is not said to hold now.
      const locks = region(page, 'What must hold');
      await locks.getByText('not known without the server').waitFor();
      assert.doesNotMatch(await locks.innerText(), /: holds|all hold/);
      // The clock stands at the newest frame.
      const clock = page.getByTitle('Time of the newest frame, here');
      const stood = await clock.innerText();
      await limit(page).getByText(/read back ([5-9]|\d\d)\ss ago/).waitFor();
      assert.equal(await clock.innerText(), stood);
      await shot(page, 'control-away');
      messages.length = 0;
    });
  } finally {
    await gone.stop();
  }
});

test('a system without controls is read-only, and says why', async () => {
  const { site, stop } = await racks();
  const plain = await startSite(site);
  try {
    await withLivePage(browser, `${plain.url}/control`, {}, async (page) => {
      await page.getByText('20 racks is read-only').waitFor();
      await page.getByText(/This system is read-only: no \[\[control\]\]/).waitFor();
    });
  } finally {
    await Promise.all([plain.stop(), stop()]);
  }
});

test('a slider is moved by keys, and the flight check answers within 50 ms', async () => {
  await set('reserve', 20);
  await open('timo', async (page) => {
    await readings(page, 10);
    await region(page, 'Flight check').getByLabel('Grid cap').fill('66');
    const reserve = region(page, 'Backup reserve');
    const slider = reserve.getByRole('slider', { name: 'Backup reserve, slider' });
    const note = region(page, 'Flight check').getByText(/24\sh ahead in \d+\sms/);
    const took = [];
    await slider.focus();
    for (let step = 0; step < 10; step++) {
      await slider.press('ArrowLeft');
      took.push(Number((await note.innerText()).match(/in (\d+)/)[1]));
    }
    assert.equal(await slider.getAttribute('aria-valuetext'), '10\u202f%');
    assert.equal(await reserve.getByRole('spinbutton', { name: 'Backup reserve' }).inputValue(), '10');
    await region(page, 'Flight check').getByText(/^With backup reserve at 10\s%/).waitFor();
    console.log(`flight check: ${took.toSorted((a, b) => a - b).join(', ')} ms`);
    await shot(page, 'control-flight');
  });
});

for (const [name, viewport] of [['320', { width: 320, height: 640 }], ['390', PHONE], ['1920', { width: 1920, height: 1080 }]]) {
  test(`it fits at ${name} px`, () => open('timo', async (page) => {
    await fits(page);
    for (const button of await page.getByRole('main').getByRole('button').all()) {
      const box = await button.boundingBox();
      if (box && viewport.width < 700) assert.ok(box.height >= 44, `${await button.innerText()}: ${box.height} px`);
    }
    await shot(page, `control-${name}`, { fullPage: true });
  }, { viewport }));
}

for (const [width, height] of [[1280, 720], [1440, 900], [1920, 1080]]) {
  test(`no card lies over another, however far the page is scrolled, at ${width} px`, () =>
    open('timo', async (page) => {
      await limit(page).getByRole('slider').waitFor();
      const end = () => page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
      for (let top = 0; top < (await end()) + 200; top += 200) {
        const over = await page.evaluate((top) => {
          window.scrollTo(0, top);
          const cards = [...document.querySelectorAll('.control .card')].filter((card) => card.checkVisibility());
          const boxes = cards.map((card) => [card.getAttribute('aria-label') ?? card.className, card.getBoundingClientRect()]);
          const found = boxes.flatMap(([one, a], i) =>
            boxes.slice(i + 1).map(([other, b]) => {
              const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
              const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
              return across > 1 && down > 1 ? `${one} and ${other} share ${Math.round(down)} px` : '';
            }),
          );
          return found.filter(Boolean);
        }, top);
        assert.deepEqual(over, [], `at ${top} px`);
      }
    }, { viewport: { width, height } }));
}

for (const viewport of [{ width: 320, height: 640 }, PHONE]) {
  test(`on a phone of ${viewport.width} px what confirms a command is seen when its review opens`, async () => {
    await set('discharge-limit', 150_000);
    await open('timo', async (page) => {
      await page.getByRole('button', { name: /^Lower the limit/ }).click();
      const confirm = dialog(page).getByRole('button', { name: /^Set / });
      const { y, height } = await until('it is drawn', () => confirm.boundingBox());
      assert.ok(y + height <= viewport.height, `it ends at ${y + height} of ${viewport.height} px`);
      await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    }, { viewport });
  });
}
