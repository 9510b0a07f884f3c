import type { TestProject } from 'vitest/node';
import type { PlatformPlace } from './person.ts';
import { RECEIVERS } from './drain-receiver.ts';
import { startPlatform } from './platform.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The platform that the acceptance, security and chaos suites share. */
    platform: PlatformPlace;
  }
}

/** Names a platform that runs already, as JSON of a PlatformPlace; script/test sets it. */
export const RUNNING_PLATFORM = 'GANTRY_TEST_PLATFORM';

/** Hands the suites the platform that script/test started, else one of their own that is removed after them. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const running = process.env[RUNNING_PLATFORM];
  if (running !== undefined) {
    project.provide('platform', JSON.parse(running) as PlatformPlace); // written by test/support/suites.ts
    return undefined;
  }
  const platform = await startPlatform({ GANTRY_EGRESS_ALLOW: RECEIVERS });
  project.provide('platform', platform.place);
  return () => platform.remove();
}
