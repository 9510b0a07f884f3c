import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parsePublicKey } from './ssh-key.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

it('reads a key and gives it the fingerprint that ssh-keygen prints', () => {
  expect(parsePublicKey(`${KEY} ann@laptop\n`)).toEqual({
    type: 'ssh-ed25519',
    fingerprint: 'SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU',
    line: KEY,
    comment: 'ann@laptop',
  });
});

it.each([
  ['', 'is empty'],
  [`${KEY}\n${KEY}`, 'more than one line'],
  ['-----BEGIN OPENSSH PRIVATE KEY-----', 'is a private key'],
  ['ssh-dss AAAA', 'has the type'],
  ['ssh-ed25519 ****', 'not valid base64'],
  ['ssh-ed25519 AAAAB3NzaC1yc2E=', 'is damaged'],
])('says what is wrong with %j', (text, problem) => {
  expect(parsePublicKey(text)).toContain(problem);
});

it('answers with a key or a reason, whatever it is given', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.base64String().map((body) => `ssh-rsa ${body}`),
      ),
      (text) => {
        expect(['string', 'object']).toContain(typeof parsePublicKey(text));
      },
    ),
  );
});
