import { createHmac } from 'node:crypto';
import type { Secret } from '../lib/secret.ts';
import { effectiveRoutes, type RouterState } from './placement.ts';

/**
 * Session affinity: of an app that asks for it, a visitor comes back to the server that answered him first, for as long as
 * that one serves. He keeps a ticket in a cookie. Two maps lead from a slot to the ticket of its server and back; a server
 * that leaves, or an app that does not ask, is in neither. So to switch affinity on or off is to change two maps, and a
 * visitor with a ticket of nobody is one without a ticket.
 */
interface AffinityMaps {
  /** `p00001/s1` → the ticket of who sits there. */
  readonly tickets: ReadonlyMap<string, string>;
  /** `p00001/ticket` → `s1`. Of a place of the app itself: with the ticket of another app nobody is found. */
  readonly seats: ReadonlyMap<string, string>;
}

/** Names a server of an app's backend to visitors: always the same, told to nobody else, and of no other server. */
export type TicketOf = (app: string, key: string, server: string) => string;

/** The name that those who come from elsewhere may have configured other things for. */
const COOKIE = 'heroku-session-affinity';

/** As hexadecimal digits: 128 bits are guessed by nobody. */
const TICKET_DIGITS = 32;

/** Tickets that only who knows the secret can make, or tell what they stand for. */
export function createTickets(secret: Secret): TicketOf {
  return (app, key, server) =>
    // None of the three can have a space in it.
    createHmac('sha256', secret.reveal())
      .update(`${app} ${key} ${server}`)
      .digest('hex')
      .slice(0, TICKET_DIGITS);
}

/** For states in which no app asks for affinity. */
export const NO_TICKETS: TicketOf = () => {
  throw new Error('tickets are asked for, and nobody makes them');
};

export function affinityMaps(state: RouterState, ticketOf: TicketOf): AffinityMaps {
  const asking = new Set(
    effectiveRoutes(state.table).flatMap(({ app, affinity }) => (affinity === true ? [app] : [])),
  );
  const tickets = new Map<string, string>();
  const seats = new Map<string, string>();
  for (const { app, key, place, role, slots } of state.placements) {
    if (role !== 'serving' || !asking.has(app)) continue;
    for (const { index, id, leavingSince } of slots) {
      if (leavingSince !== null) continue;
      const ticket = ticketOf(app, key, id);
      tickets.set(`${place}/s${index}`, ticket);
      seats.set(`${place}/${ticket}`, `s${index}`);
    }
  }
  return { tickets, seats };
}

/** In the frontend, once the place is known. */
export const ASKED_SEAT = `  http-request set-var(txn.ticket) req.cook(${COOKIE})
  http-request set-var(txn.seat) var(txn.place),concat(/,txn.ticket),map_str(seats.map) if { var(txn.ticket) -m found }
`;

/** In each place. A server that is closed or given up is passed over, and the visitor is balanced as any other. */
export const TAKEN_SEAT = '  use-server %[var(txn.seat)] if { var(txn.seat) -m found }';

/**
 * In the frontend: tells the visitor the ticket of the server that answered, unless he has it. A cache that others share
 * must not hand it to them. Over TLS the cookie goes along also when a page of another site asks, as clients of chats do.
 */
export const GIVEN_TICKET = `  http-response set-var(txn.slot) srv_name
  http-response set-var(txn.new_ticket) be_name,concat(/,txn.slot),map_str(tickets.map)
  acl ticket_due var(txn.new_ticket) -m found
  acl ticket_held var(txn.new_ticket),strcmp(txn.ticket) eq 0
  http-response add-header cache-control 'no-cache="set-cookie"' if ticket_due !ticket_held
  http-response add-header set-cookie "${COOKIE}=%[var(txn.new_ticket)]; Path=/; HttpOnly" if ticket_due !ticket_held !tls
  http-response add-header set-cookie "${COOKIE}=%[var(txn.new_ticket)]; Path=/; HttpOnly; Secure; SameSite=None" if ticket_due !ticket_held tls
`;
