import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../cli/catalogue.ts';
import type { CommandSpec } from '../../cli/command.ts';
import { goesOn, schemaOf, SHAPES } from '../../cli/output-shapes.ts';
import { CALLS } from '../support/command-calls.ts';
import { openTestCli } from '../support/test-cli.ts';

const commands = CATALOGUE.flatMap((topic) => topic.commands);
/** Commands about one of what an in-memory platform never has any: nothing is delivered to webhooks. */
const ELSEWHERE: readonly string[] = ['webhooks:deliveries:info', 'webhooks:events:info'];

const printing = commands.filter(({ name, prints }) => prints !== null && !ELSEWHERE.includes(name));

describe.each(printing.map((command): [string, CommandSpec] => [command.name, command]))(
  'gantry %s --json',
  (name, command) => {
    it('prints what the documentation says, and nothing besides', async () => {
      const { prints } = command;
      if (prints === null) throw new Error('it prints nothing');
      await using cli = await openTestCli();
      const { args = [], given = {} } = (await CALLS[name]?.(cli)) ?? {};
      const app = command.onApp ? ['-a', 'demo'] : [];
      const { code, out, err } = await cli.gantry([name, '--json', ...app, ...args], given);
      expect(`${code} ${err}`).toMatch(/^0/);
      const values = (goesOn(prints) ? out.trimEnd().split('\n') : [out]).map(
        (text) => JSON.parse(text) as unknown,
      );
      for (const value of values) expect(schemaOf(prints).parse(value)).toEqual(value);
    });
  },
);

it('tells a failure as JSON with the id of the API, below what was said on the way', async () => {
  await using cli = await openTestCli();
  const refused = await cli.gantry(['ps', '-a', 'nowhere', '--json']);
  expect([refused.code, refused.out]).toEqual([1, '']);
  expect(SHAPES.Failure.parse(JSON.parse(refused.err)).error).toMatchObject({
    id: 'not_found',
    resource: 'app',
    request_id: expect.stringMatching(/./) as string,
  });
  const unset = await cli.gantry(['config:unset', 'NOPE', '-a', 'demo', '--json', '--bogus']);
  expect(JSON.parse(unset.err)).toMatchObject({ error: { id: 'usage' } });
  const missing = await cli.gantry(['config:get', 'NOPE', '-a', 'demo', '--json']);
  expect([missing.code, JSON.parse(missing.err)]).toMatchObject([1, { error: { id: 'failed' } }]);
});

it('knows no call of a command that is not there', () => {
  const names = printing.map(({ name }) => name);
  expect(Object.keys(CALLS).filter((name) => !names.includes(name))).toEqual([]);
});
