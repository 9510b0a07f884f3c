import { EventEmitter } from 'node:events';
import ssh2, { type Connection } from 'ssh2';
import { beforeEach, describe, expect, it } from 'vitest';
import { quietLog } from '../../lib/log.ts';
import { sshPair } from '../../test/support/ssh-pair.ts';
import { EVERYTHING, type Actor } from '../domain/actor.ts';
import { fingerprintOf } from '../domain/ssh-key.ts';
import { authenticate, type Login } from './authenticate.ts';

const ann: Actor = { userId: 'ann', email: 'ann@example.com', admin: false, scopes: EVERYTHING };
const BLOB = Buffer.from('what the client signs');

const pair = (rsaBits?: number) => {
  const made = rsaBits === undefined ? sshPair() : ssh2.utils.generateKeyPairSync('rsa', { bits: rsaBits });
  const key = ssh2.utils.parseKey(made.private);
  if (key instanceof Error) throw key;
  return key;
};
const own = pair();
const foreign = pair();

let did: string[];
let login: Login | undefined;
let holder: (fingerprint: string) => Promise<Actor | undefined>;
let client: EventEmitter;
beforeEach(() => {
  [did, login, client] = [[], undefined, new EventEmitter()];
  const mine = fingerprintOf(own.getPublicSSH());
  holder = (fingerprint) => Promise.resolve(fingerprint === mine ? ann : undefined);
  const deps = {
    accounts: { authenticateKey: (fingerprint: string) => holder(fingerprint) },
    log: quietLog(),
    keyTries: 2,
    onKeyTried: () => did.push('tried'),
    onLogin: (one: Login) => {
      did.push('login');
      login = one;
    },
    onGiveUp: () => did.push('given up'),
  };
  authenticate(client as Connection, deps, new AbortController().signal);
});

/** One request as the library tells it; answers once it was decided. */
async function ask(request: object): Promise<string> {
  const before = did.length;
  const context = {
    method: 'publickey',
    username: 'git',
    accept: () => did.push('accepted'),
    reject: (methods: string[]) => did.push(`refused, left: ${methods.join()}`),
    ...request,
  };
  client.emit('authentication', context);
  await expect
    .poll(() => did.slice(before).some((what) => what !== 'tried' && what !== 'login'), { interval: 1 })
    .toBe(true);
  return did
    .slice(before)
    .filter((what) => what !== 'tried')
    .join(', ');
}
type Key = typeof own;
const offer = (key: Key, over: object = {}): object => ({
  key: { algo: key.type, data: key.getPublicSSH() },
  ...over,
});
const signed = (key: Key, by: Key = key, over: object = {}): object =>
  offer(key, { blob: BLOB, signature: by.sign(BLOB), ...over });

describe('a key', () => {
  it('that is offered would do, which is no login yet', async () => {
    expect(await ask(offer(own))).toBe('accepted');
    expect(login).toBeUndefined();
  });

  it('that signs is a login of whom it belongs to, told before the client hears of it', async () => {
    expect(await ask(signed(own))).toBe('login, accepted');
    expect(login).toEqual({ actor: ann, user: 'git', fingerprint: fingerprintOf(own.getPublicSSH()) });
  });

  it.each([
    ['that nobody has registered', () => signed(foreign)],
    ['of somebody whose signature is another’s', () => signed(own, foreign)],
    [
      'whose signature is for something else',
      () => signed(own, own, { blob: Buffer.from('something else') }),
    ],
    ['with a signature of nothing', () => signed(own, own, { blob: undefined })],
    [
      'that says it is of another type',
      () => ({ ...signed(own), key: { algo: 'ssh-rsa', data: own.getPublicSSH() } }),
    ],
    ['that is none', () => ({ ...signed(own), key: { algo: 'ssh-ed25519', data: Buffer.from('garbage') } })],
    ['for another user', () => signed(own, own, { username: 'root' })],
  ])('%s is refused', async (_, request) => {
    expect(await ask(request())).toBe('refused, left: publickey');
    expect(login).toBeUndefined();
  });

  it('of RSA must be long, and sign with more than SHA-1 [S-GIT-04]', async () => {
    const [short, long] = [pair(1024), pair(2048)];
    holder = () => Promise.resolve(ann);
    const request = (key: Key, hashAlgo?: string) =>
      offer(key, { blob: BLOB, signature: key.sign(BLOB, hashAlgo), hashAlgo });
    expect(await ask(request(short, 'sha512'))).toBe('refused, left: publickey');
    expect(await ask(request(long, 'sha512'))).toBe('login, accepted');
  });

  it('of RSA that names no hash is refused', async () => {
    holder = () => Promise.resolve(ann);
    const key = pair(2048);
    expect(await ask(offer(key, { blob: BLOB, signature: key.sign(BLOB, 'sha1') }))).toContain('refused');
  });
});

describe('tries', () => {
  it('of keys end the connection [S-GIT-03]', async () => {
    expect(await ask(offer(foreign))).toContain('refused');
    expect(await ask(offer(foreign))).toBe('given up');
    expect(did.filter((what) => what === 'tried')).toHaveLength(2);
  });

  it('of other methods are no tries of a key, and end too', async () => {
    for (let n = 1; n < 8; n += 1) expect(await ask({ method: 'none' })).toContain('refused');
    expect(await ask({ method: 'password', password: 'x' })).toBe('given up');
    expect(did).not.toContain('tried');
  });

  it('are over when nobody can be asked whose key it is', async () => {
    holder = () => Promise.reject(new Error('database away'));
    expect(await ask(signed(own))).toBe('given up');
  });
});
