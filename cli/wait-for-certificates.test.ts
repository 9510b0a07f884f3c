import { describe, expect, it } from 'vitest';
import { createFakeTerminal } from '../test/support/fake-terminal.ts';
import type { DomainResource } from '../server/contract/resources.ts';
import type { Context } from './command.ts';
import { mustHaveCertificates, untilDecided } from './wait-for-certificates.ts';

const domain = (hostname: string, more: Partial<DomainResource> = {}): DomainResource => ({
  id: hostname,
  app: { id: 'a', name: 'demo' },
  hostname,
  kind: 'custom',
  cname: 'demo.localhost',
  status: 'succeeded',
  acm_status: null,
  acm_status_reason: null,
  sni_endpoint: null,
  created_at: '2026-11-21T10:00:00Z',
  updated_at: '2026-11-21T10:00:00Z',
  ...more,
});

/** A platform whose list of domains is each of these in turn, at a minute each. */
function contextWith(...rounds: (readonly DomainResource[])[]): { context: Context; asked: () => number } {
  let asked = 0;
  const call = () => Promise.resolve(rounds[Math.min(asked++, rounds.length - 1)]);
  const context = {
    terminal: createFakeTerminal(''),
    signal: new AbortController().signal,
    now: () => new Date(asked * 10 * 60_000),
    client: () => Promise.resolve({ call }),
  } as unknown as Context; // what else there is, is not its business
  return { context, asked: () => asked };
}

describe('waiting for certificates', () => {
  it('ends when it is decided for every domain of somebody', async () => {
    const own = domain('demo.localhost', { kind: 'heroku' });
    const shown = domain('a.example.com', { sni_endpoint: { id: 'c', name: 'tokyo-1' } });
    const { context, asked } = contextWith(
      [own, shown, domain('b.example.com', { acm_status: 'verifying' })],
      [own, shown, domain('b.example.com', { acm_status: 'cert issued' })],
    );
    const decided = await untilDecided(context, 'demo');
    expect(decided.map(({ hostname }) => hostname)).toEqual(['a.example.com', 'b.example.com']);
    expect(asked()).toBe(2);
    expect(() => mustHaveCertificates(decided)).not.toThrow();
  });

  it('is given up in time, and says for which', async () => {
    const { context } = contextWith([domain('a.example.com')]);
    await expect(untilDecided(context, 'demo')).rejects.toThrow(/still not decided for a\.example\.com;/);
  });

  it('says for which there is none, and why', () => {
    const failed = { acm_status: 'failed', acm_status_reason: 'DNS leads elsewhere.' };
    expect(() => mustHaveCertificates([domain('a.example.com', failed), domain('b.example.com')])).toThrow(
      'There is no certificate for a.example.com: DNS leads elsewhere.',
    );
    const shown = { ...failed, sni_endpoint: { id: 'c', name: 'tokyo-1' } };
    expect(() => mustHaveCertificates([domain('a.example.com', shown)])).not.toThrow();
  });
});
