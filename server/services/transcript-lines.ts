import type { Ledger } from '../domain/deployment.ts';

/** Lines in the form Heroku gave a push transcript: `-----> ` step, seven spaces detail, ` !     ` warning. */
const detail = (text: string): string => `       ${text}`;

/** To whoever follows, while the platform cannot know how it goes on. */
export function databaseAway(): string {
  return ' !     The database of the platform does not answer; waiting for it';
}

/** To a sender who can no longer be told how it ends. */
export function outOfSight(app: string): string {
  return ` !     The push goes on without you; gantry releases -a ${app} tells what became of it`;
}

/** In place of lines that came faster than they could be stored. */
export function leftOut(count: number): string {
  return detail(`[${count} lines left out: they could not be stored as fast as they came]`);
}

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
