import type { Ledger } from '../domain/deployment.ts';

/** Lines in the form Heroku gave a push transcript: `-----> ` step, seven spaces detail, ` !     ` warning. */
const detail = (text: string): string => `       ${text}`;

/** Before the release of what was built is rolled out. */
export function announce(): string[] {
  return ['-----> Launching...'];
}

/** The receipt of a successful deploy: release, URL, and what it cost. */
export function receipt(version: number, url: string, ledger: Ledger | null): string[] {
  const cost = ledger
    ? [
        detail(
          `healthy after ${seconds(ledger.bootMs)}, switched in ${Math.round(ledger.switchMs)} ms; ${ledger.requests} requests served meanwhile, ${ledger.dropped} dropped`,
        ),
      ]
    : [];
  return [
    detail(`Released v${version}`),
    ...cost,
    detail(`${url} deployed to Gantry`),
    '',
    'Verifying deploy... done.',
  ];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
