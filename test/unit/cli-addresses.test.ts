import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestCli, type TestCli } from '../support/test-cli.ts';

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

describe('apps:exists', () => {
  it('answers by its exit code', async () => {
    expect(await cli.gantry(['apps:exists', 'demo'])).toMatchObject({ code: 0, out: '', err: '' });
    expect(await cli.gantry(['apps:exists', '-a', 'demo'])).toMatchObject({ code: 0, out: '', err: '' });
    const missing = await cli.gantry(['apps:exists', 'nowhere']);
    expect(missing).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^Error: .*app/) as unknown,
    });
  });
});

describe('apps:urls', () => {
  it('are the address of the app itself, then those at its domains', async () => {
    for (const host of ['www.example.com', '*.example.org'])
      await cli.gantry(['domains:add', host, '-a', 'demo']);
    const own = (await cli.gantry(['apps:info', '-s', '-a', 'demo'])).out.match(/^web_url=(.*)$/m)?.[1] ?? '';
    const { out } = await cli.gantry(['urls', 'demo']);
    expect(out).toBe(`${own}\n${own.replace(new URL(own).hostname, 'www.example.com')}\n`);
    expect((await cli.gantry(['urls', '--own', '-a', 'demo'])).out).toBe(`${own}\n`);
  });
});
