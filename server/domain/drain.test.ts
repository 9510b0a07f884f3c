import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDrainUrl, type DrainTarget } from './drain.ts';

const target = (text: string): DrainTarget => {
  const read = readDrainUrl(text);
  if ('problem' in read) throw new Error(read.problem);
  return read;
};

describe('the URL of a drain', () => {
  it.each([
    ['syslog://logs.example.com:5140', { by: 'syslog', host: 'logs.example.com', port: 5140 }],
    ['syslog://logs.example.com', { by: 'syslog', port: 514 }],
    ['syslog+tls://LOGS.example.com', { by: 'syslog+tls', host: 'logs.example.com', port: 6514 }],
    ['syslog://[::1]:80', { by: 'syslog', host: '[::1]', port: 80 }],
    ['https://logs.example.com/in?x=1', { by: 'http', port: 443, url: 'https://logs.example.com/in?x=1' }],
    ['http://logs.example.com:8080', { by: 'http', port: 8080, url: 'http://logs.example.com:8080/' }],
  ])('%s', (url, what) => {
    expect(target(url)).toMatchObject({ ...what, authorization: null });
  });

  it('may hold a user and a password, which go into a header and not into the request’s line', () => {
    const read = target('https://me:p%40ss%C3%A9@logs.example.com/in');
    expect(read.url).toBe('https://logs.example.com/in');
    expect(Buffer.from(read.authorization?.slice(6) ?? '', 'base64').toString()).toBe('me:p@ssé');
  });

  it('is the same however it is spelled, and another one with another password', () => {
    expect(target('HTTPS://Logs.example.com:443/in').canonical).toBe(
      target('https://logs.example.com/in').canonical,
    );
    expect(target('syslog://A.example:514').canonical).toBe(target('syslog://a.example').canonical);
    expect(target('https://a:1@x.example/').canonical).not.toBe(target('https://a:2@x.example/').canonical);
  });

  it('names an address as everybody reads it, however it is spelled', () => {
    expect(target('syslog://0x7f000001:514').host).toBe('127.0.0.1');
    expect(target('syslog+tls://2130706433').host).toBe('127.0.0.1');
  });

  it.each([
    ...[
      '',
      'nonsense',
      'logs.example.com:514',
      'file:///etc/passwd',
      'gopher://x',
      'udp://x:514',
      'syslog://',
    ],
    ...[
      'https://',
      'syslog://user@host:514',
      'syslog://host:514/path',
      'syslog+tls://host?x',
      'https://x/#y',
    ],
    ...['syslog://ho st', 'https://x:99999', `https://x/${'y'.repeat(2_000)}`, 'syslog:host'],
  ])('is not %s', (url) => {
    expect(readDrainUrl(url)).toHaveProperty('problem');
  });

  it('is read or refused with a reason, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', 'syslog://', 'syslog+tls://', 'https://'),
        fc.string(),
        (scheme, rest) => {
          const read = readDrainUrl(scheme + rest);
          if ('problem' in read) expect(read.problem).not.toBe('');
          else expect(read.port).toBeLessThan(65_536);
        },
      ),
    );
  });
});
