import { errorTable, row } from '../lib/errors.ts';

/** What can go wrong with a build, in the words of the person who pushed. */
export const buildErrors = errorTable({
  source_refused: row<{ why: string }>({
    retry: false,
    say: ({ why }) => `The source was refused: ${why}.`,
  }),
  dockerfile_refused: row<{ line: number; why: string }>({
    retry: false,
    say: ({ line, why }) => `The Dockerfile was refused at line ${line}: ${why}.`,
  }),
  no_language: row<object>({
    retry: false,
    say: () =>
      'No default language could be detected for this app. Add a Dockerfile, a package.json (Node.js), ' +
      'or an index.html, public/index.html or static.json (static site) to the root of the repository.',
  }),
  wrong_buildpack: row<{ buildpack: string }>({
    retry: false,
    say: ({ buildpack }) =>
      `The ${buildpack} buildpack was chosen for this app, and says that the source is none of its kind. Choose another, or none.`,
  }),
  no_buildpack: row<{ buildpack: string }>({
    retry: false,
    say: ({ buildpack }) => `There is no buildpack ${buildpack} here.`,
  }),
  compile_failed: row<{ pack: string }>({
    retry: false,
    say: ({ pack }) => `Push rejected, failed to compile ${pack} app.`,
  }),
  step_failed: row<{ step: string; why: string }>({
    retry: false,
    say: ({ step, why }) => `Push rejected, ${step} failed: ${why}.`,
  }),
  no_process: row<object>({
    retry: false,
    say: () =>
      'There is nothing to start: the image has neither CMD nor ENTRYPOINT. Add one of them to the Dockerfile, or a Procfile.',
  }),
  release_unreadable: row<{ pack: string; why: string }>({
    retry: false,
    say: ({ pack, why }) =>
      `The ${pack} buildpack described its process types in a way that cannot be read: ${why}.`,
  }),
  build_timeout: row<{ seconds: number }>({
    retry: false,
    say: ({ seconds }) =>
      `The build was stopped after ${seconds} seconds, the longest a build may take. Make it do less, or ask the operator for a longer limit.`,
  }),
  build_cancelled: row<object>({ retry: true, say: () => 'The build was cancelled.' }),
  engine_away: row<{ why: string }>({
    retry: true,
    say: ({ why }) =>
      `The build engine does not answer (${why}); the source is not at fault. Try again in a moment.`,
  }),
  push_failed: row<{ why: string }>({
    retry: true,
    say: ({ why }) => `The image was built, but the registry did not take it: ${why}. Try again in a moment.`,
  }),
  stack_failed: row<{ why: string }>({
    retry: true,
    say: ({ why }) =>
      `The stack image could not be made: ${why}. See the builder's log; the next build tries again.`,
  }),
});
