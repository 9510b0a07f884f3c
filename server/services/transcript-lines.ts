import type { App } from '../domain/app.ts';
import type { Build } from '../domain/build.ts';
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

/** At the end of what can still be shown of a build or a deployment whose lines were taken away. */
export function pruned(kept: number): string {
  return ` !     What was printed here is no longer kept: Gantry keeps it of the ${kept} newest builds and deployments of an app`;
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
          `healthy after ${seconds(ledger.bootMs)}, switched in ${Math.round(ledger.switchMs)} ms; ${ledger.requests} ${ledger.requests === 1 ? 'request' : 'requests'} served meanwhile, ${ledger.dropped} dropped`,
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

/** Why a build failed, and what that means for visitors; `app` undefined: it is gone. */
export function refusal(
  { push }: Pick<Build, 'push'>,
  app: Pick<App, 'releasedAt'> | undefined,
  sentence: string,
): string[] {
  const what = push === null ? 'Build' : 'Push';
  const untouched = app?.releasedAt === null ? 'nothing is live yet' : 'what served before was not touched';
  return ['', ` !     ${sentence}.`, ` !     ${what} failed${app ? `; ${untouched}` : ''}.`];
}

/** Why a build ended whose very commit another push had brought live. */
export function liveBefore(commit: string, version: number): string {
  return `Another push of ${commit.slice(0, 8)} was first, and it is live already, as v${version}`;
}

/** To the sender of such a push, which ends well. */
export function nothingToDo(commit: string, version: number, url: string): string[] {
  return [`-----> ${liveBefore(commit, version)}`, detail(`Nothing was built; ${url} serves it`)];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
