import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TIME } from '../support/fake-app.ts';
import { createFakeTerminal } from '../support/fake-terminal.ts';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

/** A regular expression alone matches anything inside `toMatchObject`. */
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

let cli: TestCli;
const WAIT = { timeout: 5_000, interval: 10 };

beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

describe('logs', () => {
  beforeEach(() => {
    const line = { at: TIME, source: 'app' as const, instance: 'web.1' };
    cli.door.world.apps
      .get('demo')
      ?.lines.push({ ...line, text: 'one' }, { ...line, text: 'two\u001b[2J\u0007' });
  });

  it('show what was printed, and never send its control characters to the screen', async () => {
    expect((await cli.gantry(['logs', '-a', 'demo'])).out).toBe(
      '2026-11-21T10:00:00.000000+00:00 app[web.1]: one\n2026-11-21T10:00:00.000000+00:00 app[web.1]: two␛[2J␇\n',
    );
  });

  it('are one JSON object per line when asked for', async () => {
    const { out } = await cli.gantry(['logs', '-a', 'demo', '-n', '1', '--json']);
    expect(JSON.parse(out)).toEqual({
      at: '2026-11-21T10:00:00.000000+00:00',
      source: 'app',
      instance: 'web.1',
      text: 'two\u001b[2J\u0007',
    });
  });

  it('go on with --tail when the connection breaks, repeating and losing nothing', async () => {
    const { logs } = cli.door.world.services;
    const read = logs.read.bind(logs);
    let sessions = 0;
    Object.assign(logs, {
      read(...[actor, app, query, signal]: Parameters<typeof read>) {
        sessions += 1;
        // The first stream ends in the middle, as when the server is restarted.
        return read(actor, app, { ...query, follow: sessions > 1 }, signal);
      },
    });
    const interrupt = new AbortController();
    const terminal = createFakeTerminal('');
    const call = cli.gantry(['logs', '--tail', '-a', 'demo'], { signal: interrupt.signal, terminal });
    await vi.waitFor(() => expect(terminal.out()).toContain('two'), WAIT);
    cli.door.world.apps
      .get('demo')
      ?.lines.push({ at: TIME, source: 'app', instance: 'web.1', text: 'three' });
    await vi.waitFor(() => expect(terminal.out()).toContain('three'), WAIT);
    interrupt.abort(new Error('interrupted'));
    const called = await call;
    expect(called.code).toBe(130);
    expect(sessions).toBe(2);
    expect(called.out.match(/: (\w+)/g)).toEqual([': one', ': two', ': three']);
  });

  it('take any number of lines, and refuse what is none', async () => {
    for (const num of ['-1', 'x', '1e3']) {
      expect(await cli.gantry(['logs', '-a', 'demo', '-n', num])).toMatchObject({
        code: 2,
        err: matching(/--num must be/),
      });
    }
    expect(await cli.gantry(['logs', '-a', 'demo', '-n', '0'])).toMatchObject({ code: 0, out: '' });
    expect((await cli.gantry(['logs', '-a', 'demo', '-n', '99999'])).out).not.toBe('');
  });
});
