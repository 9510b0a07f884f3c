import { errorTable, row } from '../lib/errors.ts';

/** What can keep a machine from becoming or staying a platform; each in one sentence that says what to do. */
export const setupErrors = errorTable({
  setting_invalid: row<{ name: string; problem: string }>({
    retry: false,
    say: ({ name, problem }) => `The setting ${name} is wrong (${problem}); correct it and start again.`,
  }),
  not_root: row<object>({
    retry: false,
    say: () =>
      'The platform sets up networks, containers and users of this machine, so it must be started as root (try sudo).',
  }),
  port_taken: row<{ port: number; holder: string; setting: string }>({
    retry: false,
    say: ({ port, holder, setting }) =>
      `Port ${port} is taken by ${holder}; stop that or choose another port with ${setting}.`,
  }),
  disk_short: row<{ path: string; freeMb: number; needMb: number }>({
    retry: false,
    say: ({ path, freeMb, needMb }) =>
      `Only ${freeMb} MB are free below ${path} and the platform needs ${needMb} MB to start; make room or choose another GANTRY_HOME.`,
  }),
  home_unreachable: row<{ path: string; parent: string }>({
    retry: false,
    say: ({ path, parent }) =>
      `The database runs as an unprivileged user and cannot reach ${path} because ${parent} is closed to other users; choose another GANTRY_HOME or allow entering (chmod o+x ${parent}).`,
  }),
  start_interrupted: row<object>({
    retry: true,
    say: () =>
      'Interrupted: the platform goes on starting in the background; gantry doctor says how far it is, script/stop ends it.',
  }),
  home_occupied: row<{ path: string }>({
    retry: false,
    say: ({ path }) =>
      `${path} holds something that is not a platform’s, so it is left alone; set GANTRY_HOME to a directory that is new or empty.`,
  }),
  home_has_platform: row<{ path: string }>({
    retry: false,
    say: ({ path }) =>
      `There is a platform in ${path}, and a backup is restored on a machine without one, for both would have the same id. Restore it on another machine; or copy all backups and secrets/backup-key to another place, and then remove the platform (script/uninstall --purge).`,
  }),
  backup_in_home: row<{ file: string; path: string }>({
    retry: false,
    say: ({ file, path }) =>
      `There is a platform in ${path}, and ${file} lies in it: it would go with the platform. Copy the backup and its key (secrets/backup-key) to another place first, best to another machine.`,
  }),
  backup_not_unpacked: row<{ backup: string; path: string; why: string }>({
    retry: false,
    say: ({ backup, path, why }) =>
      `${backup} could not be unpacked in ${path} (${why}); nothing was restored.`,
  }),
  file_missing: row<{ file: string }>({
    retry: false,
    say: ({ file }) => `There is no file ${file}.`,
  }),
  restore_usage: row<{ problem: string }>({
    retry: false,
    say: ({ problem }) => `${problem} It is called as: script/restore BACKUP --key BACKUP_KEY`,
  }),
  backup_key_wrong: row<{ backup: string; key: string }>({
    retry: false,
    say: ({ backup, key }) =>
      `${backup} does not open with ${key}: it was made for another key. Name the secrets/backup-key of the platform that made it; nothing was restored.`,
  }),
  backup_key_invalid: row<{ key: string; why: string }>({
    retry: false,
    say: ({ key, why }) =>
      `${key} is no key of backups (${why}); name a copy of the secrets/backup-key of the platform. Nothing was restored.`,
  }),
  backup_damaged: row<{ backup: string; why: string }>({
    retry: false,
    say: ({ backup, why }) =>
      `${backup} is no backup, or was altered or cut off (${why}); take another one. Nothing was restored.`,
  }),
  backup_foreign: row<{ backup: string }>({
    retry: false,
    say: ({ backup }) =>
      `${backup} opens, but holds no backup that this version of Gantry can restore; take the version that made it, or a newer one. Nothing was restored.`,
  }),
  home_not_ours: row<{ path: string }>({
    retry: false,
    say: ({ path }) =>
      `${path} is not the state directory of a platform (it has no id file), so it is left alone.`,
  }),
  not_debian: row<{ missing: string }>({
    retry: false,
    say: ({ missing }) =>
      `These programs are missing and there is no apt-get to install them with: ${missing}; install them and start again.`,
  }),
  packages_failed: row<{ packages: string; said: string }>({
    retry: true,
    say: ({ packages, said }) => `Installing ${packages} failed (${said}); see to apt-get and start again.`,
  }),
  database_version_missing: row<{ data: string; version: string; others: readonly string[] }>({
    retry: false,
    say: ({ data, version, others }) =>
      `The database in ${data} is of PostgreSQL ${version}, which is not installed any more ` +
      `(${others.length > 0 ? `there is ${others.join(', ')}` : 'there is none'}); ` +
      `install postgresql-${version} again, or move the data to another version with pg_upgrade, then start again.`,
  }),
  given_part_away: row<{ part: string; address: string; setting: string; why: string }>({
    retry: true,
    say: ({ part, address, setting, why }) =>
      `The ${part} given by ${setting} (${address}) does not answer: ${why}; start it or unset ${setting}.`,
  }),
  part_refuses: row<{ part: string; said: string }>({
    retry: false,
    say: ({ part, said }) => `The ${part} cannot start: ${said}`,
  }),
  part_not_ready: row<{ part: string; said: string; log: string }>({
    retry: true,
    say: ({ part, said, log }) => `The ${part} does not become ready (${said}); its log is ${log}.`,
  }),
  no_free_network: row<object>({
    retry: false,
    say: () =>
      'No private network range is free for the platform on this machine; remove an unused route and start again.',
  }),
  start_failed: row<{ said: string }>({
    retry: true,
    say: ({ said }) => (said === '' ? 'The supervisor ended without a word.' : said),
  }),
  stack_failed: row<{ said: string }>({
    retry: true,
    say: ({ said }) => said,
  }),
  self_check_failed: row<{ url: string; port: number; said: string }>({
    retry: true,
    say: ({ url, port, said }) =>
      `The platform runs but ${url} does not answer through the router on port ${port} (${said}); see gantry doctor.`,
  }),
  usage: row<{ problem: string }>({
    retry: false,
    say: ({ problem }) =>
      `${problem} Commands: up [--detach] [--demo], down [--apps], uninstall [--purge] [--yes], doctor [--json].`,
  }),
  engine_in_use: row<{ others: readonly string[] }>({
    retry: false,
    say: ({ others }) =>
      `Nothing was removed: the engine that this platform started, and would remove, holds containers or volumes that ` +
      `are not the platform’s: ${others.slice(0, 5).join(', ')}${others.length > 5 ? ' …' : ''}. Remove those first.`,
  }),
  not_confirmed: row<{ path: string }>({
    retry: false,
    say: ({ path }) =>
      `Nothing was removed: --purge deletes ${path} with every app’s data; confirm with --yes.`,
  }),
  demo_failed: row<{ step: string; said: string }>({
    retry: true,
    say: ({ step, said }) => `The demo stopped at \`${step}\`: ${said}`,
  }),
});
