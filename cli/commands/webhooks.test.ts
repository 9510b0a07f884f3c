import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TIME } from '../../test/support/fake-app.ts';
import { createFakeTerminal } from '../../test/support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../../test/support/test-cli.ts';
import type { WebhookDelivery } from '../../server/ports/webhooks.ts';
import { widthOf } from '../width.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const ON = ['-a', 'demo'];
const ID = '01234567-89ab-4cde-8f01-23456789abcd';

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const delivery = (seq: number, status: WebhookDelivery['status']): WebhookDelivery => ({
  ...{ seq, id: ID.replace(/^.{8}/, String(seq).padStart(8, '0')), status, attempts: 3, nextAt: null },
  event: { id: ID, include: 'api:release' },
  webhook: { id: ID, level: 'notify' },
  last: { id: ID, code: 503, error: 'HTTP 503', at: TIME },
  ...{ createdAt: TIME, updatedAt: TIME },
});

/** As a list on a screen that is so wide. */
async function lines(columns: number, ...args: string[]): Promise<string[]> {
  const terminal = { ...createFakeTerminal(''), columns };
  const { code, out, err } = await cli.gantry([...args, ...ON], { terminal });
  expect(`${code} ${err}`).toMatch(/^0/);
  return out.trimEnd().split('\n');
}

beforeEach(async () => {
  const told = [delivery(1, 'succeeded'), delivery(2, 'failed'), delivery(3, 'failed')];
  Object.assign(cli.door.world.services.webhooks, { deliveries: () => Promise.resolve(told) });
  const url = 'https://hooks.example.com/a/rather/long/path/for/a/narrow/screen';
  await cli.gantry(['webhooks:add', '-i', 'api:release,api:build', '-l', 'notify', '-u', url, ...ON]);
});

describe.each([['webhooks'], ['webhooks:deliveries']])('the list of %s', (name) => {
  it.each([40, 60, 80, 120, 200])('fits a screen of %i columns', async (columns) => {
    for (const line of await lines(columns, name)) expect(widthOf(line), line).toBeLessThanOrEqual(columns);
  });

  it('says whole which is which, on a narrow screen as on a wide one', async () => {
    expect((await lines(40, name))[0]).toMatch(/^=== [0-9a-f-]{36}$/);
    expect(await lines(120, name)).toEqual(
      expect.arrayContaining([matching(/^Id /), matching(/^[0-9a-f-]{36} {2}\S/)]),
    );
  });
});

describe('deliveries', () => {
  it('are those of a status, chosen by the server', async () => {
    const failed = await cli.gantry(['webhooks:deliveries', '-s', 'failed', '-j', ...ON]);
    expect(JSON.parse(failed.out)).toMatchObject([
      { id: matching(/^00000003/), status: 'failed' },
      { id: matching(/^00000002/), status: 'failed' },
    ]);
    expect(await cli.gantry(['webhooks:deliveries', '-s', 'pending', ...ON])).toMatchObject({
      out: '',
      err: 'None is pending.\n',
    });
    const path = '/apps/demo/webhook-deliveries?eq[status]=succeeded';
    expect((await cli.door.call('GET', path)).body).toMatchObject([{ status: 'succeeded' }]);
  });

  it('have no status that nobody knows', async () => {
    expect(await cli.gantry(['webhooks:deliveries', '-s', 'lost', ...ON])).toMatchObject({
      code: 2,
      out: '',
      err: matching(/--status must be one of pending, .*succeeded, not lost\./),
    });
    const path = '/apps/demo/webhook-deliveries?eq[status]=lost';
    expect(await cli.door.call('GET', path)).toMatchObject({ status: 422, body: { id: 'invalid_params' } });
  });
});
