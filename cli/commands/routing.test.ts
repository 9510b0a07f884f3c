import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issue, type Issued } from '../../test/support/certificates.ts';
import { openTestCli, type TestCli } from '../../test/support/test-cli.ts';
import { attach } from '../programs.ts';

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const ON = ['-a', 'demo'];

let cli: TestCli;
beforeEach(async () => {
  cli = await openTestCli();
});
afterEach(() => cli[Symbol.asyncDispose]());

const ok = async (...args: string[]): Promise<string> => {
  const { code, out, err } = await cli.gantry([...args, ...ON]);
  expect(`${code} ${err}`).toMatch(/^0/);
  return out;
};
const json = async (...args: string[]): Promise<unknown> =>
  JSON.parse(await ok(...args, '--json')) as unknown;

describe('domains', () => {
  it('are added with the target of their DNS, shown, and removed', async () => {
    const added = await cli.gantry(['domains:add', 'www.example.com', ...ON]);
    expect(added).toMatchObject({
      code: 0,
      out: 'demo.localhost\n',
      err: matching(/lead to demo\.localhost/),
    });
    await ok('domains:add', 'example.com', '--wait');
    const listed = await ok('domains');
    expect(listed).toMatch(/^=== demo: its own address\ndemo\.localhost\n\n=== demo: domains\nDomain name /);
    expect(listed).toMatch(/^www\.example\.com {2}CNAME {11}demo\.localhost$/m);
    expect(listed).toMatch(/^example\.com {6}ALIAS or ANAME {2}demo\.localhost$/m);
    expect(await ok('domains:info', 'www.example.com')).toMatch(/^DNS +CNAME to demo\.localhost$/m);
    expect(await json('domains:wait')).toHaveLength(3);
    await ok('domains:remove', 'www.example.com');
    expect(await json('domains')).toHaveLength(2);
  });

  it('are printed as CSV for spreadsheets, custom ones only', async () => {
    await ok('domains:add', 'www.example.com');
    expect(await ok('domains', '--csv')).toBe(
      'Domain name,DNS record,DNS target,Certificate\nwww.example.com,CNAME,demo.localhost,\n',
    );
  });

  it('are chosen, ordered and shown as heroku does it', async () => {
    for (const host of ['www.example.com', 'example.com', 'b.example.org']) await ok('domains:add', host);
    const filtered = ['domains', '--filter', 'Domain Name=example.com'];
    expect(
      await ok(...filtered, '--columns', 'Domain Name,DNS Record Type', '--csv', '--sort', 'hostname'),
    ).toBe('Domain name,DNS record\nexample.com,ALIAS or ANAME\nwww.example.com,CNAME\n');
    expect(await json(...filtered)).toHaveLength(2);
    expect(await ok('domains', '-x')).toMatch(/^Domain name .*Certificate +Status$/m);
    const nothing = await cli.gantry(['domains', '--filter', 'hostname=nope', ...ON]);
    expect(nothing).toMatchObject({ code: 0, err: 'It has no such domains.\n' });
    expect(nothing.out).toBe('=== demo: its own address\ndemo.localhost\n');
    expect(await cli.gantry(['domains', '--sort', 'port', ...ON])).toMatchObject({
      code: 2,
      err: matching(/no column port; there are Domain name, DNS record,/),
    });
  });

  it('are cleared only by whoever says the name of the app', async () => {
    await ok('domains:add', 'www.example.com');
    const asked = await cli.gantry(['domains:clear', ...ON]);
    expect(asked).toMatchObject({ code: 2, err: matching(/www\.example\.com.*--confirm demo/) });
    expect(await json('domains')).toHaveLength(2);
    await ok('domains:clear', '--confirm', 'demo');
    expect(await json('domains')).toHaveLength(1);
    expect((await cli.gantry(['domains:clear', ...ON])).err).toBe('demo has no domains.\n');
  });

  it('that are not there, or cannot be, are told in a sentence', async () => {
    expect(await cli.gantry(['domains:info', 'no.example.com', ...ON])).toMatchObject({
      code: 1,
      err: matching(/^Error: .*no\.example\.com/),
    });
    expect(await cli.gantry(['domains:add', 'a b', ...ON])).toMatchObject({ code: 1, out: '' });
    expect(await cli.gantry(['domains:update', 'x.example.com', ...ON])).toMatchObject({
      code: 2,
      err: matching(/--cert NAME/),
    });
  });
});

describe('certificates', () => {
  let site: Issued;
  beforeAll(async () => {
    const names = ['www.example.com', '*.apps.example.com'];
    site = await issue({ names, since: '20200101000000Z' });
  });
  const files = async (): Promise<[string, string]> => {
    const [crt, key] = [join(cli.home, 'site.crt'), join(cli.home, 'site.key')];
    await writeFile(crt, site.certificate);
    await writeFile(key, site.key);
    return [crt, key];
  };
  const nameOf = async (): Promise<string> => ((await json('certs:info')) as { name: string }).name;

  it('are shown at once by the domains they are good for that have none yet', async () => {
    for (const host of ['www.example.com', 'a.apps.example.com', 'other.example.com', '*.apps.example.com'])
      await ok('domains:add', host);
    const added = await cli.gantry(['certs:add', ...(await files()), ...ON]);
    expect(added).toMatchObject({ code: 0, err: matching(/Visitors of www\.example\.com are shown it now/) });
    expect(added.out).toMatch(/^For +www\.example\.com, \*\.apps\.example\.com$/m);
    expect(added.out).not.toContain('PRIVATE KEY');
    const name = await nameOf();
    const domains = (await json('domains')) as { hostname: string; sni_endpoint: { name: string } | null }[];
    expect(
      Object.fromEntries(domains.map(({ hostname, sni_endpoint: shown }) => [hostname, shown?.name])),
    ).toEqual({
      'demo.localhost': undefined,
      '*.apps.example.com': name,
      'a.apps.example.com': name,
      'other.example.com': undefined,
      'www.example.com': name,
    });
    expect(await ok('certs')).toMatch(/^Name +For +Ends +Trusted +Domains\n\S+ +www\..* no +3\n$/);
  });

  it('are left alone when that is declined, and attached by hand', async () => {
    await ok('domains:add', 'www.example.com');
    await ok('certs:add', ...(await files()), '--no-attach');
    expect(await ok('certs:info')).toMatch(/Shown by +no domain/);
    await ok('domains:update', 'www.example.com', '--cert', await nameOf());
    expect(await ok('certs:info')).toMatch(/Shown by +www\.example\.com/);
    await ok('domains:update', 'www.example.com', '--no-cert');
    expect(await ok('certs:info')).toMatch(/Shown by +no domain/);
  });

  it('come on standard input too, chain and key in any order', async () => {
    for (const input of [site.key + site.certificate, site.certificate + site.key]) {
      expect(await cli.gantry(['certs:add', ...ON], { input })).toMatchObject({ code: 0 });
    }
    expect(await cli.gantry(['certs:add', ...ON], { input: site.certificate })).toMatchObject({
      code: 2,
      err: matching(/holds no private key/),
    });
    expect(await cli.gantry(['certs:info', ...ON])).toMatchObject({
      code: 2,
      err: matching(/several certificates; say which with --name/),
    });
  });

  it('are replaced and removed only by whoever says the name of the app', async () => {
    await ok('certs:add', ...(await files()));
    const again = await files();
    for (const args of [['certs:update', ...again], ['certs:remove']]) {
      expect(await cli.gantry([...args, ...ON])).toMatchObject({ code: 2, err: matching(/--confirm demo/) });
      expect(await cli.gantry([...args, '--confirm', 'other', ...ON])).toMatchObject({ code: 2 });
      expect(await ok(...args, '--confirm', 'demo')).not.toContain('PRIVATE KEY');
    }
    expect((await cli.gantry(['certs', ...ON])).err).toContain('has no certificates');
    expect(await cli.gantry(['certs:info', ...ON])).toMatchObject({ code: 1 });
  });

  it('are named by --endpoint, too, and by -c the name of the app again', async () => {
    for (let i = 0; i < 2; i += 1) await ok('certs:add', ...(await files()), '--no-attach');
    const [first] = (await json('certs')) as { name: string }[];
    const name = first?.name ?? '';
    expect(await json('certs:info', '--endpoint', name)).toMatchObject({ name });
    await ok('certs:remove', '--endpoint', name, '-c', 'demo');
    expect(await json('certs')).toHaveLength(1);
  });

  it('need both files, that are there', async () => {
    const [crt] = await files();
    expect(await cli.gantry(['certs:add', crt, ...ON])).toMatchObject({
      code: 2,
      err: matching(/two files/),
    });
    expect(await cli.gantry(['certs:add', crt, 'none.key', ...ON])).toMatchObject({
      code: 1,
      err: matching(/There is no file none\.key/),
    });
    expect(cli.door.world.writes).toEqual([]);
  });

  it.each([
    [['--selfsigned'], 'crt'],
    [['--keysize', '2048', '--owner', 'A/B=C+D', '--country', 'DE'], 'csr'],
  ])('are generated with %j, and never over a key that is there', async (options, kind) => {
    const call = ['certs:generate', '*.example.com', ...options];
    const made = await cli.gantry(call, { attach });
    expect(made).toMatchObject({
      code: 0,
      out: matching(new RegExp(`wildcard\\.example\\.com\\.${kind}\n`)),
    });
    const key = join(cli.home, 'wildcard.example.com.key');
    expect((await stat(key)).mode & 0o077).toBe(0);
    const before = await readFile(key, 'utf8');
    expect(await cli.gantry(call, { attach })).toMatchObject({ code: 1, err: matching(/left alone/) });
    expect(await readFile(key, 'utf8')).toBe(before);
    if (kind === 'crt') {
      const certificate = new X509Certificate(await readFile(key.replace(/key$/, 'crt')));
      expect(certificate.subjectAltName).toBe('DNS:*.example.com');
      expect(certificate.checkPrivateKey(createPrivateKey(before))).toBe(true);
    }
  });

  it('are generated with the command that comes next for the app that is named', async () => {
    const generate = async (host: string, ...more: string[]) =>
      (await cli.gantry(['certs:generate', host, '--selfsigned', ...more], { attach })).err;
    expect(await generate('a.example.com')).toContain(': gantry certs:add /');
    expect(await generate('b.example.com', ...ON)).toContain(': gantry certs:add -a demo /');
    await ok('certs:add', ...(await files()));
    expect(await generate('www.example.com', ...ON)).toContain(
      `: gantry certs:update -a demo --name ${await nameOf()} /`,
    );
  });

  it.each(['../x', '/etc/x', 'a b', '-x.example.com', ''])('are generated for no host %j', async (host) => {
    expect(await cli.gantry(['certs:generate', '--', host], { attach })).toMatchObject({ code: 2, out: '' });
  });

  it('of the platform are wanted, and wanted no more', async () => {
    expect(await ok('certs:auto')).toBe('off\n');
    await ok('certs:auto:enable');
    await ok('domains:add', 'www.example.com');
    expect(await ok('certs:auto')).toMatch(/^on\nDomain +Status.*\nwww\.example\.com +failed/);
    for (const args of [
      ['certs:auto', '--wait'],
      ['certs:auto:enable', '--wait'],
    ])
      expect(await cli.gantry([...args, ...ON])).toMatchObject({
        code: 1,
        err: matching(/Error: There is no certificate for www\.example\.com: .*[^.]\.\n$/),
      });
    await ok('certs:auto:refresh');
    expect(await cli.gantry(['certs:auto:disable', ...ON])).toMatchObject({ code: 2 });
    await ok('certs:auto:disable', '--confirm', 'demo');
    expect(await ok('certs:auto')).toBe('off\n');
  });
});

describe('maintenance', () => {
  it('is switched on and off, and says which it is', async () => {
    expect(await ok('maintenance')).toBe('off\n');
    expect(await json('maintenance:on')).toMatchObject({ maintenance: true });
    expect(await ok('maintenance')).toBe('on\n');
    expect((await cli.gantry(['maintenance:off', ...ON])).err).toBe('Maintenance of demo is off.\n');
  });
});
