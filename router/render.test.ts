import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from '../lib/secret.ts';
import { createTickets } from './affinity.ts';
import { hostname, routingTable, type RoutingTable } from './contract.ts';
import { emptyState, plan } from './placement.ts';
import type { Pool } from './pool.ts';
import { bindsPort, renderFixed, renderState, type Files, type Settings } from './render.ts';
import { commandsBetween, wantedRuntime } from './runtime.ts';
import { NO_BUNDLES } from './tls.ts';

const SETTINGS: Settings = {
  version: '2.6.12-1+deb12u4',
  ipv6: true,
  httpPort: 8080,
  httpsPort: 8443,
  jail: '/srv/gantry/run/haproxy',
  user: 'haproxy',
  probeDigest: 'A'.repeat(64),
  threads: 1,
  openFiles: 65_536,
  hardStopAfterMs: 300_000,
};

const ticketOf = createTickets(new Secret('a secret of the tests'));

const SMALL: Pool = [
  { first: 0, count: 3, slots: 4 },
  { first: 3, count: 1, slots: 16 },
];

const server = (n: number) => ({ id: `web-${n}`, address: `10.1.0.${n}`, port: 5000 });

const TABLES: Readonly<Record<string, RoutingTable['routes']>> = {
  empty: [],
  'two-apps': [
    {
      app: 'a1',
      hosts: ['hello.localhost', 'www.example.com', '*.example.com'],
      affinity: true,
      serving: { key: 'v2', servers: [server(1), server(2)] },
      staged: { key: 'v3', servers: [server(3)] },
    },
    { app: 'b2', hosts: ['asleep.localhost'], tlsHosts: ['localhost'], serving: null, staged: null },
    { app: 'c3', hosts: ['worked-on.localhost'], maintenance: true, serving: null, staged: null },
  ],
  large: [
    {
      app: 'a1',
      hosts: ['hello.localhost'],
      serving: { key: 'v1', servers: Array.from({ length: 9 }, (_, n) => server(n + 1)) },
      staged: null,
    },
  ],
};

function render(routes: RoutingTable['routes'], settings = SETTINGS): Files {
  const state = plan({ ...emptyState(), pool: [...SMALL] }, { version: { epoch: 1, seq: 1 }, routes }, 0);
  return new Map([
    ...renderFixed(settings, state.pool, (slot) => `/srv/gantry/run/haproxy-${slot}-1.sock`),
    ...renderState(state, NO_BUNDLES, ticketOf),
  ]);
}

describe('golden files', () => {
  for (const [name, routes] of Object.entries(TABLES))
    it(`renders the table ${name}`, async () => {
      for (const [file, text] of render(routes))
        if (!file.startsWith('certificates/'))
          await expect(text).toMatchFileSnapshot(`../test/fixtures/router/${name}/${file}`);
    });

  it('gives HAProxy neither a user nor a jail when the router is not root', async () => {
    const files = render([], { ...SETTINGS, user: null });
    await expect(files.get('process-1.cfg')).toMatchFileSnapshot(
      '../test/fixtures/router/not-root/process-1.cfg',
    );
  });
});

it('listens on IPv6 where the kernel has it', () => {
  const binds = (ipv6: boolean): string[] =>
    render([], { ...SETTINGS, ipv6 })
      .get('process-0.cfg')
      ?.split('\n')
      .filter((line) => line.startsWith('  bind :'))
      .map((line) => line.split(' ssl ')[0] ?? '') ?? [];
  expect(binds(true)).toEqual([
    '  bind :8080',
    '  bind :::8080 v6only',
    '  bind :8443 name tls',
    '  bind :::8443 v6only name tls',
  ]);
  expect(binds(false)).toEqual(['  bind :8080', '  bind :8443 name tls']);
});

it('knows which ports a configuration listens on', () => {
  const text = render([]).get('process-0.cfg') ?? '';
  expect([8080, 8443, 808, 84, 443].map((port) => bindsPort(text, port))).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});

it('is another configuration for another HAProxy', () => {
  expect(render([], { ...SETTINGS, version: '3.0.1' }).get('process-0.cfg')).not.toBe(
    render([]).get('process-0.cfg'),
  );
});

it('leaves every connection that the checks of a large pool do not need to visitors, and never less than a thousand', () => {
  const maxconn = (openFiles: number): number => {
    const files = renderFixed({ ...SETTINGS, openFiles }, [{ first: 0, count: 1000, slots: 4 }], () => '/s');
    return Number(/maxconn (\d+)\n {2}no strict/.exec(files.get('process-0.cfg') ?? '')?.[1]);
  };
  expect([maxconn(1_000_000), maxconn(20_000), maxconn(4_096)]).toEqual([10_000, 7_750, 1_000]);
});

const nasty = fc.stringMatching(/^[ \n\r\t;#"'\\$%|&<>@:/.*a-z0-9-]{0,12}$/);

it('cannot be made to say anything to HAProxy by what is in a table [S-INJ-07]', () => {
  const word = fc.oneof(
    nasty,
    fc.constantFrom('a', 'a-b', 'x1', '*.a.b', 'a.b', '10.0.0.1', 'é', '\0', 'a\nb', 'a b'),
  );
  const backend = fc.record({
    key: word,
    servers: fc.array(fc.record({ id: word, address: word, port: fc.integer() }), { maxLength: 2 }),
  });
  const routes = fc.array(
    fc.record({
      app: word,
      hosts: fc.array(word, { maxLength: 3 }),
      serving: fc.option(backend),
      staged: fc.option(backend),
      tlsHosts: fc.array(word, { maxLength: 2 }),
      certificates: fc.array(fc.record({ host: word, digest: word }), { maxLength: 1 }),
      maintenance: fc.boolean(),
      affinity: fc.boolean(),
    }),
    { maxLength: 3 },
  );
  fc.assert(
    fc.property(routes, (given) => {
      const parsed = routingTable.safeParse({ version: { epoch: 1, seq: 1 }, routes: given });
      if (!parsed.success) return;
      const empty = { ...emptyState(), pool: [...SMALL] };
      const state = plan(empty, parsed.data, 0);
      for (const { line } of commandsBetween(
        wantedRuntime(empty),
        wantedRuntime(state, NO_BUNDLES, ticketOf),
      ))
        expect(line).toMatch(
          /^(set server p\d{5}\/s\d+ (addr \d+(\.\d+){3} port \d+|state (ready|maint)|health up)|(add|set|del) map [a-z]+\.map (p\d{5}\/)?[a-z0-9.-]+( [a-z0-9-]+)?)$/,
        );
      for (const [name, text] of renderState(state, NO_BUNDLES, ticketOf)) {
        if (name.startsWith('certificates')) expect(text).toMatch(/^(certificates\/[a-z0-9]+\.pem\n)?$/);
        else if (name.endsWith('.map')) expect(text).toMatch(/^((p\d{5}\/)?[a-z0-9.-]+ [a-z0-9-]+\n)*$/);
        else
          expect(text).toMatch(
            /^(backend p\d{5} from pool\n {2}id \d{5}\n {2}use-server [^\n]+\n( {2}server s\d+ \d+(\.\d+){3}:\d+( disabled)?\n)+)*$/,
          );
      }
    }),
    { numRuns: 2_000 },
  );
});

it('takes only canonical host names [S-INJ-07]', () => {
  for (const good of ['a', 'a.b', '*.a.b', 'x-1.example.com', '1.2'])
    expect(hostname.safeParse(good).success, good).toBe(true);
  for (const bad of [
    '',
    'A.b',
    'a.',
    '.a',
    'a..b',
    '-a',
    'a-',
    '*',
    '*.',
    'a.*.b',
    'a_b',
    'a b',
    'a:80',
    'a;b',
    'a\n',
    '#a',
    `${'a'.repeat(64)}.b`,
    'ü.de',
  ])
    expect(hostname.safeParse(bad).success, bad).toBe(false);
});
