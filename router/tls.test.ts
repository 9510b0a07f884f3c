import { beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, digestOf, readKeyPair } from '../lib/key-pair.ts';
import { issue } from '../test/support/certificates.ts';
import type { Command } from './commands.ts';
import { bundle, type RoutingTable } from './contract.ts';
import { emptyState, plan, type RouterState } from './placement.ts';
import { parseTls, renderTls, tlsCommands, wantedTls, type Bundles, type Tls } from './tls.ts';

const texts = new Map<string, string>();
let standard = '';
let renewed = '';

async function makeBundle(name: string): Promise<string> {
  const issued = await issue({ names: [name] });
  const read = readKeyPair(issued.certificate, issued.key, new Date());
  if ('problem' in read) throw new Error(read.problem);
  return bundleOf(read.pair);
}

beforeAll(async () => {
  [standard, renewed] = await Promise.all([makeBundle('standard'), makeBundle('standard')]);
  for (const name of ['one', 'two']) texts.set(name, await makeBundle(name));
});

const digestOfNamed = (name: string): string => digestOf(texts.get(name) ?? '');
const bundles = (own: string): Bundles => ({
  standard: own,
  of: (digest) => [...texts.values()].find((text) => digestOf(text) === digest),
});

type Routes = RoutingTable['routes'];
const stateOf = (routes: Routes): RouterState =>
  plan(emptyState(), { version: { epoch: 1, seq: 1 }, routes }, 0);
const route = (app: string, hosts: string[], certificates: Record<string, string>): Routes[number] => ({
  app,
  hosts,
  certificates: Object.entries(certificates).map(([host, name]) => ({ host, digest: digestOfNamed(name) })),
  serving: null,
  staged: null,
});

interface Simulated {
  standard: string;
  readonly files: Map<string, string | null>;
  pending: string | null;
}

function must(so: boolean, otherwise: string): void {
  if (!so) throw new Error(otherwise);
}

const ACTS: Readonly<Record<string, (now: Simulated, name: string, payload: string) => void>> = {
  'abort cert': (now) => (now.pending = null),
  'new cert': (now, name) => {
    must(!now.files.has(name), `${name} exists`);
    now.files.set(name, null);
  },
  'set cert': (now, name, payload) => {
    must(now.pending === null, 'a transaction is open');
    expect(bundle.safeParse({ pem: payload }).success).toBe(true);
    now.pending = name;
    if (name.endsWith('standard.pem')) now.standard = wantedTls(emptyState(), bundles(payload)).standard;
  },
  'commit cert': (now, name) => {
    must(now.pending === name, 'no such transaction');
    now.pending = null;
  },
  'add crt-list': (now, _list, payload) => {
    const [file = '', host = ''] = payload.trimEnd().split(' ');
    must(now.files.get(file) === null, `${file} is not loaded, or listed already`);
    now.files.set(file, host);
  },
  'del crt-list': (now, name) => {
    must(typeof now.files.get(name) === 'string', `${name} is not listed`);
    now.files.set(name, null);
  },
  'del cert': (now, name) => {
    must(now.files.get(name) === null, `${name} is in use or not there`);
    now.files.delete(name);
  },
};

/** HAProxy as far as we use it: one transaction at a time, nothing twice, nothing removed that is in use. */
function simulate(from: Tls, commands: readonly Command[]): Tls {
  const now: Simulated = { ...from, files: new Map(from.files) };
  for (const { line, payload = '' } of commands) {
    const [verb = '', , what = '', ...names] = line.split(' ');
    const act = ACTS[`${verb} ${what}`];
    if (!act) throw new Error(`unknown command ${line}`);
    act(now, names.at(-1) ?? '', payload);
  }
  return now;
}

function moved(from: Tls, state: RouterState, own = standard): Tls {
  const rendered = renderTls(state, bundles(own));
  const { put, drop } = tlsCommands(from, wantedTls(state, bundles(own)), (file) => rendered.get(file) ?? '');
  return simulate(from, [...put, ...drop]);
}

describe('certificates of a process', () => {
  it('come, change hands, are renewed and go, in steps that HAProxy takes', () => {
    const nothing = wantedTls(emptyState(), bundles(standard));
    const first = stateOf([
      route('a', ['a.example', 'b.example'], { 'a.example': 'one', 'b.example': 'one' }),
    ]);
    const second = stateOf([
      route('a', ['a.example', '*.c.example'], { 'a.example': 'two', '*.c.example': 'one' }),
    ]);
    const a = moved(nothing, first);
    expect(a).toEqual(wantedTls(first, bundles(standard)));
    expect([...a.files.values()].toSorted()).toEqual(['a.example', 'b.example']);
    const b = moved(a, second, renewed);
    expect(b).toEqual(wantedTls(second, bundles(renewed)));
    expect(b.standard).not.toBe(a.standard);
    expect(moved(b, emptyState(), renewed).files.size).toBe(0);
  });

  it('are put right when somebody went away in the middle', () => {
    const state = stateOf([route('a', ['a.example'], { 'a.example': 'one' })]);
    const wanted = wantedTls(state, bundles(standard));
    const [file = ''] = wanted.files.keys();
    const torn: Tls = {
      standard: 'AB',
      files: new Map([
        [file, null],
        ['certificates/x.pem', null],
      ]),
      pending: file,
    };
    expect(moved(torn, state)).toEqual(wanted);
  });

  it('are only for hosts of the route itself, and only those the router holds', () => {
    const state = stateOf([
      route('a', ['a.example'], {}),
      route('b', ['b.example', 'c.example'], { 'a.example': 'one', 'b.example': 'one', 'c.example': 'lost' }),
    ]);
    expect([...wantedTls(state, bundles(standard)).files.values()]).toEqual(['b.example']);
  });

  it('stand in a list on disk after the files it names, the platform’s own first', () => {
    const files = [
      ...renderTls(stateOf([route('a', ['a.example'], { 'a.example': 'one' })]), bundles(standard)),
    ];
    expect(files.map(([name]) => name)).toEqual([
      'certificates/standard.pem',
      expect.stringMatching(/^certificates\/[0-9a-f]{40}\.pem$/),
      'certificates.list',
    ]);
    expect(files.at(-1)?.[1]).toMatch(
      /^certificates\/standard\.pem\ncertificates\/[0-9a-f]{40}\.pem a\.example\n$/,
    );
  });
});

it('reads what HAProxy shows', () => {
  const all =
    '# transaction\n*certificates/b.pem\n# filename\ncertificates/a.pem\ncertificates/b.pem\ncertificates/standard.pem';
  const listed = '# certificates.list\ncertificates/standard.pem\ncertificates/a.pem *.a.example';
  const own = `Filename: certificates/standard.pem\nSHA1 FingerPrint: ${'0A'.repeat(20)}\nSubject: /CN=x`;
  expect(parseTls([all, listed, own])).toEqual({
    standard: '0A'.repeat(20),
    files: new Map([
      ['certificates/a.pem', '*.a.example'],
      ['certificates/b.pem', null],
    ]),
    pending: 'certificates/b.pem',
  });
});

it('takes no bundle with anything in it but PEM', () => {
  const good = texts.get('one') ?? '';
  expect(bundle.safeParse({ pem: good }).success).toBe(true);
  for (const bad of [
    `${good}\n`,
    `\n${good}`,
    good.replace('\n', '\n\n'),
    `${good}show info\n`,
    `${good};`,
    '',
  ])
    expect(bundle.safeParse({ pem: bad }).success, JSON.stringify(bad.slice(-30))).toBe(false);
});
