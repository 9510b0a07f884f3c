import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { receiveHttp, receiveSyslog, type DrainReceiver } from '../support/drain-receiver.ts';
import { meetPerson, type Person } from '../support/person.ts';
import { dockerfileApp } from '../support/samples.ts';

/** Says every path it is asked for; /flood also begins to say 3,000 lines, faster than anybody reads a log. */
const TALKATIVE = [
  "const http = require('node:http');",
  'const flood = (n) => {',
  '  for (let i = 0; i < 50; i += 1) console.log(`flood ${n + i}`);',
  '  if (n + 50 < 3000) setTimeout(flood, 20, n + 50);',
  "  else console.log('the flood is over');",
  '};',
  'http.createServer((req, res) => {',
  '  console.log(`asked for ${req.url}`);',
  "  if (req.url === '/flood') flood(0);",
  "  res.end('heard');",
  "}).listen(process.env.PORT, '0.0.0.0');",
  '',
].join('\n');

const app = 'drained';
const WAIT = { timeout: 60_000, interval: 250 };
let ann: Person;
let http: DrainReceiver;
let syslog: DrainReceiver;

beforeAll(async () => {
  ann = await meetPerson(inject('platform'));
  const repo = await ann.newApp(app);
  await repo.commit({ ...dockerfileApp('unused'), 'server.js': TALKATIVE });
  expect(await repo.push()).toEqual(expect.objectContaining({ code: 0 }));
  [http, syslog] = await Promise.all([receiveHttp(), receiveSyslog()]);
  for (const { url } of [http, syslog]) {
    const added = await ann.gantry('drains:add', url, '-a', app);
    expect(added, added.stderr).toEqual(expect.objectContaining({ code: 0 }));
  }
});
afterAll(async () => {
  await ann[Symbol.asyncDispose]();
  await Promise.all([http[Symbol.asyncDispose](), syslog[Symbol.asyncDispose]()]);
});

/** The numbers that a pattern finds, in the order in which they came. */
const found = ({ messages }: DrainReceiver, pattern: RegExp): number[] =>
  messages.flatMap((message) => {
    const n = pattern.exec(message)?.[1];
    return n === undefined ? [] : [Number(n)];
  });

it('the lines of the app arrive at both kinds of receivers in order, and all of the router', async () => {
  const asked = Array.from({ length: 20 }, (_, n) => n);
  // A drain begins with what happens once it is known.
  await expect
    .poll(async () => {
      await ann.visit(app, '/ready');
      return [http, syslog].every(({ messages }) => messages.some((one) => one.includes('/ready')));
    }, WAIT)
    .toBe(true);
  for (const n of asked) await ann.visit(app, `/n/${n}`);
  for (const receiver of [http, syslog]) {
    const said = () => found(receiver, /^<190>1 \S+ \S+ app web\.1 .*asked for \/n\/(\d+)$/);
    await expect.poll(said, WAIT).toEqual(asked);
    // Two processes tell of what each has carried, and neither waits for the other.
    const told = () => found(receiver, /^<158>1 \S+ \S+ heroku router .*path="\/n\/(\d+)".*status=200/);
    await expect.poll(() => told().toSorted((a, b) => a - b), WAIT).toEqual(asked);
  }
});

it('a receiver that was away is told how many lines it has missed, and of no others', async () => {
  const before = new Map([http, syslog].map((receiver) => [receiver, receiver.messages.length]));
  http.away = true;
  await ann.visit(app, '/flood');
  await expect.poll(() => syslog.messages.some((one) => one.endsWith('the flood is over')), WAIT).toBe(true);
  http.away = false;
  await expect.poll(() => http.messages.some((one) => one.endsWith('the flood is over')), WAIT).toBe(true);
  const numbers = (receiver: DrainReceiver): number[] => found(receiver, /^<190>.* flood (\d+)$/);
  const missed = (receiver: DrainReceiver): number[] =>
    found(receiver, /heroku logplex .*Error L10 \(output buffer overflow\): (\d+) messages dropped since/);
  const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
  // How many were lost is told with what comes next.
  await expect.poll(() => sum(missed(http)), WAIT).toBeGreaterThan(0);
  expect(numbers(http)).toEqual(numbers(http).toSorted((a, b) => a - b));
  // Whatever reached one of them, or was said to be lost, is the same for the other.
  const all = (receiver: DrainReceiver): number =>
    receiver.messages.slice(before.get(receiver)).filter((one) => !one.includes('Error L10')).length +
    sum(missed(receiver));
  await expect.poll(() => Math.abs(all(http) - all(syslog)), WAIT).toBeLessThanOrEqual(2);
  await expect.poll(() => numbers(http).length + sum(missed(http)), WAIT).toBeGreaterThanOrEqual(3_000);
});
