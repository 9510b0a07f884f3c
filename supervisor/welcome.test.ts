import { expect, it } from 'vitest';
import { readSettings } from './config.ts';
import { welcome } from './welcome.ts';

const home = {
  id: 'abc123',
  root: '/g',
  run: '/g/run',
  logs: '/g/logs',
  secrets: '/g/secrets',
  volatile: '/v',
};
const settings = readSettings({
  GANTRY_DOMAIN: 'apps.example',
  GANTRY_HTTP_PORT: '80',
  GANTRY_API_PORT: '7070',
});
const text = (token: string, ms: number): string => welcome(home, settings, token, ms).join('\n');

it('says where everything is', () => {
  for (const place of [
    'http://api.apps.example:80 ',
    'http://127.0.0.1:7070 ',
    'http://<app>.apps.example:80',
    'https://api.apps.example:8443, ',
    'the authority /g/ca.pem)',
    'ssh://git@apps.example:2222/<app>.git',
    '/g/logs',
  ])
    expect(text('', 0)).toContain(place);
});

it('shows the admin’s token when there is a new one, and only then', () => {
  expect(text('gantry_secret', 0)).toContain('shown this once: gantry_secret ');
  expect(text('', 0)).toContain('The admin’s token is in /g/admin-token');
  expect(text('', 0)).not.toContain('shown this once');
});

it('boasts of the time only when something was started', () => {
  expect(text('', 4_260)).toContain('Gantry is ready (4.3 s).');
  expect(text('', 0)).not.toContain('is ready');
});
