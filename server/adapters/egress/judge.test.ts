import { describe, expect, it } from 'vitest';
import { checkLiteral, createJudge } from './judge.ts';

const check = (host: string, { port = 443, allow = [] as readonly string[] } = {}): void =>
  checkLiteral(allow)(new URL(`http://${host}/`).hostname, port);
const refused = expect.objectContaining({ id: 'egress_refused' }) as Error;

it('tells of a name that leads inside no address it leads to, which the log may show', async () => {
  const resolve = () => Promise.resolve(['93.184.215.14', '10.0.0.7']);
  const why: unknown = await createJudge({ allow: [], resolve })('inside.example.com', 443).catch(
    (err: unknown) => err,
  );
  expect(why).toMatchObject({ id: 'egress_refused', cause: { message: 'it leads to 10.0.0.7' } });
  const { message, params } = why as { message: string; params: object };
  expect(message + JSON.stringify(params)).not.toMatch(/\d+\.\d+/);
  expect(message).toBe(
    'inside.example.com may not be called: it leads to an address that is not of the public internet; an operator can allow a private network (GANTRY_EGRESS_ALLOW).',
  );
});

it('names no address in place of a name of this machine, and no network where a port is wrong', () => {
  expect(() => check('localhost')).toThrow(
    /^localhost may not be called: it leads to an address that is not /,
  );
  expect(() => check('example.com', { port: 0 })).toThrow(
    /^example\.com may not be called: port 0 is no port that anybody listens on\.$/,
  );
});

describe('what is refused before it is called', () => {
  it.each([
    ...['127.0.0.1', '127.1', '2130706433', '0x7f000001', '017700000001', '0x7f.1', '127.0.0.1.', '0'],
    ...['[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[64:ff9b::7f00:1]', '[fd00::1]'],
    ...['10.0.0.1', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
    ...['localhost', 'LOCALHOST', 'localhost.', 'api.localhost', 'a.b.localhost.'],
  ])('is %s', (host) => {
    expect(() => check(host)).toThrow(refused);
  });

  it('is port 0 of any host, and of an address the port of another protocol', () => {
    expect(() => check('example.com', { port: 0 })).toThrow(refused);
    expect(() => check('127.0.0.1', { port: 0, allow: ['127.0.0.0/8'] })).toThrow(refused);
    expect(() => check('93.184.215.14', { port: 22 })).toThrow(refused);
  });

  it('is neither a public address nor a name, which is judged when it is called', () => {
    for (const host of [
      '93.184.215.14',
      '[2606:2800:21f::1]',
      'example.com',
      'localhost.example.com',
      'inside',
    ])
      expect(() => check(host), host).not.toThrow();
    expect(() => check('example.com', { port: 22 })).not.toThrow();
  });

  it('is not what an operator allows', () => {
    const allow = ['127.0.0.0/8', 'fd00::/8'];
    for (const host of ['127.0.0.1', '2130706433', 'localhost', 'api.localhost', '[fd00::1]'])
      expect(() => check(host, { allow, port: 22 }), host).not.toThrow();
    expect(() => check('localhost', { allow: ['::1/128'] })).not.toThrow();
    expect(() => check('10.0.0.1', { allow })).toThrow(refused);
  });
});
