import { row } from '../../../lib/errors.ts';

/** Failures of the parts of the platform. */
export const PLATFORM_FAILURES = {
  not_found: row<{ resource: string; name: string }>({
    retry: false,
    say: ({ resource, name }) =>
      `Couldn't find that ${resource.replaceAll('_', ' ')}: ${name}. It may not exist, or you may not see it.`,
  }),
  not_offered: row<{ what: string; instead: string }>({
    retry: false,
    say: ({ what, instead }) => `There are no ${what} on this platform; ${instead}.`,
  }),
  invalid_params: row<{ field: string; problem: string }>({
    retry: false,
    say: ({ field, problem }) => `${field} ${problem}.`,
  }),
  confirmation_required: row<{ name: string }>({
    retry: false,
    say: ({ name }) => `Destroying ${name} cannot be undone; confirm by giving its name: --confirm ${name}.`,
  }),
  builder_away: row<object>({
    retry: true,
    say: () =>
      'The builder stopped answering in the middle of the build; the platform restarts it by itself.',
  }),
  router_away: row<object>({
    retry: true,
    say: () => 'The router did not acknowledge the change; the platform restarts it by itself.',
  }),
  engine_away: row<object>({
    retry: true,
    say: () => 'The container engine does not answer; see `gantry doctor`.',
  }),
  image_missing: row<{ image: string }>({
    retry: true,
    say: ({ image }) => `The image ${image} could not be fetched from the registry; see \`gantry doctor\`.`,
  }),
  fenced: row<{ epoch: number }>({
    retry: false,
    say: ({ epoch }) => `A newer server process has taken over from this one (epoch ${epoch}).`,
  }),
  database_away: row<object>({
    retry: true,
    say: () => 'The database does not answer; the platform restarts it by itself, see `gantry doctor`.',
  }),
  config_unreadable: row<{ what: string }>({
    retry: false,
    say: ({ what }) =>
      `${what} cannot be opened: it was sealed with another master key, or altered. Put back the secrets/master-key that belongs to this database.`,
  }),
  database_newer: row<{ migration: string }>({
    retry: false,
    say: ({ migration }) =>
      `The database was written by a newer Gantry (it has migration ${migration}); start that version, or restore a backup made by this one.`,
  }),
  database_not_empty: row<object>({
    retry: false,
    say: () =>
      'A backup waits in GANTRY_HOME/restore to be restored, but the database has tables already; give an empty one with DATABASE_URL, or remove that directory to go on with what the database has.',
  }),
  dump_tool_unfit: row<{ program: string; why: string }>({
    retry: false,
    say: ({ program, why }) =>
      `PostgreSQL's ${program} on the platform's machine cannot do it: ${why}. Install a postgresql-client that is at least as new as the database, and as the one that the backup was made with.`,
  }),
  database_of_another: row<{ owner: string }>({
    retry: false,
    say: ({ owner }) =>
      `The database belongs to another platform (its id is ${owner}); set DATABASE_URL to the one of this platform.`,
  }),
  database_lost: row<object>({
    retry: false,
    say: () =>
      'The database is empty, but there are repositories of apps in GANTRY_HOME/repos; set DATABASE_URL to the database that knows them, or restore it. To begin anew, move that directory away.',
  }),
  egress_refused: row<{ host: string; reason: string }>({
    retry: false,
    say: ({ host, reason }) => `${host} may not be called: ${reason}.`,
  }),
  egress_failed: row<{ host: string; reason: string }>({
    retry: true,
    say: ({ host, reason }) => `${host} could not be called: ${reason}.`,
  }),
  restarting: row<object>({
    retry: true,
    say: () => 'The platform is restarting; wait a few seconds and retry.',
  }),
  internal_error: row<object>({
    retry: true,
    say: () => 'Something went wrong inside the platform; the request id names the log lines that tell what.',
  }),
};
