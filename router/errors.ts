import { errorTable, row } from '../lib/errors.ts';

/** What the router refuses, and says so to whoever told it. */
export const RouterError = errorTable({
  stale_table: row<{ given: string; applied: string }>({
    retry: false,
    say: ({ given, applied }) =>
      `The routing table ${given} is older than ${applied}, which the router serves; it was not applied. Another controller has taken over.`,
  }),
  table_differs: row<{ given: string }>({
    retry: false,
    say: ({ given }) =>
      `The router already serves another table under the version ${given}; it was not applied. Send it with a higher version.`,
  }),
  invalid_request: row<{ problem: string }>({
    retry: false,
    say: ({ problem }) => `The router refused a request that does not fit its contract: ${problem}.`,
  }),
  nothing_to_probe: row<{ app: string; which: string }>({
    retry: false,
    say: ({ app, which }) =>
      `The app ${app} has no ${which} backend in the routing table; send the table first.`,
  }),
  certificate_refused: row<{ problem: string }>({
    retry: false,
    say: ({ problem }) => `The router refused a certificate: it ${problem}.`,
  }),
  certificate_lacking: row<{ digest: string }>({
    retry: true,
    say: ({ digest }) =>
      `The routing table names the certificate ${digest}, which this router was not given; give it first.`,
  }),
  refused_by_haproxy: row<{ command: string; answer: string }>({
    retry: true,
    say: ({ command, answer }) =>
      `HAProxy answered "${answer}" to "${command}"; the router will compare and repair.`,
  }),
  not_converged: row<{ slot: number; left: number }>({
    retry: true,
    say: ({ slot, left }) =>
      `Router process ${slot} still differs from the routing table in ${left} places after several repairs; it is tried again.`,
  }),
  process_down: row<{ slot: number; reason: string }>({
    retry: true,
    say: ({ slot, reason }) =>
      `Router process ${slot} does not run (${reason}); the router keeps trying to start it.`,
  }),
  bad_configuration: row<{ reason: string }>({
    retry: false,
    say: ({ reason }) => `HAProxy refuses its new configuration (${reason}); the old one keeps serving.`,
  }),
  port_taken: row<{ port: number; setting: string }>({
    retry: false,
    say: ({ port, setting }) =>
      `Port ${port} is already used by another program; stop it, or set ${setting} to a free port and start again.`,
  }),
});
