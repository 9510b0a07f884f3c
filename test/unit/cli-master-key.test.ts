import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFakeTerminal } from '../support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';
import { until } from '../support/until.ts';

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

describe('the master key', () => {
  it('is shown by name, with how far its rotation is', async () => {
    expect((await cli.gantry(['master-key'])).out).toBe('Master key  0\n');
    await cli.door.world.masterKey.renew();
    const { out } = await cli.gantry(['master-key']);
    expect(out).toBe('Master key          1\nTakes the place of  0\nStill to be sealed  0\n');
  });

  it('is rotated when all is sealed with the new one, and not before', async () => {
    const terminal = createFakeTerminal('');
    let ended = false;
    const rotating = cli.gantry(['master-key:rotate'], { terminal }).finally(() => (ended = true));
    await until(() => Promise.resolve(terminal.err().includes('Sealing all secrets')), 5_000);
    expect(cli.door.world.masterKey.ids()).toEqual(['1', '0']);
    await cli.gantry(['master-key']);
    expect(ended).toBe(false);
    await cli.door.world.masterKey.forgetFormer();
    expect((await rotating).code).toBe(0);
    expect(terminal.err()).toContain(
      'All secrets are sealed with master key 1; the former one opens nothing.',
    );
  });

  it('is rotated in the background when nobody wants to wait', async () => {
    const { code, err } = await cli.gantry(['master-key:rotate', '--no-wait']);
    expect({ code, err }).toEqual({
      code: 0,
      err: 'Sealing all secrets with master key 1; gantry master-key shows how far it is.\n',
    });
  });

  it('is nobody’s business who is no administrator', async () => {
    const env = { GANTRY_API_URL: cli.door.url, GANTRY_API_KEY: cli.door.world.otherToken };
    for (const args of [['master-key'], ['master-key:rotate']]) {
      const { code, err } = await cli.gantry(args, { env });
      expect([code, err]).toEqual([1, expect.stringContaining('Only an administrator of the platform')]);
    }
    expect(cli.door.world.masterKey.ids()).toEqual(['0']);
  });
});
