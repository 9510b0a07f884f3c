import type { Run } from '../../command.ts';
import { CommandError } from '../../failures.ts';

/** Known by its name from Heroku's command, whose pipelines have a page. */
export const run: Run = (_context, [pipeline = '']) =>
  Promise.reject(
    new CommandError(
      `There is no page of a pipeline to open on this platform; gantry pipelines:info ${pipeline} shows it here.`,
    ),
  );
