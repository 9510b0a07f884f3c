import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failure } from '../../server/contract/resources.ts';
import type { Endpoint } from '../../server/contract/endpoint.ts';
import { ENDPOINTS } from '../../server/contract/endpoints/all.ts';
import { openTestDoor, type TestDoor } from '../support/fake-door.ts';
import { bodyFor, hostileText } from '../support/schema-arbitrary.ts';

let door: TestDoor;
beforeAll(async () => {
  door = await openTestDoor({ requestsPerHour: 1_000_000 });
});
afterAll(() => door[Symbol.asyncDispose]());

/** Words that lead somewhere in a path, so that not every call ends at its first name. */
const KNOWN = ['demo', 'web', 'web.1', 'v1', '1', 'main', 'gantry', '~', 'small', 'local'];
const pathWord = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...KNOWN) },
  { weight: 1, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: hostileText.filter((text) => text !== '') },
);

function pathFor({ path }: Endpoint): fc.Arbitrary<string> {
  const names = [...path.matchAll(/[:*]\w+/g)].map(([name]) => name);
  return fc.tuple(...names.map(() => pathWord)).map((words) => {
    let filled = path;
    names.forEach((name, at) => (filled = filled.replace(name, () => escaped(words[at] ?? 'x'))));
    return filled;
  });
}

/** Lone surrogates cannot be escaped, so they cannot be sent. */
function escaped(word: string): string {
  return encodeURIComponent(Buffer.from(word).toString()).replace(/^\.{1,2}$/, '%2e');
}

const headerFor = fc.record(
  {
    range: fc.oneof(fc.constantFrom('id ..', 'name a..; max=1', 'version ..; order=desc,max=2'), fc.string()),
    'request-id': fc.oneof(fc.uuid(), fc.string()),
    'if-none-match': fc.constantFrom('*', '"x"', ''),
    accept: fc.constantFrom('application/vnd.heroku+json; version=3', '*/*', 'text/html'),
  },
  { requiredKeys: [] },
);

describe('whatever is sent to it,', () => {
  // A stream of events has no end to wait for; its test is its own.
  it.each(
    ENDPOINTS.filter(({ streams }) => streams === undefined).map(
      (one) => [`${one.method} ${one.path}`, one] as const,
    ),
  )('%s answers what it says, or refuses in a sentence [S-INJ-01]', async (_, endpoint) => {
    const calls = fc.tuple(pathFor(endpoint), bodyFor(endpoint.body), headerFor);
    await fc.assert(
      fc.asyncProperty(calls, async ([path, body, headers]) => {
        // Each time somebody new, because a call may end the very token it is made with.
        const { token } = door.world.addUser(`${randomUUID()}@example.com`, { admin: true });
        if (!door.world.apps.has('demo')) door.world.deployed('demo');
        const printable = Object.fromEntries(
          Object.entries(headers).filter(([, value]) => /^[\x20-\x7e]*$/.test(value)),
        );
        const answer = await door.call(endpoint.method, path, {
          token,
          headers: printable,
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        expect(answer.status, answer.text).toBeLessThan(500);
        if (answer.status >= 400) {
          const { id, message } = failure.parse(answer.body);
          expect(id).toMatch(/^[a-z_]+$/);
          expect(message).toMatch(/[^.]\.$|[^.]…$/);
        }
      }),
      { numRuns: 25 },
    );
  });
});
