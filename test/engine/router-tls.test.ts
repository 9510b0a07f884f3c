import { readdir, stat, writeFile } from 'node:fs/promises';
import { request, type RequestOptions } from 'node:https';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect, type PeerCertificate } from 'node:tls';
import { beforeAll, expect, it } from 'vitest';
import { bundleOf, digestOf, readKeyPair } from '../../lib/key-pair.ts';
import { issue } from '../support/certificates.ts';
import { get, route, sleep, startApp, startRig, until, type Rig } from './router-rig.ts';

const bundles = new Map<string, { text: string; digest: string; serial: string; ca: string }>();

async function make(name: string, hosts: readonly string[], algorithm?: readonly string[]): Promise<void> {
  const issued = await issue({ names: hosts, subject: `/CN=${name}`, ...(algorithm && { algorithm }) });
  const read = readKeyPair(issued.certificate, issued.key, new Date());
  if ('problem' in read) throw new Error(read.problem);
  const text = bundleOf(read.pair);
  bundles.set(name, {
    text,
    digest: digestOf(text),
    serial: read.pair.leaf.serialNumber,
    ca: issued.certificate,
  });
}

beforeAll(async () => {
  await make('first', ['www.example.com', '*.example.com']);
  await make('second', ['www.example.com'], ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048']);
  await make('wild', ['*.wild.example']);
});

const named = (name: string) => {
  const found = bundles.get(name);
  if (!found) throw new Error(`no certificate ${name}`);
  return found;
};

/** What a process presents to a client that asks for this host. */
function presented(port: number, servername: string): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ...(servername !== '' && { servername }),
    };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate());
      socket.end();
    });
    socket.on('error', reject);
  });
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function ask(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request({ host: '127.0.0.1', agent: false, ...options }, (res) => {
      let body = '';
      res.on('data', (chunk: Buffer) => (body += chunk.toString()));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
      res.on('error', reject);
    });
    req.on('error', reject);
    req.end();
  });
}

const overTls = (rig: Rig, host: string, ca = rig.ca): Promise<Answer> =>
  ask({ port: rig.tlsPort, ca, servername: host, headers: { host } });

it('answers over TLS with the platform’s own certificate, and says so to the app', async () => {
  await using rig = await startRig();
  await using app = await startApp('echo', (req, res) =>
    res.end(
      `${String(req.headers['x-forwarded-proto'])} ${String(req.headers['x-forwarded-port'])} ${req.httpVersion}`,
    ),
  );
  await rig.put([
    { ...route('api', app.backend(), { hosts: ['api.localhost'] }), tlsHosts: ['localhost', '127.0.0.1'] },
  ]);
  const secure = `https ${rig.tlsPort} 1.1`;
  expect(await overTls(rig, 'api.localhost')).toEqual({ status: 200, body: secure });
  expect(await overTls(rig, 'localhost')).toEqual({ status: 200, body: secure });
  // As git and curl ask for https://127.0.0.1:PORT and https://[::1]:PORT: by address, without a server name.
  for (const [host, header] of [
    ['127.0.0.1', `127.0.0.1:${rig.tlsPort}`],
    ['::1', `[::1]:${rig.tlsPort}`],
  ] as const)
    expect(await ask({ host, port: rig.tlsPort, ca: rig.ca, headers: { host: header } })).toEqual({
      status: 200,
      body: secure,
    });
  expect((await get(rig.port, 'api.localhost')).body).toBe(`http ${rig.port} 1.1`);
  expect((await get(rig.port, 'localhost')).status).toBe(404);
  expect((await get(rig.port, '127.0.0.1')).status).toBe(404);
});

it('speaks HTTP/2 to who can, and no TLS older than 1.2', async () => {
  await using rig = await startRig();
  await using app = await startApp('two');
  await rig.put([route('two', app.backend(), { hosts: ['two.localhost'] })]);
  const session = connectHttp2(`https://127.0.0.1:${rig.tlsPort}`, { ca: rig.ca, servername: 'localhost' });
  const status = await new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({ ':authority': 'two.localhost', ':path': '/' });
    stream.on('response', (headers) => resolve(headers[':status']));
    stream.on('error', reject);
    stream.end();
  });
  session.close();
  expect(status).toBe(200);
  const old = ask({
    port: rig.tlsPort,
    ca: rig.ca,
    servername: 'localhost',
    minVersion: 'TLSv1.1',
    maxVersion: 'TLSv1.1',
    ciphers: 'DEFAULT@SECLEVEL=0',
  });
  await expect(old).rejects.toThrow(/version|alert/i);
});

it('presents the certificate of the host that is asked for, and takes one up or away without a reload', async () => {
  await using rig = await startRig();
  await using app = await startApp('shop');
  const hosts = ['www.example.com', 'a.example.com', '*.wild.example'];
  const shop = (...pairs: [string, string][]) => ({
    ...route('shop', app.backend(), { hosts }),
    certificates: pairs.map(([host, name]) => ({ host, digest: named(name).digest })),
  });
  await rig.put([shop()]);
  const own = (await presented(rig.tlsPort, 'www.example.com')).serialNumber;
  await expect(rig.put([shop(['www.example.com', 'first'])])).rejects.toThrow(/was not given/);
  for (const name of ['first', 'second', 'wild'])
    expect(await rig.give(named(name).text)).toBe(named(name).digest);
  await rig.put([shop(['www.example.com', 'first'], ['*.wild.example', 'wild'])]);
  const serial = async (host: string): Promise<string> => (await presented(rig.tlsPort, host)).serialNumber;
  expect(await serial('www.example.com')).toBe(named('first').serial);
  expect(await serial('any.wild.example')).toBe(named('wild').serial);
  for (const other of ['a.example.com', 'unknown.example', '']) expect(await serial(other), other).toBe(own);
  expect(await overTls(rig, 'www.example.com', named('first').ca)).toEqual({ status: 200, body: 'shop' });
  await rig.put([shop(['a.example.com', 'first'])]);
  expect(await serial('a.example.com')).toBe(named('first').serial);
  for (const gone of ['www.example.com', 'any.wild.example']) expect(await serial(gone)).toBe(own);
  expect((await rig.status()).reloads).toBe(0);
  // What no host has any more is not on disk either.
  expect(await readdir(join(rig.home, 'router', 'vault'))).toEqual([`${named('first').digest}.pem`]);
});

it('changes the certificate of a host under load: nothing fails, nothing is reloaded', async () => {
  await using rig = await startRig();
  await using app = await startApp('busy');
  const with_ = (name: string) => [
    {
      ...route('busy', app.backend(), { hosts: ['www.example.com'] }),
      certificates: [{ host: 'www.example.com', digest: named(name).digest }],
    },
  ];
  for (const name of ['first', 'second']) await rig.give(named(name).text);
  await rig.put(with_('first'));
  const before = (await rig.status()).processes.map((p) => p.pid);
  let going = true;
  let answered = 0;
  const failures: unknown[] = [];
  const client = async (): Promise<void> => {
    while (going) {
      await overTls(rig, 'www.example.com', named('first').ca + named('second').ca).then(
        ({ status, body }) => (status === 200 && body === 'busy' ? (answered += 1) : failures.push(status)),
        (err: unknown) => failures.push(err),
      );
      await sleep(5);
    }
  };
  const clients = [client(), client(), client()];
  for (let n = 0; n < 20; n += 1) {
    const name = n % 2 === 0 ? 'second' : 'first';
    await rig.give(named(name).text); // the one before is forgotten with the table that named it
    await rig.put(with_(name));
    const seen = await Promise.all([1, 2, 3, 4].map(() => presented(rig.tlsPort, 'www.example.com')));
    expect(new Set(seen.map((c) => c.serialNumber))).toEqual(new Set([named(name).serial]));
  }
  going = false;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect(answered).toBeGreaterThan(50);
  expect((await rig.status()).reloads).toBe(0);
  expect((await rig.status()).processes.map((p) => p.pid)).toEqual(before);
});

it('presents the same after HAProxy was killed, and after the router was', async () => {
  await using rig = await startRig();
  await using app = await startApp('steady');
  await rig.give(named('first').text);
  await rig.put([
    {
      ...route('steady', app.backend(), { hosts: ['www.example.com'] }),
      certificates: [{ host: 'www.example.com', digest: named('first').digest }],
    },
  ]);
  await rig.killAgent();
  for (const pid of await rig.haproxies()) process.kill(pid, 'SIGKILL');
  await rig.startAgent();
  await until('both processes to serve', 10_000, async () =>
    (await rig.status()).processes.every((p) => p.healthy),
  );
  const seen = await Promise.all([1, 2, 3, 4, 5, 6].map(() => presented(rig.tlsPort, 'www.example.com')));
  expect(new Set(seen.map((c) => c.serialNumber))).toEqual(new Set([named('first').serial]));
  expect((await overTls(rig, 'www.example.com', named('first').ca)).status).toBe(200);
});

it('takes up a renewed certificate of the platform by itself, without a reload', async () => {
  await using rig = await startRig();
  const file = join(rig.home, 'secrets', 'tls.pem');
  const before = await presented(rig.tlsPort, 'localhost');
  await make('renewed', ['localhost']);
  await writeFile(file, named('renewed').text);
  await until('the renewed one to be presented by both', 20_000, async () => {
    const seen = await Promise.all([1, 2, 3, 4].map(() => presented(rig.tlsPort, 'localhost')));
    return seen.every((c) => c.serialNumber === named('renewed').serial);
  });
  expect(before.serialNumber).not.toBe(named('renewed').serial);
  await writeFile(file, 'rubbish');
  await sleep(11_000); // longer than it takes to look again
  expect((await presented(rig.tlsPort, 'localhost')).serialNumber).toBe(named('renewed').serial);
  expect((await rig.status()).reloads).toBe(0);
});

it('refuses a certificate that would keep HAProxy from starting', async () => {
  await using rig = await startRig();
  const weak = await issue({ algorithm: ['RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] });
  await expect(rig.give(weak.certificate + weak.key)).rejects.toThrow(/less than 2048 bits/);
  const mixed = named('first').text.replace(/-----BEGIN PRIVATE KEY[^]*$/, weak.key);
  await expect(rig.give(mixed)).rejects.toThrow(/refused a certificate/);
  await expect(rig.give(`${named('first').text}show info\n`)).rejects.toThrow(/400/);
});

it('keeps the keys closed to others', async () => {
  await using rig = await startRig();
  await using app = await startApp('closed');
  const digest = await rig.give(named('first').text);
  await rig.put([
    {
      ...route('closed', app.backend(), { hosts: ['www.example.com'] }),
      certificates: [{ host: 'www.example.com', digest }],
    },
  ]);
  const files = await readdir(join(rig.home, 'router'), { recursive: true });
  const pems = files.filter((name) => name.endsWith('.pem'));
  expect(pems).toHaveLength(3);
  for (const name of pems) expect((await stat(join(rig.home, 'router', name))).mode & 0o077).toBe(0);
});

it('shows the maintenance page while an app is worked on, and its staged release answers a probe all the same', async () => {
  await using rig = await startRig();
  await using app = await startApp('worked-on');
  await using next = await startApp('next');
  const table = (maintenance: boolean) => [
    { ...route('app', app.backend(), { hosts: ['app.localhost'] }), staged: next.backend(), maintenance },
  ];
  await rig.put(table(false));
  expect((await get(rig.port, 'app.localhost')).body).toBe('worked-on');
  for (let n = 0; n < 5; n += 1) {
    await rig.put(table(true));
    for (let m = 0; m < 4; m += 1) {
      const { status, body } = await get(rig.port, 'app.localhost');
      expect([status, body.includes('is being worked on')]).toEqual([503, true]);
    }
    expect(await rig.probe({ app: 'app', host: 'app.localhost', which: 'staged' })).toMatchObject({
      status: 200,
      byApp: true,
    });
    await rig.put(table(false));
    for (let m = 0; m < 4; m += 1) expect((await get(rig.port, 'app.localhost')).body).toBe('worked-on');
  }
  expect((await rig.status()).reloads).toBe(0);
});

it('hands a request that came over TLS to the next process as one that did', async () => {
  await using rig = await startRig();
  await using app = await startApp('proto', (req, res) => res.end(String(req.headers['x-forwarded-proto'])));
  const apps = Array.from({ length: 120 }, (_, n) =>
    route(`a${n}`, { key: 'k', servers: [{ id: 'web-1', address: '127.0.0.1', port: 1 }] }),
  );
  const hosts = ['api.localhost'];
  await rig.put([route('proto', app.backend(), { hosts })]);
  let going = true;
  const seen = new Map<string, number>();
  const client = async (): Promise<void> => {
    while (going) {
      const { status, body } = await overTls(rig, 'api.localhost');
      seen.set(`${status} ${body}`, (seen.get(`${status} ${body}`) ?? 0) + 1);
    }
  };
  const clients = [client(), client()];
  // More places than the pool has: it grows by a reload.
  await rig.put([route('proto', app.backend(), { hosts }), ...apps]);
  await until('the pool to grow', 20_000, async () => (await rig.status()).reloads > 0);
  await sleep(500);
  going = false;
  await Promise.all(clients);
  expect([...seen.keys()]).toEqual(['200 https']);
});
