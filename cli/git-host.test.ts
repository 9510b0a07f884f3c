import { expect, it } from 'vitest';
import { isAbout, readQuestion } from './git-credentials.ts';
import { gitHostOf } from './git-host.ts';

const usual = { gitHost: undefined, httpsPort: '8443' };

it.each([
  ['http://127.0.0.1:7000', 'localhost:8443'],
  ['http://api.example.com', 'api.example.com:8443'],
  ['https://api.example.com', 'api.example.com'],
  ['https://api.example.com:444', 'api.example.com:444'],
])('beside the API at %s, git is at https://%s', (api, host) => {
  expect(gitHostOf(usual, api)).toBe(host);
});

it('is what it is said to be', () => {
  expect(gitHostOf({ ...usual, gitHost: 'git.example.com' }, 'https://api.example.com')).toBe(
    'git.example.com',
  );
});

it('is a place that git may ask about, and another port of the same machine is not', () => {
  const place = `https://${gitHostOf(usual, 'http://127.0.0.1:7000')}`;
  expect(isAbout(readQuestion('protocol=https\nhost=localhost:8443\n\n'), place)).toBe(true);
  expect(isAbout(readQuestion('protocol=https\nhost=localhost:9443\n\n'), place)).toBe(false);
});
