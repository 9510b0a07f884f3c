import type { Ledger } from '../domain/deployment.ts';
import type { BuiltImage } from '../domain/release.ts';

/** Lines in the form Heroku gave a push transcript: `-----> ` step, seven spaces detail, ` !     ` warning. */
const detail = (text: string): string => `       ${text}`;

/** What was built, before it is launched. */
export function announce(image: BuiltImage): string[] {
  const types = Object.keys(image.processes);
  return [
    '-----> Discovering process types',
    detail(types.length > 0 ? `Types -> ${types.join(', ')}` : 'The image declares none'),
    `-----> Launching... ${megabytes(image.bytes)}`,
  ];
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

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
