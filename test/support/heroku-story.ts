import { afterAll, beforeAll, describe, inject } from 'vitest';
import { meetHerokuUser, theRealHeroku, type HerokuUser, type HerokuWay } from './heroku.ts';
import type { PlatformPlace } from './person.ts';

interface Story {
  /** Whoever has the command: there when a test or a `beforeAll` runs, and not before. */
  readonly ann: HerokuUser;
  readonly place: PlatformPlace;
}

/** A suite of what one person does with the real `heroku` command; left out, loudly, where that cannot be had. */
export async function herokuStory(
  what: string,
  tell: (story: Story) => void,
  way: HerokuWay = 'straight',
): Promise<void> {
  const program = await theRealHeroku();
  describe.skipIf(program === undefined)(what, () => {
    const place = inject('platform');
    let met: HerokuUser | undefined;
    beforeAll(async () => {
      if (program) met = await meetHerokuUser(place, program, way);
    });
    afterAll(() => met?.[Symbol.asyncDispose]());
    // Tests name the person where they are written, which is before the person is met.
    const ann = new Proxy({} as HerokuUser, {
      get(_, name): unknown {
        if (!met) throw new Error('nobody was met yet');
        return Reflect.get(met, name);
      },
    });
    tell({ ann, place });
  });
}
